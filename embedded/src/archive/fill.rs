//! Filling a store: rows go into `main.db` as they are, many in one transaction, while a mark says that it is not whole.

use super::people::{write_class, write_person};
use crate::error::{During, OpenError, file_failed};
use crate::filed::Recent;
use crate::files::Unfinished;
use crate::library::{fill_cards, write_deck};
use crate::media::files::MediaFiles;
use crate::offline::Offline;
use crate::rows::{
    INSERT_LOG, ImportCards, LogPlace, UPSERT_PROGRESS, insert_log, insert_quarantined, upsert_progress,
};
use crate::schema::{APPLIED_UPTO, COPYING, MAIN, migrate, open_write, set_meta};
use crate::{condensed, imports, media, notes};
use bytes::Bytes;
use domain::ids::{DeckId, JobId, UserId};
use ports::archive::{ClassKept, Filed, PersonKept, RequestKept, WriteAll};
use ports::{
    DeckContent, ImportRecord, MediaDigest, MediaRecord, NoteRecord, NoteTypeRecord, Progress, Quarantined,
    RefusedRow, StoreError,
};
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::path::Path;

/// Rows of one transaction, about.
const ROWS_A_COMMIT: usize = 20_000;
/// Page cache while filling, in KiB.
const CACHE_KIB: u32 = 64 * 1_024;

/// A store that is being filled.
pub struct Filling {
    offline: Offline,
    main: RefCell<Connection>,
    /// Rows of the open transaction.
    waiting: Cell<usize>,
    /// The number of the last entry, as if they had come through the journal.
    number: Cell<i64>,
}

impl Filling {
    /// Takes the folder, which must be empty or hold an unfinished copy; it is made if it does not exist.
    ///
    /// # Errors
    /// [`OpenError`]: it holds a store, or cannot be had.
    pub fn open(folder: &Path, from: &str) -> Result<Filling, OpenError> {
        let offline = Offline::locked(folder, Unfinished::Allowed)?;
        let file = folder.join("main.db");
        let sqlite = |error| OpenError::Sqlite { file: file.clone(), error };
        let mut main = open_write(&file, None, CACHE_KIB)?;
        migrate(&mut main, &file, MAIN)?;
        let is_copy = crate::schema::meta::<String>(&main, COPYING).map_err(sqlite)?.is_some();
        let may_be_filled =
            is_copy || (is_empty(&main).map_err(sqlite)? && offline.waiting_learners().is_empty());
        if !may_be_filled {
            return Err(OpenError::HoldsStore(folder.to_owned()));
        }
        set_meta(&main, COPYING, from).map_err(sqlite)?;
        let number = crate::schema::meta(&main, APPLIED_UPTO).map_err(sqlite)?.unwrap_or(0);
        Ok(Filling { offline, main: RefCell::new(main), waiting: Cell::new(0), number: Cell::new(number) })
    }

    /// Writes within the open transaction, and ends it when it is long enough.
    pub(super) fn write(
        &self,
        rows: usize,
        write: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let main = self.main.borrow();
        if self.waiting.get() == 0 {
            main.execute_batch("BEGIN IMMEDIATE").during("begin to fill")?;
        }
        // Whatever fails, the transaction is open.
        self.waiting.set(self.waiting.get() + rows.max(1));
        write(&main)?;
        if self.waiting.get() >= ROWS_A_COMMIT { self.commit(&main) } else { Ok(()) }
    }

    fn commit(&self, main: &Connection) -> Result<(), StoreError> {
        if self.waiting.replace(0) == 0 {
            return Ok(());
        }
        let commit = || {
            set_meta(main, APPLIED_UPTO, self.number.get())?;
            main.execute_batch("COMMIT")
        };
        commit().during("fill")
    }
}

fn is_empty(main: &Connection) -> rusqlite::Result<bool> {
    let any = "SELECT EXISTS (SELECT 1 FROM review_log) OR EXISTS (SELECT 1 FROM decks)
                   OR EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM classes)
                   OR EXISTS (SELECT 1 FROM imports) OR EXISTS (SELECT 1 FROM media)
                   OR EXISTS (SELECT 1 FROM event_feeds) OR EXISTS (SELECT 1 FROM webhooks)
                   OR EXISTS (SELECT 1 FROM lessons) OR EXISTS (SELECT 1 FROM papers)";
    main.query_row(any, [], |row| row.get::<_, bool>(0)).map(|any| !any)
}

