//! What imports ask of learners' logs.

use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, UserId};
use ports::{Boxed, LogRange, ReviewStore, StoreError};
use std::sync::Arc;

/// What imports ask of learners' logs.
pub trait Logs: Send + Sync + 'static {
    /// See [`ReviewStore::append_import`].
    fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Boxed<'_, Result<(), StoreError>>;

    /// See [`ReviewStore::log`].
    fn log(&self, user: UserId, range: LogRange) -> Boxed<'_, Result<Vec<LogEntry>, StoreError>>;

    /// See [`ReviewStore::card_log`].
    fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Vec<CardId>,
    ) -> Boxed<'_, Result<Vec<LogEntry>, StoreError>>;
}

/// The logs of a store.
pub struct LogsOf<S>(pub Arc<S>);

impl<S: ReviewStore> Logs for LogsOf<S> {
    fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Boxed<'_, Result<(), StoreError>> {
        Box::pin(self.0.append_import(user, entries))
    }

    fn log(&self, user: UserId, range: LogRange) -> Boxed<'_, Result<Vec<LogEntry>, StoreError>> {
        Box::pin(self.0.log(user, range))
    }

    fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Vec<CardId>,
    ) -> Boxed<'_, Result<Vec<LogEntry>, StoreError>> {
        Box::pin(self.0.card_log(user, deck, Some(cards)))
    }
}
