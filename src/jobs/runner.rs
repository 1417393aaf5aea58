//! All jobs of a process: taking them, finding them, and what can be asked of them.

use super::asked::Asked;
use super::error::JobError;
use super::folder::Folder;
use super::importer::{Importer, Options};
use super::limits::{JOBS_WAITING_MAX, ORDERS_WAITING, RECORDS_PER_PAGE, UNFINISHED_PER_PERSON};
use super::offer::{JobsError, JobsParts, Offer};
use super::receive::Received;
use super::schedule::{Order, schedule};
use super::sniff::{Probe, sniff};
use super::task::Live;
use super::tools::Tools;
use super::withdraw::studied_since;
use domain::ids::{JobId, UserId, Uuid};
use ports::{ImportPhase, ImportRecord, ImportsError, RefusedRow};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Tries of a change of a record that its runner changes at the same time.
const TRIES: usize = 16;

/// How long jobs may take to stop before the process ends without them.
const STOPPED_WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// All jobs of a process. Clones are handles.
#[derive(Clone)]
pub struct Jobs(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub tools: Arc<Tools>,
    pub folder: Folder,
    pub importers: Vec<Arc<dyn Importer>>,
    pub is_shared: bool,
    pub runtime: Handle,
    pub orders: mpsc::Sender<Order>,
    /// Jobs that wait or run here.
    live: Mutex<HashMap<JobId, Arc<Live>>>,
    /// Jobs whose threads run.
    pub running: AtomicUsize,
    /// The process is going down.
    pub is_stopping: AtomicBool,
    /// Two uploads of one file at once are one job.
    taking: tokio::sync::Mutex<()>,
}

impl Inner {
    pub fn live(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Live>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The importer of a format.
    pub fn importer(&self, format: &str) -> Option<&Arc<dyn Importer>> {
        self.importers.iter().find(|importer| importer.format() == format)
    }

    /// Puts a job into the queue; whoever has it already is told to stop.
    pub async fn enqueue(&self, record: ImportRecord) {
        let (job, owner) = (record.job, record.owner);
        let before = self.live().insert(job, Arc::new(Live::new(record)));
        if let Some(before) = before {
            before.stop();
        }
        if self.orders.send(Order::Run { job, owner, tried: 0 }).await.is_err() {
            tracing::debug!(%job, "the server is going down: the job waits for the next start");
        }
    }
}

impl Jobs {
    /// Begins to run jobs, on the current tokio runtime; what was interrupted is taken up again.
    pub fn start(parts: JobsParts) -> Jobs {
        let (orders, asked) = mpsc::channel(ORDERS_WAITING);
        let jobs = Jobs(Arc::new(Inner {
            tools: parts.tools,
            folder: parts.folder,
            importers: parts.importers,
            is_shared: parts.is_shared,
            runtime: Handle::current(),
            orders,
            live: Mutex::default(),
            running: AtomicUsize::new(0),
            is_stopping: AtomicBool::new(false),
            taking: tokio::sync::Mutex::default(),
        }));
        tokio::spawn(schedule(Arc::clone(&jobs.0), asked));
        tokio::spawn(super::sweep::sweep(Arc::clone(&jobs.0)));
        jobs
    }

