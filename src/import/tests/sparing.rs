//! An import holds neither the deck nor the cards that it stores.

use super::importing::{DECK, Shelf};
use crate::import::limits::CARDS_PER_PAGE;
use crate::import::{ImportOptions, import_deck};
use bytes::Bytes;
use domain::ids::{CardId, DeckId, Uuid};
use embedded::EmbeddedStore;
use ports::library::{CardSource, RequestDigest};
use ports::{Boxed, CardQuery, CardRecord, DeckContent, DeckQuery, DeckRecord, Library, LibraryError};

/// A library that gives no more than a page at once, and takes no more than a card.
struct Narrow {
    store: EmbeddedStore,
}

impl Library for Narrow {
    fn put_deck(
        &self,
        deck: DeckRecord,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        self.store.put_deck(deck, if_revision, now_ms)
    }

    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        Library::deck(&self.store, id)
    }

    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        self.store.decks(query)
    }

    fn put_cards(
        &self,
        _: DeckId,
        cards: Vec<CardRecord>,
        _: Option<u64>,
        _: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        panic!("{} cards at once", cards.len());
    }

    fn put_cards_from(
        &self,
        deck: DeckId,
        cards: CardSource,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<u64, LibraryError>> {
        self.store.put_cards_from(deck, cards, if_revision, now_ms)
    }

    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        self.store.note_request(key, asks, now_ms)
    }

    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        self.store.card(deck, card)
    }

    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        assert!(query.limit <= CARDS_PER_PAGE, "{query:?}");
        self.store.cards(deck, query)
    }

    fn content(&self, _: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        panic!("the whole deck at once");
    }
}

#[tokio::test]
async fn neither_the_deck_nor_what_is_stored_in_it_is_held_in_memory() {
    let shelf = Shelf::with_deck().await;
    let narrow = Narrow { store: shelf.store.clone() };
    let cards = 2 * CARDS_PER_PAGE + 7;
    let table = |back: &str| {
        let rows = (0..cards).map(|n| format!("front {n},{back}\n"));
        format!("front,back\n{}", rows.collect::<String>())
    };
    let import = async |file: String, now_ms: i64| {
        let pieces = futures_util::stream::iter([Ok::<_, String>(Bytes::from(file))]);
        let report = import_deck(&narrow, DECK, pieces, ImportOptions::default(), now_ms).await.unwrap();
        (report.added, report.updated, report.unchanged)
    };
    let all = cards as u64;
    assert_eq!(import(table("a"), 1).await, (all, 0, 0));
    assert_eq!(import(table("a"), 2).await, (0, 0, all));
    assert_eq!(import(table("b"), 3).await, (0, all, 0));
    let (record, stored) = shelf.content(DECK).await;
    assert_eq!(record.cards as usize, cards);
    let right = |(n, card): (usize, &CardRecord)| card.front == format!("front {n}") && card.back == "b";
    assert!(stored.iter().enumerate().all(right));
}
