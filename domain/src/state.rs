//! One card's state as the fold leaves it, and the step that one entry makes.

use crate::day::Day;
use crate::entry::{Body, Fnv, GivenState, LogEntry, Review, SetChange};
use crate::grade::Grade;
use crate::ids::{EntryId, SittingId};
use crate::sm2::{EASE_MIN, INTERVAL_MAX_DAYS, Sm2};

/// The version of the fold's rules. A stored row of another version is folded again when it is loaded.
pub const FOLD_VERSION: u8 = 2;

/// What of a deck's settings the fold depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FoldParams {
    /// A card whose scheduling or drill grade is below this (3 or 4) comes again on the same study day.
    pub drill_until: u8,
    /// No interval is longer, in days.
    pub maximum_interval_days: u32,
}

impl Default for FoldParams {
    fn default() -> Self {
        Self { drill_until: 4, maximum_interval_days: INTERVAL_MAX_DAYS }
    }
}

impl FoldParams {
    /// The fold's version, the scheduler and its parameters in one number: a stored row says by which it was made.
    pub fn key(&self) -> u32 {
        (u32::from(FOLD_VERSION) << 24)
            | (u32::from(self.drill_until & 0xf) << 20)
            | (self.maximum_interval_days & 0xf_ffff)
    }
}

/// What one answer counts as: a result of the fold, never an input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum CountedAs {
    /// The first scheduling answer of a new card.
    New,
    /// A scheduling answer of a card that was scheduled before.
    Review,
    /// A repetition on the same study day after a low grade.
    Drill,
    /// Any other answer: it counts in time and accuracy only.
    Extra,
}

impl CountedAs {
    /// Whether the answer moved the schedule.
    pub const fn schedules(self) -> bool {
        matches!(self, CountedAs::New | CountedAs::Review)
    }
}

/// The last scheduling answer: what the day's limits are counted from. It stays when the card is reset or given a state,
/// which do not unmake the answer; where the card stands in its schedule is [`CardState::scheduled_on`]'s to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scheduled {
    /// The study day.
    pub day: Day,
    /// Whether the card was new.
    pub was_new: bool,
    /// Whether it scheduled only because it was asked for early: then it is free of limits.
    pub only_early: bool,
    /// The sitting that the client named.
    pub sitting: Option<SittingId>,
}

/// The last scheduling or drill grade.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LastGrade {
    /// The study day.
    pub day: Day,
    /// The grade.
    pub grade: Grade,
    /// The moment, Unix milliseconds: a drill comes `drill_delay_s` later.
    pub at_ms: i64,
}

/// As what a card is handed out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Never scheduled.
    New,
    /// Due.
    Review,
    /// Again on the same day after a low grade.
    Drill,
    /// Any other, brought by a filter or an undo.
    Extra,
}

/// A card's state: a function of the set of its entries and of [`FoldParams`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CardState {
    /// Repetitions, ease, interval.
    pub sm2: Sm2,
    /// The due day; `None` while the card is new.
    pub due: Option<Day>,
    /// How often it was forgotten after it had been learned.
    pub lapses: u16,
    /// Answers of all kinds, undone ones excluded.
    pub answers: u32,
    /// The last scheduling answer, whatever was done to the card since.
    pub scheduled: Option<Scheduled>,
    /// The day of the schedule that the card has now: a reset forgets it, and a state that was given may know it
    /// without an answer.
    pub scheduled_on: Option<Day>,
    /// The last scheduling or drill grade.
    pub last_grade: Option<LastGrade>,
    /// The last study day with a grade below 3.
    pub failed_on: Option<Day>,
    /// The largest day so far: days never fall.
    pub max_day: Option<Day>,
    /// Never dealt while set.
    pub suspended: bool,
    /// Hidden while today is before it.
    pub buried_until: Option<Day>,
    /// Coloured flag, 0 is none.
    pub flag: u8,
    /// The newest entry folded in.
    pub last: Option<EntryId>,
}

impl CardState {
    /// A card without entries.
    pub const NEW: CardState = CardState {
        sm2: Sm2::NEW,
        due: None,
        lapses: 0,
        answers: 0,
        scheduled: None,
        scheduled_on: None,
        last_grade: None,
        failed_on: None,
        max_day: None,
        suspended: false,
        buried_until: None,
        flag: 0,
        last: None,
    };

    /// Whether the card was never scheduled.
    pub const fn is_new(&self) -> bool {
        self.due.is_none()
    }

    /// Whether it is due on this day (a new card is not *due*).
    pub fn is_due(&self, today: Day) -> bool {
        self.due.is_some_and(|due| due <= today)
    }

    /// Whether it had its scheduling answer on this day or later.
    pub fn scheduled_by(&self, today: Day) -> bool {
        self.scheduled_on.is_some_and(|day| day >= today)
    }