    /// Has running jobs stop where the next start takes them up, and waits for it a while.
    pub async fn stop(&self) {
        let inner = &self.0;
        inner.is_stopping.store(true, Ordering::Release);
        inner.live().values().for_each(|live| live.stop());
        let until = Instant::now() + STOPPED_WITHIN;
        while inner.running.load(Ordering::Acquire) > 0 && Instant::now() < until {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Where uploads are received.
    pub fn folder(&self) -> &Folder {
        &self.0.folder
    }

    /// The names of the formats.
    pub fn formats(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.importers.iter().map(|importer| importer.format())
    }

    /// The importer of a format.
    pub fn importer(&self, format: &str) -> Option<Arc<dyn Importer>> {
        self.0.importer(format).cloned()
    }

    /// The importer of a file whose format nobody named.
    pub fn recognise(&self, probe: &Probe<'_>) -> Option<Arc<dyn Importer>> {
        sniff(&self.0.importers, probe).cloned()
    }

    /// Makes a job of a file and puts it into the queue. The same file, wanted in the same way by the same person, is the
    /// job that it was before, as long as that was neither taken back nor failed; a trial becomes the real thing then.
    /// Says whether the job is new.
    ///
    /// # Errors
    /// There are too many, or a store or the disk failed; then the file is gone.
    pub async fn take(
        &self,
        received: Received,
        importer: &dyn Importer,
        offer: Offer,
    ) -> Result<(ImportRecord, bool), JobsError> {
        let inner = &self.0;
        let asked = Asked {
            dry_run: offer.dry_run,
            place: inner.folder.place(),
            options: offer.options,
            force: false,
        };
        let digest = asked.digest(received.digest, offer.owner, importer.format());
        let _taking = inner.taking.lock().await;
        if let Some(same) = inner.tools.imports.same_import(offer.owner, digest).await? {
            let is_trial = same.phase == ImportPhase::Tried;
            if !is_trial || offer.dry_run {
                return Ok((same, false));
            }
            if inner.folder.upload(same.job).exists() {
                return Ok((self.make_real(same, &Options::new()).await?, false));
            }
        }
        let made_ms = self.room_for(offer.owner).await?;
        let job = JobId(Uuid::now_v7());
        let record = ImportRecord {
            job,
            owner: offer.owner,
            org: offer.org,
            name: offer.name,
            format: importer.format().to_owned(),
            digest,
            bytes: received.bytes,
            options: asked.text(),
            phase: ImportPhase::Waiting,
            done: 0,
            total: 0,
            outcome: String::new(),
            decks: Vec::new(),
            created_ms: made_ms,
            updated_ms: made_ms,
            revision: 0,
        };
        self.keep(received, record).await.map(|record| (record, true))
    }

    async fn keep(&self, received: Received, mut record: ImportRecord) -> Result<ImportRecord, JobsError> {
        let (inner, job) = (&self.0, record.job);
        let folder = inner.folder.clone();
        let given = spawn_blocking(move || received.give_to(&folder, job)).await;
        given
            .map_err(|_| JobError::Internal("a thread of the upload ended".into()))?
            .map_err(JobError::from)?;
        match inner.tools.imports.put_import(record.clone(), None).await {
            Ok(revision) => record.revision = revision,
            Err(error) => {
                let folder = inner.folder.clone();
                drop(spawn_blocking(move || folder.remove(job)).await);
                return Err(error.into());
            }
        }
        inner.enqueue(record.clone()).await;
        Ok(record)
    }

    /// The moment of a new job of this person: later than any before, so that what it makes is known by it.
    async fn room_for(&self, owner: UserId) -> Result<i64, JobsError> {
        let inner = &self.0;
        if inner.live().len() >= JOBS_WAITING_MAX {
            return Err(JobsError::Busy);
        }
        let newest = inner.tools.imports.imports_of(owner, None, RECORDS_PER_PAGE).await?;
        if newest.iter().filter(|record| record.phase.is_unfinished()).count() >= UNFINISHED_PER_PERSON {
            return Err(JobsError::TooMany);
        }
        let last = newest.iter().map(|record| record.created_ms).max();
        Ok(inner.tools.clock.wall_ms().max(last.map_or(0, |last| last + 1)))
    }

    /// A job of this person, as it is now.
    ///
    /// # Errors
    /// There is none, or the store did not answer.
    pub async fn look(&self, owner: UserId, job: JobId) -> Result<ImportRecord, JobsError> {
        let live = self.0.live().get(&job).map(|live| live.record());
        let record = match live {
            Some(record) => Some(record),
            None => self.0.tools.imports.import(job).await?,
        };
        record.filter(|record| record.owner == owner).ok_or(JobsError::NotFound)
    }

    /// Whether a job waits or runs in this process: then [`Jobs::look`] costs nothing.
    pub fn is_here(&self, job: JobId) -> bool {
        self.0.live().contains_key(&job)
    }

    /// Whether a job's file lies with this process.
    pub fn has_file_of(&self, record: &ImportRecord) -> bool {
        Asked::of(&record.options).place == self.0.folder.place()
    }

    /// Jobs of a person, newest first; those older than `before`.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn list(
        &self,
        owner: UserId,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<ImportRecord>, JobsError> {
        Ok(self.0.tools.imports.imports_of(owner, before, limit).await?)
    }

    /// Rows of a job that did not come in, from this number on.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn refused(&self, job: JobId, from: u64, limit: usize) -> Result<Vec<RefusedRow>, JobsError> {
        Ok(self.0.tools.imports.refused(job, from, limit).await?)
    }

    /// Makes a tried job a real one, with these parameters more.
    ///
    /// # Errors
    /// It was not tried, or its file is gone.
    pub async fn commit(&self, owner: UserId, job: JobId, more: &Options) -> Result<ImportRecord, JobsError> {
        let record = self.look(owner, job).await?;
        match record.phase {
            ImportPhase::Tried => self.make_real(record, more).await,
            ImportPhase::Failed | ImportPhase::Revoking | ImportPhase::Revoked => {
                Err(JobsError::NotNow("This import failed or was taken back; upload the file again."))
            }
            ImportPhase::Receiving | ImportPhase::Waiting | ImportPhase::Reading
                if Asked::of(&record.options).dry_run =>
            {
                Err(JobsError::NotNow("The trial has not ended yet; wait for it."))
            }
            // It is a real one already: sent again, nothing happens twice.
            ImportPhase::Receiving
            | ImportPhase::Waiting
            | ImportPhase::Reading
            | ImportPhase::Writing
            | ImportPhase::Committing
            | ImportPhase::Done => Ok(record),
        }
    }

    async fn make_real(&self, mut record: ImportRecord, more: &Options) -> Result<ImportRecord, JobsError> {
        let mut asked = Asked::of(&record.options);
        if self.has_file_of(&record) && !self.0.folder.upload(record.job).exists() {
            return Err(JobsError::NotNow("The tried file is kept no longer; upload it again."));
        }
        asked.dry_run = false;
        asked.options.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
        record.options = asked.text();
        record.phase = ImportPhase::Waiting;
        record.outcome = String::new();
        (record.done, record.total) = (0, 0);
        self.change(record).await
    }

    /// Stores a change of a record that nobody runs, and has the job go on.
    async fn change(&self, mut record: ImportRecord) -> Result<ImportRecord, JobsError> {
        record.updated_ms = self.0.tools.clock.wall_ms();
        let stored = self.0.tools.imports.put_import(record.clone(), Some(record.revision)).await;
        record.revision = match stored {
            Ok(revision) => revision,
            Err(ImportsError::Changed) => {
                return Err(JobsError::NotNow("The import was changed meanwhile; look at it again."));
            }
            Err(error) => return Err(error.into()),
        };
        if self.has_file_of(&record) {
            self.0.enqueue(record.clone()).await;
        }
        Ok(record)
    }

    /// Takes a job back as a whole, whatever phase it is in. Without `force` not if its cards were studied since.
    ///
    /// # Errors
    /// [`JobsError::Studied`], or there is no such job, or a store did not answer.
    pub async fn withdraw(&self, owner: UserId, job: JobId, force: bool) -> Result<ImportRecord, JobsError> {
        let first = self.look(owner, job).await?;
        if first.phase == ImportPhase::Done && !force {
            let studied = studied_since(&self.0.tools, &first).await?;
            if studied.total > 0 {
                return Err(JobsError::Studied(studied));
            }
        }
        for _ in 0..TRIES {
            // Not what is live: that may be ahead of what is stored.
            let stored = self.0.tools.imports.import(job).await?;
            let mut record = stored.ok_or(JobsError::NotFound)?;
            if matches!(record.phase, ImportPhase::Revoking | ImportPhase::Revoked) {
                return Ok(record);
            }
            record.options = Asked { force, ..Asked::of(&record.options) }.text();
            record.phase = ImportPhase::Revoking;
            match self.change(record).await {
                Err(JobsError::NotNow(_)) => {}
                changed => return changed,
            }
        }
        Err(JobsError::NotNow("The import goes on too fast to be stopped; try again."))
    }
}
