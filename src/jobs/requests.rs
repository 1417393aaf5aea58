//! What people ask of a job that is there: to make it a real one, and to take it back.

use super::asked::Asked;
use super::importer::Options;
use super::limits::RECORDS_COUNTED;
use super::offer::JobsError;
use super::outcome::Outcome;
use super::runner::Jobs;
use super::withdraw::studied_since;
use domain::ids::{JobId, UserId};
use ports::{ImportPhase, ImportRecord, ImportsError};

/// Tries of a change of a record that its runner changes at the same time.
const TRIES: usize = 16;

impl Jobs {
    /// Makes a tried job a real one, with these parameters more, for somebody who administers the organisation now or does
    /// not.
    ///
    /// # Errors
    /// It was not tried, or its file is gone.
    pub async fn commit(
        &self,
        owner: UserId,
        job: JobId,
        more: &Options,
        administers: bool,
    ) -> Result<ImportRecord, JobsError> {
        let record = self.look(owner, job).await?;
        match record.phase {
            ImportPhase::Tried => {
                self.confirm(&record, more)?;
                self.make_real(record, more, administers).await
            }
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

    /// Whether what the trial has reported may become real: asked now, since a job that fails is to be uploaded again.
    fn confirm(&self, record: &ImportRecord, more: &Options) -> Result<(), JobsError> {
        let Some(importer) = self.0.importer(&record.format) else { return Ok(()) };
        let mut options = Asked::of(&record.options).options;
        options.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
        let report = Outcome::of(&record.outcome).report;
        importer.confirm(&report, &options).map_err(|(reason, why)| JobsError::Unconfirmed(reason, why))
    }

    pub(super) async fn make_real(
        &self,
        mut record: ImportRecord,
        more: &Options,
        administers: bool,
    ) -> Result<ImportRecord, JobsError> {
        let mut asked = Asked::of(&record.options);
        if self.has_file_of(&record) && !self.0.folder.upload(record.job).exists() {
            return Err(JobsError::NotNow("The tried file is kept no longer; upload it again."));
        }
        (asked.dry_run, asked.administers) = (false, administers);
        asked.options.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
        record.options = asked.text();
        record.phase = ImportPhase::Waiting;
        record.outcome = String::new();
        (record.done, record.total) = (0, 0);
        self.change(record).await
    }

    /// Stores a change of a record that nobody runs, and has the job go on.
    async fn change(&self, record: ImportRecord) -> Result<ImportRecord, JobsError> {
        let jobs = self.clone();
        self.0.to_its_end(async move { jobs.change_here(record).await }).await
    }

    /// The same; not to be dropped half-way.
    async fn change_here(&self, mut record: ImportRecord) -> Result<ImportRecord, JobsError> {
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
        if first.phase == ImportPhase::Done && self.is_spoken_over(&first).await? {
            return Err(JobsError::NotNow("A newer file of this kind came in since; take that back first."));
        }
        if first.phase == ImportPhase::Done && !force {
            let studied = studied_since(&self.0.tools, &first, &self.0.folder.kept(job)).await?;
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

    /// Whether a newer job of the same person and format holds, where what a file says holds for what is there when it
    /// comes: also one that changed nothing has said that all is right as it is.
    async fn is_spoken_over(&self, record: &ImportRecord) -> Result<bool, JobsError> {
        if !self.0.importer(&record.format).is_some_and(|importer| importer.repeats()) {
            return Ok(false);
        }
        let format = record.format.clone();
        let holds =
            |other: &ImportRecord| (other.job, other.phase == ImportPhase::Done && other.format == format);
        let newest = self.list(record.owner, None, RECORDS_COUNTED, holds).await?;
        Ok(newest.iter().any(|(job, holds)| *holds && *job > record.job))
    }
}
