//! Reading a whole store: for checks, exports and copies. With the folder's lock, nothing is applied or trimmed, so that
//! what is read is what was stored. Without it ([`Offline::attach`]) a server may go on with the same folder.

use crate::condensed;
use crate::error::{During, OpenError};
use crate::files::{Files, Unfinished, open_files};
use crate::folder::{Folder, FolderLock};
use crate::import_index::{file_again, misfiled};
use crate::library::deck_by_id;
use crate::options::Options;
use crate::read::{all_progress, log};
use crate::rows::id;
use crate::schema::{APPLIED_UPTO, JOURNAL, MAIN, check_same, meta, open_write};
use crate::shared::Shared;
use domain::entry::LogEntry;
use domain::ids::{DeckId, EntryId, UserId};
use ports::codec::row_user;
use ports::{Cause, DeckRecord, LogRange, Progress, StoreError};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Page cache of a connection that mends something, in KiB.
const WRITE_CACHE_KIB: u32 = 1_024;

/// A store that is only read, but for what [`Offline::file_again`] mends.
pub struct Offline {
    pub(crate) files: Files,
    shared: Arc<Shared>,
    /// Nobody writes while it is held.
    lock: Option<FolderLock>,
}

/// All that is stored of a learner.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StoredLearner {
    /// Every entry, oldest first.
    pub log: Vec<LogEntry>,
    /// Every progress row, stale ones included (`params_key` 0).
    pub progress: Vec<Progress>,
}

impl Offline {
    /// Opens the store in this folder.
    ///
    /// # Errors
    /// [`OpenError`]: there is no store, or it is in use.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let at = Folder::new(folder);
        if !at.main().exists() && !at.journal().exists() {
            return Err(OpenError::NoStore(folder.to_owned()));
        }
        Self::locked(folder, Unfinished::Refused)
    }

    /// The same, of a store that a copy goes into.
    pub(crate) fn locked(folder: &Path, unfinished: Unfinished) -> Result<Self, OpenError> {
        let lock = FolderLock::take(folder)?;
        let (shared, _journal) = open_files(Folder::new(folder), Options::default(), unfinished)?;
        let files = Files::open(Arc::clone(&shared))?;
        Ok(Self { files, shared, lock: Some(lock) })
    }

    /// Opens the store in this folder beside the process that has it. What is read of a learner is as of one moment: some
    /// row of theirs was the last. Rows that come while this is open may be seen or not.
    ///
    /// # Errors
    /// [`OpenError`]: there is no store, or one of another version than this program's.
    pub fn attach(folder: &Path) -> Result<Self, OpenError> {
        let at = Folder::new(folder);
        if !at.main().exists() || !at.journal().exists() {
            return Err(OpenError::NoStore(folder.to_owned()));
        }
        let shared = Arc::new(Shared::new(at.clone(), Options::default(), 0));
        let files = Files::open(Arc::clone(&shared))?;
        check_same(&files.main, &at.main(), MAIN)?;
        check_same(&files.journal, &at.journal(), JOURNAL)?;
        let sqlite = |error| OpenError::Sqlite { file: at.journal(), error };
        index_journal(&files, &shared).map_err(sqlite)?;
        Ok(Self { files, shared, lock: None })
    }

    /// Learners of whom rows wait in the journal, in the order of ids.
    pub(crate) fn waiting_learners(&self) -> Vec<UserId> {
        let mut users = self.shared.index.users();
        users.sort_unstable();
        users
    }

    /// Every learner of whom an entry or a progress row is stored, or said to be, in the order of ids.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn learners(&self) -> Result<Vec<UserId>, StoreError> {
        let mut users: BTreeSet<UserId> = self.shared.index.users().into_iter().collect();
        self.files.ask_main::<_, StoreError>(|main| {
            let log = "SELECT user FROM review_log WHERE user > ?1 ORDER BY user LIMIT 1";
            let progress = "SELECT user FROM progress WHERE user > ?1 ORDER BY user LIMIT 1";
            let filed = "SELECT user FROM import_entries WHERE user > ?1 ORDER BY user LIMIT 1";
            distinct_users(main, log, &mut users)?;
            distinct_users(main, filed, &mut users)?;
            distinct_users(main, progress, &mut users)
        })?;
        Ok(users.into_iter().collect())
    }

    /// All that is stored of a learner, from both files.
    ///
    /// # Errors
    /// A file cannot be read, or a row in it is not understood.
    pub fn learner(&self, user: UserId) -> Result<StoredLearner, StoreError> {
        let all = LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: usize::MAX };
        self.files.joined(user, |main, waiting| {
            let progress = all_progress(main, waiting, user)?;
            Ok(StoredLearner { log: log(main, waiting, user, &all)?, progress })
        })
    }

    /// How many of the learner's imported entries are not found by their card, or are said to be there and are not; and of
    /// how many stretches what is condensed for figures is not what the log says.
    ///
    /// # Errors
    /// A file cannot be read, or a row in it is not understood.
    pub fn misfiled(&self, user: UserId) -> Result<u64, StoreError> {
        self.files.ask_main(|main| Ok(misfiled(main, user)? + condensed::unequal(main, user)?))
    }

    /// Files what imports brought of a learner anew where it is not filed as the log has it; how many were filed otherwise.
    /// Nothing is done where somebody else may have the folder.
    ///
    /// # Errors
    /// A file cannot be read or written, or a row in it is not understood.
    pub fn file_again(&self, user: UserId) -> Result<u64, StoreError> {
        let misfiled = self.misfiled(user)?;
        if misfiled == 0 || self.lock.is_none() {
            return Ok(0);
        }
        let file = self.shared.folder.main();
        let cannot = |error: OpenError| StoreError::new(Cause::Unavailable, error.to_string());
        let mut main = open_write(&file, None, WRITE_CACHE_KIB).map_err(cannot)?;
        file_again(&mut main, user)?;
        // It is condensed anew when figures are asked.
        condensed::forget(&main, user).during("forget condensed answers")?;
        Ok(misfiled)
    }

    /// A deck's record, deleted ones too.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn deck(&self, deck: DeckId) -> Result<Option<DeckRecord>, StoreError> {
        self.files.ask_main(|main| deck_by_id(main, deck))
    }
}

/// Notes which rows of whom wait in the journal. What is applied meanwhile is in `main.db`, which is read later.
fn index_journal(files: &Files, shared: &Shared) -> rusqlite::Result<()> {
    let applied_upto: i64 = meta(&files.main, APPLIED_UPTO)?.unwrap_or(0);
    let mut select = files.journal.prepare("SELECT id, row FROM journal WHERE id > ?1 ORDER BY id")?;
    let mut rows = select.query([applied_upto])?;
    while let Some(row) = rows.next()? {
        // A row that cannot be read goes to quarantine when it is applied.
        if let Ok(user) = row_user(row.get_ref(1)?.as_blob()?) {
            shared.index.add(user, row.get(0)?);
        }
    }
    Ok(())
}

/// Steps from learner to learner by the key: one look-up each, whatever the number of rows.
fn distinct_users(main: &Connection, next: &str, into: &mut BTreeSet<UserId>) -> Result<(), StoreError> {
    let mut next = main.prepare_cached(next).during("read the learners")?;
    let mut after: Vec<u8> = Vec::new();
    while let Some(user) =
        next.query_row([&after], |row| id(row, 0)).optional().during("read the learners")?
    {
        into.insert(UserId::from_bytes(user));
        after = user.to_vec();
    }
    Ok(())
}
