//! What the store counts of its requests: how long attempts take, how many are under way, and what became of them.

use crate::error::Failure;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The upper bounds of the buckets of a time, in microseconds; what took longer is in the last one.
pub const TIME_BOUNDS_US: [u64; 13] = [
    500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000,
];
/// Attempts that failed in a row, over all partitions, from which on the store counts as away.
const AWAY_AFTER: u64 = 4;

/// What a request does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RequestKind {
    /// Reads rows.
    Read,
    /// Writes one row.
    Write,
    /// Writes several rows together.
    Batch,
    /// Compares and sets.
    Decide,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [RequestKind; 4] =
        [RequestKind::Read, RequestKind::Write, RequestKind::Batch, RequestKind::Decide];

    /// Whether it only looks.
    const fn changes_nothing(self) -> bool {
        match self {
            RequestKind::Read => true,
            RequestKind::Write | RequestKind::Batch | RequestKind::Decide => false,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            RequestKind::Read => "read",
            RequestKind::Write => "write",
            RequestKind::Batch => "batch",
            RequestKind::Decide => "decide",
        }
    }
}

/// Times, sorted into [`TIME_BOUNDS_US`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Times {
    /// How many fell into each bucket, not added up; the last one has no bound.
    pub counts: [u64; TIME_BOUNDS_US.len() + 1],
    /// All of them together, in microseconds.
    pub sum_us: u64,
}

impl Times {
    fn note(&mut self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = TIME_BOUNDS_US.partition_point(|bound| *bound < took_us);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum_us = self.sum_us.saturating_add(took_us);
    }
}

/// What was counted of one kind of requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RequestFigures {
    /// How long attempts took, those that failed included.
    pub times: Times,
    /// Attempts under way.
    pub in_flight: u64,
    /// Attempts that followed one that had failed.
    pub retries: u64,
    /// Requests that were given up: of a write nobody knows whether it took effect.
    pub given_up: u64,
}

/// Counters of one store. Each is changed once an attempt, which takes a thousand times longer.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    kinds: Mutex<[RequestFigures; RequestKind::ALL.len()]>,
    /// Of reads, and of whatever changes something: a store that refuses writes may well be read.
    failed_in_a_row: [AtomicU64; 2],
    inbox_noted: AtomicU64,
    inbox_cleared: AtomicU64,
}

impl Figures {
    fn change(&self, kind: RequestKind, change: impl FnOnce(&mut RequestFigures)) {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(figures) = kinds.get_mut(kind as usize) {
            change(figures);
        }
    }

    /// Makes an attempt and counts it. To be called where nobody drops it half-way.
    pub(crate) async fn attempt<T>(
        &self,
        kind: RequestKind,
        attempt: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.change(kind, |figures| figures.in_flight += 1);
        let began = Instant::now();
        let outcome = attempt.await;
        let took = began.elapsed();
        self.change(kind, |figures| {
            figures.in_flight = figures.in_flight.saturating_sub(1);
            figures.times.note(took);
        });
        let [reads, writes] = &self.failed_in_a_row;
        let failed_in_a_row = if kind.changes_nothing() { reads } else { writes };
        match &outcome {
            Err(failure) if failure.again => {
                failed_in_a_row.fetch_add(1, Ordering::Relaxed);
            }
            // What can never go well says that the store is there.
            Ok(_) | Err(_) => failed_in_a_row.store(0, Ordering::Relaxed),
        }
        outcome
    }

    /// Another attempt follows one that failed, or none does.
    pub(crate) fn after(&self, kind: RequestKind, tried_again: bool) {
        self.change(kind, |figures| {
            let count = if tried_again { &mut figures.retries } else { &mut figures.given_up };
            *count += 1;
        });
    }

    pub(crate) fn inbox_noted(&self, rows: usize) {
        self.inbox_noted.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn inbox_cleared(&self, rows: usize) {
        self.inbox_cleared.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn requests(&self) -> [RequestFigures; RequestKind::ALL.len()] {
        *self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn inbox(&self) -> (u64, u64) {
        (self.inbox_noted.load(Ordering::Relaxed), self.inbox_cleared.load(Ordering::Relaxed))
    }

    /// Whether so many attempts in a row failed, to whichever partition, that the store counts as away.
    pub(crate) fn is_away(&self) -> bool {
        self.failed_in_a_row.iter().any(|failed| failed.load(Ordering::Relaxed) >= AWAY_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ports::Cause;

    fn failed(again: bool) -> Result<(), Failure> {
        Err(Failure { cause: Cause::Timeout, again, detail: String::new() })
    }

    #[test]
    fn an_attempt_is_counted_once_in_the_bucket_of_its_time() {
        let mut times = Times::default();
        for (took_us, bucket) in [(0, 0), (500, 0), (501, 1), (5_000_000, 12), (5_000_001, 13)] {
            let before = times.counts;
            times.note(Duration::from_micros(took_us));
            let grown: Vec<usize> = (0..before.len()).filter(|n| times.counts[*n] > before[*n]).collect();
            assert_eq!(grown, [bucket], "{took_us}");
        }
        assert_eq!(times.sum_us, 10_001_002);
    }

    #[test]
    fn a_store_counts_as_away_after_failures_in_a_row_and_is_back_with_the_first_answer() {
        kit::wait::block_on(async {
            let figures = Figures::default();
            for _ in 0..AWAY_AFTER - 1 {
                let _ = figures.attempt(RequestKind::Write, async { failed(true) }).await;
            }
            assert!(!figures.is_away());
            let _ = figures.attempt(RequestKind::Decide, async { failed(true) }).await;
            assert!(figures.is_away());
            let _ = figures.attempt(RequestKind::Read, async { Ok(()) }).await;
            assert!(figures.is_away(), "a store that refuses writes may well be read");
            let _ = figures.attempt(RequestKind::Decide, async { failed(false) }).await;
            assert!(!figures.is_away(), "a refusal is an answer");
            let [read, write, ..] = figures.requests();
            assert_eq!((read.in_flight, read.times.counts.iter().sum::<u64>()), (0, 1));
            assert_eq!(write.times.counts.iter().sum::<u64>(), AWAY_AFTER - 1);
        });
    }
}
