//! What the store says of itself.

use std::time::Duration;

/// Figures of a running store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Journal rows that are not applied yet.
    pub backlog_rows: u64,
    /// How long the oldest of them has waited in this process.
    pub backlog_age: Duration,
    /// The number of the newest durable journal row.
    pub last_row: i64,
    /// The last row that is in `main.db`.
    pub applied_upto: i64,
    /// The last row that was removed from the journal, as far as this process knows.
    pub trimmed_upto: i64,
    /// Rows made durable by this process.
    pub appended_rows: u64,
    /// Commits that made them durable.
    pub append_commits: u64,
    /// Rows applied by this process.
    pub applied_rows: u64,
    /// Batches in which they were applied.
    pub apply_batches: u64,
    /// Batches whose application failed and was tried again.
    pub apply_failures: u64,
    /// Entries of imports that this process stored.
    pub imported_rows: u64,
    /// How often this process condensed what had come into a learner's log.
    pub condensed_logs: u64,
    /// Cards whose words this process indexed behind everybody.
    pub indexed_cards: u64,
    /// Whether the journal waits for `reopen`.
    pub poisoned: bool,
    /// Whether one of the store's threads has ended: only a new start mends that.
    pub broken: bool,
}
