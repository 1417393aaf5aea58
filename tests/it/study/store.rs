//! The store under a test's engine: whichever the suite runs on, behind a store that fails as it is told, behind a gate at which
//! a test can hold the loading of learners.

use super::any_store::AnyStore;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use kit::FaultStore;
use ports::{LearnerLog, LogRange, Progress, Quarantined, ReviewStore, Row, RowOutcome, Shape, StoreError};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// What an engine under test writes to and reads from. Clones are the same store.
#[derive(Clone)]
pub struct WatchedStore {
    inner: FaultStore<AnyStore>,
    open: Arc<watch::Sender<bool>>,
    loads: Arc<Mutex<BTreeMap<UserId, usize>>>,
    progress_reads: Arc<AtomicUsize>,
}

impl WatchedStore {
    pub fn new(inner: FaultStore<AnyStore>) -> WatchedStore {
        WatchedStore {
            inner,
            open: Arc::new(watch::Sender::new(true)),
            loads: Arc::default(),
            progress_reads: Arc::default(),
        }
    }

    /// Lets no learner be loaded until [`WatchedStore::let_load`].
    pub fn hold_loads(&self) {
        self.open.send_replace(false);
    }

    pub fn let_load(&self) {
        self.open.send_replace(true);
    }

    /// How often somebody's progress in a deck was read.
    pub fn progress_reads(&self) -> usize {
        self.progress_reads.load(Ordering::Relaxed)
    }

    /// How often each learner's log was asked for, held ones included.
    pub fn loads(&self, user: UserId) -> usize {
        self.loads.lock().unwrap().get(&user).copied().unwrap_or(0)
    }
}

impl ReviewStore for WatchedStore {
    fn shape(&self) -> Shape {
        self.inner.shape()
    }

    async fn append(&self, rows: Arc<[Row]>) -> Vec<RowOutcome> {
        self.inner.append(rows).await
    }

    async fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        self.inner.append_import(user, entries).await
    }

    async fn load(&self, user: UserId) -> Result<LearnerLog, StoreError> {
        *self.loads.lock().unwrap().entry(user).or_default() += 1;
        let mut open = self.open.subscribe();
        let _ = open.wait_for(|open| *open).await;
        self.inner.load(user).await
    }

    async fn progress(&self, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
        self.progress_reads.fetch_add(1, Ordering::Relaxed);
        self.inner.progress(user, deck).await
    }

    async fn entries(&self, user: UserId, ids: Vec<EntryId>) -> Result<Vec<LogEntry>, StoreError> {
        self.inner.entries(user, ids).await
    }

    async fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Option<Vec<CardId>>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.inner.card_log(user, deck, cards).await
    }

    async fn log(&self, user: UserId, range: LogRange) -> Result<Vec<LogEntry>, StoreError> {
        self.inner.log(user, range).await
    }

    async fn quarantine(&self, what: Quarantined) -> Result<(), StoreError> {
        self.inner.quarantine(what).await
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        self.inner.reopen().await
    }
}
