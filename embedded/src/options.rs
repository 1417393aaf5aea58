//! Limits and settings of the store, each with its unit and what happens when it is reached.

/// How the store is opened. The defaults suit a server; every field may be changed alone.
#[derive(Clone, Debug)]
pub struct Options {
    /// Rows one journal commit takes. Batches that wait together share a commit up to this.
    pub commit_rows_max: usize,
    /// Append requests that may wait; beyond it a batch is answered `Unknown(Overloaded)`.
    pub append_queue_max: usize,
    /// Journal rows that may wait to be applied; what has no room is answered `Unknown(Overloaded)`.
    pub backlog_rows_max: u64,
    /// Threads that read.
    pub readers: usize,
    /// Reads that may wait; beyond it a read fails as overloaded.
    pub read_queue_max: usize,
    /// Reads of long logs that may wait; beyond it one fails as overloaded. One is carried out at a time, beside all others.
    pub long_read_queue_max: usize,
    /// Rows from which on a log is a long one, if it is asked for more than a few cards: so many are read in about as many
    /// microseconds.
    pub long_log_rows: u32,
    /// Writes of decks, cards and people that may wait; beyond it a write fails as overloaded.
    pub desk_queue_max: usize,
    /// Requests about media files that may wait, each with its file in memory; beyond it one fails as overloaded.
    pub media_queue_max: usize,
    /// Appends of imports that may wait, each with its entries in memory; beyond it one fails as overloaded.
    pub import_queue_max: usize,
    /// Requests to do what nobody waits for that may wait, each with its learners; beyond it one is forgotten: the next round
    /// comes by.
    pub upkeep_queue_max: usize,
    /// How long others must not have written before what nobody waits for goes on; after a few of these it does all the same.
    pub upkeep_calm_ms: u64,
    /// How long after a round through all decks and learners the next one begins.
    pub upkeep_every_ms: u64,
    /// From so many entries on that figures had to be read from, a learner's log is condensed.
    pub condense_from_entries: usize,
    /// A log of more entries is not condensed: it is read in one transaction that writes.
    pub condense_entries_max: usize,
    /// Imported entries after which a transaction ends if another writer of `main.db` waits, or answers come in a burst:
    /// how long they wait. If nobody does, it takes what was given to it at once.
    pub import_rows_a_turn: usize,
    /// Journal rows that are sorted and applied together, at most: about 350 bytes of memory each.
    pub apply_batch_rows_max: usize,
    /// Rows a transaction of apply takes (a learner is never divided): how long other writers of `main.db` wait.
    pub apply_slice_rows: usize,
    /// After a batch smaller than `apply_calm_rows`, apply rests so long: tiny batches only wear the disk.
    pub apply_rest_ms: u64,
    /// A batch of at least so many rows is followed by the next one at once.
    pub apply_calm_rows: usize,
    /// With this many rows waiting apply steps back for nobody; with fewer, in a burst, it leaves the time to the journal.
    pub apply_full_rows: u64,
    /// Page cache of each connection that writes `main.db`, in KiB.
    pub main_cache_kib: u32,
    /// Page cache of each connection that reads, in KiB.
    pub reader_cache_kib: u32,
    /// The journal's write-ahead file is moved into the journal when it has grown by so many bytes.
    pub journal_checkpoint_bytes: u64,
    /// The name of the SQLite VFS under both files; `None` is the system's. Tests cut its power.
    pub vfs: Option<String>,
    /// Mistakes planted on purpose, to prove that a test would catch them.
    #[cfg(debug_assertions)]
    pub bugs: Bugs,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            commit_rows_max: 4_096,
            append_queue_max: 256,
            backlog_rows_max: 4_000_000,
            readers: 2,
            read_queue_max: 1_024,
            long_read_queue_max: 64,
            long_log_rows: 32_768,
            desk_queue_max: 4_096,
            media_queue_max: 16,
            import_queue_max: 16,
            upkeep_queue_max: 64,
            upkeep_calm_ms: 500,
            upkeep_every_ms: 3_600_000,
            condense_from_entries: 256,
            condense_entries_max: 50_000,
            import_rows_a_turn: 8_192,
            apply_batch_rows_max: 50_000,
            apply_slice_rows: 1_000,
            apply_rest_ms: 100,
            apply_calm_rows: 2_000,
            apply_full_rows: 1_000_000,
            main_cache_kib: 16 * 1_024,
            reader_cache_kib: 4 * 1_024,
            journal_checkpoint_bytes: 16 * 1_024 * 1_024,
            vfs: None,
            #[cfg(debug_assertions)]
            bugs: Bugs::default(),
        }
    }
}

/// Mistakes that the tests plant; only debug builds know them.
#[cfg(debug_assertions)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Bugs {
    /// Acknowledges commits that a power cut can take back (synchronous = NORMAL).
    pub unsynced_journal: bool,
    /// Numbers rows from the last journal row alone, so that a trimmed journal starts again at 1.
    pub rowid_reuse: bool,
    /// Reads take their snapshots first and look into the index afterwards.
    pub index_after_snapshot: bool,
    /// Index entries go before the transaction that applied their rows has ended.
    pub index_cleared_early: bool,
    /// The journal is trimmed without waiting for what was applied to be durable.
    pub unsynced_apply: bool,
    /// `applied_upto` moves with the first slice of a batch.
    pub applied_with_first_slice: bool,
    /// The journal takes no longer rows, so that some can never be stored.
    pub journal_value_bytes_max: Option<i32>,
}
