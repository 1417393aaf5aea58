//! A review log of Anki has one row a millisecond: what is answered in one that has a row already goes to the next that
//! has none.

use std::collections::HashMap;

/// The moments that have a row. A crowd of answers is walked through once, and not for each of them: a moment that is
/// taken knows where to look next, and is told again whenever the way is gone.
#[derive(Default)]
pub(super) struct Moments {
    next: HashMap<i64, i64>,
}

impl Moments {
    /// The first moment from this one on that has no row; it has one now.
    pub fn take(&mut self, wanted_ms: i64) -> i64 {
        let mut free_ms = wanted_ms;
        while let Some(next) = self.next.get(&free_ms) {
            free_ms = *next;
        }
        let next = free_ms.saturating_add(1);
        let mut on_the_way = wanted_ms;
        while let Some(known) = self.next.insert(on_the_way, next) {
            on_the_way = known;
        }
        free_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn each_goes_to_the_first_that_is_free(wanted in prop::collection::vec(0_i64..40, 0..80)) {
            let (mut moments, mut taken) = (Moments::default(), HashSet::new());
            for at_ms in wanted {
                let free = (at_ms..).find(|at_ms| taken.insert(*at_ms)).unwrap();
                prop_assert_eq!(moments.take(at_ms), free);
            }
        }
    }

    #[test]
    fn a_crowd_of_one_moment_is_not_walked_for_each_of_it() {
        let mut moments = Moments::default();
        for nth in 0..1_000_000 {
            assert_eq!(moments.take(5), 5 + nth);
        }
        assert_eq!(moments.take(4), 4);
        assert_eq!(moments.take(4), 1_000_005);
    }
}
