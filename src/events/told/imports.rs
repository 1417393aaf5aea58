//! Import jobs that say how they ended.

use crate::events::tell::end_of;
use crate::events::{Events, Happened};
use domain::ids::{JobId, UserId};
use ports::imports::ImportDigest;
use ports::{Boxed, ImportRecord, Imports, ImportsError, RefusedRow};
use std::sync::Arc;

/// Import jobs that say how they ended.
pub struct TellingImports {
    /// Where jobs lie.
    pub inner: Arc<dyn Imports>,
    /// Who is told.
    pub events: Events,
}

impl Imports for TellingImports {
    fn put_import(
        &self,
        record: ImportRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, ImportsError>> {
        Box::pin(async move {
            let ended = end_of(record.phase).map(|_| Box::new(record.clone()));
            let revision = self.inner.put_import(record, if_revision).await?;
            if let Some(ended) = ended {
                self.events.happened(Happened::Import(ended));
            }
            Ok(revision)
        })
    }

    fn import(&self, job: JobId) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        self.inner.import(job)
    }

    fn imports_of(
        &self,
        owner: UserId,
        before: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        self.inner.imports_of(owner, before, limit)
    }

    fn unfinished(
        &self,
        after: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        self.inner.unfinished(after, limit)
    }

    fn same_import(
        &self,
        owner: UserId,
        digest: ImportDigest,
    ) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        self.inner.same_import(owner, digest)
    }

    fn put_refused(&self, job: JobId, rows: Vec<RefusedRow>) -> Boxed<'_, Result<(), ImportsError>> {
        self.inner.put_refused(job, rows)
    }

    fn refused(
        &self,
        job: JobId,
        from_number: u64,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RefusedRow>, ImportsError>> {
        self.inner.refused(job, from_number, limit)
    }
}
