//! The way of one job through its phases. Each is stored before its work begins, so that a restart begins it again.

use super::error::JobError;
use super::importer::Importer;
use super::outcome::{Failure, Outcome};
use super::task::Task;
use super::tools::Change;
use ports::{ImportPhase, ImportRecord, LibraryError};

/// Goes on with a job until it is finished.
///
/// # Errors
/// A store did not answer, and the job may be begun again; or it was stopped. Faults of the file are no errors here: the
/// job has failed.
pub(super) fn run(task: &Task, importer: &dyn Importer) -> Result<(), JobError> {
    loop {
        let record = task.record();
        let ended = match record.phase {
            ImportPhase::Receiving | ImportPhase::Waiting => task.update(|record| {
                record.phase = ImportPhase::Reading;
                (record.done, record.total) = (0, 0);
            }),
            ImportPhase::Reading | ImportPhase::Writing => read_and_write(task, importer),
            ImportPhase::Committing => commit(task, importer, &record),
            ImportPhase::Revoking => revoke(task, importer, &record),
            ImportPhase::Tried | ImportPhase::Done | ImportPhase::Failed | ImportPhase::Revoked => {
                return Ok(());
            }
        };
        match ended {
            Ok(()) => {}
            Err(error @ JobError::Stopped) => return Err(error),
            Err(error) if error.may_pass() => return Err(error),
            Err(error) => return fail(task, importer, &error),
        }
    }
}

/// Refuses what somebody asked for who may not change the deck any more: between request and run lies a queue.
fn may_still(task: &Task) -> Result<(), JobError> {
    let Some(deck) = task.deck() else { return Ok(()) };
    let record = task.wait(task.tools.library.deck(deck))?.filter(|record| record.deleted_ms.is_none());
    let record = record.ok_or(LibraryError::NoSuchDeck)?;
    if record.owner == task.owner || record.editors.contains(&task.owner) {
        return Ok(());
    }
    Err(JobError::refused("not_yours", "Only the owner of a deck and its editors change it."))
}

fn read_and_write(task: &Task, importer: &dyn Importer) -> Result<(), JobError> {
    may_still(task)?;
    task.fresh_work()?;
    task.forget_refused();
    let dry_run = task.asked.dry_run;
    let report = if dry_run { importer.try_out(task)? } else { importer.write(task)? };
    task.store_refused()?;
    if !dry_run {
        // Also for who had nothing to write.
        task.begin_writing_nothing()?;
    }
    let rejected = task.refused();
    task.update(|record| {
        let outcome = Outcome { report, rejected, ..Outcome::of(&record.outcome) };
        record.outcome = outcome.text();
        record.phase = if dry_run { ImportPhase::Tried } else { ImportPhase::Committing };
        record.done = record.total;
    })
}

fn commit(task: &Task, importer: &dyn Importer, record: &ImportRecord) -> Result<(), JobError> {
    let outcome = Outcome::of(&record.outcome);
    importer.reveal(task, record)?;
    tell(task, record);
    let learners: Vec<_> = outcome.learners().collect();
    for (done, learner) in learners.iter().enumerate() {
        task.progress(done as u64, learners.len() as u64)?;
        task.wait(task.tools.marks.commit(*learner, task.job))?;
    }
    task.update(|record| {
        record.phase = ImportPhase::Done;
        record.done = record.total;
    })
}

fn tell(task: &Task, record: &ImportRecord) {
    if !record.decks.is_empty() {
        task.tell(Change::Access(task.owner));
    }
    record.decks.iter().for_each(|deck| task.tell(Change::Deck(*deck)));
}

/// The entries first: what is shown of cards that are there no longer is nobody's loss, but answers that count are.
fn revoke(task: &Task, importer: &dyn Importer, record: &ImportRecord) -> Result<(), JobError> {
    task.fresh_work()?;
    let outcome = Outcome::of(&record.outcome);
    for learner in outcome.learners() {
        task.wait(task.tools.marks.revoke(learner, task.job))?;
    }
    let withdrawn = importer.withdraw(task, record)?;
    task.update(|record| {
        record.outcome = Outcome { withdrawn, ..outcome }.text();
        record.phase = ImportPhase::Revoked;
        record.done = record.total;
    })
}

/// Nothing half imported stays: what was written is taken back first. The entries never counted.
pub(super) fn fail(task: &Task, importer: &dyn Importer, error: &JobError) -> Result<(), JobError> {
    let record = task.record();
    tracing::info!(job = %task.job, phase = record.phase.word(), %error, "an import failed");
    let wrote = match record.phase {
        ImportPhase::Writing | ImportPhase::Committing | ImportPhase::Revoking => true,
        ImportPhase::Receiving
        | ImportPhase::Waiting
        | ImportPhase::Reading
        | ImportPhase::Tried
        | ImportPhase::Done
        | ImportPhase::Failed
        | ImportPhase::Revoked => false,
    };
    task.store_refused()?;
    task.begin_taking_back();
    if wrote {
        task.fresh_work()?;
        let outcome = Outcome::of(&record.outcome);
        for learner in outcome.learners() {
            task.wait(task.tools.marks.revoke(learner, task.job))?;
        }
        importer.withdraw(task, &record)?;
    }
    let rejected = task.refused();
    task.update(|record| {
        let failure = Some(Failure::of(error));
        record.outcome = Outcome { failure, rejected, ..Outcome::of(&record.outcome) }.text();
        record.phase = ImportPhase::Failed;
    })
}
