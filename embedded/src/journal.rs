//! The journal's writer: one thread that appends batches, numbers their rows, and says of each row whether it is
//! durable. An acknowledgement waits for nothing else.

use crate::error::{During, OpenError, cause, unreadable};
use crate::folder::Folder;
use crate::options::Options;
use crate::schema::{JOURNAL, STORE, meta, migrate, open_write, set_meta};
use crate::shared::Shared;
use domain::ids::UserId;
use ports::codec::{encode_row, row_user};
use ports::{Cause, Row, RowOutcome, StoreError};
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use tokio::sync::oneshot;

/// What the writer is asked.
pub(crate) enum Order {
    /// Make these rows durable.
    Append(Append),
    /// Open the file again after a failed fsync.
    Reopen(oneshot::Sender<Result<(), StoreError>>),
}

/// A batch that waits.
pub(crate) struct Append {
    pub(crate) rows: Arc<[Row]>,
    pub(crate) answer: oneshot::Sender<Vec<RowOutcome>>,
}

/// Applied rows that go with each commit, beside as many as it appends: the journal shrinks while it is written.
const TRIM_BESIDE_MAX: i64 = 1_024;
/// Applied rows that go in one commit while nothing is appended.
const TRIM_IDLE_MAX: i64 = 8_192;
/// How long the writer waits for work before it trims.
const IDLE: Duration = Duration::from_millis(20);
/// Page cache of the journal's writer: it only appends.
const CACHE_KIB: u32 = 4 * 1_024;
/// Roughly what a row takes beside its bytes.
const ROW_OVERHEAD_BYTES: u64 = 16;

/// The writer.
pub(crate) struct Journal {
    db: Connection,
    shared: Arc<Shared>,
    /// The number of the next row.
    next_row: i64,
    /// Written to the write-ahead file since it was last moved into the journal.
    unchecked_bytes: u64,
    scratch: Vec<u8>,
}

