//! What the tests of this crate share.
#![allow(dead_code, reason = "each test binary uses its part")]

use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use embedded::{EmbeddedStore, Options};
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
