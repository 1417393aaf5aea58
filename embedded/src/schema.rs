//! The tables of both files, their versions, and how a connection is opened.
//!
//! A version is SQLite's `user_version`. A migration is a step from one version to the next, in one transaction; a
//! newer version than ours is refused.

use crate::error::OpenError;
use crate::folder::private_file;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::Path;
use std::time::Duration;

/// Marks our files (`application_id`): "SHal".
pub(crate) const APPLICATION_ID: i64 = 0x5348_616c;

/// How long a connection waits for another process (such as `sqlite3`) before it reports busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements a connection keeps prepared.
const STATEMENTS_KEPT: usize = 64;

/// Steps that make and change `main.db`: the n-th leads to version n + 1.
///
/// `review_log` is keyed as histories are read. A card's log is found by chapter and card, where a chapter is a stretch
/// of the journal: what is applied together lies together in the index, however long the histories are, while an index
/// by card alone has each row written to another page (`docs/decisions/0009`). Rows that concern no card
/// (marks of imports) have an empty `card` and are found in the same way. Entries that imports bring in large numbers are in
/// chapters that the index leaves out (2 to the power of 41 and above): `import_entries` has a row for all that a transaction
/// brought of a card, `ids` one behind the other, and `first` the number of the transaction's first entry. Which cards a job
/// is about is there and, of what came another way, in `import_cards`, so that its mark finds them without reading the log. Ids are the 16 bytes of the UUID. A request's `key` is a UUID, and `asks` a SHA-256. `body` and `state` are the bytes of `ports::codec`; the plain columns beside `state` are for people.
///
/// Cards that come in large numbers are left out of the index by id (`filed` is 1): `filed_cards` has the ids of
/// those that came together, a `run`, in their order, two hundred a row behind the first of them, each with its card's position
/// (4 bytes, most significant first). Notes are filed in the same way, each with the `number` of its row.
///
/// `condensed_answers` has what figures are made of, a stretch of two days a row, of each learner before the stretch that
/// `condensed` names; rows behind it are of no use (`crate::condensed`). `reaches` is the last stretch of which an entry of
/// this one says something.
///
/// `card_words` is an index of the words on cards, without the texts; a row's number is that of `indexed_cards`. It is
/// made behind the cards: a deck is in it as of the revision in `indexed_decks`.
pub(crate) const MAIN: &[&str] = &["
    CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta VALUES ('applied_upto', 0), ('store', randomblob(16));

    CREATE TABLE review_log (
        user BLOB NOT NULL, id BLOB NOT NULL, job BLOB NOT NULL,
        deck BLOB NOT NULL, card BLOB NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (user, id, job)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX review_log_by_card ON review_log (user, card);
    CREATE TABLE progress (
        user BLOB NOT NULL, deck BLOB NOT NULL, card BLOB NOT NULL,
        row INTEGER NOT NULL, reps INTEGER NOT NULL, ease INTEGER NOT NULL, interval_days INTEGER NOT NULL,
        due_day INTEGER, state BLOB NOT NULL,
        PRIMARY KEY (user, deck, card)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE quarantine (
        user BLOB NOT NULL, id BLOB NOT NULL, at_ms INTEGER NOT NULL, reason TEXT NOT NULL, raw BLOB NOT NULL
    ) STRICT;

    CREATE TABLE decks (
        id BLOB PRIMARY KEY NOT NULL, org BLOB, owner BLOB NOT NULL, path TEXT NOT NULL, title TEXT NOT NULL,
        description TEXT NOT NULL, visibility TEXT NOT NULL, tags TEXT NOT NULL, settings TEXT NOT NULL,
        revision INTEGER NOT NULL, cards INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
        deleted_ms INTEGER
    ) STRICT;
    CREATE INDEX decks_by_owner ON decks (owner, path);
    CREATE TABLE cards (
        deck BLOB NOT NULL, position INTEGER NOT NULL, id BLOB NOT NULL, note BLOB, front TEXT NOT NULL,
        back TEXT NOT NULL, hint TEXT, explanation TEXT, tags TEXT NOT NULL, source_key TEXT NOT NULL,
        revision INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX cards_by_position ON cards (deck, position);
    CREATE UNIQUE INDEX cards_by_id ON cards (deck, id);
    CREATE INDEX cards_by_source ON cards (deck, source_key);

    CREATE TABLE users (
        id BLOB PRIMARY KEY NOT NULL, org BLOB, role TEXT NOT NULL, name TEXT NOT NULL,
        name_chosen INTEGER NOT NULL, zones TEXT NOT NULL, began_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE classes (
        id BLOB PRIMARY KEY NOT NULL, org BLOB, teacher BLOB NOT NULL, title TEXT NOT NULL,
        created_ms INTEGER NOT NULL, deleted_ms INTEGER
    ) STRICT;
    CREATE INDEX classes_by_teacher ON classes (teacher);
    CREATE TABLE enrollments (
        class BLOB NOT NULL, user BLOB NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER
    ) STRICT;
    CREATE INDEX enrollments_by_class ON enrollments (class);
    CREATE INDEX enrollments_by_user ON enrollments (user);
    CREATE TABLE class_decks (
        class BLOB NOT NULL, deck BLOB NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER
    ) STRICT;
    CREATE INDEX class_decks_by_class ON class_decks (class);
", "
    CREATE TABLE requests (
        key BLOB PRIMARY KEY NOT NULL, asks BLOB NOT NULL, at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX requests_by_time ON requests (at_ms);
", "
    ALTER TABLE decks ADD COLUMN all_until_ms INTEGER;
    ALTER TABLE decks ADD COLUMN org_until_ms INTEGER;
", "
    ALTER TABLE review_log ADD COLUMN chapter INTEGER NOT NULL DEFAULT 0;
    DROP INDEX IF EXISTS review_log_by_card;
    CREATE INDEX review_log_by_chapter ON review_log (user, chapter, card);
", "
    CREATE TABLE import_cards (
        user BLOB NOT NULL, job BLOB NOT NULL, deck BLOB NOT NULL, card BLOB NOT NULL,
        PRIMARY KEY (user, job, deck, card)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE imports (
        job BLOB PRIMARY KEY NOT NULL, owner BLOB NOT NULL, org BLOB, name TEXT NOT NULL, format TEXT NOT NULL,
        digest BLOB NOT NULL, bytes INTEGER NOT NULL, options TEXT NOT NULL, phase TEXT NOT NULL,
        done INTEGER NOT NULL, total INTEGER NOT NULL, outcome TEXT NOT NULL, decks TEXT NOT NULL,
        created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, revision INTEGER NOT NULL,
        unfinished INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX imports_by_owner ON imports (owner, job);
    CREATE INDEX imports_by_digest ON imports (owner, digest, job);
    CREATE INDEX imports_unfinished ON imports (job) WHERE unfinished = 1;
    CREATE TABLE import_refused (
        job BLOB NOT NULL, number INTEGER NOT NULL, line INTEGER NOT NULL, at_column TEXT, reason TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (job, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE media (
        digest BLOB PRIMARY KEY NOT NULL, kind TEXT NOT NULL, bytes INTEGER NOT NULL, width INTEGER, height INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE deck_media (
        deck BLOB NOT NULL, name TEXT NOT NULL, digest BLOB NOT NULL,
        PRIMARY KEY (deck, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX deck_media_by_digest ON deck_media (deck, digest);

    CREATE TABLE note_types (
        deck BLOB NOT NULL, id BLOB NOT NULL, name TEXT NOT NULL, fields TEXT NOT NULL, templates TEXT NOT NULL,
        css TEXT NOT NULL, kind TEXT NOT NULL, extra TEXT NOT NULL,
        PRIMARY KEY (deck, id)
    ) STRICT;
    CREATE TABLE notes (
        deck BLOB NOT NULL, id BLOB NOT NULL, note_type BLOB NOT NULL, guid TEXT NOT NULL, fields TEXT NOT NULL,
        tags TEXT NOT NULL, extra TEXT NOT NULL, updated_ms INTEGER NOT NULL,
        PRIMARY KEY (deck, id)
    ) STRICT;
", "
    CREATE TABLE register (
        org BLOB NOT NULL, user BLOB NOT NULL, external TEXT NOT NULL, login TEXT NOT NULL, email TEXT NOT NULL,
        name TEXT NOT NULL, role TEXT NOT NULL, gone INTEGER NOT NULL, changed_ms INTEGER NOT NULL,
        PRIMARY KEY (org, user)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX register_by_external ON register (org, external) WHERE external <> '';
    CREATE INDEX register_by_login ON register (org, login) WHERE login <> '';
    CREATE INDEX register_by_email ON register (org, email) WHERE email <> '';
    CREATE TABLE register_classes (
        org BLOB NOT NULL, class BLOB NOT NULL, external TEXT NOT NULL, changed_ms INTEGER NOT NULL,
        PRIMARY KEY (org, class)
    ) STRICT, WITHOUT ROWID;
", "
    ALTER TABLE decks ADD COLUMN editors TEXT NOT NULL DEFAULT '[]';
    CREATE TABLE deck_editors (
        editor BLOB NOT NULL, deck BLOB NOT NULL, PRIMARY KEY (editor, deck)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE indexed_decks (deck BLOB PRIMARY KEY NOT NULL, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE indexed_cards (
        number INTEGER PRIMARY KEY, deck BLOB NOT NULL, card BLOB NOT NULL, revision INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX indexed_cards_by_card ON indexed_cards (deck, card);
    CREATE VIRTUAL TABLE card_words USING fts5 (
        deck, words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
    );
", "
    CREATE TABLE event_feeds (feed BLOB PRIMARY KEY NOT NULL, last BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE events (
        feed BLOB NOT NULL, id BLOB NOT NULL, kept_ms INTEGER NOT NULL, kind TEXT NOT NULL, at_ms INTEGER NOT NULL,
        through BLOB, also BLOB, user BLOB, class BLOB, deck BLOB, job BLOB, data TEXT NOT NULL,
        PRIMARY KEY (feed, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX events_by_time ON events (kept_ms);
    CREATE TABLE webhooks (
        id BLOB PRIMARY KEY NOT NULL, owner BLOB NOT NULL, org BLOB, feed BLOB NOT NULL, class BLOB,
        url TEXT NOT NULL, description TEXT NOT NULL, kinds TEXT NOT NULL, secret BLOB NOT NULL,
        state TEXT NOT NULL, reason TEXT NOT NULL, position BLOB, failures INTEGER NOT NULL,
        next_try_ms INTEGER NOT NULL, holder BLOB, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
        revision INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX webhooks_by_owner ON webhooks (owner, id);
    CREATE INDEX webhooks_by_org ON webhooks (org, id);
    CREATE TABLE webhook_attempts (
        hook BLOB NOT NULL, id BLOB NOT NULL, message BLOB NOT NULL, kind TEXT NOT NULL, number INTEGER NOT NULL,
        at_ms INTEGER NOT NULL, took_ms INTEGER NOT NULL, status INTEGER, error TEXT NOT NULL,
        PRIMARY KEY (hook, id)
    ) STRICT, WITHOUT ROWID;
", "
    DROP INDEX IF EXISTS cards_by_source;
", "
    ALTER TABLE enrollments ADD COLUMN extra_percent INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE lessons (
        class BLOB PRIMARY KEY NOT NULL, run BLOB NOT NULL, epoch INTEGER NOT NULL, version INTEGER NOT NULL,
        unfinished INTEGER NOT NULL, record BLOB NOT NULL
    ) STRICT;
    CREATE INDEX lessons_unfinished ON lessons (class) WHERE unfinished = 1;
    CREATE TABLE lesson_reports (
        class BLOB NOT NULL, lesson BLOB NOT NULL, opened_ms INTEGER NOT NULL, closed_ms INTEGER NOT NULL,
        students INTEGER NOT NULL, answered INTEGER NOT NULL, correct INTEGER NOT NULL, report BLOB NOT NULL,
        PRIMARY KEY (class, lesson)
    ) STRICT;
    CREATE INDEX lesson_reports_by_time ON lesson_reports (class, opened_ms, lesson);
    CREATE TABLE papers (
        belongs_to BLOB NOT NULL, kind TEXT NOT NULL, id BLOB NOT NULL, body BLOB NOT NULL, revision INTEGER NOT NULL,
        PRIMARY KEY (belongs_to, kind, id)
    ) STRICT, WITHOUT ROWID;
", "
    ALTER TABLE cards ADD COLUMN accept TEXT NOT NULL DEFAULT '[]';
", "
    ALTER TABLE webhooks ADD COLUMN old_secrets TEXT NOT NULL DEFAULT '[]';
", "
    DROP INDEX IF EXISTS review_log_by_chapter;
    CREATE INDEX review_log_by_chapter ON review_log (user, chapter, card) WHERE chapter < 2199023255552;
    CREATE TABLE import_entries (
        user BLOB NOT NULL, job BLOB NOT NULL, chapter INTEGER NOT NULL, card BLOB NOT NULL, deck BLOB NOT NULL,
        first INTEGER NOT NULL, ids BLOB NOT NULL,
        PRIMARY KEY (user, job, chapter, card, deck, first)
    ) STRICT, WITHOUT ROWID;
", "
    ALTER TABLE cards ADD COLUMN filed INTEGER NOT NULL DEFAULT 0;
    DROP INDEX IF EXISTS cards_by_id;
    CREATE UNIQUE INDEX cards_by_id ON cards (deck, id) WHERE filed = 0;
    CREATE TABLE filed_cards (
        deck BLOB NOT NULL, run INTEGER NOT NULL, first BLOB NOT NULL, places BLOB NOT NULL,
        PRIMARY KEY (deck, run, first)
    ) STRICT, WITHOUT ROWID;
", "
    CREATE TABLE notes_numbered (
        number INTEGER PRIMARY KEY, deck BLOB NOT NULL, id BLOB NOT NULL, note_type BLOB NOT NULL, guid TEXT NOT NULL,
        fields TEXT NOT NULL, tags TEXT NOT NULL, extra TEXT NOT NULL, updated_ms INTEGER NOT NULL,
        filed INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    INSERT INTO notes_numbered (deck, id, note_type, guid, fields, tags, extra, updated_ms)
        SELECT deck, id, note_type, guid, fields, tags, extra, updated_ms FROM notes;
    DROP TABLE notes;
    ALTER TABLE notes_numbered RENAME TO notes;
    CREATE UNIQUE INDEX notes_by_id ON notes (deck, id) WHERE filed = 0;
    CREATE TABLE filed_notes (
        deck BLOB NOT NULL, run INTEGER NOT NULL, first BLOB NOT NULL, places BLOB NOT NULL,
        PRIMARY KEY (deck, run, first)
    ) STRICT, WITHOUT ROWID;
", "
    CREATE TABLE condensed (user BLOB PRIMARY KEY NOT NULL, upto INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE condensed_answers (
        user BLOB NOT NULL, stretch INTEGER NOT NULL, reaches INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (user, stretch)
    ) STRICT, WITHOUT ROWID;
"];

/// Steps that make and change `journal.db`. `meta` names the `main.db` it belongs to.
pub(crate) const JOURNAL: &[&str] = &["
    CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE journal (id INTEGER PRIMARY KEY, row BLOB NOT NULL) STRICT;
"];

/// Opens a file for writing, synchronous = FULL, in WAL mode, without automatic checkpoints.
pub(crate) fn open_write(file: &Path, vfs: Option<&str>, cache_kib: u32) -> Result<Connection, OpenError> {
    if vfs.is_none() {
        private_file(file).map_err(|error| OpenError::Io { file: file.to_owned(), error })?;
    }
    let db = open(file, vfs, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    let set = || {
        db.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
    };
    set().map_err(|error| OpenError::Sqlite { file: file.to_owned(), error })?;
    Ok(db)
}

/// Opens a file that some connection of this process holds open for writing, only to read it.
pub(crate) fn open_read(file: &Path, vfs: Option<&str>, cache_kib: u32) -> Result<Connection, OpenError> {
    let db = open(file, vfs, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let set = || {
        db.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
        db.pragma_update(None, "query_only", true)
    };
    set().map_err(|error| OpenError::Sqlite { file: file.to_owned(), error })?;
    Ok(db)
}

fn open(file: &Path, vfs: Option<&str>, flags: OpenFlags) -> Result<Connection, OpenError> {
    // One thread owns each connection, so SQLite's own mutexes are not needed.
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(file, flags, vfs),
        None => Connection::open_with_flags(file, flags),
    };
    let db = opened.map_err(|error| OpenError::Sqlite { file: file.to_owned(), error })?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    db.busy_timeout(BUSY_TIMEOUT).map_err(|error| OpenError::Sqlite { file: file.to_owned(), error })?;
    Ok(db)
}

/// Brings a file to the newest version of its `steps`.
///
/// # Errors
/// A newer file, or one of something else.
pub(crate) fn migrate(db: &mut Connection, file: &Path, steps: &[&str]) -> Result<(), OpenError> {
    check(db, file, steps)?;
    let sqlite = |error| OpenError::Sqlite { file: file.to_owned(), error };
    loop {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
        let version = user_version(&tx).map_err(sqlite)?;
        let Some(step) = usize::try_from(version).ok().and_then(|n| steps.get(n)) else { return Ok(()) };
        let run = || {
            tx.execute_batch(step)?;
            tx.pragma_update(None, "application_id", APPLICATION_ID)?;
            tx.pragma_update(None, "user_version", version + 1)
        };
        run().map_err(sqlite)?;
        tx.commit().map_err(sqlite)?;
    }
}

/// Refuses a file that is newer than this program or not ours; an empty file passes.
pub(crate) fn check(db: &Connection, file: &Path, steps: &[&str]) -> Result<(), OpenError> {
    let sqlite = |error| OpenError::Sqlite { file: file.to_owned(), error };
    let application: i64 = db.pragma_query_value(None, "application_id", |r| r.get(0)).map_err(sqlite)?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).map_err(sqlite)?;
    if application != APPLICATION_ID && (application != 0 || tables > 0) {
        return Err(OpenError::Foreign(file.to_owned()));
    }
    let (found, known) = (user_version(db).map_err(sqlite)?, steps.len() as i64);
    if found > known {
        return Err(OpenError::NewerSchema { file: file.to_owned(), found, known });
    }
    Ok(())
}

/// Refuses a file of any other version than this program's.
pub(crate) fn check_same(db: &Connection, file: &Path, steps: &[&str]) -> Result<(), OpenError> {
    check(db, file, steps)?;
    let sqlite = |error| OpenError::Sqlite { file: file.to_owned(), error };
    let (found, known) = (user_version(db).map_err(sqlite)?, steps.len() as i64);
    if found == known {
        return Ok(());
    }
    Err(OpenError::OlderSchema { file: file.to_owned(), found, known })
}

pub(crate) fn user_version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |r| r.get(0))
}

/// Reads a value of the table `meta`.
pub(crate) fn meta<T: rusqlite::types::FromSql>(db: &Connection, key: &str) -> rusqlite::Result<Option<T>> {
    use rusqlite::OptionalExtension;
    db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?.query_row([key], |r| r.get(0)).optional()
}

/// Stores a value in the table `meta`.
pub(crate) fn set_meta(db: &Connection, key: &str, value: impl rusqlite::ToSql) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")?.execute((key, value))?;
    Ok(())
}

/// What `applied_upto` is called in `meta`: the last journal row that is in `main.db`.
pub(crate) const APPLIED_UPTO: &str = "applied_upto";
/// What the store's own id is called in `meta` of both files.
pub(crate) const STORE: &str = "store";
/// What the number of entries that imports brought is called in `meta`: it says which chapter the next one is filed in.
pub(crate) const IMPORTED_ROWS: &str = "imported_rows";
/// In main.db while a copy into it is not finished: what is copied.
pub(crate) const COPYING: &str = "copying";
/// In main.db once its journal exists: without it, rows that were acknowledged may be missing.
pub(crate) const JOURNAL_MADE: &str = "journal_made";
