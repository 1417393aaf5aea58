//! Taking up what was interrupted, and removing what is left over.

use super::asked::Asked;
use super::error::JobError;
use super::limits::{ABANDONED_AFTER_MS, RECORDS_PER_PAGE, SWEEP_EVERY_MS, TRIED_KEPT_MS};
use super::live::Live;
use super::outcome::{Failure, Outcome};
use super::runner::Inner;
use super::task::renew;
use domain::ids::JobId;
use ports::{ImportPhase, ImportRecord, ImportsError};
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::task::spawn_blocking;

/// How often it is looked for jobs that another node's request has changed, in milliseconds.
const LOOK_EVERY_MS: u64 = 2_000;
/// How long a revocation waits for the node that has what was there before, in milliseconds; then any node does it.
const TAKEN_OVER_AFTER_MS: i64 = 60_000;

/// Takes up what was interrupted, then looks now and then for what is left over, until the process ends.
pub(super) async fn sweep(inner: Arc<Inner>) {
    let mut passed_ms = SWEEP_EVERY_MS;
    loop {
        if passed_ms >= SWEEP_EVERY_MS {
            passed_ms = 0;
            if let Err(error) = files(&inner).await {
                tracing::warn!(%error, "the files of imports could not be looked through");
            }
        }
        if let Err(error) = unfinished(&inner).await {
            tracing::warn!(%error, "unfinished imports could not be looked for");
        }
        // Alone with its store a process knows of every change: it looks again only for what was abandoned.
        let wait_ms = if inner.is_shared { LOOK_EVERY_MS } else { SWEEP_EVERY_MS };
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        passed_ms = passed_ms.saturating_add(wait_ms);
    }
}

/// Looks at each job that has files here.
async fn files(inner: &Arc<Inner>) -> Result<(), JobError> {
    let folder = inner.folder.clone();
    let jobs = spawn_blocking(move || folder.jobs()).await;
    let jobs = jobs.map_err(|_| JobError::Internal("a thread ended".to_owned()))??;
    for job in jobs {
        let record = inner.tools.imports.import(job).await?;
        let inner = Arc::clone(inner);
        let tidied = spawn_blocking(move || {
            let _alone = inner.tidying.lock().unwrap_or_else(PoisonError::into_inner);
            // Since its record was read it may have been begun: then the files are its own.
            if inner.live().contains_key(&job) {
                return Ok(());
            }
            match record {
                None => remove_unknown(&inner, job),
                Some(record) => tidy(&inner, &record),
            }
        });
        match tidied.await {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(error)) => tracing::warn!(%job, %error, "files of an import could not be removed"),
        }
    }
    Ok(())
}

/// An upload whose job never came to be known. One that is just being taken has its files first.
fn remove_unknown(inner: &Inner, job: JobId) -> io::Result<()> {
    let age = inner.folder.of(job).metadata()?.modified()?.elapsed().unwrap_or_default();
    if age < Duration::from_secs(60) { Ok(()) } else { inner.folder.remove(job) }
}

/// Removes the files that a job needs no longer. Blocks.
pub(super) fn tidy(inner: &Inner, record: &ImportRecord) -> io::Result<()> {
    let now_ms = inner.tools.clock.wall_ms();
    match record.phase {
        ImportPhase::Receiving
        | ImportPhase::Waiting
        | ImportPhase::Reading
        | ImportPhase::Writing
        | ImportPhase::Committing
        | ImportPhase::Revoking => Ok(()),
        ImportPhase::Tried if now_ms.saturating_sub(record.updated_ms) < TRIED_KEPT_MS => {
            match std::fs::remove_dir_all(inner.folder.work(record.job)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                Ok(()) | Err(_) => Ok(()),
            }
        }
        ImportPhase::Done => inner.folder.remove_upload(record.job),
        ImportPhase::Tried | ImportPhase::Failed | ImportPhase::Revoked => inner.folder.remove(record.job),
    }
}

/// Takes up the jobs that nobody goes on with.
async fn unfinished(inner: &Arc<Inner>) -> Result<(), JobError> {
    let mut after = None;
    loop {
        let page = inner.tools.imports.unfinished(after, RECORDS_PER_PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.job);
        for record in page {
            look_at(inner, record).await?;
        }
    }
}

