//! The cache on a library that counts, and that can be held.

use super::*;
use domain::access::Visibility;
use domain::deck::DeckSettings;
use domain::ids::{CardId, UserId};
use kit::MemoryStore;
use kit::wait::{block_on, eventually};
use ports::Boxed;
use ports::library::{CardQuery, DeckContent, RequestDigest};
use std::sync::atomic::AtomicUsize;
use tokio::sync::watch;

/// A library whose reads of contents are counted, and wait while it is held.
#[derive(Clone)]
struct Held {
    store: MemoryStore,
    reads: Arc<AtomicUsize>,
    open: Arc<watch::Sender<bool>>,
}

impl Held {
    fn new() -> Held {
        Held { store: MemoryStore::new(), reads: Arc::default(), open: Arc::new(watch::Sender::new(true)) }
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Puts a deck with so many cards of so many bytes.
    async fn deck(&self, n: u128, cards: usize, bytes: usize) -> DeckId {
        let id = DeckId::from_u128(n);
        let owner = UserId::from_u128(1);
        let record = DeckRecord {
            id,
            org: None,
            owner,
            title: "A deck".to_owned(),
            path: format!("Deck {n}"),
            description: String::new(),
            tags: Vec::new(),
            visibility: Visibility::Private,
            narrowed: Default::default(),
            editors: Vec::new(),
            settings: DeckSettings::default(),
            revision: 0,
            cards: 0,
            created_ms: 0,
            updated_ms: 0,
            deleted_ms: None,
        };
        self.store.put_deck(record, None, 0).await.unwrap();
        let cards = (0..cards).map(|card| card_record(id, card, bytes)).collect();
        self.store.put_cards(id, cards, None, 0).await.unwrap();
        id
    }
}

fn card_record(deck: DeckId, n: usize, bytes: usize) -> CardRecord {
    CardRecord {
        id: CardId::from_u128(n as u128 + 1),
        deck,
        position: 0,
        note: None,
        front: format!("front {n}"),
        back: "x".repeat(bytes),
        hint: None,
        explanation: None,
        tags: Vec::new(),
        accept: Vec::new(),
        source_key: format!("front {n}"),
        revision: 0,
        created_ms: 0,
        updated_ms: 0,
        deleted_ms: None,
    }
}

impl Library for Held {
    fn put_deck(
        &self,
        deck: DeckRecord,
        at: Option<u64>,
        now: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        self.store.put_deck(deck, at, now)
    }
    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        self.store.deck(id)
    }
    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        self.store.decks(query)
    }
    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        at: Option<u64>,
        now: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        self.store.put_cards(deck, cards, at, now)
    }
    fn note_request(
        &self,
        key: domain::ids::Uuid,
        asks: RequestDigest,
        now: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        self.store.note_request(key, asks, now)
    }
    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        self.store.card(deck, card)
    }
    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        self.store.cards(deck, query)
    }
    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        Box::pin(async move {
            self.reads.fetch_add(1, Ordering::SeqCst);
            let mut open = self.open.subscribe();
            let _ = open.wait_for(|open| *open).await;
            self.store.content(deck).await
        })
    }
}

fn cache(library: &Held, bytes_max: u64) -> DeckCache {
    let encode: CardEncoder = |card| (Arc::from(card.back.as_str()), PlainTexts::default());
    DeckCache::new(Arc::new(library.clone()), encode, bytes_max, Arc::new(()))
}

/// Decks and bytes, counted to the end.
async fn held(cache: &DeckCache) -> DeckCacheStats {
    cache.cache.run_pending_tasks().await;
    cache.stats()
}

#[test]
fn a_school_that_asks_for_a_deck_at_once_costs_one_read() {
    block_on(async {
        let library = Held::new();
        let deck = library.deck(1, 3, 10).await;
        let cache = cache(&library, 1 << 20);
        library.open.send_replace(false);
        let pupils: Vec<_> = (0..500)
            .map(|_| {
                let cache = cache.clone();
                tokio::spawn(async move { cache.get_since(deck, 0).await.unwrap().unwrap().deck.revision })
            })
            .collect();
        eventually("somebody reads", || library.reads() == 1).await;
        library.open.send_replace(true);
        for pupil in pupils {
            assert!(pupil.await.unwrap() > 0);
        }
        assert_eq!(library.reads(), 1);
    });
}

