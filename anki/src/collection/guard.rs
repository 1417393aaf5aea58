//! A stranger's database, opened so that nothing in it can act: read only, in a copy of our own, with its schema
//! distrusted, little memory, and an end to what it may cost.

use crate::error::ReadError;
use crate::limits::{
    CHECK_CACHE_KIB, CHECK_STEPS_PER_QUESTION, COLUMNS_MAX, Limits, PAGE_CACHE_KIB, ROW_BYTES_MAX,
    SCHEMA_OBJECTS_MAX, SQL_BYTES_MAX, STEPS_PER_BYTE, STEPS_PER_QUESTION, TEXTS_PER_BYTE,
};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Tables that every collection has.
const NEEDED: [&str; 4] = ["cards", "col", "notes", "revlog"];
/// Tables that newer ones have.
const NEWER: [&str; 6] = ["config", "deck_config", "decks", "fields", "notetypes", "templates"];

/// A database at hand.
#[derive(Debug)]
pub(super) struct Guarded {
    pub db: Connection,
    /// Bytes of text that one reading of all cards may take.
    pub texts_bytes_max: u64,
    meter: Arc<Meter>,
    tables: Vec<String>,
}

/// What reading has cost, and whether it is to go on.
#[derive(Debug)]
struct Meter {
    steps_left: AtomicU64,
    is_exhausted: AtomicBool,
    is_over: AtomicBool,
    stop: Arc<AtomicBool>,
}

/// Says that nobody reads any more.
#[derive(Debug)]
pub(super) struct Over(Arc<Meter>);

impl Over {
    pub fn say(&self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

impl Meter {
    /// Whether SQLite is to be interrupted, which asks after so many steps.
    fn question(&self, steps: i32) -> bool {
        let each = u64::from(steps.unsigned_abs());
        let less = |left: u64| Some(left.saturating_sub(each));
        let left =
            self.steps_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).unwrap_or_default();
        if left < each {
            self.is_exhausted.store(true, Ordering::Relaxed);
        }
        left < each || self.stop.load(Ordering::Relaxed) || self.is_over.load(Ordering::Relaxed)
    }
}

impl Guarded {
    /// Opens a copy. `stop` ends all reading within some milliseconds.
    pub fn open(path: &Path, limits: &Limits, stop: Arc<AtomicBool>) -> Result<Guarded, ReadError> {
        let bytes = std::fs::metadata(path).map_err(|error| ReadError::Damaged(error.to_string()))?.len();
        let steps = limits.steps_free.saturating_add(bytes.saturating_mul(STEPS_PER_BYTE));
        let (is_exhausted, is_over) = (AtomicBool::new(false), AtomicBool::new(false));
        let meter = Arc::new(Meter { steps_left: AtomicU64::new(steps), is_exhausted, is_over, stop });
        settle(path, &meter)?;
        let texts_bytes_max = limits.texts_free_bytes.saturating_add(bytes.saturating_mul(TEXTS_PER_BYTE));
        let mut guarded = Guarded::connect(path, meter, texts_bytes_max)?;
        guarded.check_schema()?;
        Ok(guarded)
    }

    /// The same copy once more, for another thread; what both read is metered together.
    pub fn again(&self, path: &Path) -> Result<Guarded, ReadError> {
        Guarded::connect(path, Arc::clone(&self.meter), self.texts_bytes_max)
    }

    fn connect(path: &Path, meter: Arc<Meter>, texts_bytes_max: u64) -> Result<Guarded, ReadError> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(immutable_uri(path), flags).map_err(|e| failed(&meter, e))?;
        let mut guarded = Guarded { db, texts_bytes_max, meter, tables: Vec::new() };
        guarded.prepare().map_err(|error| guarded.error(error))?;
        Ok(guarded)
    }

    fn prepare(&mut self) -> rusqlite::Result<()> {
        restrain(&mut self.db, &self.meter)?;
        self.db.create_collation("unicase", |a, b| {
            a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
        })
    }

    /// What went wrong, in terms of the collection.
    pub fn error(&self, error: rusqlite::Error) -> ReadError {
        failed(&self.meter, error)
    }

    /// Whether there is such a table; only those are known that Anki makes.
    pub fn has_table(&self, name: &str) -> bool {
        self.tables.iter().any(|table| table == name)
    }

    fn number(&self, sql: &str) -> Result<i64, ReadError> {
        self.db.query_row(sql, [], |row| row.get(0)).map_err(|error| self.error(error))
    }

    fn check_schema(&mut self) -> Result<(), ReadError> {
        let objects = self.number("SELECT count(*) FROM sqlite_schema")?;
        if objects > SCHEMA_OBJECTS_MAX {
            let (found, max) = (objects.unsigned_abs(), SCHEMA_OBJECTS_MAX.unsigned_abs());
            return Err(ReadError::TooMuch { what: "tables and indices of the collection", found, max });
        }
        let odd = "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index') \
                   OR type = 'table' AND (typeof(rootpage) != 'integer' OR rootpage < 1)";
        if self.number(odd)? > 0 {
            return Err(ReadError::Foreign("it has views, triggers or virtual tables".to_owned()));
        }
        for table in NEEDED.into_iter().chain(NEWER) {
            let exists = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
            let count: i64 =
                self.db.query_row(exists, [table], |row| row.get(0)).map_err(|error| self.error(error))?;
            if count == 1 {
                self.check_columns(table)?;
                self.tables.push(table.to_owned());
            } else if NEEDED.contains(&table) {
                return Err(ReadError::Foreign(format!("it has no table `{table}`")));
            }
        }
        Ok(())
    }

