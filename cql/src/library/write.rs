//! Rows of cards, written in batches of one partition each.

use super::card::{CardRow, bucket_of, row_of};
use crate::CqlStore;
use crate::client::batch;
use domain::ids::{DeckId, Uuid};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::{CardRecord, StoreError};
use scylla::serialize::row::SerializeRow;
use scylla::statement::batch::BatchType;
use scylla::statement::prepared::PreparedStatement;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of card text in one batch: servers refuse batches of 50 KiB.
const BATCH_BYTES_MAX: usize = 24 * 1024;
/// Rows in one batch.
const BATCH_ROWS_MAX: usize = 128;

/// Where a card's row goes.
#[derive(Clone, Copy)]
pub(super) enum Into {
    /// Its place in the deck.
    Cards,
    /// The edit of this number.
    Edit(i64),
}

/// Writes cards, all with one timestamp.
pub(super) async fn put_cards(
    store: &CqlStore,
    deck: DeckId,
    into: Into,
    cards: &[&CardRecord],
    stamp: i64,
) -> Result<(), StoreError> {
    let mut buckets: BTreeMap<u32, Vec<CardRow>> = BTreeMap::new();
    for card in cards {
        buckets.entry(bucket_of(card.position)).or_default().push(row_of(card)?);
    }
    let batches = buckets.into_iter().flat_map(|(bucket, rows)| {
        let size = |row: &CardRow| row.3.len() + 64;
        cut(rows, size).into_iter().map(move |rows| (bucket, rows))
    });
    let writes =
        batches.map(|(bucket, rows)| put_batch(store, deck, into, bucket.cast_signed(), rows, stamp));
    all(store, writes.collect()).await
}

/// Rows of one bucket that fit into one batch.
async fn put_batch(
    store: &CqlStore,
    deck: DeckId,
    into: Into,
    bucket: i32,
    rows: Vec<CardRow>,
    stamp: i64,
) -> Result<(), StoreError> {
    let statements = store.library();
    match into {
        Into::Cards => {
            let values = |(place, card, revision, body)| (deck.0, bucket, place, card, revision, body, stamp);
            together(store, &statements.put_card, rows.into_iter().map(values).collect()).await
        }
        Into::Edit(edit) => {
            let values =
                |(place, card, revision, body)| (deck.0, edit, bucket, place, card, revision, body, stamp);
            together(store, &statements.lay_card, rows.into_iter().map(values).collect()).await
        }
    }
}

/// Writes where cards lie.
pub(crate) async fn put_places(
    store: &CqlStore,
    deck: DeckId,
    cards: &[&CardRecord],
    stamp: i64,
) -> Result<(), StoreError> {
    type Place = (Uuid, Uuid, i32, i64);
    let rows: Vec<Place> =
        cards.iter().map(|card| (deck.0, card.id.0, card.position.cast_signed(), stamp)).collect();
    let batches = cut(rows, |_| size_of::<Place>()).into_iter();
    let writes = batches.map(|rows| together(store, &store.library().put_place, rows));
    all(store, writes.collect()).await
}

async fn all<F>(store: &CqlStore, writes: Vec<F>) -> Result<(), StoreError>
where
    F: Future<Output = Result<(), StoreError>>,
{
    stream::iter(writes).buffer_unordered(store.client().options().edit_writes_at_once).try_collect().await
}

/// One batch; what is alone goes alone, because a batch is refused that a single row may exceed.
async fn together<V>(
    store: &CqlStore,
    statement: &PreparedStatement,
    mut rows: Vec<V>,
) -> Result<(), StoreError>
where
    V: SerializeRow + Send + Sync + 'static,
{
    match (rows.len(), rows.pop()) {
        (1, Some(row)) => store.client().write(statement, row).await,
        (_, Some(row)) => {
            rows.push(row);
            let batch = batch(BatchType::Unlogged, vec![statement.clone(); rows.len()]);
            store.client().write_together(Arc::new(batch), rows).await
        }
        (_, None) => Ok(()),
    }
}

/// Cuts rows into batches.
fn cut<V>(rows: Vec<V>, size: impl Fn(&V) -> usize) -> Vec<Vec<V>> {
    let mut batches: Vec<Vec<V>> = Vec::new();
    let mut bytes = 0;
    for row in rows {
        bytes += size(&row);
        match batches.last_mut() {
            Some(last) if bytes <= BATCH_BYTES_MAX && last.len() < BATCH_ROWS_MAX => last.push(row),
            Some(_) | None => {
                bytes = size(&row);
                batches.push(vec![row]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_no_more_bytes_and_rows_than_they_may_and_lose_nothing() {
        let rows: Vec<usize> =
            (0..1_000).map(|n| if n % 100 == 7 { BATCH_BYTES_MAX * 2 } else { n }).collect();
        let batches = cut(rows.clone(), |row| *row);
        for batch in &batches {
            assert!(batch.len() == 1 || batch.iter().sum::<usize>() <= BATCH_BYTES_MAX);
            assert!(batch.len() <= BATCH_ROWS_MAX);
        }
        assert_eq!(batches.concat(), rows);
    }
}
