//! How much of the time apply takes. Moving rows costs about a third of what taking them costs, and learners wait for
//! the taking only: in a burst apply steps back and the backlog grows, which is what the journal is for. The larger the
//! backlog, the larger its share, until both move at one speed.

use std::time::Duration;

/// At this many rows a second, and above it, apply steps back; below it there is time for both.
const BUSY_ROWS_PER_S: f64 = 5_000.0;
/// The share of the time that apply has at least, so that a backlog never stands still.
const SHARE_LEAST: f64 = 0.04;
/// The longest rest: what came to an end meanwhile is noticed after it.
const REST_MAX: Duration = Duration::from_millis(500);
/// Rows are counted over at least so long.
const WINDOW: Duration = Duration::from_millis(200);

/// The pace of apply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// With this many rows waiting apply rests no longer.
    full_rows: u64,
    /// When rows were counted last, on a clock that only goes forward, and how many had come until then.
    counted: (Duration, u64),
    rows_per_s: f64,
}

impl Pace {
    /// With this many rows waiting apply rests no longer.
    pub(crate) const fn new(full_rows: u64) -> Self {
        Self { full_rows, counted: (Duration::ZERO, 0), rows_per_s: 0.0 }
    }

    /// How long to rest after `worked`, at the moment `at`: `waiting` rows are not applied, `came` rows have come since
    /// the store was opened.
    pub(crate) fn rest(&mut self, at: Duration, worked: Duration, waiting: u64, came: u64) -> Duration {
        let (before, counted) = self.counted;
        let since = at.saturating_sub(before);
        if since >= WINDOW {
            self.rows_per_s = came.saturating_sub(counted) as f64 / since.as_secs_f64();
            self.counted = (at, came);
        }
        if self.rows_per_s < BUSY_ROWS_PER_S {
            return Duration::ZERO;
        }
        let share = (waiting as f64 / self.full_rows.max(1) as f64).clamp(SHARE_LEAST, 1.0);
        worked.mul_f64(1.0 / share - 1.0).min(REST_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// The share of the time that apply takes while so many rows a second come and so many wait.
    fn share(rows_per_s: u64, waiting: u64) -> f64 {
        let mut pace = Pace::new(1_000_000);
        let (mut at, mut worked) = (Duration::ZERO, Duration::ZERO);
        while at < Duration::from_secs(20) {
            let came = (at.as_secs_f64() * rows_per_s as f64) as u64;
            at += 10 * MS + pace.rest(at, 10 * MS, waiting, came);
            worked += 10 * MS;
        }
        worked.as_secs_f64() / at.as_secs_f64()
    }

    #[test]
    fn with_little_coming_in_apply_never_rests() {
        assert!(share(0, 900_000) > 0.99);
        assert!(share(4_000, 10) > 0.99);
    }

    #[test]
    fn in_a_burst_its_share_grows_with_what_waits() {
        let shares =
            [0, 100_000, 250_000, 500_000, 1_000_000, 3_000_000].map(|waiting| share(40_000, waiting));
        assert!(shares.windows(2).all(|pair| pair[0] <= pair[1] + 0.01), "{shares:?}");
        assert!(shares[0] < 0.07 && (0.4..0.6).contains(&shares[3]) && shares[4] > 0.98, "{shares:?}");
    }

    #[test]
    fn it_never_stands_still_and_notices_the_end_of_a_burst() {
        let mut pace = Pace::new(1_000_000);
        let at = Duration::from_secs(1);
        assert_eq!(pace.rest(at, Duration::from_secs(60), 1, 60_000), REST_MAX);
        assert_eq!(pace.rest(at + WINDOW, 10 * MS, 1, 60_000), Duration::ZERO);
    }
}
