//! Both files of a store: opening them, and reading them as one.

use crate::desk::{Refusal, breaks_handle};
use crate::error::{During, OpenError};
use crate::folder::Folder;
use crate::journal::Journal;
use crate::merge::Waiting;
use crate::options::Options;
use crate::schema::{
    APPLIED_UPTO, COPYING, JOURNAL_MADE, MAIN, STORE, meta, migrate, open_read, open_write, set_meta,
};
use crate::shared::Shared;
use domain::ids::UserId;
use ports::StoreError;
use rusqlite::Connection;
use std::sync::Arc;

/// A reader's connections.
pub(crate) struct Files {
    pub(crate) journal: Connection,
    pub(crate) main: Connection,
    pub(crate) shared: Arc<Shared>,
}

impl Files {
    pub(crate) fn open(shared: Arc<Shared>) -> Result<Self, OpenError> {
        let (vfs, cache_kib) = (shared.options.vfs.as_deref(), shared.options.reader_cache_kib);
        let journal = open_read(&shared.folder.journal(), vfs, cache_kib)?;
        let main = open_read(&shared.folder.main(), vfs, cache_kib)?;
        Ok(Self { journal, main, shared })
    }

    /// The learner's index entries are copied first, then the journal is read, then `main.db`: a row that leaves the
    /// index or the journal meanwhile is in what is read next.
    pub(crate) fn joined<T>(
        &self,
        user: UserId,
        ask: impl FnOnce(&Connection, &Waiting) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        #[cfg(debug_assertions)]
        if self.shared.options.bugs.index_after_snapshot {
            return self.joined_wrongly(user, ask);
        }
        let numbers = self.shared.index.rows_of(user);
        let waiting = match numbers.is_empty() {
            true => Waiting::default(),
            false => {
                let tx = self.journal.unchecked_transaction().during("read the journal")?;
                Waiting::read(&tx, &numbers)?
            }
        };
        self.ask_main(|main| ask(main, &waiting))
    }

    /// The planted mistake: snapshots first, the index afterwards.
    #[cfg(debug_assertions)]
    fn joined_wrongly<T>(
        &self,
        user: UserId,
        ask: impl FnOnce(&Connection, &Waiting) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.ask_main(|main| {
            let opened = main.query_row("SELECT count(*) FROM meta", [], |_| Ok(()));
            opened.during("open a snapshot")?;
            std::thread::sleep(std::time::Duration::from_millis(3));
            let tx = self.journal.unchecked_transaction().during("read the journal")?;
            let waiting = Waiting::read(&tx, &self.shared.index.rows_of(user))?;
            ask(main, &waiting)
        })
    }

    pub(crate) fn ask_main<T, E: From<StoreError>>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        // One transaction is one snapshot for all that is asked.
        let tx = self.main.unchecked_transaction().during("read main.db")?;
        ask(&tx)
    }

    /// Answers, and opens the files again if a handle broke.
    pub(crate) fn mended<T, E: Refusal>(
        &mut self,
        answer: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let answered = answer(self);
        if answered.as_ref().err().and_then(E::store).is_some_and(|error| breaks_handle(error.cause)) {
            match Self::open(Arc::clone(&self.shared)) {
                Ok(fresh) => *self = fresh,
                Err(error) => tracing::error!(%error, "the store's files could not be opened again"),
            }
        }
        answered
    }
}

/// Whether a store may be opened that a copy into it was not finished of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unfinished {
    /// Only by whoever goes on copying.
    Allowed,
    /// By nobody else.
    Refused,
}

/// Opens both files, brings them to the newest schema, and takes stock of what waits in the journal.
pub(crate) fn open_files(
    folder: Folder,
    options: Options,
    unfinished: Unfinished,
) -> Result<(Arc<Shared>, Journal), OpenError> {
    if folder.restoring().exists() {
        return Err(OpenError::RestoreInterrupted(folder.root().to_owned()));
    }
    let main_file = folder.main();
    if folder.journal().exists() && !main_file.exists() {
        return Err(OpenError::MainMissing(folder.journal()));
    }
    let sqlite = |error| OpenError::Sqlite { file: main_file.clone(), error };
    let mut main = open_write(&main_file, options.vfs.as_deref(), 1_024)?;
    migrate(&mut main, &main_file, MAIN)?;
    if unfinished == Unfinished::Refused
        && let Some(from) = meta::<String>(&main, COPYING).map_err(sqlite)?
    {
        return Err(OpenError::CopyUnfinished { folder: folder.root().to_owned(), from });
    }
    let store: Vec<u8> = meta(&main, STORE).map_err(sqlite)?.unwrap_or_default();
    let applied_upto = meta(&main, APPLIED_UPTO).map_err(sqlite)?.unwrap_or(0);
    let journal_made = meta::<i64>(&main, JOURNAL_MADE).map_err(sqlite)?.is_some();
    if journal_made && !folder.journal().exists() {
        return Err(OpenError::JournalMissing(main_file));
    }
    let db = Journal::open_file(&folder, &options, &store)?;
    if !journal_made {
        set_meta(&main, JOURNAL_MADE, 1).map_err(sqlite)?;
    }
    let journal_file = folder.journal();
    let shared = Arc::new(Shared::new(folder, options, applied_upto));
    let journal = Journal::new(db, Arc::clone(&shared))
        .map_err(|error| OpenError::Io { file: journal_file, error: std::io::Error::other(error) })?;
    Ok((shared, journal))
}
