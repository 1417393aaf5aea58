//! Moving journal rows to where they are read by key: the pure part of apply, over a list of rows and a connection.

use crate::condensed;
use crate::merge::progress_of;
use crate::rows::{
    INSERT_LOG, ImportCards, LogPlace, UPSERT_PROGRESS, distrust_cards, insert_log, insert_quarantined,
    upsert_progress,
};
use domain::ids::{EntryId, UserId};
use ports::codec::{CodecError, decode_row, row_user};
use ports::{Progress, Quarantined, Row};
use rusqlite::Connection;
use std::time::{SystemTime, UNIX_EPOCH};

/// Journal rows that are applied together.
#[derive(Default)]
pub(crate) struct Batch {
    /// Sorted by learner, then by number.
    rows: Vec<(i64, Row)>,
    /// Rows that this program cannot read: they are kept as they are, for a person to look at.
    unreadable: Vec<Unreadable>,
    /// The number of the last row.
    pub(crate) upto: i64,
}

struct Unreadable {
    user: UserId,
    raw: Vec<u8>,
    error: CodecError,
}

impl Batch {
    /// Reads rows after `after` and up to `upto`, at most `rows_max`.
    pub(crate) fn read(
        journal: &Connection,
        after: i64,
        upto: i64,
        rows_max: usize,
    ) -> rusqlite::Result<Batch> {
        let mut batch = Batch { upto: after, ..Batch::default() };
        let mut select = journal
            .prepare_cached("SELECT id, row FROM journal WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3")?;
        let mut rows = select.query((after, upto, i64::try_from(rows_max).unwrap_or(i64::MAX)))?;
        while let Some(row) = rows.next()? {
            batch.upto = row.get(0)?;
            batch.add(row.get_ref(1)?.as_blob()?);
        }
        batch.rows.sort_unstable_by_key(|(number, row)| (row.user, *number));
        Ok(batch)
    }

    fn add(&mut self, bytes: &[u8]) {
        match decode_row(bytes) {
            Ok(row) => self.rows.push((self.upto, row)),
            Err(error) => {
                let user = row_user(bytes).unwrap_or(UserId::from_u128(0));
                self.unreadable.push(Unreadable { user, raw: bytes.to_vec(), error });
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.unreadable.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows in pieces of at least `rows_min` (but for the last); a learner's rows are all in one piece.
    pub(crate) fn slices(&self, rows_min: usize) -> impl Iterator<Item = &[(i64, Row)]> {
        let mut rest = &self.rows[..];
        std::iter::from_fn(move || {
            let user_at_cut = rest.get(rows_min.max(1) - 1).or(rest.last())?.1.user;
            let cut = rest.partition_point(|(_, row)| row.user <= user_at_cut);
            let (slice, after) = rest.split_at_checked(cut)?;
            rest = after;
            Some(slice)
        })
    }

    /// The learners in it.
    pub(crate) fn users(&self) -> impl Iterator<Item = UserId> {
        let readable = self.rows.chunk_by(|a, b| a.1.user == b.1.user);
        let readable = readable.filter_map(|rows| Some(rows.first()?.1.user));
        readable.chain(self.unreadable.iter().map(|row| row.user))
    }

    /// Keeps what could not be read.
    pub(crate) fn quarantine(&self, main: &Connection) -> rusqlite::Result<()> {
        for row in &self.unreadable {
            let reason = format!("a journal row could not be read: {}", row.error);
            tracing::error!(reason, "kept in quarantine");
            let at_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
            let what = Quarantined { user: row.user, id: EntryId::MIN, at_ms, reason, raw: row.raw.clone() };
            insert_quarantined(main, &what)?;
        }
        Ok(())
    }
}

/// Writes a slice: its entries where they are not known yet, and the newest progress of each card. Doing it again
/// changes nothing.
pub(crate) fn write_slice(main: &Connection, slice: &[(i64, Row)]) -> rusqlite::Result<()> {
    let mut scratch = Vec::with_capacity(256);
    let mut insert = main.prepare_cached(INSERT_LOG)?;
    for (number, row) in slice {
        if let Some(entry) = &row.entry {
            let place = LogPlace::of_row(*number);
            insert_log(&mut insert, row.user, (place, entry), row.about, &mut scratch)?;
        }
    }
    for rows in slice.chunk_by(|a, b| a.1.user == b.1.user) {
        let mut cards = ImportCards::default();
        rows.iter().filter_map(|(_, row)| row.entry.as_ref()).for_each(|entry| cards.note(entry));
        if let (Some((_, first)), false) = (rows.first(), cards.is_empty()) {
            cards.write(main, first.user)?;
        }
        if let Some((_, first)) = rows.first() {
            condensed::touched(main, first.user, rows.iter().filter_map(|(_, row)| row.entry.as_ref()))?;
        }
    }
    let mut upsert = main.prepare_cached(UPSERT_PROGRESS)?;
    for (user, progress, number) in newest_progress(slice) {
        upsert_progress(&mut upsert, user, &progress, number, &mut scratch)?;
    }
    // With the marks of imports, and in one transaction with them, the progress of their cards is not trusted any more.
    for (number, row) in slice {
        if let Some(job) = row.entry.and_then(|entry| entry.mark_of()) {
            distrust_cards(main, row.user, job, *number, &mut scratch)?;
        }
    }
    Ok(())
}

/// The newest progress of each card, in the order of the keys.
fn newest_progress(slice: &[(i64, Row)]) -> Vec<(UserId, Progress, i64)> {
    let with = |(number, row): &(i64, Row)| progress_of(row).map(|progress| (row.user, progress, *number));
    let mut all: Vec<_> = slice.iter().filter_map(with).collect();
    // Newest first within a card, so that the first of each card stays.
    all.sort_unstable_by_key(|(user, p, number)| (*user, p.deck, p.card, std::cmp::Reverse(*number)));
    all.dedup_by_key(|(user, p, _)| (*user, p.deck, p.card));
    all
}
