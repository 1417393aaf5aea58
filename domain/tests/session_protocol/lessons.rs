//! Lessons of the learner's classes, as a session knows them: figures from durable answers, and who takes part.

mod asks;
mod assigned;
mod told;

use crate::world::client::{Frame, cards, change};
use crate::world::*;
use domain::entry::{Mode, SetChange};
use domain::ids::{AskId, CardId, ClassId, EntryId, LessonId, UserId};
use domain::lesson::cell::{Presence, Said};
use domain::lesson::document::Assigned;
use domain::lesson::{Ask, Cell, Document, LessonState, Round, Told};
use domain::limits::{ASK_ANSWERS_KEPT, CARDS_PER_SEAT, LESSONS_PER_LEARNER};
use domain::session::{Command, Filter, Input, Kind, Reason, Refusal, Start};
use std::collections::BTreeMap;
use std::sync::Arc;

const CLASS: ClassId = ClassId::from_u128(0xc1a5);

fn document(version: u64, state: LessonState) -> Document {
    Document {
        class: CLASS,
        version,
        lesson: Some(LessonId::from_u128(7)),
        state,
        message: None,
        ask: None,
        assigned: Vec::new(),
        hide_names: false,
    }
}

/// A lesson of the learner's class over deck 1, opened a second ago.
fn told(w: &World, n: u64, document: Document) -> Told {
    Told {
        at: (1, n),
        calls: 1,
        rounds: document.ask.into_iter().collect(),
        document: Arc::new(document),
        opened_ms: NOON_MS - 1_000,
        decks: [deck_id(1)].into(),
        students: Arc::new(BTreeMap::from([(w.session.user(), 0)])),
    }
}

fn tell(w: &mut World, n: u64, document: Document) {
    let told = told(w, n, document);
    w.input(Input::Class(Arc::new(told)));
}

fn ask(card: u128, round: Round, from_ms: i64) -> Ask {
    Ask {
        id: AskId::from_u128(5),
        deck: deck_id(1),
        card: card_id(1, card),
        round,
        opened_ms: from_ms,
        closes_ms: from_ms + 10_000,
    }
}

/// When a card of deck 1 is due.
fn due(w: &World, card: u128) -> Option<domain::day::Day> {
    let state = w.session.states().find(|row| (row.0, row.1) == (deck_id(1), card_id(1, card)));
    state.and_then(|row| row.2.due)
}

fn newest(w: &World) -> &Cell {
    w.cells.last().expect("a cell")
}

fn assigned(deck: u128, cards: &[CardId], to: &[UserId]) -> Assigned {
    Assigned { deck: deck_id(deck), cards: cards.into(), to: to.into() }
}

#[test]
fn cells_count_durable_answers_of_the_lesson_and_the_unsaved_apart() {
    let mut w = World::new([plain(1, 9), plain(2, 3)]);
    let s = w.studying(start(1));
    w.answer(s, card_id(1, 0), 4);
    w.commit();
    tell(&mut w, 1, document(1, LessonState::Open));
    let cell = newest(&w);
    assert_eq!((cell.figures.answered, cell.figures.presence), (0, Presence::Here), "that was before");
    w.answer(s, card_id(1, 1), 4);
    w.pass(300);
    assert_eq!((newest(&w).figures.answered, newest(&w).figures.unsaved), (0, 1));
    w.commit();
    w.answer(s, card_id(1, 2), 1);
    w.commit();
    w.pass(300);
    let figures = &newest(&w).figures;
    assert_eq!((figures.answered, figures.correct, figures.wrong_in_a_row, figures.unsaved), (2, 1, 1, 0));
    let durable = w.store.log.values().filter_map(|entry| entry.review());
    assert_eq!(durable.filter(|review| review.class == Some(CLASS)).count(), 2, "the log says so too");
}

#[test]
fn cells_come_four_times_a_second_at_most_and_whole_every_ten_seconds() {
    let mut w = World::new([plain(1, 60)]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    let before = w.cells.len();
    for card in 0..20 {
        w.answer(s, card_id(1, card), 4);
        w.commit();
        w.pass(50);
    }
    let told = w.cells.len() - before;
    assert!((3..=4).contains(&told), "{told} cells in a second");
    assert!(w.cells.windows(2).all(|two| two[0].version < two[1].version));
    let quiet = w.cells.len();
    w.pass_by_deadlines(35_000);
    let whole: Vec<bool> = w.cells.iter().skip(quiet).map(|cell| cell.figures.is_whole).collect();
    assert!((3..=5).contains(&whole.len()), "{whole:?}");
    assert_eq!(w.cells.last().map(|cell| cell.figures.cards.len()), Some(20));
}

#[test]
fn a_session_that_is_loaded_in_the_middle_counts_from_the_log_and_nothing_falls() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    for card in 0..4 {
        w.answer(s, card_id(1, card), 4);
    }
    w.commit();
    w.pass(300);
    let before = newest(&w).clone();
    assert_eq!(before.figures.answered, 4);
    w.crash();
    w.pass(1);
    w.studying(start(1));
    tell(&mut w, 2, document(1, LessonState::Open));
    let after = newest(&w);
    assert_eq!((after.figures.answered, after.figures.cards.len()), (4, 4));
    assert!(after.version > before.version && after.figures.is_whole);
}

