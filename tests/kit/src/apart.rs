//! One store that many tests share, each with learners, decks and classes of its own.

mod brought;
mod cold;
mod lessons;
mod registers;
mod told;

use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use ports::reviews::Shape;
use ports::{LearnerLog, LogRange, Progress, Quarantined, ReviewStore, Row, RowOutcome, StoreError};
use std::sync::Arc;

/// A view of a store in which every learner is another one than in any other view: tests that use the same ids do
/// not meet.
pub struct Apart<S> {
    /// The store.
    pub store: S,
    /// Which view; another number, other learners.
    pub view: u64,
}

impl<S> Apart<S> {
    /// Who the learner is in the store.
    pub fn user(&self, user: UserId) -> UserId {
        UserId::from_u128(user.0.as_u128() ^ (u128::from(self.view) << 64 >> 16))
    }
}

impl<S: ReviewStore> ReviewStore for Apart<S> {
    fn shape(&self) -> Shape {
        self.store.shape()
    }

    async fn append(&self, rows: Arc<[Row]>) -> Vec<RowOutcome> {
        self.store.append(rows.iter().map(|row| Row { user: self.user(row.user), ..*row }).collect()).await
    }

    async fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        self.store.append_import(self.user(user), entries).await
    }

    async fn load(&self, user: UserId) -> Result<LearnerLog, StoreError> {
        self.store.load(self.user(user)).await
    }

    async fn progress(&self, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
        self.store.progress(self.user(user), deck).await
    }

    async fn entries(&self, user: UserId, ids: Vec<EntryId>) -> Result<Vec<LogEntry>, StoreError> {
        self.store.entries(self.user(user), ids).await
    }

    async fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Option<Vec<CardId>>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.store.card_log(self.user(user), deck, cards).await
    }

    async fn log(&self, user: UserId, range: LogRange) -> Result<Vec<LogEntry>, StoreError> {
        self.store.log(self.user(user), range).await
    }

    async fn quarantine(&self, what: Quarantined) -> Result<(), StoreError> {
        self.store.quarantine(Quarantined { user: self.user(what.user), ..what }).await
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        self.store.reopen().await
    }
}
