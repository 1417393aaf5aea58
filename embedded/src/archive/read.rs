//! Everything of a store that is only read. Each page is one look-up by key.

use super::people::{classes, people};
use crate::error::{During, file_failed};
use crate::library::{content_of, deck_by_id};
use crate::media::files::MediaFiles;
use crate::offline::Offline;
use crate::read::{all_progress, log};
use crate::rows::id;
use crate::{imports, media, notes};
use bytes::Bytes;
use domain::entry::LogEntry;
use domain::ids::{ClassId, DeckId, EntryId, JobId, NoteId, UserId, Uuid};
use domain::state::FoldParams;
use ports::archive::{ClassKept, PAGE, PersonKept, ReadAll, RequestKept};
use ports::{
    DeckContent, ImportRecord, LogRange, MediaDigest, MediaRecord, NoteRecord, NoteTypeRecord, Progress,
    Quarantined, RefusedRow, StoreError,
};
use rusqlite::{Connection, Row};

impl ReadAll for Offline {
    async fn decks(&self, after: Option<DeckId>) -> Result<Vec<DeckId>, StoreError> {
        let sql = "SELECT id FROM decks WHERE id > ?1 ORDER BY id LIMIT ?2";
        self.files.ask_main(|main| {
            page(main, sql, after.map(|id| *id.bytes()), |row| Ok(DeckId::from_bytes(id(row, 0)?)))
        })
    }

    async fn deck(&self, id: DeckId) -> Result<Option<DeckContent>, StoreError> {
        self.files.ask_main(|main| content_of(main, id))
    }

    async fn params(&self, deck: DeckId) -> Result<Option<FoldParams>, StoreError> {
        Ok(self.files.ask_main(|main| deck_by_id(main, deck))?.map(|deck| deck.settings.fold_params()))
    }

    async fn people(&self, after: Option<UserId>) -> Result<Vec<PersonKept>, StoreError> {
        self.files.ask_main(|main| people(main, after))
    }

    async fn classes(&self, after: Option<ClassId>) -> Result<Vec<ClassKept>, StoreError> {
        self.files.ask_main(|main| classes(main, after))
    }

    async fn note_types(&self, deck: DeckId) -> Result<Vec<NoteTypeRecord>, StoreError> {
        self.files.ask_main(|main| notes::types(main, deck))
    }

    async fn notes(&self, deck: DeckId, after: Option<NoteId>) -> Result<Vec<NoteRecord>, StoreError> {
        self.files.ask_main(|main| notes::page(main, deck, after, PAGE))
    }

    async fn media_names(
        &self,
        deck: DeckId,
        after: Option<String>,
    ) -> Result<Vec<(String, MediaDigest)>, StoreError> {
        self.files.ask_main(|main| media::names(main, deck, after.as_deref(), PAGE))
    }

    async fn media(&self, after: Option<MediaDigest>) -> Result<Vec<MediaRecord>, StoreError> {
        self.files.ask_main(|main| media::page(main, after, PAGE))
    }

    async fn media_content(&self, record: &MediaRecord) -> Result<Bytes, StoreError> {
        let length = usize::try_from(record.bytes).unwrap_or(usize::MAX);
        let read = MediaFiles::new(&self.files.shared.folder).read(record.digest, 0, length);
        read.map_err(|error| file_failed("read a media file", &error))
    }

    async fn imports(&self, after: Option<JobId>) -> Result<Vec<ImportRecord>, StoreError> {
        self.files.ask_main(|main| imports::page(main, after, PAGE))
    }

    async fn refused(&self, job: JobId, from_number: u64) -> Result<Vec<RefusedRow>, StoreError> {
        self.files.ask_main(|main| imports::refused(main, job, from_number, PAGE))
    }

