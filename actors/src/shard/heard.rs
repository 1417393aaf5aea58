//! Which notices to all shards one shard has heard. Two tellers at once reach two shards in two orders, so the newest
//! number alone says too little.

use std::collections::BTreeSet;

/// Numbers from 1, each heard at most once.
#[derive(Debug, Default)]
pub(super) struct Heard {
    upto: u64,
    /// Above `upto`, with gaps: at most as many as are on their way.
    ahead: BTreeSet<u64>,
}

impl Heard {
    /// A notice arrived.
    pub(super) fn note(&mut self, number: u64) {
        if number > self.upto {
            self.ahead.insert(number);
        }
        while self.ahead.remove(&(self.upto + 1)) {
            self.upto += 1;
        }
    }

    /// Every notice up to this one was heard.
    pub(super) const fn upto(&self) -> u64 {
        self.upto
    }

    /// The newest one that was heard.
    pub(super) fn newest(&self) -> u64 {
        self.ahead.last().copied().unwrap_or(self.upto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_holds_back_what_is_heard_of_all() {
        let mut heard = Heard::default();
        for (number, upto, newest) in [(1, 1, 1), (3, 1, 3), (4, 1, 4), (2, 4, 4), (2, 4, 4)] {
            heard.note(number);
            assert_eq!((heard.upto(), heard.newest()), (upto, newest), "after {number}");
        }
    }

    #[test]
    fn a_session_that_moves_misses_nothing_in_whatever_order_two_shards_hear() {
        // Every interleaving of three notices at two shards, and every moment at which a session goes from one to
        // the other: what it did not hear itself, the comparison finds.
        let orders = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];
        for (there, here) in orders.iter().flat_map(|a| orders.iter().map(move |b| (a, b))) {
            for (left_after, came_after) in (0..=3).flat_map(|a| (0..=3).map(move |b| (a, b))) {
                let hear = |numbers: &[u64]| {
                    let mut heard = Heard::default();
                    numbers.iter().for_each(|number| heard.note(*number));
                    heard
                };
                let (left, came) = (hear(&there[..left_after]), hear(&here[..came_after]));
                let missed = here[..came_after].iter().any(|number| !there[..left_after].contains(number));
                assert!(
                    !missed || came.newest() > left.upto(),
                    "{there:?}[..{left_after}] {here:?}[..{came_after}]"
                );
            }
        }
    }
}
