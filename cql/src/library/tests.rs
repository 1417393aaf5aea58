//! What a deck's readers see while its writers stall, die and come back.

mod answers;
mod deaths;
mod readers;

use crate::server::shared_store;
use crate::{CqlStore, Options};
use domain::ids::DeckId;
use kit::contract_library::{card_record, deck_record};
use kit::rows::START_MS;
use ports::{CardQuery, CardRecord, Library};

/// A store that takes over from a silent edit soon.
async fn store() -> Option<CqlStore> {
    shared_store(&Options { edit_silent_ms: 500, ..Options::default() }).await
}

/// A new deck with cards 0, 1, … that all say this.
async fn deck_of(store: &CqlStore, cards: u64, says: &str) -> DeckId {
    let id = DeckId(uuid::Uuid::new_v4());
    store.put_deck(ports::DeckRecord { id, ..deck_record(1, "A") }, None, START_MS).await.unwrap();
    store.put_cards(id, saying(0..cards, says), None, START_MS).await.unwrap();
    id
}

/// Cards of these numbers that all say the same.
fn saying(numbers: impl IntoIterator<Item = u64>, says: &str) -> Vec<CardRecord> {
    numbers.into_iter().map(|n| card_record(n, &format!("front {n}"), says)).collect()
}

/// What the cards of a deck say, by place; the three ways of reading them agree.
async fn said(store: &CqlStore, deck: DeckId) -> Vec<String> {
    let (record, cards) = store.content(deck).await.unwrap().unwrap();
    assert_eq!(record.cards as usize, cards.len());
    let all = CardQuery { from_position: 0, limit: 10_000, text: None, with_deleted: true };
    assert_eq!(store.cards(deck, all).await.unwrap(), cards);
    for card in cards.iter().step_by(cards.len() / 8 + 1) {
        assert_eq!(store.card(deck, card.id).await.unwrap().as_ref(), Some(card));
    }
    let places = cards.iter().map(|card| card.position);
    assert!(places.eq(0..u32::try_from(cards.len()).unwrap()), "places without a gap");
    cards.into_iter().map(|card| card.back).collect()
}