impl WriteAll for Filling {
    type Stored = Offline;

    fn stored(&self) -> &Offline {
        &self.offline
    }

    async fn put_deck(&self, (deck, cards): DeckContent) -> Result<(), StoreError> {
        self.write(cards.len(), |main| {
            write_deck(main, &deck)?;
            fill_cards(main, deck.id, &cards)
        })
    }

    async fn put_person(&self, kept: PersonKept) -> Result<(), StoreError> {
        self.write(1, |main| write_person(main, kept))
    }

    async fn put_class(&self, kept: ClassKept) -> Result<(), StoreError> {
        self.write(kept.enrolled.len() + kept.given.len(), |main| write_class(main, &kept))
    }

    async fn put_note_types(&self, deck: DeckId, types: Vec<NoteTypeRecord>) -> Result<(), StoreError> {
        self.write(types.len(), |main| notes::write_types(main, deck, &types))
    }

    async fn put_notes(&self, deck: DeckId, notes: Vec<NoteRecord>) -> Result<(), StoreError> {
        self.write(notes.len(), |main| notes::write(main, deck, &notes, &Recent::default()))
    }

    async fn put_media_names(
        &self,
        deck: DeckId,
        names: Vec<(String, MediaDigest)>,
    ) -> Result<(), StoreError> {
        self.write(names.len(), |main| media::write_names(main, deck, &names))
    }

    async fn put_media(&self, record: MediaRecord, content: Bytes) -> Result<(), StoreError> {
        let put = MediaFiles::new(&self.offline.files.shared.folder).put(record.digest, &content);
        put.map_err(|error| file_failed("store a media file", &error))?;
        self.write(1, |main| media::write(main, &record))
    }

    async fn put_import(&self, record: ImportRecord) -> Result<(), StoreError> {
        self.write(1, |main| imports::write(main, &record))
    }

    async fn put_refused(&self, job: JobId, rows: Vec<RefusedRow>) -> Result<(), StoreError> {
        self.write(rows.len(), |main| imports::write_refused(main, job, &rows))
    }

    async fn put_request(&self, kept: RequestKept) -> Result<(), StoreError> {
        self.write(1, |main| {
            let values = (&kept.key.as_bytes()[..], &kept.asks[..], kept.at_ms);
            main.prepare_cached("INSERT OR REPLACE INTO requests VALUES (?1, ?2, ?3)")
                .and_then(|mut put| put.execute(values))
                .during("store a request")?;
            Ok(())
        })
    }

    async fn put_quarantined(&self, what: Quarantined) -> Result<(), StoreError> {
        self.write(1, |main| {
            main.prepare_cached("DELETE FROM quarantine WHERE user = ?1 AND id = ?2")
                .and_then(|mut delete| delete.execute((&what.user.bytes()[..], &what.id.bytes()[..])))
                .and_then(|_| insert_quarantined(main, &what))
                .during("store a command in quarantine")
        })
    }

    async fn put_learner(
        &self,
        user: UserId,
        log: &[Filed],
        progress: &[Progress],
    ) -> Result<(), StoreError> {
        self.write(log.len() + progress.len(), |main| {
            let (mut scratch, mut cards) = (Vec::new(), ImportCards::default());
            let mut insert = main.prepare_cached(INSERT_LOG).during("fill the log")?;
            for (entry, about) in log {
                self.number.set(self.number.get() + 1);
                let placed = (LogPlace::of_row(self.number.get()), entry);
                insert_log(&mut insert, user, placed, *about, &mut scratch).during("fill the log")?;
                cards.note(entry);
            }
            cards.write(main, user).during("fill the log")?;
            condensed::touched(main, user, log.iter().map(|(entry, _)| entry)).during("fill the log")?;
            let mut upsert = main.prepare_cached(UPSERT_PROGRESS).during("fill progress")?;
            for row in progress {
                let number = self.number.get();
                upsert_progress(&mut upsert, user, row, number, &mut scratch).during("fill progress")?;
            }
            Ok(())
        })
    }

    async fn flush(&self) -> Result<(), StoreError> {
        self.commit(&self.main.borrow())
    }

    async fn finish(&self) -> Result<(), StoreError> {
        let main = self.main.borrow();
        self.commit(&main)?;
        let finish = || {
            main.execute("DELETE FROM meta WHERE key = ?1", [COPYING])?;
            // The next to open it finds one file, not a long write-ahead file beside it.
            main.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        };
        finish().during("finish filling")
    }
}