impl Journal {
    /// Opens or makes the file of the store with this id.
    pub(crate) fn open_file(
        folder: &Folder,
        options: &Options,
        store: &[u8],
    ) -> Result<Connection, OpenError> {
        let file = folder.journal();
        let mut db = open_write(&file, options.vfs.as_deref(), CACHE_KIB)?;
        #[cfg(debug_assertions)]
        if options.bugs.unsynced_journal {
            let _ = db.pragma_update(None, "synchronous", "NORMAL");
        }
        migrate(&mut db, &file, JOURNAL)?;
        #[cfg(debug_assertions)]
        if let Some(bytes) = options.bugs.journal_value_bytes_max {
            let _ = db.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_LENGTH, bytes);
        }
        let sqlite = |error| OpenError::Sqlite { file: file.clone(), error };
        match meta::<Vec<u8>>(&db, STORE).map_err(sqlite)? {
            None => set_meta(&db, STORE, store).map_err(sqlite)?,
            Some(of) if of == store => {}
            Some(_) => return Err(OpenError::Mismatch(folder.root().to_owned())),
        }
        Ok(db)
    }

    /// Takes the file over; rows that are not applied enter the index.
    pub(crate) fn new(db: Connection, shared: Arc<Shared>) -> Result<Self, StoreError> {
        let mut journal = Self { db, shared, next_row: 0, unchecked_bytes: 0, scratch: Vec::new() };
        journal.take_stock()?;
        Ok(journal)
    }

    /// Reads what is there and not known yet, and numbers rows from behind it.
    fn take_stock(&mut self) -> Result<(), StoreError> {
        let shared = &self.shared;
        let known = shared.visible_upto.load(Ordering::Acquire);
        let first: Option<i64> =
            self.db.query_row("SELECT min(id) FROM journal", [], |r| r.get(0)).during("read the journal")?;
        let mut last = known;
        let mut select = self
            .db
            .prepare("SELECT id, row FROM journal WHERE id > ?1 ORDER BY id")
            .during("read the journal")?;
        let mut rows = select.query([known]).during("read the journal")?;
        while let Some(row) = rows.next().during("read the journal")? {
            last = row.get(0).during("read the journal")?;
            let bytes = row.get_ref(1).and_then(|v| Ok(v.as_blob()?)).during("read the journal")?;
            // A row that cannot be read goes to quarantine when it is applied.
            if let Ok(user) = row_user(bytes) {
                shared.index.add(user, last);
            }
        }
        self.next_row = last + 1;
        #[cfg(debug_assertions)]
        if shared.options.bugs.rowid_reuse {
            let max = self.db.query_row("SELECT ifnull(max(id), 0) FROM journal", [], |r| r.get::<_, i64>(0));
            self.next_row = max.during("read the journal")? + 1;
        }
        let trimmed = first.map_or(last, |first| first - 1);
        shared.trimmed_upto.store(trimmed, Ordering::Release);
        if last > known {
            shared.publish(last);
        }
        Ok(())
    }

    /// Works until everybody who could ask is gone.
    pub(crate) fn run(mut self, orders: &Receiver<Order>) {
        let mut put_off = None;
        loop {
            let next = match put_off.take() {
                Some(order) => Ok(order),
                None => orders.recv_timeout(IDLE),
            };
            match next {
                Ok(Order::Append(first)) => {
                    let (batches, after) = self.gather(first, orders);
                    put_off = after;
                    self.append(batches);
                }
                Ok(Order::Reopen(answer)) => drop(answer.send(self.reopen())),
                Err(RecvTimeoutError::Timeout) => self.tidy(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Batches that wait together share a commit.
    fn gather(&self, first: Append, orders: &Receiver<Order>) -> (Vec<Append>, Option<Order>) {
        let mut rows = first.rows.len();
        let mut batches = vec![first];
        while rows < self.shared.options.commit_rows_max {
            match orders.try_recv() {
                Ok(Order::Append(batch)) => {
                    rows += batch.rows.len();
                    batches.push(batch);
                }
                Ok(other) => return (batches, Some(other)),
                Err(_) => break,
            }
        }
        (batches, None)
    }

    fn append(&mut self, batches: Vec<Append>) {
        let outcomes = match self.shared.poisoned.load(Ordering::Acquire) {
            true => Err(Cause::Poisoned),
            false => self.commit(&batches),
        };
        // After it can be read, and before anybody is told: also where it is not known whether it can.
        for row in batches.iter().flat_map(|batch| batch.rows.iter()) {
            self.shared.versions.changed(row.user);
        }
        match outcomes {
            Ok(mut outcomes) => {
                for batch in batches {
                    let rest = outcomes.split_off(batch.rows.len().min(outcomes.len()));
                    // An asker who is gone asks again: ids make it harmless.
                    drop(batch.answer.send(std::mem::replace(&mut outcomes, rest)));
                }
                self.checkpoint_if_large();
            }
            Err(cause) => {
                for batch in batches {
                    drop(batch.answer.send(vec![RowOutcome::Unknown(cause); batch.rows.len()]));
                }
            }
        }
    }

    /// One transaction for all; a row that SQLite refuses is refused alone, the others stay.
    fn commit(&mut self, batches: &[Append]) -> Result<Vec<RowOutcome>, Cause> {
        let mut written = Written::default();
        let result = self.write(batches, &mut written);
        if let Err(error) = result {
            return Err(self.failed(&error));
        }
        let appended = written.rows.len() as u64;
        for &(user, row) in &written.rows {
            self.shared.index.add(user, row);
        }
        self.next_row = written.next_row;
        self.unchecked_bytes += written.bytes;
        self.shared.publish(written.next_row - 1);
        self.shared.appended_rows.fetch_add(appended, Ordering::Relaxed);
        self.shared.append_commits.fetch_add(1, Ordering::Relaxed);
        if let Some(trimmed) = written.trimmed_upto {
            self.shared.trimmed_upto.store(trimmed, Ordering::Release);
        }
        Ok(written.outcomes)
    }

    fn write(&mut self, batches: &[Append], written: &mut Written) -> rusqlite::Result<()> {
        let tx = self.db.transaction()?;
        written.next_row = self.next_row;
        {
            let mut insert = tx.prepare_cached("INSERT INTO journal VALUES (?1, ?2)")?;
            for row in batches.iter().flat_map(|batch| batch.rows.iter()) {
                self.scratch.clear();
                encode_row(row, &mut self.scratch);
                match insert.execute((written.next_row, &self.scratch)) {
                    Ok(_) => written.stored(row.user, self.scratch.len()),
                    Err(error) if cause(&error) == Cause::Invalid => {
                        tracing::error!(%error, "a row can never be stored");
                        written.outcomes.push(RowOutcome::Never(Cause::Invalid));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        written.trimmed_upto = trim(&tx, &self.shared, TRIM_BESIDE_MAX + written.rows.len() as i64)?;
        tx.commit()
    }

    /// What a failed commit means. The outcome is unknown to the asker in every case; after anything but a full disk
    /// or a busy file, the handle is not used again.
    fn failed(&self, error: &rusqlite::Error) -> Cause {
        tracing::error!(%error, "the journal refused a commit");
        match cause(error) {
            found @ (Cause::NoSpace | Cause::Timeout) => found,
            Cause::Overloaded | Cause::Unavailable | Cause::Poisoned | Cause::Invalid => {
                self.shared.poisoned.store(true, Ordering::Release);
                Cause::Poisoned
            }
        }
    }

    /// Trims while nothing is asked for.
    fn tidy(&mut self) {
        if self.shared.poisoned.load(Ordering::Acquire) {
            return;
        }
        let trimmed = self.db.transaction().and_then(|tx| {
            let upto = trim(&tx, &self.shared, TRIM_IDLE_MAX)?;
            if upto.is_some() { tx.commit().map(|()| upto) } else { Ok(None) }
        });
        match trimmed {
            Ok(Some(upto)) => {
                self.shared.trimmed_upto.store(upto, Ordering::Release);
                self.unchecked_bytes += 1;
            }
            Ok(None) if self.unchecked_bytes > 0 => self.checkpoint(),
            Ok(None) => {}
            Err(error) => drop(self.failed(&error)),
        }
    }

    fn checkpoint_if_large(&mut self) {
        if self.unchecked_bytes >= self.shared.options.journal_checkpoint_bytes {
            self.checkpoint();
        }
    }

    /// Moves the write-ahead file into the journal. It happens after the acknowledgements, and it may fail without
    /// harm: the rows stay where they are.
    fn checkpoint(&mut self) {
        self.unchecked_bytes = 0;
        if let Err(error) = self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::warn!(%error, "the journal could not be checkpointed");
        }
    }

    /// Opens the file again and reads what is there. Nothing is written behind what may not have reached the disk:
    /// everything that can be read is first moved into the journal proper and made durable there.
    fn reopen(&mut self) -> Result<(), StoreError> {
        let (folder, options) = (&self.shared.folder, &self.shared.options);
        let file = folder.journal();
        let fresh = open_write(&file, options.vfs.as_deref(), CACHE_KIB)
            .map_err(|error| unreadable("reopen the journal", error))?;
        // The broken handle goes first: its locks would hold the new one up.
        drop(std::mem::replace(&mut self.db, fresh));
        let busy: i64 = self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0))
            .during("checkpoint the reopened journal")?;
        if busy != 0 {
            return Err(StoreError::new(Cause::Timeout, "the reopened journal is still being read"));
        }
        self.unchecked_bytes = 0;
        self.take_stock()?;
        // What was written before it broke may be read now.
        self.shared.versions.all_changed();
        self.shared.poisoned.store(false, Ordering::Release);
        tracing::info!(next_row = self.next_row, "the journal was reopened");
        Ok(())
    }
}

/// What a transaction wrote; it counts once the transaction has ended well.
#[derive(Default)]
struct Written {
    outcomes: Vec<RowOutcome>,
    rows: Vec<(UserId, i64)>,
    next_row: i64,
    bytes: u64,
    trimmed_upto: Option<i64>,
}

impl Written {
    fn stored(&mut self, user: UserId, bytes: usize) {
        self.rows.push((user, self.next_row));
        self.next_row += 1;
        self.bytes += bytes as u64 + ROW_OVERHEAD_BYTES;
        self.outcomes.push(RowOutcome::Durable);
    }
}

/// Removes the oldest applied rows, at most so many; says up to which.
fn trim(journal: &Connection, shared: &Shared, rows_max: i64) -> rusqlite::Result<Option<i64>> {
    let trimmed = shared.trimmed_upto.load(Ordering::Acquire);
    let upto = shared.applied_upto.load(Ordering::Acquire).min(trimmed.saturating_add(rows_max));
    if upto <= trimmed {
        return Ok(None);
    }
    journal.prepare_cached("DELETE FROM journal WHERE id <= ?1")?.execute([upto])?;
    Ok(Some(upto))
}
