//! What is counted of a deck: what its cards are good for today, and what was used of the day's limits.

use super::types::Counts;
use crate::ids::SittingId;
use crate::state::Scheduled;

/// What a card is good for today.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Nothing,
    New,
    Review,
    Drill,
}

/// Scheduling answers of today, by the sitting that the client named.
#[derive(Clone, Debug)]
pub(super) struct Used {
    pub(super) sitting: Option<SittingId>,
    pub(super) new: u32,
    pub(super) review: u32,
}

/// What is available today, limits aside, and what was used of the limits.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) available: Counts,
    pub(super) used: Vec<Used>,
}

impl Counts {
    /// The count in which a card of this class is counted.
    pub(super) fn of(&mut self, class: Class) -> Option<&mut u32> {
        match class {
            Class::Nothing => None,
            Class::New => Some(&mut self.new),
            Class::Review => Some(&mut self.review),
            Class::Drill => Some(&mut self.learning),
        }
    }
}

/// Adds or takes away one use of a limit.
pub(super) fn note_use(used: &mut Vec<Used>, scheduled: Scheduled, add: bool) {
    let at = match used.iter().position(|used| used.sitting == scheduled.sitting) {
        Some(at) => at,
        None => {
            used.push(Used { sitting: scheduled.sitting, new: 0, review: 0 });
            used.len() - 1
        }
    };
    let Some(used) = used.get_mut(at) else { return };
    let n = if scheduled.was_new { &mut used.new } else { &mut used.review };
    *n = if add { *n + 1 } else { n.saturating_sub(1) };
}
