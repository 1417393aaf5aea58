//! Learners whose caches are being written for the last time, and which of a node's runs had them: the last writes of one
//! that is over may end long after the next one has begun.

use domain::ids::{RunId, UserId};
use std::collections::BTreeSet;

#[derive(Default)]
pub(super) struct Settling {
    of: BTreeSet<(RunId, UserId)>,
}

impl Settling {
    /// `false` when they are being written already.
    pub(super) fn begin(&mut self, run: RunId, user: UserId) -> bool {
        self.of.insert((run, user))
    }

    pub(super) fn is_under_way(&self, run: RunId, user: UserId) -> bool {
        self.of.contains(&(run, user))
    }

    pub(super) fn ended(&mut self, run: RunId, user: UserId) {
        self.of.remove(&(run, user));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_writes_of_a_run_that_is_over_are_not_those_of_the_next_one() {
        let (mut settling, user) = (Settling::default(), UserId::from_u128(7));
        let [first, second] = [1, 2].map(RunId::from_u128);
        assert!(settling.begin(first, user) && !settling.begin(first, user));
        assert!(!settling.is_under_way(second, user));
        assert!(settling.begin(second, user));
        settling.ended(first, user);
        assert!(settling.is_under_way(second, user));
        settling.ended(second, user);
        assert!(!settling.is_under_way(second, user));
    }
}