#[test]
fn an_edit_that_all_hear_of_at_once_costs_one_read_more() {
    block_on(async {
        let library = Held::new();
        let deck = library.deck(1, 3, 10).await;
        let cache = cache(&library, 1 << 20);
        cache.get_since(deck, 0).await.unwrap();
        let (revision, _) = library.put_cards(deck, vec![card_record(deck, 9, 10)], None, 0).await.unwrap();
        let readers: Vec<_> = (0..100)
            .map(|_| {
                let cache = cache.clone();
                tokio::spawn(
                    async move { cache.get_since(deck, revision).await.unwrap().unwrap().deck.revision },
                )
            })
            .collect();
        for reader in readers {
            assert_eq!(reader.await.unwrap(), revision);
        }
        assert_eq!(library.reads(), 2);
        assert!(cache.outdated().await.unwrap().is_empty());
    });
}

#[test]
fn a_deck_is_held_while_it_is_read_and_as_long_as_it_is_in_memory() {
    block_on(async {
        let library = Held::new();
        let deck = library.deck(1, 3, 10).await;
        let cache = cache(&library, 1 << 20);
        assert!(!cache.is_held(deck), "nobody has ever asked for it");
        library.open.send_replace(false);
        let session = {
            let cache = cache.clone();
            tokio::spawn(async move { cache.get_since(deck, 0).await.unwrap().unwrap().deck })
        };
        eventually("somebody reads", || library.reads() == 1).await;
        assert!(cache.is_held(deck), "what comes of the read may be old");
        library.open.send_replace(true);
        let session = session.await.unwrap();
        cache.cache.invalidate(&deck).await;
        assert!(cache.is_held(deck), "it fell out of the cache, and a session has it");
        assert_eq!(session.id, deck);
    });
}

#[test]
fn decks_in_memory_are_bounded_by_bytes_and_those_that_fell_out_are_read_again() {
    block_on(async {
        let library = Held::new();
        let bytes_max = 100_000;
        let cache = cache(&library, bytes_max);
        for n in 1..=20 {
            let deck = library.deck(n, 10, 1_000).await;
            assert_eq!(cache.get_since(deck, 0).await.unwrap().unwrap().deck.cards().len(), 10);
            assert!(held(&cache).await.bytes <= bytes_max);
        }
        let stats = held(&cache).await;
        assert!(stats.decks < 20 && stats.decks > 2 && stats.bytes > 20_000, "{stats:?}");
        // One that is larger than the whole cache is read, and does not stay.
        let large = library.deck(100, 200, 1_000).await;
        assert!(cache.get_since(large, 0).await.unwrap().is_some());
        assert!(held(&cache).await.bytes <= bytes_max);
        for n in 1..=20 {
            assert!(cache.get_since(DeckId::from_u128(n), 0).await.unwrap().is_some());
        }
    });
}

#[test]
fn the_hottest_decks_are_those_that_were_looked_for_most_whatever_was_edited() {
    block_on(async {
        let library = Held::new();
        let cache = cache(&library, 1 << 20);
        for (n, times) in [(1, 2), (2, 9), (3, 5)] {
            let deck = library.deck(n, 1, 10).await;
            for _ in 0..times {
                cache.get_since(deck, 0).await.unwrap();
            }
        }
        let second = DeckId::from_u128(2);
        let (revision, _) =
            library.put_cards(second, vec![card_record(second, 9, 10)], None, 0).await.unwrap();
        cache.get_since(second, revision).await.unwrap();
        assert_eq!(cache.hot(2), [second, DeckId::from_u128(3)]);
        assert_eq!(cache.hot(10).len(), 3);
    });
}
