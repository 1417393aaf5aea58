//! What fills a store with decks as they are needs of this room.

pub(crate) use super::card::bucket_of;
pub(crate) use super::decks::{make, point_editors_to, point_to};
pub(crate) use super::head::{Head, STAMPS_PER_EDIT};
pub(crate) use super::write::put_places;

use crate::CqlStore;
use domain::ids::DeckId;
use ports::{CardRecord, StoreError};

/// Writes cards to their places.
pub(crate) async fn put_cards(
    store: &CqlStore,
    deck: DeckId,
    cards: &[&CardRecord],
    stamp: i64,
) -> Result<(), StoreError> {
    super::write::put_cards(store, deck, super::write::Into::Cards, cards, stamp).await
}
