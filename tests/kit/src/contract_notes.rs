//! What every store of notes has to keep.

#![allow(missing_docs, reason = "the name of a function is the promise")]

use crate::rows::{START_MS, deck};
use domain::ids::{NoteId, NoteTypeId};
use ports::{NoteKind, NoteRecord, NoteTemplate, NoteTypeRecord, Notes};
use std::collections::BTreeSet;

/// Makes a test of each promise about notes: see [`store_contract!`](crate::store_contract).
#[macro_export]
macro_rules! notes_contract {
    ($make:expr) => {
        $crate::contract!($make; $crate::contract_notes;
            a_note_type_is_read_as_it_was_stored,
            a_note_is_read_as_it_was_stored,
            what_is_stored_again_replaces_what_was,
            notes_are_read_in_pages,
            notes_are_read_by_their_ids_however_many,
            decks_do_not_see_each_others_notes,
        );
    };
}

/// The n-th note's id.
pub fn note_id(n: u64) -> NoteId {
    NoteId::from_u128(0x0190_0000_0000_7000_8400_0000_0000_0000 + u128::from(n))
}

/// The n-th note type's id.
pub fn note_type_id(n: u64) -> NoteTypeId {
    NoteTypeId::from_u128(0x0190_0000_0000_7000_8500_0000_0000_0000 + u128::from(n))
}

/// A note type of deck 1.
pub fn note_type(n: u64, kind: NoteKind) -> NoteTypeRecord {
    let template = |name: &str| NoteTemplate {
        name: name.to_owned(),
        question: "{{Front}}".to_owned(),
        answer: "{{FrontSide}}<hr id=answer>{{Back}}".to_owned(),
    };
    NoteTypeRecord {
        id: note_type_id(n),
        deck: deck(1),
        name: format!("Basic “{n}”"),
        fields: vec!["Front".to_owned(), "Back; 裏".to_owned()],
        templates: vec![template("Card 1"), template("Card 2")],
        css: ".card { color: 'red' }\n".to_owned(),
        kind,
        extra: r#"{"latex":"\\documentclass"}"#.to_owned(),
    }
}

/// A note of deck 1.
pub fn note(n: u64) -> NoteRecord {
    NoteRecord {
        id: note_id(n),
        deck: deck(1),
        note_type: note_type_id(1),
        guid: format!("Lx{n}&;\""),
        fields: vec![format!("front {n}"), "<b>naïve</b>\u{1f}日本".to_owned(), String::new()],
        tags: vec!["one".to_owned(), "two words".to_owned()],
        extra: "{}".to_owned(),
        updated_ms: START_MS + n as i64,
    }
}

pub async fn a_note_type_is_read_as_it_was_stored(store: &impl Notes) {
    assert!(store.note_types(deck(1)).await.unwrap().is_empty());
    let types = [note_type(2, NoteKind::Cloze), note_type(1, NoteKind::Standard)];
    store.put_note_types(deck(1), types.to_vec()).await.unwrap();
    store.put_note_types(deck(1), vec![]).await.unwrap();
    let [two, one] = types;
    assert_eq!(store.note_types(deck(1)).await.unwrap(), [one, two]);
}

pub async fn a_note_is_read_as_it_was_stored(store: &impl Notes) {
    assert_eq!(store.note(deck(1), note_id(1)).await, Ok(None));
    let bare = NoteRecord { fields: vec![], tags: vec![], ..note(2) };
    store.put_notes(deck(1), vec![note(1), bare.clone()]).await.unwrap();
    store.put_notes(deck(1), vec![]).await.unwrap();
    assert_eq!(store.note(deck(1), note_id(1)).await, Ok(Some(note(1))));
    assert_eq!(store.note(deck(1), note_id(2)).await, Ok(Some(bare)));
}

pub async fn what_is_stored_again_replaces_what_was(store: &impl Notes) {
    store.put_note_types(deck(1), vec![note_type(1, NoteKind::Standard)]).await.unwrap();
    store.put_notes(deck(1), vec![note(1), note(2)]).await.unwrap();
    let of = NoteTypeRecord { css: String::new(), fields: vec![], ..note_type(1, NoteKind::Cloze) };
    let changed = NoteRecord { note_type: note_type_id(7), guid: "other".to_owned(), ..note(1) };
    store.put_note_types(deck(1), vec![of.clone()]).await.unwrap();
    store.put_notes(deck(1), vec![changed.clone()]).await.unwrap();
    assert_eq!(store.note_types(deck(1)).await.unwrap(), [of]);
    assert_eq!(store.notes(deck(1), None, 9).await.unwrap(), [changed, note(2)]);
}

pub async fn notes_are_read_in_pages(store: &impl Notes) {
    store.put_notes(deck(1), (0..300).rev().map(note).collect()).await.unwrap();
    let read =
        async |after: Option<u64>, limit| store.notes(deck(1), after.map(note_id), limit).await.unwrap();
    assert_eq!(read(None, 2).await, [0, 1].map(note));
    assert_eq!(read(Some(1), 2).await, [2, 3].map(note));
    assert_eq!(read(Some(9), 1_000).await, (10..300).map(note).collect::<Vec<_>>());
    assert!(read(Some(299), 2).await.is_empty());
}

pub async fn notes_are_read_by_their_ids_however_many(store: &impl Notes) {
    // Some come one by one, and many together.
    for n in 0..3 {
        store.put_notes(deck(1), vec![note(n)]).await.unwrap();
    }
    store.put_notes(deck(1), (3..900).map(note).collect()).await.unwrap();
    for ids in [vec![], vec![1], vec![899, 1, 899], vec![5_000], (1..950).rev().step_by(3).collect()] {
        let mut read = store.notes_of(deck(1), ids.iter().copied().map(note_id).collect()).await.unwrap();
        read.sort_by_key(|note| note.id);
        let there: BTreeSet<u64> = ids.into_iter().filter(|n| *n < 900).collect();
        assert_eq!(read, there.into_iter().map(note).collect::<Vec<_>>());
    }
    assert_eq!(store.notes_of(deck(2), vec![note_id(1)]).await, Ok(vec![]));
}

pub async fn decks_do_not_see_each_others_notes(store: &impl Notes) {
    let types = |n| vec![note_type(n, NoteKind::Standard)];
    store.put_note_types(deck(1), types(1)).await.unwrap();
    store.put_note_types(deck(2), types(2)).await.unwrap();
    store.put_notes(deck(1), vec![note(1)]).await.unwrap();
    // The same note in another deck is another note; its deck is the one it was stored in.
    store.put_notes(deck(2), vec![note(1), note(2)]).await.unwrap();
    let ids = |notes: Vec<NoteRecord>| notes.into_iter().map(|note| (note.deck, note.id)).collect::<Vec<_>>();
    assert_eq!(ids(store.notes(deck(1), None, 9).await.unwrap()), [(deck(1), note_id(1))]);
    let two = ids(store.notes(deck(2), None, 9).await.unwrap());
    assert_eq!(two, [(deck(2), note_id(1)), (deck(2), note_id(2))]);
    let of_two = store.note_types(deck(2)).await.unwrap();
    assert_eq!(of_two.iter().map(|of| (of.deck, of.id)).collect::<Vec<_>>(), [(deck(2), note_type_id(2))]);
    assert_eq!(store.note(deck(1), note_id(2)).await, Ok(None));
}