    /// For who looks at each page once: it keeps hardly one in memory. Of its steps some are whole pages, so it asks more
    /// often whether to go on.
    pub fn looks_once(&mut self) -> Result<(), ReadError> {
        let meter = Arc::clone(&self.meter);
        let asks = move || meter.question(CHECK_STEPS_PER_QUESTION);
        let settled = self
            .db
            .progress_handler(CHECK_STEPS_PER_QUESTION, Some(asks))
            .and_then(|()| self.db.pragma_update(None, "cache_size", -CHECK_CACHE_KIB));
        settled.map_err(|error| self.error(error))
    }

    /// Checks the database from its first page to its last.
    pub fn check_pages(&self) -> Result<(), ReadError> {
        let verdict: String = self
            .db
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(|error| self.error(error))?;
        if verdict == "ok" { Ok(()) } else { Err(ReadError::Damaged(verdict.chars().take(200).collect())) }
    }

    /// By which whatever is being read of this copy is ended.
    pub fn over(&self) -> Over {
        Over(Arc::clone(&self.meter))
    }

    /// A column that is computed could cost anything.
    fn check_columns(&self, table: &str) -> Result<(), ReadError> {
        let read = || -> rusqlite::Result<bool> {
            let mut columns = self.db.prepare(&format!("PRAGMA table_xinfo({table})"))?;
            let mut rows = columns.query([])?;
            let mut is_computed = false;
            while let Some(row) = rows.next()? {
                is_computed |= row.get::<_, i64>("hidden")? != 0;
            }
            Ok(is_computed)
        };
        if read().map_err(|error| self.error(error))? {
            return Err(ReadError::Foreign(format!("columns of `{table}` are computed")));
        }
        Ok(())
    }

    /// Whether rows of a table can be found by a column without reading all of them.
    pub fn is_indexed(&self, table: &str, column: &str) -> Result<bool, ReadError> {
        let sql = "SELECT count(*) FROM pragma_index_list(?1) AS list, pragma_index_info(list.name) AS info \
                   WHERE info.seqno = 0 AND info.name = ?2 AND list.partial = 0";
        let count: i64 =
            self.db.query_row(sql, [table, column], |row| row.get(0)).map_err(|error| self.error(error))?;
        Ok(count > 0)
    }
}

/// Brings in the log that SQLite left beside a database that was not closed, and removes it. A journal is never there:
/// playing back a stranger's deletes whatever file it names.
fn settle(path: &Path, meter: &Arc<Meter>) -> Result<(), ReadError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if !Path::new(&log).exists() {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let settled = || -> rusqlite::Result<()> {
        let mut db = Connection::open_with_flags(path, flags)?;
        restrain(&mut db, meter)?;
        db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        db.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        db.close().map_err(|(_, error)| error)
    };
    settled().map_err(|error| failed(meter, error))
}

fn restrain(db: &mut Connection, meter: &Arc<Meter>) -> rusqlite::Result<()> {
    for (config, value) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
        db.set_db_config(config, value)?;
    }
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, ROW_BYTES_MAX),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX),
        (Limit::SQLITE_LIMIT_COLUMN, COLUMNS_MAX),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 50),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 10),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        db.set_limit(limit, value)?;
    }
    let asked = Arc::clone(meter);
    db.progress_handler(STEPS_PER_QUESTION, Some(move || asked.question(STEPS_PER_QUESTION)))?;
    db.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
    db.pragma_update(None, "mmap_size", 0)?;
    db.pragma_update(None, "temp_store", "FILE")?;
    db.pragma_update(None, "cell_size_check", true)
}

fn failed(meter: &Meter, error: rusqlite::Error) -> ReadError {
    if meter.stop.load(Ordering::Relaxed) {
        return ReadError::Stopped;
    }
    if meter.is_exhausted.load(Ordering::Relaxed) {
        return ReadError::TooSlow;
    }
    let is_too_big = error.sqlite_error_code() == Some(ErrorCode::TooBig);
    if is_too_big {
        let max = u64::from(ROW_BYTES_MAX.unsigned_abs());
        return ReadError::TooMuch { what: "bytes of a row of the collection", found: max + 1, max };
    }
    ReadError::Damaged(error.to_string().chars().take(200).collect())
}

/// The address of a file that nobody changes: it is read without locks and without its companions.
fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_of_pages_ends_where_nobody_wants_it_or_its_steps_are_spent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checked");
        let sql = "CREATE TABLE t (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
            INSERT INTO t SELECT i FROM n;";
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let checked = |steps: u64, is_stopped: bool| {
            let meter = Arc::new(Meter {
                steps_left: AtomicU64::new(u64::MAX),
                is_exhausted: AtomicBool::new(false),
                is_over: AtomicBool::new(false),
                stop: Arc::new(AtomicBool::new(false)),
            });
            let mut guarded = Guarded::connect(&path, Arc::clone(&meter), 0).unwrap();
            guarded.looks_once().unwrap();
            meter.steps_left.store(steps, Ordering::Relaxed);
            meter.stop.store(is_stopped, Ordering::Relaxed);
            (guarded.check_pages(), meter.steps_left.load(Ordering::Relaxed))
        };
        let (checks, left) = checked(1_000_000, false);
        assert!(checks.is_ok() && (800_000..1_000_000).contains(&left), "{checks:?}, {left} steps left");
        assert!(matches!(checked(1_000_000, true), (Err(ReadError::Stopped), _)));
        assert!(matches!(checked(1_000, false), (Err(ReadError::TooSlow), _)));
    }
}
