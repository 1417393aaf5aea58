//! Readers beside writers that never stop.

use super::{deck_of, saying, store};
use futures_util::future::join_all;
use kit::rows::START_MS;
use kit::wait::block_on;
use ports::{CardQuery, Library};
use std::sync::atomic::{AtomicBool, Ordering};

/// Cards over two buckets, of which each edit changes all that are read here and adds one.
#[test]
fn a_deck_that_is_edited_all_the_time_is_read_as_of_one_revision() {
    const CARDS: [u64; 4] = [0, 1, 4_095, 4_096];
    const EDITS: u64 = 12;
    block_on(async {
        let Some(store) = store().await else { return };
        let deck = deck_of(&store, 4_097, "0").await;
        let first = store.deck(deck).await.unwrap().unwrap().revision;
        let done = AtomicBool::new(false);
        let writer = async {
            for n in 1..=EDITS {
                let cards = saying(CARDS.into_iter().chain([10_000 + n]), &n.to_string());
                store.put_cards(deck, cards, None, START_MS).await.unwrap();
            }
            done.store(true, Ordering::Release);
        };
        let reader = async {
            let mut seen = 0;
            while !done.load(Ordering::Acquire) {
                let (record, cards) = store.content(deck).await.unwrap().unwrap();
                let edits = record.revision - first;
                assert_eq!(cards.len() as u64, 4_097 + edits);
                for n in CARDS {
                    let card = &cards[usize::try_from(n).unwrap()];
                    assert_eq!(card.back, edits.to_string(), "card {n} of revision {}", record.revision);
                }
                assert!(edits >= seen, "no reader goes back");
                seen = edits;
            }
        };
        let pages = async {
            while !done.load(Ordering::Acquire) {
                let query = CardQuery { from_position: 4_095, limit: 50, text: None, with_deleted: false };
                let page = store.cards(deck, query).await.unwrap();
                assert_eq!(page[0].back, page[1].back, "two buckets, one revision");
                let added = page.len() as u64 - 2;
                assert_eq!(page[0].back, added.to_string());
            }
        };
        tokio::join!(writer, reader, pages);
        assert_eq!(store.deck(deck).await.unwrap().unwrap().revision, first + EDITS);
    });
}

#[test]
fn the_same_card_twice_in_one_edit_is_changed_twice() {
    block_on(async {
        let Some(store) = store().await else { return };
        let deck = deck_of(&store, 1, "0").await;
        // More than one stretch of cards lies between them, and known and new ones are changed.
        let numbers = [0, 1].into_iter().chain(10..700).chain([0, 1, 10]);
        // Of two writes with one timestamp the larger text would win.
        let text = |n: usize| if n < 692 { "z once" } else { "a twice" };
        let cards: Vec<_> = numbers.enumerate().flat_map(|(n, card)| saying([card], text(n))).collect();
        store.put_cards(deck, cards, None, START_MS).await.unwrap();
        let (record, cards) = store.content(deck).await.unwrap().unwrap();
        assert_eq!((record.cards, cards.len()), (692, 692));
        let told: Vec<_> = cards[..4].iter().map(|card| (card.back.as_str(), card.revision)).collect();
        assert_eq!(told, [("a twice", 3), ("a twice", 2), ("a twice", 2), ("z once", 1)]);
    });
}

