//! By which card what imports brought is found. An index of the log has a row for each entry, written wherever its card
//! lies; here the entries of a card that came together share one row, and the rows of one transaction lie side by side.

use crate::error::{During, unreadable};
use crate::rows::{FIRST_CHAPTER_OUTSIDE, id, read_entries};
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, JobId, UserId};
use ports::StoreError;
use ports::codec::decode_entry;
use rusqlite::{Connection, OptionalExtension};
use std::cmp::Ordering;

/// Bytes of an id.
const ID_BYTES: usize = 16;

/// An entry that a transaction has stored: its job, the chapter that it is filed in, its card, and its id.
type Stored = (JobId, i64, CardId, DeckId, EntryId);

/// The entries of one transaction, gathered so that those of a card are written together, and in the order of the keys.
#[derive(Default)]
pub(crate) struct Filing(Vec<Stored>);

impl Filing {
    /// Adds an entry that was not stored before.
    pub(crate) fn note(&mut self, chapter: i64, entry: &LogEntry) {
        if let (Some(job), Some((deck, card))) = (entry.job, entry.card()) {
            self.0.push((job, chapter, card, deck, entry.id));
        }
    }

    /// Writes the rows of a transaction whose first entry has the number `first`.
    pub(crate) fn write(mut self, main: &Connection, user: UserId, first: i64) -> rusqlite::Result<()> {
        self.0.sort_unstable();
        let mut put =
            main.prepare_cached("INSERT INTO import_entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        let mut ids = Vec::new();
        for of_card in self.0.chunk_by(|a, b| (a.0, a.1, a.2, a.3) == (b.0, b.1, b.2, b.3)) {
            let Some((job, chapter, card, deck, _)) = of_card.first() else { continue };
            ids.clear();
            of_card.iter().for_each(|(.., id)| ids.extend_from_slice(id.bytes()));
            let (user, job) = (&user.bytes()[..], &job.bytes()[..]);
            put.execute((user, job, chapter, &card.bytes()[..], &deck.bytes()[..], first, &ids[..]))?;
        }
        Ok(())
    }
}

/// A chapter of a job in which something of a learner's is filed.
pub(crate) type JobChapter = ([u8; ID_BYTES], i64);

// Each begins where it is looked for. "(job, chapter) > (?, ?)" would walk all of the chapter before.
const NEXT_JOB: &str = "SELECT job FROM import_entries WHERE user = ?1 AND job > ?2 ORDER BY job LIMIT 1";
const NEXT_CHAPTER: &str = "SELECT chapter FROM import_entries WHERE user = ?1 AND job = ?2 AND chapter > ?3
     ORDER BY chapter LIMIT 1";

/// The chapters in which imports have filed something of this learner's: one key look-up each, and one for each job.
pub(crate) fn import_chapters_of(main: &Connection, user: UserId) -> Result<Vec<JobChapter>, StoreError> {
    let doing = "read the chapters of imports";
    let mut next_job = main.prepare_cached(NEXT_JOB).during(doing)?;
    let mut next_chapter = main.prepare_cached(NEXT_CHAPTER).during(doing)?;
    let (mut found, mut before): (Vec<JobChapter>, Vec<u8>) = (Vec::new(), Vec::new());
    let user = &user.bytes()[..];
    while let Some(job) = next_job.query_row((user, &before), |row| id(row, 0)).optional().during(doing)? {
        let mut after = -1;
        while let Some(chapter) =
            next_chapter.query_row((user, &job[..], after), |row| row.get(0)).optional().during(doing)?
        {
            found.push((job, chapter));
            after = chapter;
        }
        before = job.to_vec();
    }
    Ok(found)
}

/// What imports brought of these cards, in these chapters.
pub(crate) fn brought_of_cards(
    main: &Connection,
    user: UserId,
    cards: &[CardId],
    chapters: &[JobChapter],
    into: &mut Vec<LogEntry>,
) -> Result<(), StoreError> {
    let doing = "read what an import brought";
    let of_card =
        "SELECT ids FROM import_entries WHERE user = ?1 AND job = ?2 AND chapter = ?3 AND card = ?4";
    let mut select = main.prepare_cached(of_card).during(doing)?;
    for (job, chapter) in chapters {
        for card in cards {
            let params = (&user.bytes()[..], &job[..], chapter, &card.bytes()[..]);
            let mut rows = select.query(params).during(doing)?;
            while let Some(row) = rows.next().during(doing)? {
                let ids = row.get_ref(0).and_then(|ids| Ok(ids.as_blob()?)).during(doing)?;
                read_filed(main, user, job, ids, into)?;
            }
        }
    }
    Ok(())
}

/// How many entries imports brought of a card, in these chapters.
pub(crate) fn count_brought(
    main: &Connection,
    user: UserId,
    card: CardId,
    chapters: &[JobChapter],
) -> Result<usize, StoreError> {
    let doing = "count what an import brought";
    let of_card = "SELECT coalesce(sum(length(ids)), 0) FROM import_entries
         WHERE user = ?1 AND job = ?2 AND chapter = ?3 AND card = ?4";
    let mut select = main.prepare_cached(of_card).during(doing)?;
    let mut bytes = 0;
    for (job, chapter) in chapters {
        let params = (&user.bytes()[..], &job[..], chapter, &card.bytes()[..]);
        let of_chapter: u32 = select.query_row(params, |row| row.get(0)).during(doing)?;
        bytes += of_chapter as usize;
    }
    Ok(bytes / ID_BYTES)
}

fn read_filed(
    main: &Connection,
    user: UserId,
    job: &[u8],
    ids: &[u8],
    into: &mut Vec<LogEntry>,
) -> Result<(), StoreError> {
    let (ids, rest) = ids.as_chunks::<ID_BYTES>();
    if !rest.is_empty() {
        return Err(unreadable("read what an import brought", "a part of an id"));
    }
    let of_id = "SELECT body FROM review_log WHERE user = ?1 AND id = ?2 AND job = ?3";
    ids.iter().try_for_each(|id| read_entries(main, of_id, (&user.bytes()[..], &id[..], job), into))
}

/// How many of a learner's imported entries are not filed under their card, or filed and not there: whoever reads the log
/// of a card does not find the former, and the latter are nothing's. Reads all that imports brought of the learner.
pub(crate) fn misfiled(main: &Connection, user: UserId) -> Result<u64, StoreError> {
    let doing = "compare the log with what imports filed";
    let (stored, filed) = (stored_by_imports(main, user)?, filed_by_imports(main, user)?);
    let (mut stored, mut filed) = (stored.into_iter().peekable(), filed.into_iter().peekable());
    let mut count: usize = 0;
    loop {
        let order = match (stored.peek(), filed.peek()) {
            (Some(entry), Some(row)) => entry.cmp(row),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => break,
        };
        if order.is_le() {
            stored.next();
        }
        if order.is_ge() {
            filed.next();
        }
        count += usize::from(order.is_ne());
    }
    u64::try_from(count).map_err(|error| unreadable(doing, error))
}

/// Files all that imports brought of a learner anew, from the log, in one transaction.
pub(crate) fn file_again(main: &mut Connection, user: UserId) -> Result<(), StoreError> {
    let doing = "file what imports brought";
    let stored = stored_by_imports(main, user)?;
    let change = main.transaction().during(doing)?;
    change.execute("DELETE FROM import_entries WHERE user = ?1", [&user.bytes()[..]]).during(doing)?;
    // Below the numbers of all transactions to come.
    Filing(stored).write(&change, user, 0).during(doing)?;
    change.commit().during(doing)
}

/// The entries that the index of the log leaves out, in order.
fn stored_by_imports(main: &Connection, user: UserId) -> Result<Vec<Stored>, StoreError> {
    let doing = "read what imports brought";
    let of_user = "SELECT chapter, body FROM review_log WHERE user = ?1 AND chapter >= ?2";
    let mut select = main.prepare_cached(of_user).during(doing)?;
    let mut rows = select.query((&user.bytes()[..], FIRST_CHAPTER_OUTSIDE)).during(doing)?;
    let mut filing = Filing::default();
    while let Some(row) = rows.next().during(doing)? {
        let body = row.get_ref(1).and_then(|body| Ok(body.as_blob()?)).during(doing)?;
        let entry = decode_entry(body).map_err(|error| unreadable("read an entry", error))?;
        filing.note(row.get(0).during(doing)?, &entry);
    }
    filing.0.sort_unstable();
    Ok(filing.0)
}

/// What is filed, in order.
fn filed_by_imports(main: &Connection, user: UserId) -> Result<Vec<Stored>, StoreError> {
    let doing = "read what imports filed";
    let of_user = "SELECT job, chapter, card, deck, ids FROM import_entries WHERE user = ?1";
    let mut select = main.prepare_cached(of_user).during(doing)?;
    let mut rows = select.query([&user.bytes()[..]]).during(doing)?;
    let mut filed: Vec<Stored> = Vec::new();
    while let Some(row) = rows.next().during(doing)? {
        let job = JobId::from_bytes(id(row, 0).during(doing)?);
        let chapter = row.get(1).during(doing)?;
        let card = CardId::from_bytes(id(row, 2).during(doing)?);
        let deck = DeckId::from_bytes(id(row, 3).during(doing)?);
        let ids = row.get_ref(4).and_then(|ids| Ok(ids.as_blob()?)).during(doing)?;
        let (ids, rest) = ids.as_chunks::<ID_BYTES>();
        if !rest.is_empty() {
            return Err(unreadable(doing, "a part of an id"));
        }
        filed.extend(ids.iter().map(|id| (job, chapter, card, deck, EntryId::from_bytes(*id))));
    }
    filed.sort_unstable();
    Ok(filed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::steps_of;
    use crate::schema::{MAIN, migrate};
    use std::path::Path;

    #[test]
    fn the_next_chapter_is_looked_up_at_its_bound() {
        let mut main = Connection::open_in_memory().unwrap();
        migrate(&mut main, Path::new("main.db"), MAIN).unwrap();
        for (sql, bounds) in
            [(NEXT_JOB, "(user=? AND job>?)"), (NEXT_CHAPTER, "(user=? AND job=? AND chapter>?)")]
        {
            let steps = steps_of(&main, sql);
            assert!(steps.len() == 1 && steps[0].contains(bounds), "{steps:?}");
        }
    }
}
