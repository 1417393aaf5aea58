//! All pages of a database are checked beside the reading, on a thread of its own: nobody has to wait for it before the first
//! row, and no reading ends well before it has.

use super::guard::Guarded;
use crate::error::ReadError;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// A check that is under way, or over.
#[derive(Debug)]
pub(super) struct Checking {
    /// Nothing once somebody was told how it ended.
    thread: Mutex<Option<JoinHandle<Result<(), ReadError>>>>,
}

impl Checking {
    /// Begins to check the database that is read by `guarded` too.
    pub fn begin(guarded: &Guarded, path: &Path) -> Result<Checking, ReadError> {
        let another = guarded.again(path)?;
        another.keep_little()?;
        let thread = Builder::new()
            .name("import-check".to_owned())
            .spawn(move || another.check_pages())
            .map_err(|error| ReadError::Damaged(format!("there is no thread to check it on: {error}")))?;
        Ok(Checking { thread: Mutex::new(Some(thread)) })
    }

    /// Waits for its end. A fault is told once.
    pub fn end(&self) -> Result<(), ReadError> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return Ok(()) };
        thread.join().unwrap_or_else(|_| Err(ReadError::Damaged("the check of its pages ended".to_owned())))
    }
}
