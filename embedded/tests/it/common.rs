//! What the tests of this crate share.

use domain::entry::LogEntry;
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use embedded::{EmbeddedStore, Options};
use kit::rows::{card, deck, id, review};
use kit::wait::eventually;
use ports::{LearnerLog, LogRange, Progress, Quarantined, ReviewStore, Row, RowOutcome, Shape, StoreError};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// Options that make a small history meet every path.
pub fn options() -> Options {
    Options { apply_rest_ms: 1, ..Options::default() }
}

/// A new store in a folder that goes with the test.
pub fn store() -> (EmbeddedStore, TempDir) {
    store_with(options())
}

pub fn store_with(options: Options) -> (EmbeddedStore, TempDir) {
    let folder = folder();
    (EmbeddedStore::open(folder.path(), options).unwrap(), folder)
}

pub fn open(folder: &Path) -> EmbeddedStore {
    EmbeddedStore::open(folder, options()).unwrap()
}

/// In memory where the system has such a place: these tests are about order, not about a disk.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

/// Waits until everything is applied and trimmed.
pub async fn trimmed(store: &EmbeddedStore) {
    settled(store).await;
    eventually("the journal is empty", || store.stats().trimmed_upto == store.stats().last_row).await;
}

/// Rows of one learner, numbered: the n-th has the n-th id, card and progress.
pub fn rows(of: UserId, numbers: std::ops::Range<u64>) -> Vec<Row> {
    let row = |n| kit::rows::row(of, review(id(n), deck(1), card(n), Grade::Good), n);
    numbers.map(row).collect()
}

/// The ids of a learner's whole log, oldest first.
pub async fn log_ids(store: &impl ReviewStore, of: UserId) -> Vec<EntryId> {
    kit::contract_store::whole_log(store, of).await.into_iter().map(|entry| entry.id).collect()
}

/// The ids with these numbers.
pub fn ids(numbers: std::ops::Range<u64>) -> Vec<EntryId> {
    numbers.map(id).collect()
}

/// Waits until everything is applied.
pub async fn settled(store: &EmbeddedStore) {
    eventually("apply has caught up", || store.stats().backlog_rows == 0).await;
}

/// A store whose reads wait until apply has caught up.
#[derive(Clone)]
pub struct Settled(pub EmbeddedStore);

impl ReviewStore for Settled {
    fn shape(&self) -> Shape {
        self.0.shape()
    }
    async fn append(&self, rows: Arc<[Row]>) -> Vec<RowOutcome> {
        self.0.append(rows).await
    }
    async fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        self.0.append_import(user, entries).await
    }
    async fn load(&self, user: UserId) -> Result<LearnerLog, StoreError> {
        settled(&self.0).await;
        self.0.load(user).await
    }
    async fn progress(&self, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
        settled(&self.0).await;
        self.0.progress(user, deck).await
    }
    async fn entries(&self, user: UserId, ids: Vec<EntryId>) -> Result<Vec<LogEntry>, StoreError> {
        settled(&self.0).await;
        self.0.entries(user, ids).await
    }
    async fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Option<Vec<CardId>>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        settled(&self.0).await;
        self.0.card_log(user, deck, cards).await
    }
    async fn log(&self, user: UserId, range: LogRange) -> Result<Vec<LogEntry>, StoreError> {
        settled(&self.0).await;
        self.0.log(user, range).await
    }
    async fn quarantine(&self, what: Quarantined) -> Result<(), StoreError> {
        self.0.quarantine(what).await
    }
    async fn reopen(&self) -> Result<(), StoreError> {
        self.0.reopen().await
    }
}
