//! Token buckets give what they promise and no more, whenever they are asked.

// A helper of a test may fail the test: clippy's leave for tests covers only functions marked as such.
#![allow(clippy::unwrap_used, clippy::panic)]

use ports::QuotaTaken;
use ports::quota::{Buckets, Levels};
use proptest::prelude::*;

/// What was granted, when.
fn run(buckets: &Buckets, asks: &[(u64, u32)]) -> Vec<(u64, u32)> {
    let (mut levels, mut now_us, mut granted) = (Levels::default(), 1_700_000_000_000_000, Vec::new());
    for (wait_us, cost) in asks {
        now_us += wait_us;
        let before = levels;
        match buckets.take(&mut levels, *cost, now_us) {
            QuotaTaken::Granted(allowance) => {
                assert_eq!(allowance, buckets.allowance(&levels, now_us));
                granted.push((now_us, buckets.cost(*cost)));
            }
            QuotaTaken::Denied { retry_after_ms, .. } => {
                assert_eq!(levels, before, "what is denied takes nothing");
                assert!(retry_after_ms > 0);
                // Then there is enough, and a moment before there is not.
                let retry_us = now_us + retry_after_ms * 1_000;
                let is_granted =
                    |at_us| matches!(buckets.take(&mut { levels }, *cost, at_us), QuotaTaken::Granted(_));
                assert!(is_granted(retry_us), "it was told to come back then");
                assert!(!is_granted(retry_us - 1_001), "it was told to wait for nothing");
            }
        }
    }
    granted
}

fn buckets() -> impl Strategy<Value = Buckets> {
    (1..40_u32, 1..400_u32, 1..4_000_u32).prop_map(|(burst, minute, hour)| Buckets::new(burst, minute, hour))
}

fn asks() -> impl Strategy<Value = Vec<(u64, u32)>> {
    let wait = prop_oneof![4 => 0..50_000_u64, 2 => 0..3_000_000_u64, 1 => 0..600_000_000_u64];
    prop::collection::vec((wait, 1..6_u32), 1..200)
}

proptest! {
    #[test]
    fn in_no_stretch_of_time_more_is_granted_than_was_there_and_came(buckets in buckets(), asks in asks()) {
        let granted = run(&buckets, &asks);
        for (first, (from_us, _)) in granted.iter().enumerate() {
            let mut sum = 0_u64;
            for (until_us, cost) in &granted[first..] {
                sum += u64::from(*cost);
                for bucket in buckets.all() {
                    let came = (until_us - from_us) / bucket.interval_us();
                    prop_assert!(sum <= u64::from(bucket.limit()) + came);
                }
            }
        }
    }

    #[test]
    fn a_full_bucket_gives_all_of_it_at_once(buckets in buckets()) {
        let smallest = buckets.all().iter().map(|bucket| bucket.limit()).min().unwrap();
        let granted = run(&buckets, &vec![(0, 1); smallest as usize + 1]);
        prop_assert_eq!(granted.len(), smallest as usize);
    }

    #[test]
    fn who_asks_no_faster_than_it_fills_is_never_denied(buckets in buckets(), slack in 0..1_000_u64) {
        let slowest_us = buckets.all().iter().map(|bucket| bucket.interval_us()).max().unwrap();
        let granted = run(&buckets, &vec![(slowest_us + slack, 1); 500]);
        prop_assert_eq!(granted.len(), 500);
    }

    #[test]
    fn what_is_forgotten_once_it_is_full_makes_no_difference(buckets in buckets(), asks in asks()) {
        let (mut kept, mut forgetful, mut now_us) = (Levels::default(), Levels::default(), 1_000_000_000);
        for (wait_us, cost) in asks {
            now_us += wait_us;
            if forgetful.full_at_us() <= now_us {
                forgetful = Levels::default();
            }
            let taken = buckets.take(&mut kept, cost, now_us);
            prop_assert_eq!(taken, buckets.take(&mut forgetful, cost, now_us));
        }
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out(buckets in buckets(), back_us in 1..9_000_000_000_u64) {
        let (mut levels, now_us) = (Levels::default(), 10_000_000_000);
        while let QuotaTaken::Granted(_) = buckets.take(&mut levels, 1, now_us) {}
        let earlier_us = now_us - back_us;
        let deepest_ms = buckets.all().iter().map(|bucket| bucket.span_us()).max().unwrap() / 1_000 + 1;
        if let QuotaTaken::Denied { retry_after_ms, .. } = buckets.take(&mut levels, 1, earlier_us) {
            prop_assert!(retry_after_ms <= deepest_ms);
        }
    }
}

#[test]
fn more_than_a_bucket_holds_counts_as_all_of_it() {
    let buckets = Buckets::new(10, 100, 1_000);
    let mut levels = Levels::default();
    let QuotaTaken::Granted(left) = buckets.take(&mut levels, 1_000_000, 5) else { panic!("it was full") };
    assert_eq!((left.limit, left.remaining), (10, 0));
    assert!(matches!(buckets.take(&mut levels, 1, 5), QuotaTaken::Denied { retry_after_ms: 100, .. }));
}

#[test]
fn what_is_left_is_told_of_the_bucket_that_has_least() {
    let buckets = Buckets::new(10, 12, 1_000);
    let mut levels = Levels::default();
    let at = |levels: &mut Levels, now_us| match buckets.take(levels, 1, now_us) {
        QuotaTaken::Granted(allowance) => (allowance.limit, allowance.remaining, allowance.full_in_ms),
        QuotaTaken::Denied { .. } => panic!("there is enough"),
    };
    assert_eq!(at(&mut levels, 0), (10, 9, 100));
    // Two seconds later the first bucket is full again, the second is not.
    for _ in 0..7 {
        at(&mut levels, 2_000_000);
    }
    let (limit, remaining, _) = at(&mut levels, 4_000_000);
    assert_eq!((limit, remaining), (12, 3));
}
