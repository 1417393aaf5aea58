//! What came of a job: kept with it as JSON.

use super::error::JobError;
use domain::ids::{UserId, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What came of a job.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// The importer's report.
    #[serde(default)]
    pub report: Value,
    /// Rows that did not come in.
    #[serde(default)]
    pub rejected: u64,
    /// Why it failed.
    #[serde(default)]
    pub failure: Option<Failure>,
    /// What a revocation took back.
    #[serde(default)]
    pub withdrawn: Value,
    /// Learners to whose logs it appended.
    #[serde(default)]
    pub(super) learners: Vec<Uuid>,
    /// What the importer needs to know later. Nobody is shown it.
    #[serde(default)]
    pub kept: Value,
}

/// Why a job failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The stable code.
    pub code: String,
    /// A sentence that helps.
    pub detail: String,
    /// The line of the file, where it has lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

impl Outcome {
    /// Reads what a job keeps. What cannot be read is as good as not there.
    pub fn of(text: &str) -> Outcome {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// As a job keeps it.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Learners to whose logs it appended.
    pub fn learners(&self) -> impl Iterator<Item = UserId> + '_ {
        self.learners.iter().map(|user| UserId(*user))
    }

    /// The same with these learners.
    #[must_use]
    pub fn with_learners(mut self, learners: &[UserId]) -> Outcome {
        self.learners = learners.iter().map(|user| user.0).collect();
        self
    }
}

impl Failure {
    /// The failure that an error is.
    pub fn of(error: &JobError) -> Failure {
        let line = match error {
            JobError::Refused { line, .. } => *line,
            JobError::Stopped
            | JobError::Store(_)
            | JobError::Io(_)
            | JobError::NotNow(_)
            | JobError::Internal(_) => None,
        };
        let detail = match error {
            JobError::Refused { detail, .. } => detail.clone(),
            JobError::Stopped => "The import was stopped.".to_owned(),
            JobError::Store(_) | JobError::NotNow(_) => {
                "The store did not answer for a long time; nothing was imported. Import the file again later."
                    .to_owned()
            }
            JobError::Io(_) => {
                "The server could not read or write a file; nothing was imported. Import it again later."
                    .to_owned()
            }
            JobError::Internal(_) => {
                "Something went wrong on the server and has been logged; nothing was imported.".to_owned()
            }
        };
        Failure { code: error.code().to_owned(), detail, line }
    }
}
