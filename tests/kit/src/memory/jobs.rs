//! Import jobs in memory.

use super::MemoryStore;
use domain::ids::{JobId, UserId};
use ports::imports::ImportDigest;
use ports::{Boxed, ImportRecord, Imports, ImportsError, RefusedRow};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

#[derive(Default)]
pub(super) struct Jobs {
    records: BTreeMap<JobId, ImportRecord>,
    refused: BTreeMap<(JobId, u64), RefusedRow>,
}

impl Jobs {
    fn put(&mut self, record: ImportRecord, if_revision: Option<u64>) -> Result<u64, ImportsError> {
        let kept = self.records.get(&record.job);
        let record = record.over(kept, if_revision)?;
        let revision = record.revision;
        self.records.insert(record.job, record);
        Ok(revision)
    }

    fn newest_first(&self, owner: UserId, before: Option<JobId>) -> impl Iterator<Item = &ImportRecord> {
        let older = (Unbounded, before.map_or(Unbounded, Excluded));
        self.records.range(older).rev().map(|(_, record)| record).filter(move |record| record.owner == owner)
    }
}

impl Imports for MemoryStore {
    fn put_import(
        &self,
        record: ImportRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, ImportsError>> {
        Box::pin(async move { self.state().jobs.put(record, if_revision) })
    }

    fn import(&self, job: JobId) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        Box::pin(async move { Ok(self.state().jobs.records.get(&job).cloned()) })
    }

    fn imports_of(
        &self,
        owner: UserId,
        before: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        Box::pin(
            async move { Ok(self.state().jobs.newest_first(owner, before).take(limit).cloned().collect()) },
        )
    }

    fn unfinished(
        &self,
        after: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        Box::pin(async move {
            let state = self.state();
            let newer = (after.map_or(Unbounded, Excluded), Unbounded);
            let records = state.jobs.records.range(newer).map(|(_, record)| record);
            Ok(records.filter(|record| record.phase.is_unfinished()).take(limit).cloned().collect())
        })
    }

    fn same_import(
        &self,
        owner: UserId,
        digest: ImportDigest,
    ) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        Box::pin(async move {
            let state = self.state();
            let mut of_owner = state.jobs.newest_first(owner, None);
            Ok(of_owner.find(|record| record.digest == digest && record.phase.stands()).cloned())
        })
    }

    fn put_refused(&self, job: JobId, rows: Vec<RefusedRow>) -> Boxed<'_, Result<(), ImportsError>> {
        Box::pin(async move {
            let rows = rows.into_iter().map(|row| ((job, row.number), row));
            self.state().jobs.refused.extend(rows);
            Ok(())
        })
    }

    fn refused(
        &self,
        job: JobId,
        from_number: u64,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RefusedRow>, ImportsError>> {
        Box::pin(async move {
            let state = self.state();
            let rows = state.jobs.refused.range((job, from_number)..=(job, u64::MAX));
            Ok(rows.take(limit).map(|(_, row)| row.clone()).collect())
        })
    }
}
