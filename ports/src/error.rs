//! Why a port could not do what was asked: causes, each of which the caller maps to a decision.

/// The cause of a store's failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum Cause {
    /// No answer in time: the outcome is unknown.
    #[error("the store did not answer in time")]
    Timeout,
    /// The store asks for less.
    #[error("the store is overloaded")]
    Overloaded,
    /// The store cannot be reached, or its files cannot be read or written.
    #[error("the store is unavailable")]
    Unavailable,
    /// No space is left on the device.
    #[error("the store has no space left")]
    NoSpace,
    /// The handle must not be used again before `reopen` (a failed fsync).
    #[error("the store must be reopened")]
    Poisoned,
    /// This very row or request can never be carried out.
    #[error("the store can never hold this")]
    Invalid,
}

/// A failed request to a store.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{cause}: {detail}")]
pub struct StoreError {
    /// The cause.
    pub cause: Cause,
    /// For the log: what was tried and what the driver said. Never holds content of cards or names.
    pub detail: String,
}

impl StoreError {
    /// An error with this cause.
    pub fn new(cause: Cause, detail: impl Into<String>) -> Self {
        Self { cause, detail: detail.into() }
    }
}
