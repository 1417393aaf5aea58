//! What an importer works with: one job's file, the stores, and how it says how far it is.

use super::asked::Asked;
use super::error::JobError;
use super::folder::Folder;
use super::importer::Plan;
use super::limits::{PROGRESS_STORED_EVERY_MS, REFUSED_KEPT_MAX, REFUSED_PER_WRITE};
use super::outcome::Outcome;
use super::refused::Refusal;
use super::tools::{Change, Tools};
use domain::day::ZoneHistory;
use domain::ids::{DeckId, JobId, OrgId, UserId};
use ports::{ImportPhase, ImportRecord, ImportsError, RefusedRow};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// What everybody may look at of a job that runs here.
#[derive(Debug)]
pub(super) struct Live {
    record: Mutex<ImportRecord>,
    stop: Arc<AtomicBool>,
}

impl Live {
    pub fn new(record: ImportRecord) -> Live {
        Live { record: Mutex::new(record), stop: Arc::default() }
    }

    /// The record as it is now, with progress that is not stored yet.
    pub fn record(&self) -> ImportRecord {
        self.lock().clone()
    }

    /// Asks the job to stop soon.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, ImportRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One run of a job.
pub struct Task {
    /// The job.
    pub job: JobId,
    /// Whose it is.
    pub owner: UserId,
    /// The owner's organisation.
    pub org: Option<OrgId>,
    /// The moment of the job, Unix milliseconds: what it makes bears it, in whichever run.
    pub made_ms: i64,
    /// What was asked for.
    pub asked: Asked,
    /// The stores.
    pub tools: Arc<Tools>,
    folder: Folder,
    runtime: Handle,
    live: Arc<Live>,
    stored: Mutex<Instant>,
    refused: Mutex<Refused>,
}

/// Refused rows of this run.
#[derive(Debug, Default)]
struct Refused {
    waiting: Vec<RefusedRow>,
    total: u64,
}

impl Task {
    pub(super) fn new(tools: Arc<Tools>, folder: Folder, runtime: Handle, live: Arc<Live>) -> Task {
        let record = live.record();
        Task {
            job: record.job,
            owner: record.owner,
            org: record.org,
            made_ms: record.created_ms,
            asked: Asked::of(&record.options),
            tools,
            folder,
            runtime,
            live,
            stored: Mutex::new(Instant::now()),
            refused: Mutex::default(),
        }
    }

    /// The uploaded file.
    pub fn file(&self) -> PathBuf {
        self.folder.upload(self.job)
    }

    /// The file's name, for people.
    pub fn name(&self) -> String {
        self.live.lock().name.clone()
    }

    /// A folder for scratch files: empty at the beginning of a run, gone after the job.
    pub fn work(&self) -> PathBuf {
        self.folder.work(self.job)
    }

    /// A folder for what a revocation needs: it stays as long as the job can be revoked.
    pub fn kept(&self) -> PathBuf {
        self.folder.kept(self.job)
    }

    /// An option by its name.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.asked.options.get(name).map(String::as_str)
    }

    /// The deck that was named to import into; the person may change it.
    pub fn deck(&self) -> Option<DeckId> {
        self.option("deck_id")?.parse().ok()
    }

