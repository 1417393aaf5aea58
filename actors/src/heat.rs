//! How much comes in for one session of late: a count of ten seconds and of the ten before, in one word each.

/// Length of one count, in milliseconds.
const WINDOW_MS: u64 = 10_000;

/// Inputs of late.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Heat {
    window: u32,
    now: u32,
    before: u32,
}

impl Heat {
    /// With one more input, at this tick.
    pub(crate) fn after_input(self, tick_ms: u64) -> Heat {
        let heat = self.at(tick_ms);
        Heat { now: heat.now.saturating_add(1), ..heat }
    }

    /// Inputs of the window that this tick lies in, or of the one before it if these were more.
    pub(crate) fn inputs(self, tick_ms: u64) -> u32 {
        let heat = self.at(tick_ms);
        heat.now.max(heat.before)
    }

    fn at(self, tick_ms: u64) -> Heat {
        // A word for it is enough: it comes round after a thousand years.
        let window = u32::try_from(tick_ms / WINDOW_MS).unwrap_or(u32::MAX);
        match window.saturating_sub(self.window) {
            0 => self,
            1 => Heat { window, now: 0, before: self.now },
            _ => Heat { window, now: 0, before: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_in_is_told_for_a_window_and_forgotten_after_two() {
        let heat = (0..7).fold(Heat::default(), |heat, n| heat.after_input(20_000 + n));
        assert_eq!(heat.inputs(29_999), 7);
        assert_eq!(heat.after_input(30_000).inputs(30_000), 7, "the fuller of the two windows");
        assert_eq!(heat.inputs(39_999), 7);
        assert_eq!(heat.inputs(40_000), 0);
        assert_eq!(heat.after_input(40_000).inputs(40_000), 1);
    }
}
