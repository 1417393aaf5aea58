//! A deck with its cards, written as they are: the cards first, to places where nobody looks before the deck's row says
//! so, as in an edit ([`crate::library`]).

use super::fill::Filling;
use crate::decide::{Verdict, decide};
use crate::library::fill::{
    Head, STAMPS_PER_EDIT, bucket_of, make, point_editors_to, point_to, put_cards, put_places,
};
use ports::{CardRecord, DeckContent, DeckRecord, StoreError};

impl Filling {
    pub(super) async fn fill_deck(&self, (deck, cards): &DeckContent) -> Result<(), StoreError> {
        let store = &self.walk.store;
        let positions = cards.iter().map(|card| card.position + 1).max().unwrap_or(0);
        let known = Head::read_decided(store, deck.id).await?;
        // A copy that was begun before got as far as this deck's row: then all of its cards are there.
        if known.as_ref().is_some_and(|head| head.record == *deck && head.positions == positions) {
            return Ok(());
        }
        let least = known.as_ref().map_or(0, |head| head.stamp.saturating_add(STAMPS_PER_EDIT));
        let stamp = self.now_ms.saturating_mul(1_000).max(least);
        let all: Vec<&CardRecord> = cards.iter().collect();
        for some in all.chunks(ports::archive::PAGE) {
            tokio::try_join!(
                put_cards(store, deck.id, some, stamp),
                put_places(store, deck.id, some, stamp)
            )?;
        }
        if known.is_some() {
            self.drop_deck(deck).await?;
        }
        point_to(store, deck).await?;
        point_editors_to(store, deck, &deck.editors).await?;
        make(store, deck).await?;
        self.fill_row(deck, positions, stamp).await
    }

    /// A row of an earlier try of this copy, of a deck that was changed since.
    async fn drop_deck(&self, deck: &DeckRecord) -> Result<(), StoreError> {
        let (store, id) = (&self.walk.store, deck.id);
        decide(store.client(), &self.walk.statements.drop_deck, &(id.0,), || async move {
            let gone = Head::read_decided(store, id).await?.is_none();
            Ok(if gone { Verdict::Done } else { Verdict::Again })
        })
        .await
        .map(drop)
    }

    async fn fill_row(&self, deck: &DeckRecord, positions: u32, stamp: i64) -> Result<(), StoreError> {
        let (store, id) = (&self.walk.store, deck.id);
        let last = uuid::Uuid::new_v4();
        let revision = deck.revision.cast_signed();
        let buckets = positions.checked_sub(1).map_or(0, |last| bucket_of(last) as usize + 1);
        let values = (
            revision,
            deck.cards.cast_signed(),
            positions.cast_signed(),
            vec![revision; buckets],
            stamp,
            last,
            id.0,
        );
        decide(store.client(), &self.walk.statements.fill_deck, &values, || async move {
            let head = Head::read_decided(store, id).await?;
            let done = head.is_some_and(|head| head.last == last);
            Ok(if done { Verdict::Done } else { Verdict::Again })
        })
        .await
        .map(drop)
    }
}
