//! The thread that writes decks, cards, people and quarantine. Its transactions are durable when they return, and
//! go before the next slice of apply.

use crate::error::{During, OpenError};
use crate::schema::open_write;
use crate::shared::Shared;
use ports::{Cause, LibraryError, PeopleError, StoreError};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Page cache of the desk's connection: it writes little.
const CACHE_KIB: u32 = 4 * 1_024;

/// Errors of which some are the store's.
pub(crate) trait Refusal: From<StoreError> {
    /// The store's failure in it, if it is one.
    fn store(&self) -> Option<&StoreError>;
}

impl Refusal for StoreError {
    fn store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl Refusal for LibraryError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            LibraryError::Store(error) => Some(error),
            LibraryError::NoSuchDeck | LibraryError::Changed | LibraryError::TooManyCards => None,
        }
    }
}

impl Refusal for PeopleError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            PeopleError::Store(error) => Some(error),
            PeopleError::OtherOrg
            | PeopleError::NoSuchPerson
            | PeopleError::NoSuchClass
            | PeopleError::BadZone(_) => None,
        }
    }
}

/// Whether a handle that gave this cause must not be used again.
pub(crate) fn breaks_handle(cause: Cause) -> bool {
    match cause {
        Cause::Unavailable | Cause::Poisoned => true,
        Cause::Timeout | Cause::Overloaded | Cause::NoSpace | Cause::Invalid => false,
    }
}

/// The desk.
pub(crate) struct Desk {
    main: Connection,
    shared: Arc<Shared>,
}

impl Desk {
    pub(crate) fn open(shared: Arc<Shared>) -> Result<Self, OpenError> {
        let main = open_write(&shared.folder.main(), shared.options.vfs.as_deref(), CACHE_KIB)?;
        Ok(Self { main, shared })
    }

    /// Carries out one change: all of it, or nothing when it is refused.
    pub(crate) fn write<T, E: Refusal>(
        &mut self,
        change: impl FnOnce(&Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = self.attempt(change);
        if let Some(error) = done.as_ref().err().and_then(E::store) {
            tracing::error!(%error, "a change could not be stored");
            if breaks_handle(error.cause) {
                self.open_again();
            }
        }
        done
    }

    fn attempt<T, E: Refusal>(&mut self, change: impl FnOnce(&Transaction) -> Result<T, E>) -> Result<T, E> {
        let _turn = self.shared.turn.for_desk();
        let tx =
            self.main.transaction_with_behavior(TransactionBehavior::Immediate).during("begin a change")?;
        let before = tx.total_changes();
        let done = change(&tx)?;
        let rows = tx.total_changes() - before;
        tx.commit().during("store a change")?;
        self.shared.main_rows_unchecked.fetch_add(rows, Ordering::Relaxed);
        Ok(done)
    }

    fn open_again(&mut self) {
        match Self::open(Arc::clone(&self.shared)) {
            Ok(fresh) => *self = fresh,
            Err(error) => tracing::error!(%error, "main.db could not be opened again"),
        }
    }
}
