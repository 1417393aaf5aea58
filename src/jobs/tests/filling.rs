//! New decks are filled while their package is still being read: what comes of it is what would have come afterwards.

use super::*;
use ::anki::{
    Card, CardRow, Deck, Definitions, Due, Header, Kind, Note, Notetype, Place, Stage, Template, Writer,
};
use ports::{ImportsError, Notes as _};
use std::collections::BTreeMap;

/// A card is so long that a few hundred of them are handed over at once.
const BACK_BYTES: usize = 12_000;
/// More than are handed over at once.
const CARDS: i64 = 240;

fn definitions(css: &str) -> Definitions {
    let notetype = Notetype {
        id: 5,
        name: "Basic".to_owned(),
        kind: Kind::Standard,
        fields: vec!["Front".into(), "Back".into()],
        templates: vec![Template {
            name: "Card 1".into(),
            front: "{{Front}}".into(),
            back: "{{Back}}".into(),
        }],
        css: css.to_owned(),
        latex_head: String::new(),
        latex_tail: String::new(),
    };
    Definitions {
        header: Header {
            schema: 11,
            created_s: 1_600_000_000,
            rollover_hour: Some(4),
            creation_west_min: Some(0),
            local_west_min: Some(0),
            scheduler: 2,
            fsrs: false,
            learn_ahead_s: 1_200,
        },
        notetypes: BTreeMap::from([(5, notetype)]),
        decks: BTreeMap::from([(10, Deck::new(10, "First")), (11, Deck::new(11, "Second"))]),
        options: BTreeMap::new(),
    }
}

/// A package of a long deck and, behind it, a short one.
fn package() -> Vec<u8> {
    package_with("")
}

fn package_with(css: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.apkg");
    let mut writer = Writer::create(&path, folder.path(), &definitions(css)).unwrap();
    for n in 1..=CARDS {
        let card = Card {
            id: n,
            note: n,
            deck: if n > CARDS - 10 { 11 } else { 10 },
            is_borrowed: false,
            ord: 0,
            modified_s: 1_600_000_000,
            stage: Stage::New,
            place: if n % 50 == 0 { Place::Suspended } else { Place::Active },
            due: Due::Position(n),
            interval_days: 0,
            ease_permille: 0,
            answers: 0,
            lapses: 0,
            steps_left: 0,
            flag: 0,
            memory: None,
            has_custom_data: false,
            last_logged_ms: None,
        };
        let (guid, fields) = (format!("g{n}"), format!("front {n}\u{1f}{}", "b".repeat(BACK_BYTES)));
        let note =
            Note { id: n, guid: &guid, notetype: 5, modified_s: 1_600_000_000, tags: "", fields: &fields };
        writer.card(&CardRow { card, note }).unwrap();
    }
    writer.finish().unwrap();
    std::fs::read(path).unwrap()
}

