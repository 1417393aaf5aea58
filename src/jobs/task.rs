//! What an importer works with: one job's file, the stores, and how it says how far it is.

use super::asked::Asked;
use super::error::JobError;
use super::folder::Folder;
use super::importer::Plan;
use super::limits::{PROGRESS_STORED_EVERY_MS, REFUSED_KEPT_MAX, REFUSED_PER_WRITE, RENEWED_EVERY_MS};
use super::live::Live;
use super::outcome::Outcome;
use super::refused::Refusal;
use super::tools::{Change, Tools};
use domain::day::ZoneHistory;
use domain::ids::{DeckId, JobId, OrgId, UserId};
use ports::{ImportPhase, ImportRecord, ImportsError, RefusedRow};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

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
    takes_back: AtomicBool,
}

/// Says that a job lives: its record is stored as it is, with a new moment. Where somebody else has changed it, the next
/// step finds out.
pub(super) async fn renew(tools: &Tools, live: &Live) {
    let mut record = live.record();
    record.updated_ms = tools.clock.wall_ms();
    let (based_on, updated_ms) = (record.revision, record.updated_ms);
    if let Ok(revision) = tools.imports.put_import(record, Some(based_on)).await {
        let mut record = live.lock();
        (record.revision, record.updated_ms) = (revision, updated_ms);
    }
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
            takes_back: AtomicBool::new(false),
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

    /// Waits for what a store does. The job's own thread waits, and no other. Meanwhile the job's record says now and then
    /// that it lives, so that no other node takes it for abandoned.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(async {
            let mut work = pin!(work);
            loop {
                match tokio::time::timeout(Duration::from_millis(RENEWED_EVERY_MS), &mut work).await {
                    Ok(done) => return done,
                    Err(_) => renew(&self.tools, &self.live).await,
                }
            }
        })
    }

    /// Begins something that a store does, and does not wait.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.runtime.spawn(work)
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

    /// Bytes that the job may still write to the disk.
    ///
    /// # Errors
    /// The system refuses.
    pub fn room(&self) -> Result<u64, JobError> {
        Ok(self.folder.room()?)
    }

    /// Ends a job that would take the last of the disk. What makes entries count, or takes back, needs little and has to
    /// come to its end.
    fn keep_reserve(&self) -> Result<(), JobError> {
        let fills = match self.live.lock().phase {
            ImportPhase::Reading | ImportPhase::Writing => !self.takes_back.load(Ordering::Acquire),
            ImportPhase::Receiving
            | ImportPhase::Waiting
            | ImportPhase::Tried
            | ImportPhase::Committing
            | ImportPhase::Done
            | ImportPhase::Failed
            | ImportPhase::Revoking
            | ImportPhase::Revoked => false,
        };
        if fills && self.room()? == 0 { Err(JobError::no_room()) } else { Ok(()) }
    }

    /// From here on the job only takes back what it wrote.
    pub(super) fn begin_taking_back(&self) {
        self.takes_back.store(true, Ordering::Release);
    }

    /// Says how far it is, in whatever the phase counts. Cheap: it is stored from time to time.
    ///
    /// # Errors
    /// The job is to stop, the disk is full but for its reserve, or the store did not answer.
    pub fn progress(&self, done: u64, total: u64) -> Result<(), JobError> {
        self.keep_going()?;
        self.keep_reserve()?;
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

    /// The same where something is being waited for already: it is shown, and stored with what is stored next. Whether to go
    /// on.
    pub fn note(&self, done: u64, total: u64) -> bool {
        let mut record = self.live.lock();
        (record.done, record.total) = (done, total);
        drop(record);
        self.keep_going().is_ok()
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
            if number < REFUSED_KEPT_MAX as u64 {
                refused.waiting.push(refusal.row(number));
            }
            refused.waiting.len() >= REFUSED_PER_WRITE
        };
        if full { self.store_refused() } else { Ok(()) }
    }

    /// Notes so many rows of which nothing is known but that they do not come in.
    pub fn refuse_unlisted(&self, rows: u64) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).total += rows;
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
        let stored = self.runtime.block_on(self.tools.imports.put_import(record.clone(), Some(based_on)));
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
