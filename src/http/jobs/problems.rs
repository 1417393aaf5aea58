//! What keeps an import from being taken, found or taken back, as problems.

use crate::http::body::too_large;
use crate::http::{Code, Problem};
use crate::jobs::limits::{UNFINISHED_PER_PERSON, UPLOAD_BYTES_MAX};
use crate::jobs::{JobError, JobsError, UploadError};
use serde_json::{Value, json};

impl From<JobError> for Problem {
    fn from(error: JobError) -> Problem {
        match error {
            JobError::Refused { code, detail, line } => {
                let problem = Problem::new(Code::BadFile, detail).with("fault", code);
                line.map_or(problem.clone(), |line| problem.with("line", line))
            }
            JobError::Store(error) => error.into(),
            JobError::Stopped | JobError::NotNow(_) => {
                Problem::unavailable("The import cannot be reached now; try again.")
            }
            JobError::Io(_) | JobError::Internal(_) => {
                tracing::error!(%error, "an import's request failed");
                Problem::internal()
            }
        }
    }
}

impl From<JobsError> for Problem {
    fn from(error: JobsError) -> Problem {
        match error {
            JobsError::NotFound => Problem::not_found(),
            JobsError::UnknownFormat => {
                let detail = "What kind of file this is cannot be told; say so with `format`.";
                Problem::new(Code::UnsupportedType, detail)
            }
            JobsError::TooMany => {
                let detail =
                    format!("You have {UNFINISHED_PER_PERSON} imports going on; wait until one has ended.");
                Problem::new(Code::TooManyAtOnce, detail).retry_after_s(5)
            }
            JobsError::Busy => Problem::unavailable("Many imports wait; try again in a while."),
            JobsError::NotNow(why) => Problem::new(Code::Conflict, why),
            JobsError::Unconfirmed(reason, why) => Problem::new(Code::Conflict, why).with("reason", reason),
            JobsError::Studied(studied) => {
                let detail = format!(
                    "{} cards of this import were studied since. With `force=true` they are marked deleted too; \
                     the answers stay in the log.",
                    studied.total
                );
                let card = |card: &crate::jobs::StudiedCard| json!({ "deck_id": card.deck.0, "card_id": card.card.0, "answers": card.answers });
                let cards: Vec<Value> = studied.listed.iter().map(card).collect();
                Problem::new(Code::Studied, detail).with("cards", cards).with("total", studied.total)
            }
            JobsError::Job(error) => error.into(),
        }
    }
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Problem {
        match error {
            UploadError::TooLong => too_large(usize::try_from(UPLOAD_BYTES_MAX).unwrap_or(usize::MAX)),
            UploadError::NoRoom => Problem::unavailable("The server has no room for this file now."),
            UploadError::BrokeOff(why) => {
                Problem::new(Code::Malformed, format!("Nothing was imported: {why}."))
            }
            UploadError::Io(error) => {
                tracing::error!(%error, "an upload could not be kept");
                Problem::unavailable("The server could not keep the file; try again.")
            }
        }
    }
}
