//! Import jobs: the cold port. A job's row is changed by comparison alone; what points to it is written before it and
//! looked up before it is believed.

mod record;
mod refused;

use crate::CqlStore;
use crate::decide::{Verdict, decide};
use crate::statements::statements;
use crate::task::owned;
use domain::ids::{JobId, UserId, Uuid};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::imports::ImportDigest;
use ports::{Boxed, Cause, ImportRecord, Imports, ImportsError, RefusedRow, StoreError};
use record::{Row, Stored, body_of};

pub(crate) use refused::{put_refused, refused};

/// The columns of a job by name, so that one that a newer program adds disturbs nobody.
macro_rules! select_import {
    () => {
        "SELECT job, owner, digest, phase, done, total, body, created_ms, updated_ms, revision, last
            FROM imports WHERE job = ?"
    };
}

statements! {
    /// What is said to the tables of jobs in schema/0004_imports.cql.
    ImportStatements {
        import: Read = select_import!();
        import_decided: ReadSerial = select_import!();
        make_import: Decide = "INSERT INTO imports
            (job, owner, digest, phase, done, total, body, created_ms, updated_ms, revision, last)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS";
        change_import: Decide = "UPDATE imports SET phase = ?, done = ?, total = ?, body = ?, updated_ms = ?,
            revision = ?, last = ? WHERE job = ? IF revision = ?";
        point_to: Write = "INSERT INTO imports_by_owner (owner, job, digest) VALUES (?, ?, ?) USING TIMESTAMP 1";
        newest_of: Read = "SELECT job, digest FROM imports_by_owner WHERE owner = ? AND job < ? LIMIT ?";
        begin_work: Write = "INSERT INTO imports_unfinished (part, job) VALUES (0, ?) USING TIMESTAMP ?";
        end_work: Write = "DELETE FROM imports_unfinished USING TIMESTAMP ? WHERE part = 0 AND job = ?";
        unfinished: Read = "SELECT job FROM imports_unfinished WHERE part = 0 AND job > ? LIMIT ?";

        put_refused: Write = "INSERT INTO import_refused (job, bucket, number, line, at_column, reason, text)
            VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?";
        note_bucket: Write = "INSERT INTO import_refused_buckets (job, bucket) VALUES (?, ?) USING TIMESTAMP 1";
        buckets: Read = "SELECT bucket FROM import_refused_buckets WHERE job = ? AND bucket >= ?";
        refused: Read = "SELECT number, line, at_column, reason, text FROM import_refused
            WHERE job = ? AND bucket = ? AND number >= ? LIMIT ?";
    }
}

/// Above every id in the order of blobs.
const PAST_ALL: [u8; 17] = [0xff; 17];
/// Rows of a page, where what they point to is looked up before it counts.
const PAGE: usize = 256;

impl Imports for CqlStore {
    fn put_import(
        &self,
        record: ImportRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, ImportsError>> {
        let store = self.clone();
        Box::pin(owned(async move { put(&store, record, if_revision).await }))
    }

    fn import(&self, job: JobId) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        Box::pin(async move { Ok(read(self, job).await?) })
    }

    fn imports_of(
        &self,
        owner: UserId,
        before: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        Box::pin(async move {
            let mut found = Vec::new();
            let mut before = before;
            while found.len() < limit {
                let page = pointed_to(self, owner, before, PAGE.min(limit)).await?;
                let Some((last, _)) = page.last() else { break };
                before = Some(*last);
                found.extend(read_all(self, page.iter().map(|(job, _)| *job).collect()).await?);
            }
            found.truncate(limit);
            Ok(found)
        })
    }

    fn unfinished(
        &self,
        after: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        Box::pin(async move {
            let mut found = Vec::new();
            let mut after = after;
            while found.len() < limit {
                let jobs = at_work(self, after).await?;
                let Some(last) = jobs.last() else { break };
                after = Some(*last);
                let records = read_all(self, jobs).await?;
                found.extend(records.into_iter().filter(|record| record.phase.is_unfinished()));
            }
            found.truncate(limit);
            Ok(found)
        })
    }

    fn same_import(
        &self,
        owner: UserId,
        digest: ImportDigest,
    ) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        Box::pin(async move {
            let mut before = None;
            loop {
                let page = pointed_to(self, owner, before, PAGE).await?;
                let Some((last, _)) = page.last() else { return Ok(None) };
                before = Some(*last);
                for (job, of) in &page {
                    if of[..] == digest[..]
                        && let Some(record) = read(self, *job).await?
                        && record.phase.stands()
                    {
                        return Ok(Some(record));
                    }
                }
            }
        })
    }

    fn put_refused(&self, job: JobId, rows: Vec<RefusedRow>) -> Boxed<'_, Result<(), ImportsError>> {
        let store = self.clone();
        Box::pin(owned(async move { Ok(put_refused(&store, job, rows).await?) }))
    }

    fn refused(
        &self,
        job: JobId,
        from_number: u64,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RefusedRow>, ImportsError>> {
        Box::pin(async move { Ok(refused(self, job, from_number, limit).await?) })
    }
}

/// A job as stored.
pub(crate) async fn read(store: &CqlStore, job: JobId) -> Result<Option<ImportRecord>, StoreError> {
    let row = store.client().read_one::<Row>(&store.imports().import, (job.0,)).await?;
    Ok(row.map(Stored::of_row).transpose()?.map(|stored| stored.record))
}