    /// The grade because of which it must come again today.
    pub fn drill(&self, today: Day, drill_until: u8) -> Option<LastGrade> {
        self.last_grade.filter(|last| last.day == today && last.grade.number() < drill_until)
    }

    /// Whether it is hidden today.
    pub fn is_buried(&self, today: Day) -> bool {
        self.buried_until.is_some_and(|until| today < until)
    }

    /// The day on which an entry stamped `stamped` counts for this card: days never fall.
    pub fn effective_day(&self, stamped: Day) -> Day {
        self.max_day.map_or(stamped, |max| max.max(stamped))
    }

    /// As what the card is for this study day; whether it is suspended, buried, or beyond a limit is not asked.
    ///
    /// What an answer counts as is decided by the card's own day, which may be ahead of today; no card is brought
    /// forward to a day that the learner has not reached.
    pub fn kind(&self, today: Day, params: &FoldParams) -> Kind {
        let day = self.effective_day(today);
        if self.drill(day, params.drill_until).is_some() {
            Kind::Drill
        } else if self.scheduled_by(day) {
            Kind::Extra
        } else if self.is_new() {
            Kind::New
        } else if self.is_due(today) {
            Kind::Review
        } else {
            Kind::Extra
        }
    }

    /// What an answer on this (effective) day would count as.
    pub fn would_count_as(&self, day: Day, early: bool, params: &FoldParams) -> CountedAs {
        let fresh_day = self.scheduled_on.is_none_or(|last| day > last);
        if fresh_day && (self.is_new() || self.is_due(day) || early) {
            return if self.is_new() { CountedAs::New } else { CountedAs::Review };
        }
        match self.drill(day, params.drill_until) {
            Some(_) => CountedAs::Drill,
            None => CountedAs::Extra,
        }
    }

    /// The state after this entry, which must come later in the order than all before, and what it counted as if
    /// it was an answer. Undos and import marks concern sets of entries and change nothing here.
    #[must_use]
    pub fn after(mut self, entry: &LogEntry, params: &FoldParams) -> (CardState, Option<CountedAs>) {
        let day = self.effective_day(entry.stamp.day);
        let counted = match &entry.body {
            Body::Review(review) => Some(self.answer(review, entry.id, day, params)),
            Body::Set { change, .. } => {
                self.set(*change);
                None
            }
            Body::State { state, .. } => {
                self.give(state);
                None
            }
            Body::Undo { .. } | Body::ImportCommit { .. } | Body::ImportRevoke { .. } => return (self, None),
        };
        self.max_day = Some(day);
        self.last = Some(entry.id);
        (self, counted)
    }

    fn answer(&mut self, review: &Review, id: EntryId, day: Day, params: &FoldParams) -> CountedAs {
        let counted = self.would_count_as(day, review.early, params);
        if counted.schedules() {
            let only_early = !self.is_new() && !self.is_due(day);
            if !review.grade.is_correct() && self.sm2.reps > 0 {
                self.lapses = self.lapses.saturating_add(1);
            }
            self.sm2 = self.sm2.after(review.grade, params.maximum_interval_days);
            self.due = Some(day.plus(i32::try_from(self.sm2.interval_days).unwrap_or(i32::MAX)));
            let was_new = counted == CountedAs::New;
            self.scheduled = Some(Scheduled { day, was_new, only_early, sitting: review.sitting });
            self.scheduled_on = Some(day);
        }
        if counted != CountedAs::Extra {
            self.last_grade = Some(LastGrade { day, grade: review.grade, at_ms: id.at_ms() });
        }
        if !review.grade.is_correct() {
            self.failed_on = Some(day);
        }
        self.answers = self.answers.saturating_add(1);
        counted
    }

    fn set(&mut self, change: SetChange) {
        match change {
            SetChange::Suspended(on) => self.suspended = on,
            SetChange::BuriedUntil(day) => self.buried_until = day,
            SetChange::Flag(n) => self.flag = n,
            SetChange::Due(day) => self.due = Some(day),
            SetChange::Reset => self.reset(),
        }
    }

    fn reset(&mut self) {
        self.sm2 = Sm2::NEW;
        self.due = None;
        self.lapses = 0;
        self.scheduled_on = None;
        self.last_grade = None;
    }

    fn give(&mut self, state: &GivenState) {
        // A card is new exactly when it has no due day, and a new card has no past.
        if state.due.is_none() {
            return self.reset();
        }
        self.sm2 = Sm2 {
            reps: state.reps,
            ease: state.ease.max(EASE_MIN),
            interval_days: state.interval_days.min(INTERVAL_MAX_DAYS),
        };
        self.due = state.due;
        self.lapses = state.lapses;
        self.scheduled_on = state.last_scheduled;
        self.last_grade = None;
    }

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
        h.optional(self.last.map(|id| *id.bytes()));
        h.byte(u8::from(self.scheduled.is_some()) | u8::from(self.last_grade.is_some()) << 1);
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
    }
}
