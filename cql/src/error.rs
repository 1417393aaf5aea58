//! What the driver says, mapped to what the callers decide by.

#![allow(clippy::wildcard_enum_match_arm, reason = "the driver's enums may grow, and a new failure may pass")]

use crate::datacenter::DatacenterError;
use ports::{Cause, StoreError};
use scylla::errors::{
    DbError, ExecutionError, NewSessionError, NextRowError, PagerExecutionError, PrepareError,
};
use scylla::errors::{NextPageError, RequestAttemptError, RequestError};

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No contact point answered as it should.
    #[error("no connection to the CQL store")]
    Connect(#[from] Box<NewSessionError>),
    /// A statement could not be prepared: the schema is another one than this program's.
    #[error("the statement «{statement}» could not be prepared")]
    Prepare {
        /// The statement.
        statement: &'static str,
        /// What the driver said.
        source: Box<PrepareError>,
    },
    /// The keyspace lacks migrations that this program needs.
    #[error("the keyspace {keyspace} lacks the migrations {missing:?}: run `studyhall migrate`")]
    SchemaBehind {
        /// The keyspace.
        keyspace: String,
        /// The names of what is missing.
        missing: Vec<String>,
    },
    /// A copy into the keyspace did not come to its end.
    #[error("a copy of {from} into the keyspace {keyspace} is not finished: run `studyhall copy` again")]
    CopyUnfinished {
        /// The keyspace.
        keyspace: String,
        /// What is copied.
        from: String,
    },
    /// In which data center it is to be read and written is not clear, or cannot be.
    #[error(transparent)]
    Datacenter(#[from] DatacenterError),
    /// The schema could not be read.
    #[error(transparent)]
    Schema(#[from] crate::migrate::MigrateError),
}

/// How one attempt of a request failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failure {
    pub(crate) cause: Cause,
    /// Whether it may go better the next time.
    pub(crate) again: bool,
    pub(crate) detail: String,
}

impl Failure {
    pub(crate) fn into_store_error(self, what: &str) -> StoreError {
        StoreError::new(self.cause, format!("{what}: {}", self.detail))
    }

    fn new(cause: Cause, again: bool, error: &impl std::fmt::Display) -> Self {
        Self { cause, again, detail: error.to_string() }
    }
}

impl From<ExecutionError> for Failure {
    fn from(error: ExecutionError) -> Self {
        let (cause, again) = match &error {
            ExecutionError::BadQuery(_) => (Cause::Invalid, false),
            ExecutionError::LastAttemptError(attempt) => of_attempt(attempt),
            ExecutionError::RequestTimeout(_) => (Cause::Timeout, true),
            // The enum is the driver's and may grow: all else is about connections.
            _ => (Cause::Unavailable, true),
        };
        Self::new(cause, again, &error)
    }
}

impl From<PagerExecutionError> for Failure {
    fn from(error: PagerExecutionError) -> Self {
        let (cause, again) = match &error {
            PagerExecutionError::SerializationError(_) => (Cause::Invalid, false),
            PagerExecutionError::NextPageError(page) => of_page(page),
            _ => (Cause::Unavailable, true),
        };
        Self::new(cause, again, &error)
    }
}

impl From<NextRowError> for Failure {
    fn from(error: NextRowError) -> Self {
        let (cause, again) = match &error {
            NextRowError::NextPageError(page) => of_page(page),
            NextRowError::RowDeserializationError(_) => (Cause::Invalid, false),
            _ => (Cause::Unavailable, true),
        };
        Self::new(cause, again, &error)
    }
}

fn of_page(error: &NextPageError) -> (Cause, bool) {
    match error {
        NextPageError::RequestFailure(RequestError::LastAttemptError(attempt)) => of_attempt(attempt),
        NextPageError::RequestFailure(RequestError::RequestTimeout(_)) => (Cause::Timeout, true),
        NextPageError::TypeCheckError(_) => (Cause::Invalid, false),
        _ => (Cause::Unavailable, true),
    }
}

fn of_attempt(error: &RequestAttemptError) -> (Cause, bool) {
    match error {
        RequestAttemptError::SerializationError(_) => (Cause::Invalid, false),
        RequestAttemptError::DbError(error, _) => of_server(error),
        _ => (Cause::Unavailable, true),
    }
}

/// What the server said: whether the same request may succeed later decides. Our rows are small and bounded, and fit into
/// this program's schema: what a server calls invalid of them is about the server (a guardrail, a disk that fills, a
/// table that it does not know yet), and passes. Only what cannot be sent at all can never be stored.
fn of_server(error: &DbError) -> (Cause, bool) {
    match error {
        DbError::SyntaxError => (Cause::Invalid, false),
        DbError::Invalid | DbError::ConfigError => (Cause::Unavailable, true),
        DbError::Unauthorized | DbError::AuthenticationError => (Cause::Unavailable, false),
        DbError::Overloaded | DbError::RateLimitReached { .. } => (Cause::Overloaded, true),
        DbError::ReadTimeout { .. } | DbError::WriteTimeout { .. } => (Cause::Timeout, true),
        _ => (Cause::Unavailable, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_calls_invalid_is_tried_again_and_no_row_is_given_up_for_it() {
        for said in [DbError::Invalid, DbError::ConfigError, DbError::Overloaded, DbError::ServerError] {
            let (cause, again) = of_server(&said);
            assert!(again && cause != Cause::Invalid, "{said}: {cause}");
        }
    }
}
