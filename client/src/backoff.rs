//! The wait between two attempts to connect.

use crate::random::Random;

/// Doubles with each failure, jittered, so that a thousand clients do not come back at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after the first failure, before jitter.
    pub const FIRST_MS: u64 = 500;
    /// No wait is longer.
    pub const LONGEST_MS: u64 = 30_000;

    /// The wait after one more failure: at random between half of and the full back-off.
    pub fn next_wait_ms(&mut self, random: &mut Random) -> u64 {
        let full = (Self::FIRST_MS << self.failures.min(10)).min(Self::LONGEST_MS);
        self.failures = self.failures.saturating_add(1);
        random.between(full / 2, full)
    }

    /// Begins anew: a connection held.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Failures in a row.
    pub const fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_are_spread() {
        let mut random = Random::seeded(1);
        let mut backoff = Backoff::default();
        let mut full = Backoff::FIRST_MS;
        for _ in 0..40 {
            let wait = backoff.next_wait_ms(&mut random);
            assert!((full / 2..=full).contains(&wait), "{wait} of {full}");
            full = (full * 2).min(Backoff::LONGEST_MS);
        }
        backoff.succeeded();
        assert!(backoff.next_wait_ms(&mut random) <= Backoff::FIRST_MS);
    }
}
