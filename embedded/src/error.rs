//! SQLite's codes, mapped to the causes that the port knows and to what is said when the store cannot be opened.

use ports::{Cause, StoreError};
use rusqlite::{Error, ErrorCode, ffi};
use std::path::PathBuf;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the folder.
    #[error("the folder {folder} is in use by {holder}: stop it first, or name another folder")]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// Who holds it: process id and since when, as the holder wrote it.
        holder: String,
    },
    /// A newer program made the file.
    #[error(
        "{file} has schema version {found}, this program knows versions up to {known}: start the newer program \
         again, or restore a backup made before it"
    )]
    NewerSchema {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The file has not been brought to this program's schema yet, and whoever only reads does not do that.
    #[error(
        "{file} has schema version {found}, this program's is {known}: start a server of this program on it once"
    )]
    OlderSchema {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// This program's.
        known: i64,
    },
    /// The file is a database of something else.
    #[error("{0} is not a file of this store")]
    Foreign(PathBuf),
    /// The folder is empty, or is not there.
    #[error("there is no store in {0}")]
    NoStore(PathBuf),
    /// The two files do not belong together.
    #[error("{0} holds a journal of another store: main.db and journal.db must come from one folder")]
    Mismatch(PathBuf),
    /// The journal is there and what it belongs to is not.
    #[error("main.db is missing beside {0}: put it back, or restore a backup")]
    MainMissing(PathBuf),
    /// The journal is gone: rows that were acknowledged and not applied were in it.
    #[error(
        "journal.db is missing beside {0}: put it back, or restore a backup; answers that were saved last are only in it"
    )]
    JournalMissing(PathBuf),
    /// A restore did not come to its end.
    #[error("a restore into {0} was interrupted: run it again")]
    RestoreInterrupted(PathBuf),
    /// The folder has a store where an empty one is needed.
    #[error("{0} holds a store already: name an empty folder")]
    HoldsStore(PathBuf),
    /// A copy into the folder did not come to its end.
    #[error("a copy of {from} into {folder} is not finished: run `studyhall copy` again")]
    CopyUnfinished {
        /// The folder.
        folder: PathBuf,
        /// What is copied.
        from: String,
    },
    /// The system refused.
    #[error("{file}: {error}")]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// SQLite refused.
    #[error("{file}: {error}")]
    Sqlite {
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        error: Error,
    },
}

/// The cause behind an error of SQLite.
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the codes are SQLite's: new ones mean what most of them mean"
)]
pub(crate) fn cause(error: &Error) -> Cause {
    let Error::SqliteFailure(failure, _) = error else { return Cause::Invalid };
    match failure.code {
        ErrorCode::DiskFull => Cause::NoSpace,
        ErrorCode::SystemIoFailure if is_sync(failure.extended_code) => Cause::Poisoned,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Cause::Timeout,
        ErrorCode::TooBig
        | ErrorCode::ConstraintViolation
        | ErrorCode::TypeMismatch
        | ErrorCode::ParameterOutOfRange => Cause::Invalid,
        _ => Cause::Unavailable,
    }
}

fn is_sync(extended: i32) -> bool {
    matches!(
        extended,
        ffi::SQLITE_IOERR_FSYNC
            | ffi::SQLITE_IOERR_DIR_FSYNC
            | ffi::SQLITE_IOERR_WRITE
            | ffi::SQLITE_IOERR_CLOSE
    )
}

/// Says what was being done when SQLite refused.
pub(crate) trait During<T> {
    /// Turns SQLite's error into the port's.
    fn during(self, what: &'static str) -> Result<T, StoreError>;
}

impl<T> During<T> for rusqlite::Result<T> {
    fn during(self, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::new(cause(&error), format!("{what}: {error}")))
    }
}

/// What the system said of a file.
pub(crate) fn file_failed(what: &'static str, error: &std::io::Error) -> StoreError {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    let is_full = matches!(error.kind(), StorageFull | QuotaExceeded);
    let cause = if is_full { Cause::NoSpace } else { Cause::Unavailable };
    StoreError::new(cause, format!("{what}: {error}"))
}

/// Bytes in a file that cannot be read back: they stay where they are.
pub(crate) fn unreadable(what: &'static str, error: impl std::fmt::Display) -> StoreError {
    StoreError::new(Cause::Unavailable, format!("{what}: {error}"))
}
