//! What a request can be refused with.

use actix_web::ResponseError;
use actix_web::error::BlockingError;
use actix_web::http::StatusCode;

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A number out of its range.
    #[error("{0}")]
    OutOfRange(&'static str),
    /// The learner has no such card.
    #[error("this learner has no such card")]
    UnknownCard,
    /// The database.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// The threads for the database are gone: the server ends.
    #[error("the server ends")]
    Ending(#[from] BlockingError),
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        match self {
            Problem::OutOfRange(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Problem::UnknownCard => StatusCode::NOT_FOUND,
            Problem::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Problem::Ending(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
