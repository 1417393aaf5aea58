//! Which jobs run when: a bounded number at once, one a person, each on a thread of its own that is nicer than those who
//! answer.

use super::error::JobError;
use super::limits::{JOBS_AT_ONCE, NICENESS, TRIES_MAX, TRY_AGAIN_FIRST_MS, TRY_AGAIN_LONGEST_MS};
use super::live::Live;
use super::runner::Inner;
use super::stages;
use super::task::Task;
use domain::ids::{JobId, UserId};
use ports::ImportPhase;
use std::collections::{HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// What the scheduler is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// A job is to run.
    Run {
        job: JobId,
        owner: UserId,
        /// How often it was begun before in vain.
        tried: u32,
    },
    /// A job's thread has ended.
    Ended { owner: UserId },
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(JobId, UserId, u32)>,
    running: HashSet<UserId>,
}

impl Queue {
    fn push(&mut self, job: JobId, owner: UserId, tried: u32) {
        if !self.waiting.iter().any(|(waiting, _, _)| *waiting == job) {
            self.waiting.push_back((job, owner, tried));
        }
    }

    /// The next job that may run: the first of somebody of whom none runs.
    fn next(&mut self) -> Option<(JobId, UserId, u32)> {
        if self.running.len() >= JOBS_AT_ONCE {
            return None;
        }
        let at = self.waiting.iter().position(|(_, owner, _)| !self.running.contains(owner))?;
        let next = self.waiting.remove(at)?;
        self.running.insert(next.1);
        Some(next)
    }
}

