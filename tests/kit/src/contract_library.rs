//! What every store of decks and cards has to keep.

#![allow(missing_docs, reason = "the name of a function is the promise")]

mod decks;

pub use decks::*;

use crate::rows::{START_MS, card, deck, user};
use domain::access::Visibility;
use domain::check::{Case, CheckSettings};
use domain::deck::{DeckSettings, NewMix};
use domain::entry::Mode;
use domain::ids::{CardId, DeckId, NoteId, OrgId, Uuid};
use ports::library::REQUEST_KEPT_MS;
use ports::{CardQuery, CardRecord, CardSearch, DeckQuery, DeckRecord, Library, LibraryError};
use std::collections::BTreeSet;

/// Makes a test of each promise about decks and cards: see [`store_contract!`](crate::store_contract).
#[macro_export]
macro_rules! library_contract {
    ($make:expr) => {
        $crate::contract!($make; $crate::contract_library;
            a_deck_is_read_as_it_was_stored,
            a_deck_changes_only_from_the_revision_it_was_read_at,
            decks_are_found_by_owner_by_id_and_by_path,
            decks_are_found_by_those_who_edit_them_now,
            cards_of_several_decks_are_found_by_their_words,
            cards_keep_the_order_of_adding,
            a_changed_card_keeps_its_place,
            the_same_cards_again_change_nothing,
            a_refused_change_of_cards_leaves_nothing_behind,
            cards_that_are_asked_for_one_by_one_are_stored_in_one_revision,
            many_cards_whose_ids_have_no_order_are_found_changed_and_followed_by_others,
            a_deleted_card_is_counted_no_longer_and_kept,
            cards_are_read_in_pages,
            cards_are_found_by_text_whatever_its_case,
            a_deck_and_its_cards_are_of_one_revision,
            what_a_key_asked_for_first_is_known_for_its_time,
        );
    };
}

/// A deck of learner 1.
pub fn deck_record(n: u64, path: &str) -> DeckRecord {
    DeckRecord {
        id: deck(n),
        org: None,
        owner: user(1),
        path: path.to_owned(),
        title: path.rsplit("::").next().unwrap_or_default().to_owned(),
        description: String::new(),
        visibility: Visibility::Private,
        narrowed: Default::default(),
        editors: Vec::new(),
        tags: vec![],
        settings: DeckSettings::default(),
        revision: 0,
        cards: 0,
        created_ms: START_MS,
        updated_ms: START_MS,
        deleted_ms: None,
    }
}

/// A card of deck 1.
pub fn card_record(n: u64, front: &str, back: &str) -> CardRecord {
    CardRecord {
        id: card(n),
        deck: deck(1),
        position: 0,
        note: None,
        front: front.to_owned(),
        back: back.to_owned(),
        hint: None,
        explanation: None,
        tags: vec![],
        accept: Vec::new(),
        source_key: front.to_owned(),
        revision: 0,
        created_ms: START_MS,
        updated_ms: START_MS,
        deleted_ms: None,
    }
}

async fn put(store: &impl Library, cards: Vec<CardRecord>) -> Vec<CardRecord> {
    store.put_cards(deck(1), cards, None, START_MS + 9).await.unwrap().1
}

async fn with_deck(store: &impl Library) {
    store.put_deck(deck_record(1, "Biology"), None, START_MS).await.unwrap();
}

fn page(from_position: u32, limit: usize) -> CardQuery {
    CardQuery { from_position, limit, text: None, with_deleted: false }
}

async fn fronts(store: &impl Library, query: CardQuery) -> Vec<String> {
    store.cards(deck(1), query).await.unwrap().into_iter().map(|card| card.front).collect()
}

pub async fn cards_keep_the_order_of_adding(store: &impl Library) {
    with_deck(store).await;
    let cards = |of: &[u64]| of.iter().map(|n| card_record(*n, &n.to_string(), "")).collect::<Vec<_>>();
    let first = put(store, cards(&[5, 3])).await;
    assert_eq!(first.iter().map(|c| (c.id, c.position)).collect::<Vec<_>>(), [(card(5), 0), (card(3), 1)]);
    // Known and unknown ones together, answered in the order given.
    let second = put(store, cards(&[9, 3, 1])).await;
    let places: Vec<_> = second.iter().map(|c| (c.id, c.position)).collect();
    assert_eq!(places, [(card(9), 2), (card(3), 1), (card(1), 3)]);
    assert_eq!(fronts(store, page(0, 100)).await, ["5", "3", "9", "1"]);
    assert_eq!(store.deck(deck(1)).await.unwrap().map(|deck| deck.cards), Some(4));
}

