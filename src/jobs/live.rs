//! What everybody may look at of a job that waits or runs here.

use ports::{ImportPhase, ImportRecord};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What everybody may look at of a job that runs here.
#[derive(Debug)]
pub(super) struct Live {
    record: Mutex<ImportRecord>,
    pub stop: Arc<AtomicBool>,
    /// Its thread has begun, and says itself that the job lives.
    pub has_begun: AtomicBool,
}

/// How far a job is: while this stays the same, so does all that there is to say of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glance {
    /// The revision of its record.
    pub revision: u64,
    /// The phase.
    pub phase: ImportPhase,
    /// So many of `total` are done.
    pub done: u64,
    /// So many there are.
    pub total: u64,
}

impl Glance {
    /// Of a record.
    pub const fn of(record: &ImportRecord) -> Glance {
        let ImportRecord { revision, phase, done, total, .. } = *record;
        Glance { revision, phase, done, total }
    }
}

impl Live {
    pub fn new(record: ImportRecord) -> Live {
        Live { record: Mutex::new(record), stop: Arc::default(), has_begun: AtomicBool::new(false) }
    }

    /// The record as it is now, with progress that is not stored yet.
    pub fn record(&self) -> ImportRecord {
        self.lock().clone()
    }

    /// How far it is; costs nothing, however long its report is.
    pub fn glance(&self) -> Glance {
        Glance::of(&self.lock())
    }

    /// Asks the job to stop soon.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    pub fn lock(&self) -> MutexGuard<'_, ImportRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