    async fn requests(&self, after: Option<Uuid>) -> Result<Vec<RequestKept>, StoreError> {
        let sql = "SELECT key, asks, at_ms FROM requests WHERE key > ?1 ORDER BY key LIMIT ?2";
        let of_row = |row: &Row| {
            Ok(RequestKept { key: Uuid::from_bytes(id(row, 0)?), asks: row.get(1)?, at_ms: row.get(2)? })
        };
        self.files.ask_main(|main| page(main, sql, after.map(Uuid::into_bytes), of_row))
    }

    async fn quarantined(&self, after: Option<UserId>) -> Result<Vec<Quarantined>, StoreError> {
        // Of one command that was put aside twice the last; all of a learner at once.
        let sql = "SELECT user, id, max(at_ms), reason, raw FROM quarantine WHERE user IN
                       (SELECT DISTINCT user FROM quarantine WHERE user > ?1 ORDER BY user LIMIT ?2)
                   GROUP BY user, id ORDER BY user, id";
        let of_row = |row: &Row| {
            Ok(Quarantined {
                user: UserId::from_bytes(id(row, 0)?),
                id: EntryId::from_bytes(id(row, 1)?),
                at_ms: row.get(2)?,
                reason: row.get(3)?,
                raw: row.get(4)?,
            })
        };
        self.files.ask_main(|main| page(main, sql, after.map(|id| *id.bytes()), of_row))
    }

    async fn learners(&self, after: Option<UserId>) -> Result<Vec<UserId>, StoreError> {
        let mut waiting = self.waiting_learners();
        waiting.retain(|user| after.is_none_or(|after| *user > after));
        let mut found = self.files.ask_main(|main| learners_with_log(main, after))?;
        // What waits in the journal may lie between, or behind the last: then it is a page of its own.
        let last = found.last().copied().filter(|_| found.len() == PAGE);
        found.extend(waiting.into_iter().filter(|user| last.is_none_or(|last| *user < last)));
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    async fn log(&self, user: UserId) -> Result<Vec<LogEntry>, StoreError> {
        let all = LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: usize::MAX };
        self.files.joined(user, |main, waiting| log(main, waiting, user, &all))
    }

    async fn newest(&self, user: UserId) -> Result<Option<EntryId>, StoreError> {
        let one = LogRange { from: EntryId::MIN, before: None, newest_first: true, limit: 1 };
        let found = self.files.joined(user, |main, waiting| log(main, waiting, user, &one))?;
        Ok(found.first().map(|entry| entry.id))
    }

    async fn progress(&self, user: UserId) -> Result<Vec<Progress>, StoreError> {
        self.files.joined(user, |main, waiting| all_progress(main, waiting, user))
    }
}

/// A page of rows whose key comes after this one. The statement takes the key and a number of rows.
pub(super) fn page<T>(
    main: &Connection,
    sql: &str,
    after: Option<[u8; 16]>,
    of_row: impl Fn(&Row) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let after = after.as_ref().map_or(&[][..], |after| &after[..]);
    let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
    let read = || {
        let mut statement = main.prepare_cached(sql)?;
        let rows = statement.query_map((after, limit), |row| of_row(row))?;
        rows.collect::<rusqlite::Result<Vec<T>>>()
    };
    read().during("read a page")
}

/// Learners with a row in the log, one look-up each.
fn learners_with_log(main: &Connection, after: Option<UserId>) -> Result<Vec<UserId>, StoreError> {
    use rusqlite::OptionalExtension;
    let sql = "SELECT user FROM review_log WHERE user > ?1 ORDER BY user LIMIT 1";
    let mut next = main.prepare_cached(sql).during("read the learners")?;
    let mut after: Vec<u8> = after.map_or_else(Vec::new, |after| after.bytes().to_vec());
    let mut found = Vec::new();
    while found.len() < PAGE {
        let user = next.query_row([&after], |row| id(row, 0)).optional().during("read the learners")?;
        let Some(user) = user else { break };
        found.push(UserId::from_bytes(user));
        after = user.to_vec();
    }
    Ok(found)
}