/// Runs jobs until the process ends.
pub(super) async fn schedule(inner: Arc<Inner>, mut orders: mpsc::Receiver<Order>) {
    let mut queue = Queue::default();
    while let Some(order) = orders.recv().await {
        match order {
            Order::Run { job, owner, tried } => queue.push(job, owner, tried),
            Order::Ended { owner } => {
                queue.running.remove(&owner);
            }
        }
        if inner.is_stopping.load(Ordering::Acquire) {
            continue;
        }
        while let Some((job, owner, tried)) = queue.next() {
            inner.running.fetch_add(1, Ordering::AcqRel);
            let inner_of_job = Arc::clone(&inner);
            let thread = std::thread::Builder::new().name("import".to_owned());
            let spawned = thread.spawn(move || begin(&inner_of_job, job, owner, tried));
            if let Err(error) = spawned {
                tracing::error!(%error, %job, "an import got no thread: it waits for the next start");
                queue.running.remove(&owner);
                inner.running.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }
}

/// One run of a job, on its own thread.
fn begin(inner: &Arc<Inner>, job: JobId, owner: UserId, tried: u32) {
    // Where the system does not let us, the job runs like everybody else.
    let _ = rustix::process::nice(NICENESS);
    let live = inner.live().get(&job).cloned();
    if let Some(live) = live {
        live.has_begun.store(true, Ordering::Release);
        // Whoever did not see it among the live ones may be removing what was left of it.
        drop(inner.tidying.lock().unwrap_or_else(PoisonError::into_inner));
        let outcome = catch_unwind(AssertUnwindSafe(|| run(inner, &live)));
        let outcome = outcome.unwrap_or_else(|_| {
            tracing::error!(%job, "an import panicked");
            give_up(inner, &live, &JobError::Internal("a panic".to_owned()))
        });
        end(inner, &live, job, owner, tried, outcome);
    }
    // Nobody hears it any more when the process goes down.
    let _ = inner.orders.blocking_send(Order::Ended { owner });
    inner.running.fetch_sub(1, Ordering::AcqRel);
}

fn task(inner: &Arc<Inner>, live: &Arc<Live>) -> Task {
    Task::new(Arc::clone(&inner.tools), inner.folder.clone(), inner.runtime.clone(), Arc::clone(live))
}

fn run(inner: &Arc<Inner>, live: &Arc<Live>) -> Result<(), JobError> {
    let task = task(inner, live);
    match inner.importer(&live.record().format) {
        Some(importer) => stages::run(&task, &**importer),
        None => Err(JobError::Internal("nobody knows the job's format any more".to_owned())),
    }
}

/// The job fails, and what it wrote is taken back.
fn give_up(inner: &Arc<Inner>, live: &Arc<Live>, error: &JobError) -> Result<(), JobError> {
    let failing = || {
        let task = task(inner, live);
        match inner.importer(&live.record().format) {
            Some(importer) => stages::fail(&task, &**importer, error),
            None => Ok(()),
        }
    };
    catch_unwind(AssertUnwindSafe(failing))
        .unwrap_or_else(|_| Err(JobError::Internal("a panic while it was taken back".to_owned())))
}

/// After a run: the job is finished, is begun again a little later, or is somebody else's.
fn end(
    inner: &Arc<Inner>,
    live: &Arc<Live>,
    job: JobId,
    owner: UserId,
    tried: u32,
    outcome: Result<(), JobError>,
) {
    match outcome {
        // What goes down leaves everything as it is.
        Err(_) if inner.is_stopping.load(Ordering::Acquire) => return,
        Ok(()) => {}
        Err(JobError::Stopped) => {
            tracing::debug!(%job, "an import was stopped");
        }
        Err(error) => {
            let phase = live.record().phase;
            tracing::warn!(%job, phase = phase.word(), tried, %error, "an import could not go on");
            // What begins to count, or to count no longer, is brought to its end however long it takes.
            let must_end = matches!(phase, ImportPhase::Committing | ImportPhase::Revoking);
            if tried < TRIES_MAX || must_end {
                return again(inner, job, owner, tried);
            }
            if give_up(inner, live, &error).is_err() {
                return again(inner, job, owner, tried);
            }
        }
    }
    clean_up(inner, live, job);
}

fn again(inner: &Arc<Inner>, job: JobId, owner: UserId, tried: u32) {
    let wait_ms = TRY_AGAIN_FIRST_MS.saturating_mul(1 << tried.min(16)).min(TRY_AGAIN_LONGEST_MS);
    let orders = inner.orders.clone();
    inner.runtime.spawn(async move {
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        let _ = orders.send(Order::Run { job, owner, tried: tried.saturating_add(1) }).await;
    });
}

/// What a finished job needs no longer is removed. Nobody looks at it here any more but in the store.
fn clean_up(inner: &Arc<Inner>, live: &Arc<Live>, job: JobId) {
    // Somebody may have put it into the queue anew: then it is that one's.
    let is_ours = || inner.live().get(&job).is_some_and(|known| Arc::ptr_eq(known, live));
    if !is_ours() {
        return;
    }
    if let Err(error) = super::sweep::tidy(inner, &live.record()) {
        tracing::warn!(%job, %error, "files of an import could not be removed");
    }
    let mut all = inner.live();
    if all.get(&job).is_some_and(|known| Arc::ptr_eq(known, live)) {
        all.remove(&job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_job_of_a_person_runs_at_a_time_and_a_bounded_number_in_all() {
        let user = UserId::from_u128;
        let mut queue = Queue::default();
        for (job, owner) in [(1, 1), (2, 1), (2, 1), (3, 2), (4, 3)] {
            queue.push(JobId::from_u128(job), user(owner), 0);
        }
        let mut next = || queue.next().map(|(job, _, _)| job);
        assert_eq!([next(), next(), next()], [Some(JobId::from_u128(1)), Some(JobId::from_u128(3)), None]);
        queue.running.remove(&user(1));
        assert_eq!(queue.next().map(|(job, _, _)| job), Some(JobId::from_u128(2)));
        queue.running.remove(&user(2));
        assert_eq!(queue.next().map(|(job, _, _)| job), Some(JobId::from_u128(4)));
        assert!(queue.waiting.is_empty());
    }
}
