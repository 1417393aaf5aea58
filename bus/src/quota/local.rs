//! What this node counts by itself.

use crate::options::QUOTA_KEYS_MAX;
use ports::Boxed;
use ports::quota::{Buckets, Levels, Quota, QuotaKey, QuotaTaken};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Counts in memory. Who has everything again is forgotten when room is needed, then those who will have it soonest.
#[derive(Debug, Default)]
pub struct LocalQuota {
    levels: Mutex<HashMap<QuotaKey, Levels>>,
}

impl LocalQuota {
    /// [`Quota::take`] at once.
    pub fn take_now(&self, key: QuotaKey, buckets: &Buckets, cost: u32, now_ms: u64) -> QuotaTaken {
        let now_us = now_ms.saturating_mul(1_000);
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        if levels.len() >= QUOTA_KEYS_MAX && !levels.contains_key(&key) {
            make_room(&mut levels, now_us);
        }
        buckets.take(levels.entry(key).or_default(), cost, now_us)
    }

    /// How many keys are remembered.
    pub fn keys(&self) -> usize {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Forgets at least a quarter, so that it is not done again soon.
fn make_room(levels: &mut HashMap<QuotaKey, Levels>, now_us: u64) {
    levels.retain(|_, levels| levels.full_at_us() > now_us);
    let most = QUOTA_KEYS_MAX / 4 * 3;
    if levels.len() <= most {
        return;
    }
    let mut full_at_us: Vec<u64> = levels.values().map(Levels::full_at_us).collect();
    let surplus = levels.len() - most;
    let (_, until_us, _) = full_at_us.select_nth_unstable(surplus);
    let mut left = surplus;
    levels.retain(|_, levels| {
        let goes = left > 0 && levels.full_at_us() <= *until_us;
        left -= usize::from(goes);
        !goes
    });
}

impl Quota for LocalQuota {
    fn take(&self, key: QuotaKey, buckets: Buckets, cost: u32, now_ms: u64) -> Boxed<'_, QuotaTaken> {
        let taken = self.take_now(key, &buckets, cost, now_ms);
        Box::pin(std::future::ready(taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::UserId;
    use ports::quota::Whose;

    fn key(n: u128) -> QuotaKey {
        QuotaKey { what: "test", whose: Whose::Person(UserId::from_u128(n)) }
    }

    fn is_granted(quota: &LocalQuota, of: u128, now_ms: u64) -> bool {
        let taken = quota.take_now(key(of), &Buckets::new(2, 4, 1_000), 1, now_ms);
        matches!(taken, QuotaTaken::Granted(_))
    }

    #[test]
    fn each_key_has_its_own_buckets() {
        let quota = LocalQuota::default();
        let granted = |of| [0, 0, 0].map(|now_ms| is_granted(&quota, of, now_ms));
        assert_eq!([granted(1), granted(2)], [[true, true, false]; 2]);
        let other = QuotaKey { what: "other", ..key(1) };
        assert!(matches!(quota.take_now(other, &Buckets::new(1, 1, 1), 1, 0), QuotaTaken::Granted(_)));
    }

    #[test]
    fn keys_are_bounded_and_those_that_took_most_are_remembered_longest() {
        let quota = LocalQuota::default();
        (0..4).for_each(|n| assert!(is_granted(&quota, 1, n * 1_000)));
        for n in 0..3 * QUOTA_KEYS_MAX as u128 {
            is_granted(&quota, 100 + n, 3_500);
            assert!(quota.keys() <= QUOTA_KEYS_MAX);
        }
        assert!(!is_granted(&quota, 1, 4_000), "its minute is used up");
    }

    #[test]
    fn who_has_everything_again_is_forgotten_first() {
        let quota = LocalQuota::default();
        (0..QUOTA_KEYS_MAX as u128).for_each(|n| assert!(is_granted(&quota, n, 0)));
        assert!(is_granted(&quota, u128::MAX, 3_600_000));
        assert_eq!(quota.keys(), 1);
    }
}
