//! Reads that failed, told to the log: while the store is away every learner's reads fail again and again, and a line for
//! each of them would hide everything else.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One kind of read is told no oftener than this.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// What failed since it was told.
static FAILURES: Mutex<Failures> = Mutex::new(Failures(BTreeMap::new()));

/// A read of this kind failed: says so, or counts it into the next line of its kind.
pub(super) fn failed(kind: &'static str, why: &dyn Display) {
    let failures = FAILURES.lock().unwrap_or_else(PoisonError::into_inner).note(kind, Instant::now());
    if let Some(failures) = failures {
        tracing::warn!(error = %why, kind, failures, "reads for sessions fail");
    }
}

/// Failures by the kind of read; there are a dozen kinds.
#[derive(Debug)]
struct Failures(BTreeMap<&'static str, Kind>);

#[derive(Clone, Copy, Debug)]
struct Kind {
    told: Option<Instant>,
    untold: u64,
}

impl Failures {
    /// One more. How many are to be told now, this one included; `None` when they have to wait.
    fn note(&mut self, kind: &'static str, now: Instant) -> Option<u64> {
        let of = self.0.entry(kind).or_insert(Kind { told: None, untold: 0 });
        of.untold = of.untold.saturating_add(1);
        if of.told.is_some_and(|told| now.saturating_duration_since(told) < TOLD_EVERY) {
            return None;
        }
        let untold = of.untold;
        *of = Kind { told: Some(now), untold: 0 };
        Some(untold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_told_at_once_and_those_of_ten_seconds_in_one_line() {
        let (mut failures, began) = (Failures(BTreeMap::new()), Instant::now());
        let at = |ms| began + Duration::from_millis(ms);
        assert_eq!(failures.note("access", at(0)), Some(1));
        let told: Vec<u64> = (1..25).filter_map(|s| failures.note("access", at(s * 1_000))).collect();
        assert_eq!(told, [10, 10]);
        assert_eq!(failures.note("decks", at(3)), Some(1), "each kind for itself");
    }
}