#[test]
fn a_cell_that_names_what_changed_says_of_all_cards_what_a_whole_one_does() {
    let mut w = World::new([plain(1, 20)]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    for card in 0..5 {
        w.answer(s, card_id(1, card), 4);
    }
    w.commit();
    w.pass(3 * 86_400_000);
    let mut calls = 1;
    let mut compare = |w: &mut World, card: u128| {
        w.answer(s, card_id(1, card), 4);
        w.commit();
        w.pass(300);
        let part = newest(w).figures.clone();
        calls += 1;
        let called = Told { at: (9, calls), calls, ..told(w, 1, document(1, LessonState::Open)) };
        w.input(Input::Class(Arc::new(called)));
        let whole = newest(w).figures.clone();
        assert!(!part.is_whole && whole.is_whole, "a part, and then all of it");
        assert_eq!(part.cards.iter().map(|tally| tally.card).collect::<Vec<_>>(), [card_id(1, card)]);
        assert!(part.cards.iter().all(|tally| whole.cards.contains(tally)));
        assert_eq!(part.recall_permille, whole.recall_permille);
        assert_eq!(part.minutes.last(), whole.minutes.last());
        whole.recall_permille.unwrap()
    };
    w.answer(s, card_id(1, 5), 4);
    w.commit();
    w.pass(300);
    let before = compare(&mut w, 6);
    assert!(before < 1_000, "five cards have faded for three days");
    let after = compare(&mut w, 0);
    assert!(after > before, "one of them was reviewed");
    // What is set by hand changes it, too.
    w.set(s, card_id(1, 1), SetChange::Reset);
    w.commit();
    assert_ne!(compare(&mut w, 7), after);
}

#[test]
fn an_answer_that_is_taken_back_is_counted_no_more() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    w.answer(s, card_id(1, 0), 4);
    w.commit();
    let of = *w.store.log.keys().next_back().unwrap();
    let id = w.id();
    w.send(s, id, Command::Undo { of });
    w.commit();
    w.pass(300);
    assert_eq!(newest(&w).figures.answered, 0);
}

#[test]
fn an_answer_that_is_in_the_log_before_its_verdict_counts_once() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    w.fetches_at_once = false;
    tell(&mut w, 1, document(1, LessonState::Open));
    w.answer(s, card_id(1, 0), 4);
    let on_the_way = *w.appended.last().unwrap();
    w.store.append(&on_the_way);
    w.answer_fetches();
    w.commit();
    w.pass(300);
    assert_eq!(newest(&w).figures.answered, 1);
}

#[test]
fn a_call_is_answered_at_once_and_whole_by_its_epoch() {
    let mut w = World::new([plain(1, 9)]);
    w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    let before = w.cells.len();
    let called = Told { at: (9, 1), calls: 1, ..told(&w, 1, document(1, LessonState::Open)) };
    w.input(Input::Class(Arc::new(called)));
    assert_eq!(w.cells.len(), before + 1);
    assert_eq!((newest(&w).called_by, newest(&w).figures.is_whole), ((9, 1), true));
}

#[test]
fn a_lesson_that_is_over_is_told_of_the_last_answers() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    w.answer(s, card_id(1, 0), 4);
    w.commit();
    w.pass(300);
    w.answer(s, card_id(1, 1), 4);
    w.commit();
    w.answer(s, card_id(1, 2), 4);
    let before = w.cells.len();
    let over = Told { calls: 2, ..told(&w, 2, document(2, LessonState::Closed)) };
    w.input(Input::Class(Arc::new(over)));
    w.pass(1_000);
    assert_eq!(w.cells.len(), before, "one answer is on its way");
    w.commit();
    let cell = newest(&w);
    assert_eq!((cell.figures.answered, cell.figures.unsaved, cell.figures.is_whole), (3, 0, true));
    assert_eq!(cell.called_by, (1, 2));
    // That was the last of it: what follows is no answer of the lesson.
    w.answer(s, card_id(1, 3), 4);
    w.commit();
    w.pass_by_deadlines(30_000);
    assert_eq!(w.cells.len(), before + 1);
}

#[test]
fn a_lesson_that_is_on_is_not_forgotten_for_those_that_are_over() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    for n in 1..=LESSONS_PER_LEARNER as u128 + 1 {
        let over = Document { class: ClassId::from_u128(n), ..document(1, LessonState::Closed) };
        let over = told(&w, 1, over);
        w.input(Input::Class(Arc::new(over)));
    }
    w.answer(s, card_id(1, 0), 4);
    w.commit();
    let newest = w.store.log.values().next_back().and_then(|entry| entry.review().copied());
    assert_eq!(newest.and_then(|review| review.class), Some(CLASS));
}

#[test]
fn whoever_does_not_take_part_any_more_sees_no_lesson_and_tells_nothing() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    let shown = |frames: &[Frame]| {
        frames.iter().rev().find_map(|frame| {
            if let Frame::Class(document, _) = frame { Some(document.lesson) } else { None }
        })
    };
    assert_eq!(shown(&w.take(s)), Some(Some(LessonId::from_u128(7))));
    let without = Told { students: Arc::default(), ..told(&w, 2, document(1, LessonState::Open)) };
    w.input(Input::Class(Arc::new(without)));
    assert_eq!(shown(&w.take(s)), Some(None));
    let before = w.cells.len();
    w.answer(s, card_id(1, 0), 4);
    w.commit();
    w.pass_by_deadlines(30_000);
    assert_eq!(w.cells.len(), before);
    let review = w.store.log.values().find_map(|entry| entry.review().copied()).unwrap();
    assert_eq!(review.class, None);
}
