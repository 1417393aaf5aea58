//! What may be asked of jobs, and why it may not be had.

use super::error::JobError;
use super::folder::Folder;
use super::importer::{Importer, Options};
use super::limits::UNFINISHED_PER_PERSON;
use super::tools::Tools;
use super::withdraw::Studied;
use domain::ids::{OrgId, UserId};
use ports::ImportsError;
use std::sync::Arc;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    /// There is no such job of this person.
    #[error("there is no such import")]
    NotFound,
    /// Nobody knows the format.
    #[error("the format of the file is not known here")]
    UnknownFormat,
    /// This person has too many jobs going on.
    #[error("you have {UNFINISHED_PER_PERSON} imports that are not finished; wait until one is")]
    TooMany,
    /// The process has.
    #[error("too many imports wait; try again in a while")]
    Busy,
    /// The job is not in a phase for this.
    #[error("{0}")]
    NotNow(&'static str),
    /// What the trial has reported needs to be confirmed: a stable reason, and what to confirm.
    #[error("{1}")]
    Unconfirmed(&'static str, String),
    /// Cards of the job were studied since.
    #[error("cards of this import were studied since")]
    Studied(Studied),
    /// A store or the disk failed.
    #[error(transparent)]
    Job(#[from] JobError),
}

impl From<ImportsError> for JobsError {
    fn from(error: ImportsError) -> JobsError {
        JobsError::Job(error.into())
    }
}

/// What jobs are made of.
pub struct JobsParts {
    /// The stores.
    pub tools: Arc<Tools>,
    /// Where uploads lie.
    pub folder: Folder,
    /// The formats, in the order in which they are asked whether a file is theirs.
    pub importers: Vec<Arc<dyn Importer>>,
    /// Whether other processes share the store: then jobs may be changed there.
    pub is_shared: bool,
}

/// A file that somebody wants imported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Whose.
    pub owner: UserId,
    /// The owner's organisation.
    pub org: Option<OrgId>,
    /// The file's name, for people.
    pub name: String,
    /// Only say what would happen.
    pub dry_run: bool,
    /// The importer's parameters.
    pub options: Options,
    /// Whether the owner administers the organisation, as the token says.
    pub administers: bool,
}
