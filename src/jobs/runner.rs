//! All jobs of a process: taking them, finding them, and what can be asked of them.

use super::asked::Asked;
use super::error::JobError;
use super::folder::Folder;
use super::importer::{Importer, Options};
use super::limits::{
    JOBS_WAITING_MAX, ORDERS_WAITING, RECORDS_COUNTED, RECORDS_PER_PAGE, UNFINISHED_PER_PERSON,
};
use super::live::{Glance, Live};
use super::offer::{JobsError, JobsParts, Offer};
use super::receive::Received;
use super::schedule::{Order, schedule};
use super::sniff::{Probe, sniff};
use super::tools::Tools;
use domain::ids::{JobId, UserId, Uuid};
use ports::{ImportPhase, ImportRecord, RefusedRow};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

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
    /// Held while files are removed of a job that nobody runs; whoever begins one waits for it.
    pub tidying: Mutex<()>,
    /// Two uploads of one file at once are one job.
    taking: Arc<tokio::sync::Mutex<()>>,
}

impl Inner {
    pub fn live(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Live>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The importer of a format.
    pub fn importer(&self, format: &str) -> Option<&Arc<dyn Importer>> {
        self.importers.iter().find(|importer| importer.format() == format)
    }

    /// Does something to its end, also when the request that it is for goes away half-way.
    pub async fn to_its_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, JobsError>> + Send + 'static,
    ) -> Result<T, JobsError> {
        let ended = self.runtime.spawn(work).await;
        ended.unwrap_or_else(|_| Err(JobError::Internal("a task of a job ended".to_owned()).into()))
    }

    /// Puts a job into the queue; whoever has it already is told to stop. A record that is older than the one that is known
    /// here says nothing new.
    pub async fn enqueue(&self, record: ImportRecord) {
        let (job, owner) = (record.job, record.owner);
        {
            let mut all = self.live();
            if all.get(&job).is_some_and(|known| known.glance().revision > record.revision) {
                return;
            }
            if let Some(before) = all.insert(job, Arc::new(Live::new(record))) {
                before.stop();
            }
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
            tidying: Mutex::default(),
            taking: Arc::default(),
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
    /// Says whether something begins by it.
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
            administers: offer.administers,
        };
        let digest = asked.digest(received.digest, offer.owner, importer.format());
        let taking = Arc::clone(&inner.taking).lock_owned().await;
        let same = inner.tools.imports.same_import(offer.owner, digest).await?;
        let is_over = |same: &ImportRecord| {
            same.phase == ImportPhase::Done || same.phase == ImportPhase::Tried && offer.dry_run
        };
        if let Some(same) = same.filter(|same| !(importer.repeats() && is_over(same))) {
            let is_trial = same.phase == ImportPhase::Tried;
            if !is_trial || offer.dry_run {
                return Ok((same, false));
            }
            if inner.folder.upload(same.job).exists() {
                return Ok((self.make_real(same, &Options::new(), offer.administers).await?, true));
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
        let jobs = self.clone();
        let kept = inner.to_its_end(async move {
            let kept = jobs.keep(received, record).await;
            drop(taking);
            kept
        });
        kept.await.map(|record| (record, true))
    }

    /// Gives the file to its job, stores the job and puts it into the queue. Not to be dropped half-way.
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
        let newest = |record: &ImportRecord| (record.phase.is_unfinished(), record.created_ms);
        let newest = self.list(owner, None, RECORDS_COUNTED, newest).await?;
        if newest.iter().filter(|(is_unfinished, _)| *is_unfinished).count() >= UNFINISHED_PER_PERSON {
            return Err(JobsError::TooMany);
        }
        let last = newest.iter().map(|(_, created_ms)| *created_ms).max();
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

    /// How far a job is that waits or runs in this process, without its report: asked often.
    pub fn glance(&self, job: JobId) -> Option<Glance> {
        self.0.live().get(&job).map(|live| live.glance())
    }

    /// Whether a job's file lies with this process.
    pub fn has_file_of(&self, record: &ImportRecord) -> bool {
        Asked::of(&record.options).place == self.0.folder.place()
    }

    /// What is wanted of the jobs of a person, newest first; of those older than `before`. A few of them are in memory at
    /// once, whatever the limit: their reports may be long.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn list<T>(
        &self,
        owner: UserId,
        mut before: Option<JobId>,
        limit: usize,
        wanted: impl Fn(&ImportRecord) -> T,
    ) -> Result<Vec<T>, JobsError> {
        let mut found = Vec::new();
        while found.len() < limit {
            let most = RECORDS_PER_PAGE.min(limit - found.len());
            let page = self.0.tools.imports.imports_of(owner, before, most).await?;
            found.extend(page.iter().map(&wanted));
            before = page.last().map(|last| last.job);
            if page.len() < most {
                break;
            }
        }
        Ok(found)
    }

    /// Rows of a job that did not come in, from this number on.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn refused(&self, job: JobId, from: u64, limit: usize) -> Result<Vec<RefusedRow>, JobsError> {
        Ok(self.0.tools.imports.refused(job, from, limit).await?)
    }
}
