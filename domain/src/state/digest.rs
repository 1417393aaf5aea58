//! A trace of a state: equal for equal states, and only for them.

use super::CardState;
use crate::entry::Fnv;

impl CardState {
    /// Adds all that matters to a digest: two equal states, and only they, leave the same trace.
    pub(crate) fn digest_into(&self, h: &mut Fnv) {
        h.bytes(&self.sm2.reps.to_le_bytes());
        h.bytes(&self.sm2.ease.to_le_bytes());
        h.bytes(&self.sm2.interval_days.to_le_bytes());
        h.bytes(&self.lapses.to_le_bytes());
        h.bytes(&self.answers.to_le_bytes());
        for day in [self.due, self.scheduled_on, self.failed_on, self.max_day, self.buried_until] {
            h.optional(day.map(|d| d.0.to_le_bytes()));
        }
        h.byte(u8::from(self.suspended));
        h.byte(self.flag);
        h.optional(self.memory.map(|memory| memory.stability.to_le_bytes()));
        h.optional(self.memory.map(|memory| memory.difficulty.to_le_bytes()));
        h.optional(self.memory.map(|memory| memory.on.0.to_le_bytes()));
        h.optional(self.last.map(|id| *id.bytes()));
        h.byte(
            u8::from(self.scheduled.is_some())
                | u8::from(self.last_grade.is_some()) << 1
                | u8::from(self.told_on.is_some()) << 2,
        );
        if let Some(s) = self.scheduled {
            h.bytes(&s.day.0.to_le_bytes());
            h.byte(u8::from(s.was_new) | u8::from(s.only_early) << 1);
            h.optional(s.sitting.map(|s| *s.bytes()));
        }
        if let Some(g) = self.last_grade {
            h.bytes(&g.day.0.to_le_bytes());
            h.byte(g.grade.number());
            h.bytes(&g.at_ms.to_le_bytes());
        }
        if let Some(day) = self.told_on {
            h.bytes(&day.0.to_le_bytes());
        }
    }
}