/// All cards that are stored of a deck, those that were taken back too.
async fn stored(rig: &Rig, deck: DeckId) -> Vec<CardRecord> {
    let query = CardQuery { from_position: 0, limit: 100_000, text: None, with_deleted: true };
    rig.store.cards(deck, query).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_whose_decks_are_filled_as_it_is_read_comes_in_whole_and_goes_whole() {
    let rig = Rig::new();
    let done = rig.import(&package(), "x.apkg", &[], false).await;
    assert_eq!(done.phase, ImportPhase::Done, "{}", done.outcome);
    assert_eq!((count(&done, "added"), count(&done, "notes")), (CARDS as u64, CARDS as u64));
    let decks = rig.decks().await;
    let paths: Vec<&str> = decks.iter().map(|deck| deck.path.as_str()).collect();
    assert_eq!(paths, ["First", "Second"]);
    for (deck, cards) in decks.iter().zip([CARDS - 10, 10]) {
        let found = rig.cards(deck.id).await;
        assert_eq!((found.len() as i64, i64::from(deck.cards)), (cards, cards));
        assert!(found.windows(2).all(|pair| pair[0].position < pair[1].position));
        assert_eq!(rig.store.notes(deck.id, None, 1_000).await.unwrap().len() as i64, cards);
        assert!(found.iter().all(|card| card.note.is_some()));
    }
    // The same once more changes no card; then nothing is filled, all of it is compared.
    let again = rig.import(&package_with(".card {}"), "x.apkg", &[], false).await;
    assert_eq!((count(&again, "added"), count(&again, "unchanged")), (0, CARDS as u64));
    assert_eq!(rig.withdraw(done.job, false).await.phase, ImportPhase::Revoked);
    assert!(rig.decks().await.is_empty());
    for deck in decks {
        assert!(rig.cards(deck.id).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_handed_over_before_a_package_is_refused_is_taken_back() {
    let rig = Rig::new();
    // There is room for the first deck of it, and none for the second.
    for n in 1..crate::http::limits::DECKS_PER_PERSON_MAX {
        let (id, title) = (DeckId::from_u128(n as u128), n.to_string());
        let own = crate::import::offline::new_deck(id, rig.owner, None, &title, &title, 1);
        rig.store.put_deck(own, None, 1).await.unwrap();
    }
    let before = rig.decks().await.len();
    let failed = rig.import(&package(), "x.apkg", &[], false).await;
    assert_eq!(failed.phase, ImportPhase::Failed);
    assert_eq!(Outcome::of(&failed.outcome).failure.unwrap().code, "too_many_decks");
    assert_eq!(rig.decks().await.len(), before, "nobody sees a deck of it");
    let [first] = failed.decks[..] else { panic!("{:?}", failed.decks) };
    let left = stored(&rig, first).await;
    assert!(!left.is_empty(), "some had been handed over");
    assert!(left.iter().all(|card| card.deleted_ms.is_some()), "and are taken back");
    // A broken package may have said of its decks what is not so.
    let told = rig.store.deck(first).await.unwrap().unwrap();
    let mut other = DeckRecord { title: "Other".to_owned(), ..told.clone() };
    other.settings.desired_retention_permille = 777;
    rig.store.put_deck(other, None, 2).await.unwrap();
    // With room it comes in as if nothing had been.
    for n in 1..3 {
        let own = rig.store.deck(DeckId::from_u128(n)).await.unwrap().unwrap();
        rig.store.put_deck(DeckRecord { deleted_ms: Some(2), ..own }, None, 2).await.unwrap();
    }
    let done = rig.import(&package(), "x.apkg", &[], false).await;
    assert_eq!((done.phase, count(&done, "added")), (ImportPhase::Done, CARDS as u64), "{}", done.outcome);
    assert_eq!(rig.cards(first).await.len() as i64, CARDS - 10);
    let shown = rig.store.deck(first).await.unwrap().unwrap();
    assert_eq!((shown.title, shown.settings), (told.title, told.settings));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_stopped_while_it_fills_decks_goes_on_to_the_same_end() {
    let undisturbed = Rig::new();
    undisturbed.import(&package(), "x.apkg", &[], false).await;
    let mut rig = Rig::new();
    let (record, _) = rig.offer(&package(), "x.apkg", &[], false).await;
    let until = Instant::now() + PATIENCE;
    loop {
        let seen: Result<_, ImportsError> = rig.store.import(record.job).await;
        if seen.unwrap().unwrap().phase != ImportPhase::Waiting && !stored_any(&rig, &record).await.is_empty()
        {
            break;
        }
        assert!(Instant::now() < until, "no card was ever stored");
        tokio::task::yield_now().await;
    }
    rig.restart().await;
    let done = rig.ended(record.job).await;
    assert_eq!((done.phase, count(&done, "added")), (ImportPhase::Done, CARDS as u64), "{}", done.outcome);
    assert!(rig.all().await.0 == undisturbed.all().await.0, "the same decks and cards, in the same order");
    assert_eq!(rig.withdraw(record.job, false).await.phase, ImportPhase::Revoked);
    assert!(rig.decks().await.is_empty());
}

/// Cards in decks that the job has planned so far.
async fn stored_any(rig: &Rig, record: &ImportRecord) -> Vec<CardRecord> {
    let planned = rig.store.import(record.job).await.unwrap().unwrap().decks;
    match planned.first() {
        Some(deck) => stored(rig, *deck).await,
        None => Vec::new(),
    }
}