async fn read_decided(store: &CqlStore, job: JobId) -> Result<Option<Stored>, StoreError> {
    let row = store.client().read_one::<Row>(&store.imports().import_decided, (job.0,)).await?;
    row.map(Stored::of_row).transpose()
}

/// Jobs in the order asked for; those that are not there are left out.
async fn read_all(store: &CqlStore, jobs: Vec<JobId>) -> Result<Vec<ImportRecord>, StoreError> {
    let reads = stream::iter(jobs).map(|job| read(store, job));
    let found: Vec<Option<ImportRecord>> =
        reads.buffered(store.client().options().reads_at_once).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn pointed_to(
    store: &CqlStore,
    owner: UserId,
    before: Option<JobId>,
    limit: usize,
) -> Result<Vec<(JobId, Vec<u8>)>, StoreError> {
    let before = before.as_ref().map_or(&PAST_ALL[..], |job| &job.bytes()[..]);
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        store.client().read(&store.imports().newest_of, (owner.0, before, limit)).await?;
    rows.into_iter().map(|(job, digest)| Ok((job_of(&job)?, digest))).collect()
}

async fn at_work(store: &CqlStore, after: Option<JobId>) -> Result<Vec<JobId>, StoreError> {
    let after = after.as_ref().map_or(&[][..], |job| &job.bytes()[..]);
    let rows: Vec<(Vec<u8>,)> =
        store.client().read(&store.imports().unfinished, (after, PAGE as i32)).await?;
    rows.iter().map(|(job,)| job_of(job)).collect()
}

fn job_of(blob: &[u8]) -> Result<JobId, StoreError> {
    blob.try_into().map(JobId::from_bytes).map_err(|error| crate::log::unreadable(&error))
}

async fn put(store: &CqlStore, record: ImportRecord, if_revision: Option<u64>) -> Result<u64, ImportsError> {
    let kept = read_decided(store, record.job).await?.map(|stored| stored.record);
    let record = record.over(kept.as_ref(), if_revision)?;
    match write(store, &record, if_revision).await? {
        true => Ok(record.revision),
        false => Err(ImportsError::Changed),
    }
}

/// Stores a record over the one of this revision, or as a new one; `false` if the row is of another.
async fn write(store: &CqlStore, record: &ImportRecord, based_on: Option<u64>) -> Result<bool, StoreError> {
    let (client, said) = (store.client(), store.imports());
    let (job, at) = (record.job.bytes(), record.revision.cast_signed().saturating_mul(2));
    if record.phase.is_unfinished() {
        client.write(&said.begin_work, (&job[..], at)).await?;
    }
    let done = match based_on {
        None => make(store, record).await?,
        Some(based_on) => change(store, record, based_on).await?,
    };
    if done && !record.phase.is_unfinished() {
        client.write(&said.end_work, (at.saturating_add(1), &job[..])).await?;
    }
    Ok(done)
}

/// Writes a record as it is, whatever is there.
pub(crate) async fn fill(store: &CqlStore, record: &ImportRecord) -> Result<(), StoreError> {
    let kept = read_decided(store, record.job).await?.map(|stored| stored.record);
    if kept.as_ref() == Some(record) {
        return Ok(());
    }
    match write(store, record, kept.map(|kept| kept.revision)).await? {
        true => Ok(()),
        false => Err(StoreError::new(Cause::Overloaded, "an import is changed while it is copied")),
    }
}

/// Makes a job's row.
async fn make(store: &CqlStore, record: &ImportRecord) -> Result<bool, StoreError> {
    let (said, last) = (store.imports(), uuid::Uuid::new_v4());
    let (job, digest) = (record.job, &record.digest[..]);
    store.client().write(&said.point_to, (record.owner.0, &job.bytes()[..], digest)).await?;
    let values = (
        job.0,
        record.owner.0,
        digest,
        record.phase.word(),
        record.done.cast_signed(),
        record.total.cast_signed(),
        body_of(record)?,
        record.created_ms,
        record.updated_ms,
        record.revision.cast_signed(),
        last,
    );
    decide(store.client(), &said.make_import, &values, || settled(store, job, last, None)).await
}

async fn change(store: &CqlStore, record: &ImportRecord, based_on: u64) -> Result<bool, StoreError> {
    let (said, last) = (store.imports(), uuid::Uuid::new_v4());
    let values = (
        record.phase.word(),
        record.done.cast_signed(),
        record.total.cast_signed(),
        body_of(record)?,
        record.updated_ms,
        record.revision.cast_signed(),
        last,
        record.job.0,
        based_on.cast_signed(),
    );
    decide(store.client(), &said.change_import, &values, || settled(store, record.job, last, Some(based_on)))
        .await
}

/// What became of a change whose answer was lost.
async fn settled(
    store: &CqlStore,
    job: JobId,
    last: Uuid,
    based_on: Option<u64>,
) -> Result<Verdict, StoreError> {
    let now = read_decided(store, job).await?;
    Ok(match now {
        Some(now) if now.last == last => Verdict::Done,
        now if now.as_ref().map(|now| now.record.revision) == based_on => Verdict::Again,
        // Ours, then another's; or another's alone.
        Some(_) if based_on.is_some() => Verdict::Unknown,
        Some(_) | None => Verdict::Refused,
    })
}

/// What a stored number that is never below zero says.
pub(crate) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::new(Cause::Invalid, "a stored number is below zero"))
}