pub async fn a_changed_card_keeps_its_place(store: &impl Library) {
    with_deck(store).await;
    let stored = put(store, vec![card_record(1, "a", "x"), card_record(2, "b", "y")]).await;
    let changed = CardRecord {
        back: "z".to_owned(),
        hint: Some("h".to_owned()),
        explanation: Some("e".to_owned()),
        note: Some(NoteId::from_u128(4)),
        tags: vec!["t".to_owned()],
        accept: vec!["zed".to_owned(), "a \"quoted\" one; 日本".to_owned()],
        position: 77,
        created_ms: 1,
        ..stored[0].clone()
    };
    let (_, now) = store.put_cards(deck(1), vec![changed.clone()], None, START_MS + 50).await.unwrap();
    let expected = CardRecord {
        position: 0,
        created_ms: START_MS,
        revision: stored[0].revision + 1,
        updated_ms: START_MS + 50,
        ..changed
    };
    assert_eq!(store.card(deck(1), card(1)).await.unwrap().as_ref(), Some(&expected));
    assert_eq!(now, [expected]);
    assert_eq!(store.card(deck(1), card(2)).await.unwrap(), Some(stored[1].clone()));
    assert_eq!(store.card(deck(1), card(3)).await.unwrap(), None);
    assert_eq!(store.card(deck(2), card(1)).await.unwrap(), None);
}

pub async fn the_same_cards_again_change_nothing(store: &impl Library) {
    with_deck(store).await;
    let cards = vec![card_record(1, "a", "x"), card_record(2, "b", "y")];
    let first = store.put_cards(deck(1), cards.clone(), None, START_MS + 1).await.unwrap();
    let again = store.put_cards(deck(1), cards, None, START_MS + 2).await.unwrap();
    assert_eq!(first, again);
}

pub async fn a_refused_change_of_cards_leaves_nothing_behind(store: &impl Library) {
    let none = store.put_cards(deck(1), vec![card_record(1, "a", "x")], None, START_MS).await;
    assert_eq!(none, Err(LibraryError::NoSuchDeck));
    with_deck(store).await;
    let revision = store.deck(deck(1)).await.unwrap().map_or(0, |deck| deck.revision);
    let cards = vec![card_record(1, "a", "x")];
    let refused = store.put_cards(deck(1), cards.clone(), Some(revision + 1), START_MS).await;
    assert_eq!(refused, Err(LibraryError::Changed));
    assert!(fronts(store, page(0, 10)).await.is_empty());
    let (now, _) = store.put_cards(deck(1), cards, Some(revision), START_MS).await.unwrap();
    assert!(now > revision);
    assert_eq!(store.deck(deck(1)).await.unwrap().map(|deck| deck.revision), Some(now));
}

pub async fn cards_that_are_asked_for_one_by_one_are_stored_in_one_revision(store: &impl Library) {
    let many = || Box::new((1..=300).map(|n| card_record(n, &format!("front {n}"), "x")));
    let none = store.put_cards_from(deck(1), many(), None, START_MS).await;
    assert_eq!(none, Err(LibraryError::NoSuchDeck));
    with_deck(store).await;
    let before = store.deck(deck(1)).await.unwrap().map_or(0, |deck| deck.revision);
    let refused = store.put_cards_from(deck(1), many(), Some(before + 1), START_MS).await;
    assert_eq!(refused, Err(LibraryError::Changed));
    let stored = store.put_cards_from(deck(1), many(), Some(before), START_MS).await.unwrap();
    let record = store.deck(deck(1)).await.unwrap().unwrap();
    assert_eq!((stored, record.revision, record.cards), (before + 1, before + 1, 300));
    let order: Vec<String> = (1..=300).map(|n| format!("front {n}")).collect();
    assert_eq!(fronts(store, page(0, 1_000)).await, order);
    assert_eq!(store.put_cards_from(deck(1), many(), Some(stored), START_MS + 1).await, Ok(stored));
}

