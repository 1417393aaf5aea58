//! Warm-ups: the cards that are about to be forgotten by those who are there come next, and are real reviews.

use super::kit::School;
use crate::study::learner::{Device, card_of, deck_of};
use crate::study::library::card_record;
use crate::study::server::{Wishes, eventually, put_deck, random_uuid, unlimited};
use domain::ids::{CardId, DeckId, NoteId, UserId};
use ports::people::ClassChange;
use ports::{Library as _, People as _};
use serde_json::json;

const DAY_MS: u64 = 86_400_000;

/// A second deck of the class, whose first two cards are of one note.
fn second_deck(school: &School, cards: usize) -> (DeckId, Vec<CardId>) {
    let now_ms = school.server.now_ms() - 1_000;
    school.server.run(async {
        let store = &school.server.store;
        let (deck, _) = put_deck(store, school.teacher, 0, unlimited(), now_ms).await;
        let mut records: Vec<_> = (0..cards).map(|n| card_record(deck, n, now_ms)).collect();
        let note = Some(NoteId(random_uuid()));
        records.iter_mut().take(2).for_each(|record| record.note = note);
        let ids = records.iter().map(|record| record.id).collect();
        store.put_cards(deck, records, None, now_ms).await.unwrap();
        store.change_class(school.class, ClassChange::Give(deck), now_ms).await.unwrap();
        (deck, ids)
    })
}

/// How many answers of a student the stored state of a card has.
fn answers_of(school: &School, student: UserId, deck: DeckId, card: CardId) -> u32 {
    school.server.state(student, deck, card).map_or(0, |state| state.answers)
}

/// The cards of a deck that come to a device, while it answers whatever comes.
fn cards_of(device: &mut Device<'_>, deck: DeckId, count: usize) -> Vec<CardId> {
    let mut found = Vec::new();
    for _ in 0..12 {
        let frame = device.wait("card");
        let (of, card) = (deck_of(&frame), card_of(&frame));
        device.answer(of, card, 5);
        device.settle();
        if of == deck {
            found.push(card);
        }
        if found.len() == count {
            break;
        }
    }
    found
}

#[test]
fn a_warm_up_brings_what_those_who_are_there_are_about_to_forget() {
    let school = School::open_with(4, 60, Wishes { dev_clock: true, ..Wishes::workers(2) });
    let (deck, cards) = second_deck(&school, 6);
    let [fading, sibling, theirs, of_one, fresh, _unseen] = cards[..] else { panic!("six cards") };
    let known = [
        vec![fading, sibling, of_one, fresh],
        vec![fading, sibling, fresh],
        vec![theirs, of_one],
        vec![theirs, of_one],
    ];
    for (n, known) in known.iter().enumerate() {
        let mut device = school.student(n);
        for card in known {
            device.answer(deck, *card, 4);
        }
        device.settle();
        device.vanish();
    }
    school.server.clock.pass_ms(4 * DAY_MS);
    let mut screen = school.lesson();
    let (mut ada, mut bob) = (school.student(0), school.student(1));
    for device in [&mut ada, &mut bob] {
        device.answer(deck, fresh, 4);
        device.settle();
    }
    // A warm-up goes by what is stored.
    for student in &school.students[..2] {
        eventually("the answer is in the store", || answers_of(&school, *student, deck, fresh) == 2);
    }
    screen.see("both are there", |screen| screen.totals["here"] == 2 && screen.answered() == 2);
    let warm_up = json!({"type": "warm_up", "id": random_uuid(), "deck_id": deck.0, "count": 2});
    screen.order(warm_up.clone());
    for device in [&mut ada, &mut bob] {
        device.wait_for("it is told", |frame| frame["reason"] == "assigned");
    }
    let before = school.server.state(school.students[0], deck, fading).unwrap();
    // One card of the note; not what the absent forget, though they are as many; not what was reviewed today.
    assert_eq!(cards_of(&mut ada, deck, 2), [fading, of_one]);
    assert_eq!(cards_of(&mut bob, deck, 2), [fading, of_one]);
    eventually("the answer is in the store", || answers_of(&school, school.students[0], deck, fading) == 2);
    let after = school.server.state(school.students[0], deck, fading).unwrap();
    assert!(after.due > before.due && after.memory.unwrap().on > before.memory.unwrap().on, "a real review");
    // Nothing else of the deck comes.
    for device in [&mut ada, &mut bob] {
        assert_eq!(cards_of(device, deck, 1), []);
    }
    // The command was carried out once, however often it is said.
    screen.see("the cards", |screen| screen.class["assigned"] == json!([deck.0]));
    let version = screen.class["version"].as_u64().unwrap();
    screen.order(warm_up);
    // Another one has what is left: the other card of the note.
    screen.order(json!({"type": "warm_up", "deck_id": deck.0, "count": 5}));
    screen.see("one change", |screen| screen.class["version"].as_u64() == Some(version + 1));
    assert_eq!(cards_of(&mut bob, deck, 1), [sibling]);
    let nothing = json!({"type": "warm_up", "deck_id": random_uuid(), "count": 5});
    assert_eq!(screen.try_order(nothing), Err("nothing_to_review".to_owned()));
    let none = json!({"type": "warm_up", "deck_id": deck.0, "count": 0});
    assert_eq!(screen.try_order(none), Err("malformed".to_owned()));
}

#[test]
fn a_warm_up_needs_somebody_who_is_there_and_a_lesson() {
    let school = School::open(1, 3);
    let warm_up = || json!({"type": "warm_up", "deck_id": school.deck.0, "count": 3});
    let mut screen = school.screen();
    assert_eq!(screen.try_order(warm_up()), Err("no_lesson".to_owned()));
    let mut screen = school.lesson();
    assert_eq!(screen.try_order(warm_up()), Err("nothing_to_review".to_owned()));
}
