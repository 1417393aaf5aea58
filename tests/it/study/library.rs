//! Decks and cards that are put into a library directly.

use super::server::random_uuid;
use domain::access::Visibility;
use domain::deck::DeckSettings;
use domain::ids::{CardId, ClassId, DeckId, UserId};
use embedded::EmbeddedStore;
use ports::{CardRecord, ClassRecord, DeckRecord, Library, People, Role, SignIn};
use std::path::Path;

/// Puts a deck of this learner with so many cards into a library.
pub async fn put_deck(
    store: &(impl Library + People),
    owner: UserId,
    cards: usize,
    settings: DeckSettings,
    now_ms: i64,
) -> (DeckId, Vec<CardId>) {
    let id = DeckId(random_uuid());
    let who = SignIn { user: owner, org: None, role: Role::Learner, name: None };
    let record = deck_record(id, owner, settings, now_ms);
    let records: Vec<CardRecord> = (0..cards).map(|n| card_record(id, n, now_ms)).collect();
    let ids = records.iter().map(|card| card.id).collect();
    store.sign_in(who, now_ms).await.unwrap();
    store.put_deck(record, None, now_ms).await.unwrap();
    if !records.is_empty() {
        store.put_cards(id, records, None, now_ms).await.unwrap();
    }
    (id, ids)
}

pub fn open(folder: &Path) -> EmbeddedStore {
    EmbeddedStore::open(folder, embedded::Options::default()).unwrap()
}

/// Puts a deck that everybody may study into a library, whose cards have this many bytes each.
pub async fn put_public_deck(
    store: &(impl Library + People),
    owner: UserId,
    cards: usize,
    card_bytes: usize,
    now_ms: i64,
) -> DeckId {
    let (id, _) = put_deck(store, owner, 0, unlimited(), now_ms).await;
    let record = DeckRecord { visibility: Visibility::Public, ..deck_record(id, owner, unlimited(), now_ms) };
    store.put_deck(record, None, now_ms).await.unwrap();
    let big = |n| CardRecord { back: "x".repeat(card_bytes), ..card_record(id, n, now_ms) };
    store.put_cards(id, (0..cards).map(big).collect(), None, now_ms).await.unwrap();
    id
}

/// Settings under which a whole deck may be studied in a day, and nothing comes twice.
pub fn unlimited() -> DeckSettings {
    DeckSettings { new_per_day: 100_000, reviews_per_day: 100_000, ..DeckSettings::default() }
}

fn deck_record(id: DeckId, owner: UserId, settings: DeckSettings, now_ms: i64) -> DeckRecord {
    DeckRecord {
        id,
        org: None,
        owner,
        path: format!("Deck {id}"),
        title: "Deck".into(),
        description: String::new(),
        visibility: Visibility::Private,
        narrowed: Default::default(),
        editors: Vec::new(),
        tags: Vec::new(),
        settings,
        revision: 0,
        cards: 0,
        created_ms: now_ms,
        updated_ms: now_ms,
        deleted_ms: None,
    }
}

pub fn card_record(deck: DeckId, n: usize, now_ms: i64) -> CardRecord {
    CardRecord {
        id: CardId(random_uuid()),
        deck,
        position: 0,
        note: None,
        front: format!("front {n}"),
        back: format!("back {n}"),
        hint: None,
        explanation: None,
        tags: Vec::new(),
        accept: Vec::new(),
        source_key: format!("front {n}"),
        revision: 0,
        created_ms: now_ms,
        updated_ms: now_ms,
        deleted_ms: None,
    }
}

/// A class of this teacher, with these students and a deck.
pub fn class_record(
    id: ClassId,
    teacher: UserId,
    students: &[UserId],
    deck: DeckId,
    created_ms: i64,
) -> ClassRecord {
    ClassRecord {
        id,
        org: None,
        teacher,
        title: "7b".to_owned(),
        created_ms,
        deleted_ms: None,
        students: students.to_vec(),
        decks: vec![deck],
    }
}
