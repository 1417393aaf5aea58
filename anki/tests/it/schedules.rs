//! Schedules are what Anki has.

use crate::kit::{PACKAGES, anki_says, day_at, each_card, each_review, fixture, open};
use anki::map::{Calendar, NoAnswer, answer, standing};
use anki::{Fidelity, Place, Renderer, Stage};
use std::collections::BTreeMap;

#[test]
fn as_many_cards_are_due_as_anki_counts_and_as_many_here() {
    let said = anki_says();
    let today = day_at(said.now * 1_000);
    let expected: u64 = said.decks.values().map(|deck| deck.review + deck.learning).sum();
    for name in PACKAGES {
        let opened = open(&fixture(name));
        let calendar = Calendar::of(&opened.collection.definitions().header, 0);
        assert_eq!(calendar.number(today), said.days_elapsed, "{name}");
        let (mut there, mut here) = (0, 0);
        each_card(&opened.collection, |row| {
            let to = standing(&row.card, calendar, &day_at);
            there += u64::from(calendar.is_due_there(&row.card, today, &day_at));
            here += u64::from(to.is_due(today));
        });
        assert_eq!((there, here), (expected, expected), "{name}");
    }
}

#[test]
fn each_card_is_where_anki_has_it() {
    let said: BTreeMap<_, _> =
        anki_says().cards.into_iter().map(|card| ((card.guid.clone(), card.ord), card)).collect();
    for name in PACKAGES {
        let opened = open(&fixture(name));
        let definitions = opened.collection.definitions();
        each_card(&opened.collection, |row| {
            let card = &said[&(row.note.guid.to_owned(), row.card.ord)];
            assert_eq!(definitions.deck_path(row.card.deck), card.deck);
            let stage = match card.kind {
                0 => Stage::New,
                1 => Stage::Learning,
                2 => Stage::Review,
                _ => Stage::Relearning,
            };
            let place = match card.queue {
                -1 => Place::Suspended,
                -2 => Place::BuriedAsSibling,
                -3 => Place::BuriedByHand,
                _ => Place::Active,
            };
            assert_eq!((row.card.stage, row.card.place), (stage, place));
            assert_eq!((row.card.interval_days, row.card.ease_permille), (card.interval, card.factor));
            assert_eq!(row.card.lapses, card.lapses);
            assert_eq!(row.card.memory.map(|memory| memory.stability), card.stability);
        });
    }
}

#[test]
fn cards_of_a_filtered_deck_are_due_as_they_were_before() {
    let opened = open(&fixture("latest.apkg"));
    let mut borrowed = 0;
    each_card(&opened.collection, |row| {
        if row.card.is_borrowed {
            borrowed += 1;
            match row.card.stage {
                Stage::Review => assert_eq!(row.card.due, anki::Due::Day(anki_says().days_elapsed - 1)),
                Stage::New => assert!(matches!(row.card.due, anki::Due::Position(1..=100))),
                Stage::Learning | Stage::Relearning => {}
            }
        }
    });
    assert!(borrowed > 0);
}

#[test]
fn answers_have_grades_and_what_is_none_is_counted() {
    let said = anki_says();
    let opened = open(&fixture("latest.colpkg"));
    let mut report = Fidelity::default();
    let (mut early, mut grades) = (0, [0_u64; 6]);
    each_review(&opened.collection, |review| {
        let answer = answer(&review, said.now * 1_000 + 60_000);
        if let Ok(answer) = answer {
            early += u64::from(answer.early);
            grades[usize::from(answer.grade.number())] += 1;
        }
        report.review(answer.map(|_| ()));
    });
    // Ten of the forty old answers were given in a filtered deck.
    assert_eq!(early, 10);
    assert_eq!((grades[0], grades[2]), (0, 0));
    assert!(grades[1] >= 10 && grades[3] >= 10 && grades[4] >= 10 && grades[5] >= 10);
    assert_eq!(report.no_answers[NoAnswer::CardGone.code()], 1);
    assert!(report.no_answers[NoAnswer::Manual.code()] > 0);
    let none: u64 = report.no_answers.values().sum();
    assert_eq!(report.answers + none, said.revlog);
}

#[test]
fn the_report_has_samples_and_a_table_of_what_is_due() {
    let said = anki_says();
    let today = day_at(said.now * 1_000);
    let opened = open(&fixture("legacy2.apkg"));
    let definitions = opened.collection.definitions();
    let renderer = Renderer::new(&definitions.notetypes);
    let calendar = Calendar::of(&definitions.header, 0);
    let mut report = Fidelity::default();
    each_card(&opened.collection, |row| {
        let deck = definitions.deck_path(row.card.deck);
        let to = standing(&row.card, calendar, &day_at);
        let there = calendar.is_due_there(&row.card, today, &day_at);
        let rendered = renderer.render(&row, deck, &mut |name| Some(name.to_owned())).unwrap();
        report.card(deck, &row, &rendered, &to, (there, to.is_due(today)));
        let notetype = renderer.notetype(row.note.notetype).unwrap();
        if report.wants_sample(notetype.id) {
            report.sample(notetype, rendered.front.as_unsafe(), rendered.back.as_unsafe());
        }
    });
    assert_eq!(report.cards, said.cards.len() as u64);
    assert!(report.rejected.is_empty());
    for notetype in report.notetypes.values() {
        assert_eq!(notetype.samples.len() as u64, notetype.cards.min(3), "{}", notetype.name);
    }
    let numbers = &report.decks["Numbers"];
    assert_eq!(numbers.suspended, 2);
    assert!(numbers.due_there > 0 && numbers.only_there.is_empty() && numbers.only_here.is_empty());
    assert!(report.changes["learning_steps"] > 0 && report.changes["filtered_deck"] > 0);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["decks"]["Numbers"]["due_there"], numbers.due_there);
}