/// A card whose id has no order.
fn scattered(n: u64, front: &str) -> CardRecord {
    let id = u128::from(n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    CardRecord { id: CardId::from_u128(id), ..card_record(n, front, "x") }
}

pub async fn many_cards_whose_ids_have_no_order_are_found_changed_and_followed_by_others(
    store: &impl Library,
) {
    with_deck(store).await;
    put(store, (0..3).map(|n| scattered(n, &format!("front {n}"))).collect()).await;
    // Each of these comes with those before it, which are known in all ways there are, and one of which is changed.
    let many = |from: u64, to: u64, changed: u64| {
        let front = move |n| if n == changed { format!("changed {n}") } else { format!("front {n}") };
        Box::new((from..to).chain([to - 1]).map(move |n| scattered(n, &front(n))))
    };
    let mut expected: Vec<String> = (0..2_900).map(|n| format!("front {n}")).collect();
    for (from, to, changed) in [(0, 1_400, 2), (300, 2_800, 1_000), (2_700, 2_900, 2_750)] {
        store.put_cards_from(deck(1), many(from, to, changed), None, START_MS + 1).await.unwrap();
        let at = usize::try_from(changed).unwrap();
        expected[at] = format!("changed {changed}");
    }
    assert_eq!(fronts(store, page(0, 10_000)).await, expected);
    for n in [0, 2, 3, 1_000, 1_399, 1_400, 2_799, 2_899] {
        let known = store.card(deck(1), scattered(n, "").id).await.unwrap().unwrap();
        assert_eq!((known.position, known.created_ms), (u32::try_from(n).unwrap(), START_MS), "{n}");
        assert_eq!(known.front, expected[usize::try_from(n).unwrap()]);
        assert_eq!(
            known.revision,
            if expected[usize::try_from(n).unwrap()].starts_with('c') { 2 } else { 1 }
        );
    }
    assert_eq!(store.card(deck(1), scattered(2_900, "").id).await.unwrap(), None);
    // One alone, changed and taken away, and one behind all of them.
    let gone = CardRecord { deleted_ms: Some(START_MS), ..scattered(1_200, "front 1200") };
    put(store, vec![gone, scattered(2_900, "last")]).await;
    let last = store.card(deck(1), scattered(2_900, "").id).await.unwrap().unwrap();
    assert_eq!(last.position, 2_900);
    let (record, cards) = store.content(deck(1)).await.unwrap().unwrap();
    assert_eq!((record.cards, cards.len()), (2_900, 2_901));
    let ids: BTreeSet<CardId> = cards.iter().map(|card| card.id).collect();
    assert_eq!(ids.len(), cards.len(), "no card is there twice");
}

pub async fn a_deleted_card_is_counted_no_longer_and_kept(store: &impl Library) {
    with_deck(store).await;
    let stored = put(store, vec![card_record(1, "a", "x"), card_record(2, "b", "y")]).await;
    let gone = CardRecord { deleted_ms: Some(START_MS + 3), ..stored[0].clone() };
    put(store, vec![gone]).await;
    assert_eq!(fronts(store, page(0, 10)).await, ["b"]);
    let all = CardQuery { with_deleted: true, ..page(0, 10) };
    assert_eq!(fronts(store, all).await, ["a", "b"]);
    let (record, cards) = store.content(deck(1)).await.unwrap().unwrap();
    assert_eq!((record.cards, cards.len()), (1, 2));
    assert_eq!(store.card(deck(1), card(1)).await.unwrap().and_then(|c| c.deleted_ms), Some(START_MS + 3));
    put(store, vec![card_record(3, "c", "z")]).await;
    assert_eq!(store.card(deck(1), card(3)).await.unwrap().map(|card| card.position), Some(2));
    put(store, vec![CardRecord { deleted_ms: None, ..stored[0].clone() }]).await;
    assert_eq!(store.deck(deck(1)).await.unwrap().map(|deck| deck.cards), Some(3));
}

pub async fn cards_are_read_in_pages(store: &impl Library) {
    with_deck(store).await;
    put(store, (0..10).map(|n| card_record(n, &n.to_string(), "")).collect()).await;
    assert_eq!(fronts(store, page(0, 3)).await, ["0", "1", "2"]);
    assert_eq!(fronts(store, page(8, 3)).await, ["8", "9"]);
    assert!(fronts(store, page(10, 3)).await.is_empty());
    assert!(fronts(store, page(0, 0)).await.is_empty());
}

pub async fn cards_are_found_by_text_whatever_its_case(store: &impl Library) {
    with_deck(store).await;
    let tagged = CardRecord { tags: vec!["Straße 100%".to_owned()], ..card_record(3, "c", "") };
    put(store, vec![card_record(1, "Äpfel", "apples"), card_record(2, "b", "ÉCOLE_x"), tagged]).await;
    let with =
        async |text: &str| fronts(store, CardQuery { text: Some(text.to_owned()), ..page(0, 10) }).await;
    assert_eq!(with("äPF").await, ["Äpfel"]);
    assert_eq!(with("école_").await, ["b"]);
    assert_eq!(with("100%").await, ["c"]);
    assert!(with("%").await == ["c"] && with("_").await == ["b"]);
    assert!(with("absent").await.is_empty());
}

pub async fn a_deck_and_its_cards_are_of_one_revision(store: &impl Library) {
    assert_eq!(store.content(deck(1)).await.unwrap(), None);
    with_deck(store).await;
    let (revision, cards) = store
        .put_cards(deck(1), vec![card_record(2, "b", ""), card_record(1, "a", "")], None, 5)
        .await
        .unwrap();
    let (record, content) = store.content(deck(1)).await.unwrap().unwrap();
    assert_eq!((record.revision, record.updated_ms), (revision, 5));
    assert_eq!(content, cards);
}

pub async fn what_a_key_asked_for_first_is_known_for_its_time(store: &impl Library) {
    let key = Uuid::from_u128;
    let note = async |n, asks, ms| store.note_request(key(n), [asks; 32], START_MS + ms).await.unwrap();
    assert_eq!(note(1, 7, 0).await, [7; 32]);
    assert_eq!(note(1, 8, 1).await, [7; 32]);
    assert_eq!(note(2, 8, 2).await, [8; 32]);
    assert_eq!(note(1, 9, REQUEST_KEPT_MS).await, [7; 32]);
    assert_eq!(note(1, 9, REQUEST_KEPT_MS + 1).await, [9; 32]);
}
