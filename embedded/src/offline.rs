//! Reading a whole store without a server: for checks and exports. Needs the folder's lock; nothing is applied or
//! trimmed, so that what is read is what was stored.

use crate::error::{During, OpenError};
use crate::folder::{Folder, FolderLock};
use crate::library::deck_by_id;
use crate::options::Options;
use crate::read::{all_progress, log};
use crate::rows::id;
use crate::shared::Shared;
use crate::store::{Files, open_files};
use domain::entry::LogEntry;
use domain::ids::{DeckId, EntryId, UserId};
use ports::{DeckRecord, LogRange, Progress, StoreError};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// A store that nobody writes.
pub struct Offline {
    files: Files,
    shared: Arc<Shared>,
    _lock: FolderLock,
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
        let lock = FolderLock::take(folder)?;
        let (shared, _journal) = open_files(at, Options::default())?;
        let files = Files::open(Arc::clone(&shared))?;
        Ok(Self { files, shared, _lock: lock })
    }

    /// Every learner of whom an entry or a progress row is stored, in the order of ids.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn learners(&self) -> Result<Vec<UserId>, StoreError> {
        let mut users: BTreeSet<UserId> = self.shared.index.users().into_iter().collect();
        self.files.ask_main::<_, StoreError>(|main| {
            let log = "SELECT user FROM review_log WHERE user > ?1 ORDER BY user LIMIT 1";
            let progress = "SELECT user FROM progress WHERE user > ?1 ORDER BY user LIMIT 1";
            distinct_users(main, log, &mut users)?;
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

    /// A deck's record, deleted ones too.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn deck(&self, deck: DeckId) -> Result<Option<DeckRecord>, StoreError> {
        self.files.ask_main(|main| deck_by_id(main, deck))
    }
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
