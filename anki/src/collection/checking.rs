//! All pages of a database are checked beside the reading, on a thread of its own: nobody has to wait for it before the first
//! row, and no reading ends well before it has.

use super::guard::Guarded;
use crate::error::ReadError;
use rusqlite::InterruptHandle;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// A check that is under way, or over. One that nobody waits for any more is ended.
pub(super) struct Checking {
    /// Nothing once somebody was told how it ended.
    thread: Mutex<Option<JoinHandle<Result<(), ReadError>>>>,
    /// Ends it at its next page.
    interrupt: InterruptHandle,
    /// Keeps it from going on where it has not begun.
    over: super::guard::Over,
}

impl Checking {
    /// Begins to check the database that is read by `guarded` too.
    pub fn begin(guarded: &Guarded, path: &Path) -> Result<Checking, ReadError> {
        let mut another = guarded.again(path)?;
        another.looks_once()?;
        let (interrupt, over) = (another.db.get_interrupt_handle(), another.over());
        let spawned = Builder::new().name("import-check".to_owned()).spawn(move || another.check_pages());
        let thread = match spawned {
            Ok(thread) => Some(thread),
            // Where there is no thread, whoever reads waits.
            Err(_) => {
                guarded.check_pages()?;
                None
            }
        };
        Ok(Checking { thread: Mutex::new(thread), interrupt, over })
    }

    /// Waits for its end. A fault is told once.
    pub fn end(&self) -> Result<(), ReadError> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return Ok(()) };
        thread.join().unwrap_or_else(|_| Err(ReadError::Damaged("the check of its pages ended".to_owned())))
    }
}

impl Drop for Checking {
    fn drop(&mut self) {
        self.over.say();
        self.interrupt.interrupt();
        let _ended = self.end();
    }
}

impl std::fmt::Debug for Checking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checking").field("thread", &self.thread).finish_non_exhaustive()
    }
}
