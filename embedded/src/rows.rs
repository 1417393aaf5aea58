//! Rows between the port's shapes and the tables: binding, reading, and what key an entry lies under.

use crate::error::{During, unreadable};
use domain::entry::{Body, LogEntry};
use domain::ids::{CardId, DeckId, EntryId, JobId, UserId};
use domain::state::CardState;
use ports::codec::{decode_entry, decode_progress, encode_entry, encode_progress};
use ports::{Progress, Quarantined, StoreError};
use rusqlite::{Connection, Row as SqlRow, Statement};
use std::collections::BTreeSet;

/// A card's place in the tables; nothing for entries that concern no card.
pub(crate) type About = Option<(DeckId, CardId)>;

/// Under which card the log keeps an entry. Marks of imports concern all cards and lie under none, and so does an
/// undo of which the writer did not say what it is about: then each card's log has it.
pub(crate) fn filed_under(entry: &LogEntry, about: About) -> About {
    match entry.body {
        Body::ImportCommit { .. } | Body::ImportRevoke { .. } | Body::Claim { .. } => None,
        Body::Review(_) | Body::Set { .. } | Body::State { .. } | Body::Regrade(_) => entry.card(),
        Body::Undo { .. } => about,
    }
}

/// The key of an entry within its learner's log.
pub(crate) type LogKey = (EntryId, Option<JobId>);

pub(crate) const INSERT_LOG: &str = "INSERT OR IGNORE INTO review_log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// A chapter of the log is this many (2 to the power of) journal rows: few enough that a learner's part of it fits into
/// a few pages of the index, many enough that years of study are a few hundred chapters.
const CHAPTER_ROWS_BITS: u32 = 16;

/// Chapters of what imports bring begin here: they are counted apart, so that each is written in one go too.
const FIRST_IMPORT_CHAPTER: i64 = 1 << 40;

/// From this chapter on the index by chapter and card knows nothing of an entry, and `import_entries` does. The index has
/// the same number in its condition, and so has what is asked of it.
pub(crate) const FIRST_CHAPTER_OUTSIDE: i64 = 1 << 41;

/// The chapter in which an entry is filed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LogPlace(i64);

impl LogPlace {
    /// Of the entry of this journal row.
    pub(crate) const fn of_row(number: i64) -> Self {
        Self(number >> CHAPTER_ROWS_BITS)
    }

    /// Of this entry among all that imports brought. One that concerns no card stays in the index.
    pub(crate) const fn of_import(number: i64, has_card: bool) -> Self {
        let first = if has_card { FIRST_CHAPTER_OUTSIDE } else { FIRST_IMPORT_CHAPTER };
        Self(first + (number >> CHAPTER_ROWS_BITS))
    }

    /// The number of the chapter.
    pub(crate) const fn chapter(self) -> i64 {
        self.0
    }
}

/// Which cards jobs are about, gathered so that each is written once, and in the order of the keys.
#[derive(Default)]
pub(crate) struct ImportCards(BTreeSet<(JobId, DeckId, CardId)>);

impl ImportCards {
    pub(crate) fn note(&mut self, entry: &LogEntry) {
        if let (Some(job), Some((deck, card))) = (entry.job, entry.card()) {
            self.0.insert((job, deck, card));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn write(&self, main: &Connection, user: UserId) -> rusqlite::Result<()> {
        let mut put = main.prepare_cached("INSERT OR IGNORE INTO import_cards VALUES (?1, ?2, ?3, ?4)")?;
        for (job, deck, card) in &self.0 {
            put.execute((&user.bytes()[..], &job.bytes()[..], &deck.bytes()[..], &card.bytes()[..]))?;
        }
        Ok(())
    }
}

/// Inserts an entry; a known key is left as it is. Says whether it was inserted.
pub(crate) fn insert_log(
    insert: &mut Statement,
    user: UserId,
    (LogPlace(chapter), entry): (LogPlace, &LogEntry),
    about: About,
    scratch: &mut Vec<u8>,
) -> rusqlite::Result<bool> {
    scratch.clear();
    encode_entry(entry, scratch);
    let under = filed_under(entry, about);
    let deck = under.as_ref().map_or(&[][..], |(deck, _)| deck.bytes());
    let card = under.as_ref().map_or(&[][..], |(_, card)| card.bytes());
    let job = entry.job.as_ref().map_or(&[][..], |job| job.bytes());
    let (user, id) = (&user.bytes()[..], &entry.id.bytes()[..]);
    Ok(insert.execute((user, id, job, deck, card, &scratch[..], chapter))? > 0)
}

/// The steps by which a statement is answered, as the database plans them.
#[cfg(test)]
pub(crate) fn steps_of(db: &Connection, sql: &str) -> Vec<String> {
    let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    plan.raw_query().mapped(|row| row.get(3)).collect::<Result<_, _>>().unwrap()
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

/// The cards of a job are to be folded again, by the mark in this journal row, unless a later row says more of them.
pub(crate) fn distrust_cards(
    main: &Connection,
    user: UserId,
    job: JobId,
    row: i64,
    scratch: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    let stale = CardState::NEW;
    scratch.clear();
    encode_progress(&stale, 0, scratch);
    main.prepare_cached(
        "INSERT INTO progress SELECT user, deck, card, ?3, ?4, ?5, ?6, NULL, ?7 FROM (
             SELECT user, deck, card FROM import_cards WHERE user = ?1 AND job = ?2
             UNION SELECT user, deck, card FROM import_entries WHERE user = ?1 AND job = ?2
         ) WHERE true
         ON CONFLICT (user, deck, card) DO UPDATE SET row = excluded.row, reps = excluded.reps,
             ease = excluded.ease, interval_days = excluded.interval_days, due_day = NULL, state = excluded.state
         WHERE progress.row < excluded.row",
    )?
    .execute((
        &user.bytes()[..],
        &job.bytes()[..],
        row,
        stale.sm2.reps,
        stale.sm2.ease,
        stale.sm2.interval_days,
        &scratch[..],
    ))?;
    Ok(())
}

/// The cards that a job is about, of a deck or of all, as far as they are in `main.db`.
pub(crate) fn cards_of_job(
    main: &Connection,
    user: UserId,
    job: JobId,
    deck: Option<DeckId>,
) -> Result<Vec<(DeckId, CardId)>, StoreError> {
    const ALL: &str = "SELECT deck, card FROM import_cards WHERE user = ?1 AND job = ?2
         UNION SELECT deck, card FROM import_entries WHERE user = ?1 AND job = ?2";
    const OF_DECK: &str = "SELECT deck, card FROM import_cards WHERE user = ?1 AND job = ?2 AND deck = ?3
         UNION SELECT deck, card FROM import_entries WHERE user = ?1 AND job = ?2 AND deck = ?3";
    let card =
        |row: &rusqlite::Row<'_>| Ok((DeckId::from_bytes(id(row, 0)?), CardId::from_bytes(id(row, 1)?)));
    let (user, job) = (&user.bytes()[..], &job.bytes()[..]);
    let read = || match &deck {
        None => main.prepare_cached(ALL)?.query_map((user, job), card)?.collect::<rusqlite::Result<Vec<_>>>(),
        Some(deck) => {
            let mut select = main.prepare_cached(OF_DECK)?;
            select.query_map((user, job, &deck.bytes()[..]), card)?.collect()
        }
    };
    read().during("read the cards of an import")
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
