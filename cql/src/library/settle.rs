//! Moves the rows of a committed edit into `cards`. Anybody may, at any time, twice or at once with others: the rows
//! and their timestamp are always the same, and lose to every later edit.

use super::card::PLACES_PER_BUCKET;
use super::edit::drop_laid;
use super::head::{Head, Laid, STAMPS_PER_EDIT};
use super::read::laid;
use super::steps::{Step, reached};
use super::write::{Into, put_cards};
use crate::CqlStore;
use crate::decide::{Verdict, decide};
use domain::ids::DeckId;
use ports::{CardRecord, StoreError};

/// Places whose rows are in memory at once.
const PLACES_AT_ONCE: u32 = 512;

/// First all rows to their places, then the word that they are there, and last away with them where they waited.
pub(super) async fn settle(store: &CqlStore, deck: DeckId, left: &Laid) -> Result<(), StoreError> {
    let stamp = left.edit + STAMPS_PER_EDIT - 1;
    for bucket in &left.buckets {
        let first = bucket * PLACES_PER_BUCKET;
        for from in (first..first + PLACES_PER_BUCKET).step_by(PLACES_AT_ONCE as usize) {
            let rows = laid(store, deck, left.edit, *bucket, (from, from + PLACES_AT_ONCE)).await?;
            let rows: Vec<&CardRecord> = rows.values().collect();
            put_cards(store, deck, Into::Cards, &rows, stamp).await?;
        }
        reached(deck, Step::Moved).await;
    }
    let nothing: Vec<i32> = vec![];
    let values = (0_i64, nothing, deck.0, left.edit);
    decide(store.client(), &store.library().settle_edit, &values, || async move {
        let now = Head::read_decided(store, deck).await?.and_then(|head| head.laid);
        Ok(if now.is_some_and(|now| now.edit == left.edit) { Verdict::Again } else { Verdict::Done })
    })
    .await?;
    reached(deck, Step::Settled).await;
    drop_laid(store, deck, left.edit, &left.buckets.iter().copied().collect()).await
}
