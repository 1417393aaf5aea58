//! A store whose learners are adopted as they are first named, by a run whose beats are always fresh: what the owner of
//! every learner sees.

use cql::CqlStore;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, RunId, UserId};
use domain::owner::Beat;
use ports::reviews::Shape;
use ports::{LearnerLog, LogRange, Progress, Quarantined, ReviewStore, Row, RowOutcome, StoreError};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::Mutex;

/// See above.
pub struct Owned {
    pub store: CqlStore,
    pub run: RunId,
    adopted: Mutex<HashSet<UserId>>,
}

impl Owned {
    pub fn new(store: CqlStore, run: u128) -> Self {
        let run = RunId::from_u128(run);
        store.beaten(Beat { run, sent_tick_ms: u64::MAX });
        Self { store, run, adopted: Mutex::default() }
    }

    /// The store, as the owner of this learner.
    pub async fn of(&self, user: UserId) -> Result<&CqlStore, StoreError> {
        let mut adopted = self.adopted.lock().await;
        if adopted.insert(user) {
            self.store.adopt(user, self.run, 1).await?;
        }
        Ok(&self.store)
    }
}

impl ReviewStore for Owned {
    fn shape(&self) -> Shape {
        self.store.shape()
    }

    async fn append(&self, rows: Arc<[Row]>) -> Vec<RowOutcome> {
        for row in rows.iter() {
            self.of(row.user).await.unwrap();
        }
        self.store.append(rows).await
    }

    async fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        self.store.append_import(user, entries).await
    }

    async fn load(&self, user: UserId) -> Result<LearnerLog, StoreError> {
        self.of(user).await?.load(user).await
    }

    async fn progress(&self, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
        self.of(user).await?.progress(user, deck).await
    }

    async fn entries(&self, user: UserId, ids: Vec<EntryId>) -> Result<Vec<LogEntry>, StoreError> {
        self.of(user).await?.entries(user, ids).await
    }

    async fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Option<Vec<CardId>>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.of(user).await?.card_log(user, deck, cards).await
    }

    async fn log(&self, user: UserId, range: LogRange) -> Result<Vec<LogEntry>, StoreError> {
        self.of(user).await?.log(user, range).await
    }

    async fn quarantine(&self, what: Quarantined) -> Result<(), StoreError> {
        self.store.quarantine(what).await
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        self.store.reopen().await
    }
}
