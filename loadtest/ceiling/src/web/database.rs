//! The database: its tables, the connection that writes, and the pool of those that read.

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Connections that read.
const READERS: usize = 4;
/// How long a connection waits for a lock of the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Page cache of a connection, KiB (SQLite counts KiB as negative numbers).
const CACHE_KIB: i64 = 64 * 1_024;

/// Each query has its index; times are Unix milliseconds.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS cards (
        id BLOB PRIMARY KEY, deck_id BLOB NOT NULL, front TEXT NOT NULL, back TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS progress (
        user_id BLOB NOT NULL, deck_id BLOB NOT NULL, card_id BLOB NOT NULL,
        reps INTEGER NOT NULL, ease INTEGER NOT NULL, interval_days INTEGER NOT NULL, due_ms INTEGER NOT NULL,
        PRIMARY KEY (user_id, deck_id, card_id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS progress_by_due ON progress (user_id, deck_id, due_ms);
    CREATE TABLE IF NOT EXISTS review_log (
        user_id BLOB NOT NULL, id BLOB NOT NULL, deck_id BLOB NOT NULL, card_id BLOB NOT NULL,
        grade INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        PRIMARY KEY (user_id, id)
    ) WITHOUT ROWID;
";

/// The database. SQLite has one writer at a time: a lock of this process is fairer than the file's.
pub struct Database {
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Database {
    /// Opens the database, which is made if it does not exist.
    ///
    /// # Errors
    /// SQLite's.
    pub fn open(path: &Path) -> rusqlite::Result<Database> {
        let writer = Connection::open(path)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        writer.pragma_update(None, "synchronous", "FULL")?;
        prepare(&writer)?;
        writer.execute_batch(TABLES)?;
        let readers: rusqlite::Result<Vec<Connection>> = (0..READERS)
            .map(|_| {
                let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
                prepare(&reader)?;
                Ok(reader)
            })
            .collect();
        Ok(Database { writer: Mutex::new(writer), readers: Mutex::new(readers?), returned: Condvar::new() })
    }

    /// Changes something in one transaction, which is durable when this returns. Waits: not for async threads.
    ///
    /// # Errors
    /// The change's own, and SQLite's; then nothing was changed.
    pub fn write<T, E: From<rusqlite::Error>>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = locked(&self.writer);
        let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changed = change(&tx)?;
        tx.commit()?;
        Ok(changed)
    }

    /// Reads by a connection of the pool. Waits: not for async threads.
    ///
    /// # Errors
    /// The reading's own.
    pub fn read<T, E>(&self, ask: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let reader = self.reader();
        let answer = ask(&reader);
        locked(&self.readers).push(reader);
        self.returned.notify_one();
        answer
    }

    fn reader(&self) -> Connection {
        let mut idle = locked(&self.readers);
        loop {
            match idle.pop() {
                Some(reader) => return reader,
                None => idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