#[test]
fn of_many_writers_with_one_revision_one_is_stored() {
    block_on(async {
        let Some(store) = store().await else { return };
        let deck = deck_of(&store, 2, "0").await;
        let record = store.deck(deck).await.unwrap().unwrap();
        let based_on = Some(record.revision);
        let cards = (1..=4).map(|n: u64| {
            let store = &store;
            async move {
                let cards = saying([0, 1, 10 * n], &n.to_string());
                store.put_cards(deck, cards, based_on, START_MS).await.map(|_| n.to_string())
            }
        });
        let records = (5..=8).map(|n: u64| {
            let (store, title) = (&store, n.to_string());
            let record = ports::DeckRecord { title: title.clone(), ..record.clone() };
            async move { store.put_deck(record, based_on, START_MS).await.map(|_| title) }
        });
        let (cards, records) = tokio::join!(join_all(cards), join_all(records));
        let won: Vec<String> =
            cards.iter().chain(&records).filter_map(|outcome| outcome.clone().ok()).collect();
        let lost = cards.iter().chain(&records).filter(|o| **o == Err(ports::LibraryError::Changed)).count();
        assert_eq!((won.len(), lost), (1, 7), "{cards:?} {records:?}");
        let (after, content) = store.content(deck).await.unwrap().unwrap();
        assert_eq!(after.revision, record.revision + 1);
        let said: Vec<&str> = content.iter().map(|card| card.back.as_str()).collect();
        if after.title == won[0] {
            assert_eq!(said, ["0", "0"]);
        } else {
            assert_eq!(said, [won[0].as_str(); 3]);
        }
    });
}

#[test]
fn writers_without_a_revision_wait_for_each_other_and_all_are_stored() {
    block_on(async {
        // On a busy machine nobody is to be taken for dead.
        let Some(store) = crate::server::shared_store(&crate::Options::default()).await else { return };
        let deck = deck_of(&store, 1, "0").await;
        let before = store.deck(deck).await.unwrap().unwrap();
        let cards =
            (1..=6).map(|n: u64| store.put_cards(deck, saying([0, n], "x"), None, START_MS + n as i64));
        let moves = (1..=6).map(|n: u64| {
            let path = format!("B{}", n % 3);
            store.put_deck(ports::DeckRecord { path, ..before.clone() }, None, START_MS)
        });
        let (cards, moves) = tokio::join!(join_all(cards), join_all(moves));
        let mut revisions: Vec<u64> = moves.into_iter().map(|moved| moved.unwrap().revision).collect();
        revisions.extend(cards.into_iter().map(|put| put.unwrap().0));
        revisions.sort_unstable();
        assert!(revisions.into_iter().eq(before.revision + 1..=before.revision + 12), "each has its own");
        let (after, content) = store.content(deck).await.unwrap().unwrap();
        assert_eq!((after.revision, after.cards, content.len()), (before.revision + 12, 7, 7));
        // Wherever it lies at last, it is listed there and nowhere else.
        for n in 0..3 {
            let path = format!("B{n}");
            let query = ports::DeckQuery {
                owner: Some(after.owner),
                below_path: Some(path.clone()),
                ..ports::DeckQuery::default()
            };
            let listed = store.decks(query).await.unwrap().iter().any(|record| record.id == deck);
            assert_eq!(listed, path == after.path);
        }
    });
}

#[test]
fn of_many_who_use_one_key_at_once_all_hear_of_the_same_request() {
    block_on(async {
        let Some(store) = store().await else { return };
        let key = uuid::Uuid::new_v4();
        let notes = (1..=8).map(|n: u8| store.note_request(key, [n; 32], START_MS));
        let heard: Vec<_> = join_all(notes).await.into_iter().map(Result::unwrap).collect();
        assert!(heard.iter().all(|first| *first == heard[0]), "{heard:?}");
    });
}

#[test]
fn a_deck_that_moved_is_listed_where_it_lies_and_left_no_trace() {
    block_on(async {
        let Some(store) = store().await else { return };
        let deck = deck_of(&store, 0, "").await;
        let record = store.deck(deck).await.unwrap().unwrap();
        for path in ["B", "A", "C", "B"] {
            let moved = ports::DeckRecord { path: path.to_owned(), ..record.clone() };
            store.put_deck(moved, None, START_MS).await.unwrap();
            for other in ["A", "B", "C"] {
                let values = (record.owner.0, other, format!("{other}:"));
                let statement = &store.library().pointed_to;
                let rows = store.client().read::<(domain::ids::Uuid,)>(statement, values).await.unwrap();
                assert_eq!(rows.contains(&(deck.0,)), other == path);
            }
        }
    });
}
