//! Rows between the port's shapes and the tables: binding, reading, and what key an entry lies under.

use crate::error::{During, unreadable};
use domain::entry::{Body, LogEntry};
use domain::ids::{CardId, DeckId, EntryId, JobId, UserId};
use ports::codec::{decode_entry, decode_progress, encode_entry, encode_progress};
use ports::{Progress, Quarantined, StoreError};
use rusqlite::{Connection, Row as SqlRow, Statement};

/// A card's place in the tables; nothing for entries that concern no card.
pub(crate) type About = Option<(DeckId, CardId)>;

/// Under which card the log keeps an entry. Marks of imports concern all cards and lie under none, and so does an
/// undo of which the writer did not say what it is about: then each card's log has it.
pub(crate) fn filed_under(entry: &LogEntry, about: About) -> About {
    match entry.body {
        Body::ImportCommit { .. } | Body::ImportRevoke { .. } => None,
        Body::Review(_) | Body::Set { .. } | Body::State { .. } => entry.card(),
        Body::Undo { .. } => about,
    }
}

/// The key of an entry within its learner's log.
pub(crate) type LogKey = (EntryId, Option<JobId>);

pub(crate) const INSERT_LOG: &str = "INSERT OR IGNORE INTO review_log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// A chapter of the log is this many (2 to the power of) journal rows: few enough that a learner's part of it fits into
/// a few pages of the index, many enough that years of study are a few hundred chapters.
const CHAPTER_ROWS_BITS: u32 = 16;

/// The chapter in which the entry of this journal row is filed.
pub(crate) const fn chapter_of(number: i64) -> i64 {
    number >> CHAPTER_ROWS_BITS
}

/// Inserts the entry of this journal row; a known key is left as it is.
pub(crate) fn insert_log(
    insert: &mut Statement,
    user: UserId,
    (number, entry): (i64, &LogEntry),
    about: About,
    scratch: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    scratch.clear();
    encode_entry(entry, scratch);
    let under = filed_under(entry, about);
    let deck = under.as_ref().map_or(&[][..], |(deck, _)| deck.bytes());
    let card = under.as_ref().map_or(&[][..], |(_, card)| card.bytes());
    let job = entry.job.as_ref().map_or(&[][..], |job| job.bytes());
    let (user, id) = (&user.bytes()[..], &entry.id.bytes()[..]);
    insert.execute((user, id, job, deck, card, &scratch[..], chapter_of(number)))?;
    Ok(())
}

pub(crate) const UPSERT_PROGRESS: &str =
    "INSERT OR REPLACE INTO progress VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

/// Stores one progress row, with the number of the journal row that it comes from.
pub(crate) fn upsert_progress(
    upsert: &mut Statement,
    user: UserId,
    progress: &Progress,
    row: i64,
    scratch: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    scratch.clear();
    encode_progress(&progress.state, progress.params_key, scratch);
    let sm2 = progress.state.sm2;
    upsert.execute((
        &user.bytes()[..],
        &progress.deck.bytes()[..],
        &progress.card.bytes()[..],
        row,
        sm2.reps,
        sm2.ease,
        sm2.interval_days,
        progress.state.due.map(|day| day.0),
        &scratch[..],
    ))?;
    Ok(())
}

/// A progress row and the journal row that it comes from.
pub(crate) type NumberedProgress = (Progress, i64);

/// Reads entries with a statement whose first column is `body`.
pub(crate) fn read_entries(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    into: &mut Vec<LogEntry>,
) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached(sql).during("read the log")?;
    let mut rows = statement.query(params).during("read the log")?;
    while let Some(row) = rows.next().during("read the log")? {
        let body = row.get_ref(0).and_then(|v| Ok(v.as_blob()?)).during("read the log")?;
        into.push(decode_entry(body).map_err(|error| unreadable("read an entry", error))?);
    }
    Ok(())
}

/// Reads progress with a statement whose columns are `deck, card, row, state`.
pub(crate) fn read_progress(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<NumberedProgress>, StoreError> {
    let mut statement = db.prepare_cached(sql).during("read progress")?;
    let mut rows = statement.query(params).during("read progress")?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().during("read progress")? {
        let (deck, card) = (id(row, 0), id(row, 1));
        let (deck, card) = (deck.during("read progress")?, card.during("read progress")?);
        let number = row.get(2).during("read progress")?;
        let state = row.get_ref(3).and_then(|v| Ok(v.as_blob()?)).during("read progress")?;
        let (state, params_key) =
            decode_progress(state).map_err(|error| unreadable("read a progress row", error))?;
        let (deck, card) = (DeckId::from_bytes(deck), CardId::from_bytes(card));
        found.push((Progress { deck, card, params_key, state }, number));
    }
    Ok(found)
}

/// Keeps a command that could not be processed.
pub(crate) fn insert_quarantined(main: &Connection, what: &Quarantined) -> rusqlite::Result<()> {
    let mut insert = main.prepare_cached("INSERT INTO quarantine VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let (user, id) = (&what.user.bytes()[..], &what.id.bytes()[..]);
    insert.execute((user, id, what.at_ms, &what.reason, &what.raw))?;
    Ok(())
}

/// The 16 bytes of an id.
pub(crate) fn id(row: &SqlRow, column: usize) -> rusqlite::Result<[u8; 16]> {
    row.get(column)
}

/// The 16 bytes of an id, or nothing.
pub(crate) fn maybe_id(row: &SqlRow, column: usize) -> rusqlite::Result<Option<[u8; 16]>> {
    row.get(column)
}