/// Goes on with a job that has not ended, if it is for this process to do so.
pub(super) async fn look_at(inner: &Arc<Inner>, mut record: ImportRecord) -> Result<(), JobError> {
    let mut asked = Asked::of(&record.options);
    let is_mine = asked.place == inner.folder.place();
    let live = inner.live().get(&record.job).cloned();
    let known = live.as_ref().map(|live| live.record());
    let waited_ms = inner.tools.clock.wall_ms().saturating_sub(record.updated_ms);
    if is_mine {
        // Here already, unless another node's request has changed what is to be done.
        let is_new =
            known.is_none_or(|known| known.revision < record.revision && known.phase != record.phase);
        if is_new {
            return take_up(inner, record.job).await;
        }
        // It waits here for its turn, and nobody else is to think that nobody has it.
        let waits = |live: &Arc<Live>| !live.has_begun.load(Ordering::Acquire);
        if let Some(live) = live.filter(waits).filter(|_| waited_ms > TAKEN_OVER_AFTER_MS / 2) {
            renew(&inner.tools, &live).await;
        }
        return Ok(());
    }
    let is_for_any = inner.importer(&record.format).is_none_or(|importer| importer.withdraws_anywhere());
    if record.phase == ImportPhase::Revoking && waited_ms > TAKEN_OVER_AFTER_MS && is_for_any {
        asked.place = inner.folder.place();
        record.options = asked.text();
        record.updated_ms = inner.tools.clock.wall_ms();
        match inner.tools.imports.put_import(record.clone(), Some(record.revision)).await {
            Ok(revision) => inner.enqueue(ImportRecord { revision, ..record }).await,
            Err(ImportsError::Changed) => {}
            Err(error) => return Err(error.into()),
        }
        return Ok(());
    }
    // What has begun to count is brought to its end, which needs no file, by whoever stores that first. It stays the
    // other's: what a revocation needs lies there.
    if waited_ms > ABANDONED_AFTER_MS && record.phase == ImportPhase::Committing {
        record.updated_ms = inner.tools.clock.wall_ms();
        match inner.tools.imports.put_import(record.clone(), Some(record.revision)).await {
            Ok(revision) => inner.enqueue(ImportRecord { revision, ..record }).await,
            Err(ImportsError::Changed) => {}
            Err(error) => return Err(error.into()),
        }
        return Ok(());
    }
    // What may have begun to write is taken back, by whoever finds it.
    if waited_ms > ABANDONED_AFTER_MS && record.phase == ImportPhase::Writing {
        record.phase = ImportPhase::Revoking;
        record.updated_ms = inner.tools.clock.wall_ms();
        let revision = record.revision;
        return match inner.tools.imports.put_import(record, Some(revision)).await {
            Ok(_) | Err(ImportsError::Changed) => Ok(()),
            Err(error) => Err(error.into()),
        };
    }
    if waited_ms > ABANDONED_AFTER_MS {
        return fail(inner, record, "The server that had the file did not come back; import it again.").await;
    }
    Ok(())
}

/// Goes on with a job of this process. Its record is read anew: since the page that named it was read it may have ended.
async fn take_up(inner: &Arc<Inner>, job: JobId) -> Result<(), JobError> {
    let record = inner.tools.imports.import(job).await?;
    let Some(record) = record.filter(|record| record.phase.is_unfinished()) else { return Ok(()) };
    let needs_file = record.phase != ImportPhase::Revoking && record.phase != ImportPhase::Committing;
    if needs_file && !inner.folder.upload(job).exists() {
        return fail(inner, record, "The uploaded file is no longer there; import it again.").await;
    }
    inner.enqueue(record).await;
    Ok(())
}

async fn fail(inner: &Inner, mut record: ImportRecord, why: &str) -> Result<(), JobError> {
    let failure = Failure { code: "file_lost".to_owned(), detail: why.to_owned(), line: None };
    let outcome = Outcome { failure: Some(failure), ..Outcome::of(&record.outcome) };
    record.outcome = outcome.text();
    record.phase = ImportPhase::Failed;
    record.updated_ms = inner.tools.clock.wall_ms();
    let revision = record.revision;
    match inner.tools.imports.put_import(record, Some(revision)).await {
        Ok(_) | Err(ImportsError::Changed) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
