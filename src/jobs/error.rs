//! Why a job could not go on.

use crate::import::{FileFault, ImportError};
use crate::teaching::TeachingError;
use ports::{
    Cause, ImportsError, LessonsError, LibraryError, MediaError, NotesError, PapersError, PeopleError,
    StoreError,
};
use std::io;

/// Why a job could not go on.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The file, or what it would do, is at fault: the job has failed, and trying again gives the same.
    #[error("{detail}")]
    Refused {
        /// The stable code.
        code: &'static str,
        /// A sentence that helps.
        detail: String,
        /// The line of the file, where it has lines.
        line: Option<u64>,
    },
    /// Somebody asked to stop, or another process goes on with the job.
    #[error("the import was stopped")]
    Stopped,
    /// A store did not do what was asked: it is tried again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disk did not.
    #[error("a file could not be read or written: {0}")]
    Io(#[from] io::Error),
    /// A learner's session could not be reached: it is tried again.
    #[error("{0}")]
    NotNow(String),
    /// A fault of this program.
    #[error("the import was given up by a fault of this program: {0}")]
    Internal(String),
}

impl JobError {
    /// What the file would do cannot be done.
    pub fn refused(code: &'static str, detail: impl Into<String>) -> JobError {
        JobError::Refused { code, detail: detail.into(), line: None }
    }

    /// There is no room for what the file would take.
    pub fn no_room() -> JobError {
        let why = "Nothing was imported: the server's disk has no room for it. Make room, or have it made, and import the \
                   file again.";
        JobError::refused("no_room", why)
    }

    /// Whether the same may go well a little later.
    pub fn may_pass(&self) -> bool {
        match self {
            JobError::Store(error) => match error.cause {
                Cause::Timeout
                | Cause::Overloaded
                | Cause::Unavailable
                | Cause::Poisoned
                | Cause::NoSpace => true,
                Cause::Invalid => false,
            },
            JobError::NotNow(_) => true,
            JobError::Refused { .. } | JobError::Stopped | JobError::Io(_) | JobError::Internal(_) => false,
        }
    }

    /// The stable code that names it in an API.
    pub const fn code(&self) -> &'static str {
        match self {
            JobError::Refused { code, .. } => code,
            JobError::Stopped => "stopped",
            JobError::Store(_) | JobError::NotNow(_) => "store_unavailable",
            JobError::Io(_) => "disk",
            JobError::Internal(_) => "internal",
        }
    }
}

impl From<LibraryError> for JobError {
    fn from(error: LibraryError) -> JobError {
        match error {
            LibraryError::Store(error) => error.into(),
            LibraryError::NoSuchDeck => {
                JobError::refused("no_such_deck", "The deck that is imported into is no longer there.")
            }
            LibraryError::Changed => JobError::NotNow("others keep changing the deck".to_owned()),
            LibraryError::TooManyCards => JobError::refused("too_many_cards", format!("{error}.")),
        }
    }
}

impl From<PeopleError> for JobError {
    fn from(error: PeopleError) -> JobError {
        match error {
            PeopleError::Store(error) => error.into(),
            PeopleError::OtherOrg
            | PeopleError::NoSuchPerson
            | PeopleError::NoSuchClass
            | PeopleError::BadZone(_) => JobError::refused("people", format!("{error}.")),
        }
    }
}

impl From<TeachingError> for JobError {
    fn from(error: TeachingError) -> JobError {
        match error {
            TeachingError::People(error) => error.into(),
            TeachingError::Papers(PapersError::Store(error))
            | TeachingError::Lessons(LessonsError::Store(error)) => error.into(),
            TeachingError::Papers(PapersError::Changed) | TeachingError::Lessons(LessonsError::Fenced) => {
                JobError::NotNow(error.to_string())
            }
        }
    }
}

impl From<ImportsError> for JobError {
    fn from(error: ImportsError) -> JobError {
        match error {
            ImportsError::Store(error) => error.into(),
            ImportsError::Changed => JobError::Stopped,
        }
    }
}

impl From<MediaError> for JobError {
    fn from(error: MediaError) -> JobError {
        match error {
            MediaError::Store(error) => error.into(),
            MediaError::TooLarge | MediaError::OtherLength => JobError::Internal(error.to_string()),
        }
    }
}

impl From<NotesError> for JobError {
    fn from(error: NotesError) -> JobError {
        match error {
            NotesError::Store(error) => error.into(),
        }
    }
}

impl From<FileFault> for JobError {
    fn from(fault: FileFault) -> JobError {
        JobError::Refused {
            code: fault.fault.code(),
            detail: format!("Nothing was imported: {fault}."),
            line: Some(fault.line),
        }
    }
}

impl From<ImportError> for JobError {
    fn from(error: ImportError) -> JobError {
        match error {
            ImportError::File(fault) => fault.into(),
            ImportError::Read(why) => JobError::Io(io::Error::other(why)),
            ImportError::Library(error) => error.into(),
            ImportError::GivenUp => JobError::Internal("a thread of the parser ended".to_owned()),
        }
    }
}
