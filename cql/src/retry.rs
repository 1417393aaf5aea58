//! The store's own retries: the driver has none for writes that timed out, and each of ours may be sent twice.

use crate::error::Failure;
use crate::options::Options;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tokio::time::Instant;

/// Attempts until one succeeds, one fails for good, or the time is over.
pub(crate) struct Tries {
    until: Instant,
    pause_ms: u64,
    longest_ms: u64,
}

impl Tries {
    /// Tries for so long, in milliseconds.
    pub(crate) fn within(options: &Options, ms: u64) -> Self {
        Self {
            until: Instant::now() + Duration::from_millis(ms),
            pause_ms: options.backoff_first_ms,
            longest_ms: options.backoff_longest_ms,
        }
    }

    /// Waits before the next attempt; gives the failure back when there is none.
    pub(crate) async fn after(&mut self, failure: Failure) -> Result<(), Failure> {
        let pause = Duration::from_millis(jittered(self.pause_ms));
        if !failure.again || Instant::now() + pause >= self.until {
            return Err(failure);
        }
        tokio::time::sleep(pause).await;
        self.pause_ms = (self.pause_ms * 2).min(self.longest_ms);
        Ok(())
    }
}

/// Between half of it and all of it, so that those who failed together do not come again together.
fn jittered(ms: u64) -> u64 {
    let half = ms / 2;
    half + RandomState::new().hash_one(ms) % (half + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ports::Cause;

    fn failure(again: bool) -> Failure {
        Failure { cause: Cause::Timeout, again, detail: String::new() }
    }

    fn counted(mut tries: Tries, again: bool) -> u32 {
        kit::wait::block_on(async {
            let mut attempts = 1;
            while tries.after(failure(again)).await.is_ok() {
                attempts += 1;
            }
            attempts
        })
    }

    #[test]
    fn what_failed_for_good_is_not_tried_again() {
        assert_eq!(counted(Tries::within(&Options::default(), 60_000), false), 1);
    }

    #[test]
    fn what_may_go_better_is_tried_until_the_time_is_over() {
        let options = Options { backoff_first_ms: 1, backoff_longest_ms: 2, ..Options::default() };
        let attempts = counted(Tries::within(&options, 50), true);
        assert!((2..=60).contains(&attempts), "{attempts}");
    }

    #[test]
    fn pauses_lie_between_half_and_the_whole() {
        assert!((0..1_000).map(|_| jittered(100)).all(|ms| (50..=100).contains(&ms)));
    }
}
