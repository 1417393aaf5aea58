//! Rows that did not come in: 4,096 numbers a partition, and a list of the partitions.

use super::unsigned;
use crate::CqlStore;
use domain::ids::JobId;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::{RefusedRow, StoreError};
use std::collections::BTreeSet;

/// Numbers of a partition.
const NUMBERS_A_BUCKET: i64 = 4_096;

/// `number, line, at_column, reason, text`.
type Row = (i64, i64, Option<String>, String, String);

/// Keeps rows; those of known numbers are replaced.
pub(crate) async fn put_refused(
    store: &CqlStore,
    job: JobId,
    rows: Vec<RefusedRow>,
) -> Result<(), StoreError> {
    let (client, said) = (store.client(), store.imports());
    let buckets: BTreeSet<i64> = rows.iter().map(|row| bucket_of(row.number)).collect();
    for bucket in buckets {
        client.write(&said.note_bucket, (job.0, bucket)).await?;
    }
    let stamp_us = store.next_stamp_us();
    let writes = rows.into_iter().map(|row| async move {
        let number = row.number.cast_signed();
        let (bucket, line) = (bucket_of(row.number), row.line.cast_signed());
        let values = (job.0, bucket, number, line, row.column, row.reason, row.text, stamp_us);
        client.write(&said.put_refused, values).await
    });
    let at_once = client.options().edit_writes_at_once;
    stream::iter(writes.collect::<Vec<_>>()).buffer_unordered(at_once).try_collect::<()>().await
}

/// Rows by number, from this one on.
pub(crate) async fn refused(
    store: &CqlStore,
    job: JobId,
    from_number: u64,
    limit: usize,
) -> Result<Vec<RefusedRow>, StoreError> {
    let (client, said) = (store.client(), store.imports());
    let first = bucket_of(from_number);
    let mut buckets: Vec<(i64,)> = client.read(&said.buckets, (job.0, first)).await?;
    buckets.sort_unstable();
    let from = i64::try_from(from_number).unwrap_or(i64::MAX);
    let mut found = Vec::new();
    for (bucket,) in buckets {
        let left = limit - found.len();
        if left == 0 {
            break;
        }
        let left = i32::try_from(left).unwrap_or(i32::MAX);
        let rows: Vec<Row> = client.read(&said.refused, (job.0, bucket, from, left)).await?;
        for (number, line, column, reason, text) in rows {
            found.push(RefusedRow { number: unsigned(number)?, line: unsigned(line)?, column, reason, text });
        }
    }
    Ok(found)
}

fn bucket_of(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX) / NUMBERS_A_BUCKET
}
