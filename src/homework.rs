//! Homework: what was set to be done until a day, and how somebody stands with it. Pure. Days count more than volume: who
//! studied on each of the days that were asked for is done, however few the answers were.

use serde::{Deserialize, Serialize};

/// When it is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DoneRule {
    /// Each of its cards was answered at least once.
    EachCard,
    /// Some of it was answered on so many study days.
    Days {
        /// How many.
        days: u16,
    },
}

/// How somebody stands with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Nothing of it was answered.
    NotStarted,
    /// Some of it.
    Started,
    /// All that was asked for, after the day.
    Late,
    /// All that was asked for, in time.
    Done,
}

/// What somebody did of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Did {
    /// On so many study days.
    pub days: usize,
    /// So many of its cards.
    pub cards: usize,
}

impl DoneRule {
    /// Whether this is all that was asked for, of so many cards. Nothing is never all.
    pub const fn holds(self, did: Did, cards: usize) -> bool {
        match self {
            DoneRule::EachCard => did.cards > 0 && did.cards >= cards,
            DoneRule::Days { days } => did.days > 0 && did.days >= days as usize,
        }
    }

    /// How somebody stands who did this in time, and this until now.
    pub const fn progress(self, in_time: Did, until_now: Did, cards: usize) -> Progress {
        if self.holds(in_time, cards) {
            Progress::Done
        } else if self.holds(until_now, cards) {
            Progress::Late
        } else if until_now.days > 0 {
            Progress::Started
        } else {
            Progress::NotStarted
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn did(days: usize, cards: usize) -> Did {
        Did { days, cards }
    }

    #[test]
    fn each_card_is_done_when_the_last_card_was_answered() {
        let rule = DoneRule::EachCard;
        assert_eq!(rule.progress(did(0, 0), did(0, 0), 3), Progress::NotStarted);
        assert_eq!(rule.progress(did(1, 2), did(1, 2), 3), Progress::Started);
        assert_eq!(rule.progress(did(1, 2), did(2, 3), 3), Progress::Late);
        assert_eq!(rule.progress(did(1, 3), did(1, 3), 3), Progress::Done);
    }

    #[test]
    fn days_count_and_not_how_much_was_done_on_them() {
        let rule = DoneRule::Days { days: 3 };
        assert_eq!(rule.progress(did(1, 500), did(2, 900), 3), Progress::Started);
        assert_eq!(rule.progress(did(3, 1), did(3, 1), 3), Progress::Done);
        assert_eq!(rule.progress(did(2, 1), did(3, 1), 3), Progress::Late);
    }

    #[test]
    fn nothing_is_never_done() {
        assert_eq!(DoneRule::EachCard.progress(did(0, 0), did(0, 0), 0), Progress::NotStarted);
        assert_eq!(DoneRule::Days { days: 0 }.progress(did(0, 0), did(0, 0), 0), Progress::NotStarted);
    }
}
