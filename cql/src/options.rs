//! Limits and settings of the store, each with its unit and what happens when it is reached.

use crate::clock::{Clock, SystemClock};
use domain::owner::Timing;
use std::sync::Arc;

/// Learners whose logs one survey reads at once; each takes several reads of its own.
pub(crate) const SURVEYED_AT_ONCE: usize = 4;

/// How the store is opened. The defaults suit a server; every field may be changed alone.
#[derive(Clone)]
pub struct Options {
    /// How long a connection may take to come about, in milliseconds.
    pub connect_timeout_ms: u64,
    /// How often an idle connection is asked whether it lives, and how long it may take to answer, in milliseconds.
    pub keepalive_ms: u64,
    /// How long one attempt of a request may take, in milliseconds; then it is tried again.
    pub attempt_timeout_ms: u64,
    /// How long a write is tried until its outcome is known, in milliseconds; beyond it the outcome is unknown.
    pub write_within_ms: u64,
    /// How long a read is tried, in milliseconds; beyond it the read has failed.
    pub read_within_ms: u64,
    /// The first pause before another attempt, in milliseconds; each further one is twice as long.
    pub backoff_first_ms: u64,
    /// The longest pause before another attempt, in milliseconds.
    pub backoff_longest_ms: u64,
    /// Rows that one page of an answer holds.
    pub page_rows: i32,
    /// Reads of one request to the port that are under way at once (months of a log, decks).
    pub reads_at_once: usize,
    /// Values of one `IN` of a read; longer lists take several reads.
    pub keys_a_read: usize,
    /// Rows that one batch into the log holds at most.
    pub batch_rows_max: usize,
    /// Bytes that one batch holds at most, estimated: servers refuse more than 50 KiB.
    pub batch_bytes_max: usize,
    /// Learners whose rows are on their way at once; the others wait.
    pub lanes: usize,
    /// How long an `append` waits for its slowest learners, in milliseconds. Then it answers for the others; theirs are
    /// `Unknown(Timeout)`, go on by themselves, and are harmless when they are submitted again.
    pub append_patience_ms: u64,
    /// How long progress may wait to be written, in milliseconds.
    pub behind_longest_ms: u64,
    /// How often it is looked for what has waited so long, in milliseconds.
    pub behind_look_ms: u64,
    /// A learner with so many waiting progress rows is written at once.
    pub behind_rows_a_learner: usize,
    /// Progress rows that may wait, of all learners; beyond it an append is `Unknown(Overloaded)`. Beyond half of it one of
    /// a learner whose progress could not be written is.
    pub behind_rows_max: usize,
    /// Learners whose progress is written at once; half as many of those with whom that failed the last time.
    pub behind_at_once: usize,
    /// How long a write behind is tried, in milliseconds, its last attempt aside; beyond it the learner comes again.
    pub behind_within_ms: u64,
    /// How long a learner waits whose progress could not be written, in milliseconds; each further time twice as long.
    pub behind_again_first_ms: u64,
    /// The longest such wait, in milliseconds.
    pub behind_again_longest_ms: u64,
    /// How often a learner's checkpoint is moved, in milliseconds: between them the tail that the next owner reads grows.
    pub checkpoint_every_ms: u64,
    /// The times that owners live by.
    pub timing: Timing,
    /// The clocks; ticks must be those of the node's beats.
    pub clock: Arc<dyn Clock>,
    /// Batches of one edit of cards that are written at once.
    pub edit_writes_at_once: usize,
    /// Batches of what an import brings that are written at once: learners share the store with them.
    pub import_writes_at_once: usize,
    /// How long an edit of cards shows no pulse until another writer takes its place, in milliseconds.
    pub edit_silent_ms: u64,
    /// How long a writer of cards waits for another edit of the deck, in milliseconds; beyond it the store says that it
    /// is overloaded.
    pub edit_wait_ms: u64,
    /// Loses the answer to every compare-and-set, after it was carried out.
    #[cfg(test)]
    pub(crate) loses_answers: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 2_000,
            keepalive_ms: 5_000,
            attempt_timeout_ms: 3_000,
            write_within_ms: 10_000,
            read_within_ms: 10_000,
            backoff_first_ms: 20,
            backoff_longest_ms: 1_000,
            page_rows: 2_000,
            reads_at_once: 8,
            keys_a_read: 100,
            batch_rows_max: 128,
            batch_bytes_max: 40 * 1_024,
            lanes: 256,
            append_patience_ms: 1_000,
            behind_longest_ms: 2_000,
            behind_look_ms: 200,
            behind_rows_a_learner: 100,
            behind_rows_max: 500_000,
            behind_at_once: 32,
            behind_within_ms: 200,
            behind_again_first_ms: 1_000,
            behind_again_longest_ms: 15_000,
            checkpoint_every_ms: 60_000,
            timing: Timing::STANDARD,
            clock: Arc::new(SystemClock::default()),
            edit_writes_at_once: 8,
            import_writes_at_once: 4,
            edit_silent_ms: 5_000,
            edit_wait_ms: 20_000,
            #[cfg(test)]
            loses_answers: false,
        }
    }
}