    /// Waits for what a store does. The job's own thread waits, and no other.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The time by the server's wall clock, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.tools.clock.wall_ms()
    }

    /// Where the owner was when; by it moments are given study days.
    ///
    /// # Errors
    /// The store did not answer.
    pub fn zones(&self) -> Result<ZoneHistory, JobError> {
        let person = self.wait(self.tools.people.person(self.owner))?;
        Ok(person.map_or_else(ZoneHistory::new, |person| person.zones))
    }

    /// Whether to go on. Asked often: between rows.
    ///
    /// # Errors
    /// [`JobError::Stopped`]: hand it on.
    pub fn keep_going(&self) -> Result<(), JobError> {
        if self.live.stop.load(Ordering::Acquire) { Err(JobError::Stopped) } else { Ok(()) }
    }

    /// Raised when the job is to stop: for readers that look at it themselves.
    pub fn stop_mark(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.live.stop)
    }

    /// Says how far it is, in whatever the phase counts. Cheap: it is stored from time to time.
    ///
    /// # Errors
    /// The job is to stop, or the store did not answer.
    pub fn progress(&self, done: u64, total: u64) -> Result<(), JobError> {
        self.keep_going()?;
        {
            let mut record = self.live.lock();
            (record.done, record.total) = (done, total);
        }
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        if stored.elapsed() < Duration::from_millis(PROGRESS_STORED_EVERY_MS) {
            return Ok(());
        }
        self.update(|_| ())?;
        *stored = Instant::now();
        Ok(())
    }

    /// Notes a row that does not come in.
    ///
    /// # Errors
    /// The store did not answer.
    pub fn refuse(&self, refusal: Refusal) -> Result<(), JobError> {
        let full = {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            let number = refused.total;
            refused.total += 1;
            if number < REFUSED_KEPT_MAX {
                refused.waiting.push(refusal.row(number));
            }
            refused.waiting.len() >= REFUSED_PER_WRITE
        };
        if full { self.store_refused() } else { Ok(()) }
    }

    /// How many rows did not come in so far.
    pub fn refused(&self) -> u64 {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).total
    }

    /// Stores the refused rows that wait.
    pub(super) fn store_refused(&self) -> Result<(), JobError> {
        let rows = {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut refused.waiting)
        };
        if rows.is_empty() {
            return Ok(());
        }
        Ok(self.wait(self.tools.imports.put_refused(self.job, rows))?)
    }

    /// Says what is about to be written. From here on stores are changed.
    ///
    /// # Errors
    /// The job is to stop, or the store did not answer.
    pub fn begin_writing(&self, plan: Plan) -> Result<(), JobError> {
        self.keep_going()?;
        self.store_refused()?;
        self.update(|record| {
            if record.phase != ImportPhase::Writing {
                (record.done, record.total) = (0, 0);
            }
            record.phase = ImportPhase::Writing;
            record.decks = plan.decks;
            let outcome = Outcome { kept: plan.kept, ..Outcome::of(&record.outcome) };
            record.outcome = outcome.with_learners(&plan.learners).text();
        })
    }

    /// The same for an importer that found nothing to write.
    pub(super) fn begin_writing_nothing(&self) -> Result<(), JobError> {
        if self.live.record().phase == ImportPhase::Writing {
            return Ok(());
        }
        self.begin_writing(Plan::default())
    }

    /// Empties the scratch folder.
    pub(super) fn fresh_work(&self) -> Result<(), JobError> {
        Ok(self.folder.fresh_work(self.job)?)
    }

    /// A new run counts refused rows from the first.
    pub(super) fn forget_refused(&self) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Refused::default();
    }

    /// Tells sessions of a change.
    pub fn tell(&self, change: Change) {
        (self.tools.changed)(change);
    }

    /// The record as it is now.
    pub(super) fn record(&self) -> ImportRecord {
        self.live.record()
    }

    /// Changes the record and stores it.
    ///
    /// # Errors
    /// [`JobError::Stopped`] when somebody else has changed it: then the job is theirs to say.
    pub(super) fn update(&self, change: impl FnOnce(&mut ImportRecord)) -> Result<(), JobError> {
        let mut record = self.live.record();
        let based_on = record.revision;
        change(&mut record);
        record.updated_ms = self.now_ms();
        let stored = self.wait(self.tools.imports.put_import(record.clone(), Some(based_on)));
        match stored {
            Ok(revision) => {
                record.revision = revision;
                *self.live.lock() = record;
                Ok(())
            }
            Err(ImportsError::Changed) => {
                if let Some(theirs) = self.wait(self.tools.imports.import(self.job))? {
                    *self.live.lock() = theirs;
                }
                Err(JobError::Stopped)
            }
            Err(error) => Err(error.into()),
        }
    }
}
