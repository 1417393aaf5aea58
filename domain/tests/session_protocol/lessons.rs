//! Lessons of the learner's classes, as a session knows them: figures from durable answers, the question that is put, what is
//! assigned, and a pause.

use crate::world::client::{Frame, cards, change};
use crate::world::*;
use domain::entry::SetChange;
use domain::ids::{AskId, CardId, ClassId, EntryId, LessonId, UserId};
use domain::lesson::cell::{Presence, Said};
use domain::lesson::document::Assigned;
use domain::lesson::{Ask, Cell, Document, LessonState, Round, Told};
use domain::limits::{ASK_ANSWERS_KEPT, CARDS_PER_SEAT, LESSONS_PER_LEARNER};
use domain::session::{Command, Input, Kind, Reason, Refusal};
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
fn the_card_that_is_put_to_the_class_comes_at_once_and_its_first_answer_is_the_vote() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    w.take(s);
    let put = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 2, Document { ask: Some(put), ..document(2, LessonState::Open) });
    assert_eq!(cards(&w.take(s)), [card_id(1, 7)]);
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    w.pass(2_000);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    let votes = &newest(&w).figures.votes;
    assert_eq!(votes.iter().map(|vote| vote.said).collect::<Vec<_>>(), [Said::Grade(1)]);
}

#[test]
fn of_two_lessons_over_a_deck_the_later_one_counts_and_a_question_has_its_vote() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let other = ClassId::from_u128(0xb);
    let put = ask(7, Round::First, w.now.wall_ms);
    let late = Told { opened_ms: NOON_MS - 1_000, ..told(&w, 1, document(1, LessonState::Open)) };
    let early = |w: &World, n, ask: Option<Ask>| {
        let document = Document { class: other, ask, ..document(n, LessonState::Open) };
        Told { opened_ms: NOON_MS - 7_200_000, ..told(w, n, document) }
    };
    for told in [early(&w, 1, None), late.clone()] {
        w.input(Input::Class(Arc::new(told)));
    }
    let class_of_newest = |w: &World| w.store.log.values().next_back().unwrap().review().unwrap().class;
    w.answer(s, card_id(1, 0), 4);
    w.commit();
    assert_eq!(class_of_newest(&w), Some(CLASS));
    w.input(Input::Class(Arc::new(early(&w, 2, Some(put)))));
    w.take(s);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    assert_eq!(class_of_newest(&w), Some(other), "who asked has the vote");
    let both = Document { ask: Some(put), ..document(2, LessonState::Open) };
    w.input(Input::Class(Arc::new(Told { at: (1, 2), rounds: vec![put], document: Arc::new(both), ..late })));
    assert!(cards(&w.take(s)).contains(&card_id(1, 7)), "the other asks too");
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    assert_eq!(class_of_newest(&w), Some(CLASS));
    assert!(!cards(&w.take(s)).contains(&card_id(1, 7)), "and both are answered");
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
fn whoever_connects_while_a_question_is_open_gets_it_and_a_late_answer_is_no_vote() {
    let mut w = World::new([plain(1, 9)]);
    let put = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 1, Document { ask: Some(put), ..document(1, LessonState::Open) });
    let s = w.open();
    w.start(s, start(1));
    assert!(cards(&w.take(s)).contains(&card_id(1, 7)));
    w.pass(11_001);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    assert_eq!(newest(&w).figures.votes, []);
    assert_eq!(newest(&w).figures.answered, 1, "it is an ordinary answer");
}

#[test]
fn a_vote_may_be_taken_back_until_the_close_and_not_after_it() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let put = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 1, Document { ask: Some(put), ..document(1, LessonState::Open) });
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    let vote = *w.store.log.keys().next_back().unwrap();
    let undo = |w: &mut World, of: EntryId| {
        let id = w.id();
        let seq = w.send(s, id, Command::Undo { of });
        w.commit();
        w.verdict(s, seq)
    };
    assert_eq!(undo(&mut w, vote), Some(Ok(())));
    w.pass(300);
    assert_eq!(newest(&w).figures.votes, []);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    let vote = *w.store.log.keys().next_back().unwrap();
    w.pass(10_001);
    assert_eq!(undo(&mut w, vote), Some(Err(Refusal::AskClosed)));
    // Also when the question is gone from the screens.
    tell(&mut w, 2, document(2, LessonState::Open));
    assert_eq!(undo(&mut w, vote), Some(Err(Refusal::AskClosed)));
}

#[test]
fn a_vote_that_is_closed_early_stands_and_what_comes_later_is_an_ordinary_answer() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let put = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 1, Document { ask: Some(put), ..document(1, LessonState::Open) });
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    let vote = *w.store.log.keys().next_back().unwrap();
    w.pass(3_000);
    let closed = Ask { closes_ms: w.now.wall_ms - 1, ..put };
    tell(&mut w, 2, Document { ask: Some(closed), ..document(2, LessonState::Open) });
    let id = w.id();
    let seq = w.send(s, id, Command::Undo { of: vote });
    w.commit();
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::AskClosed)));
    w.pass(1_500);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    let said: Vec<_> = newest(&w).figures.votes.iter().map(|vote| vote.said).collect();
    assert_eq!((said, newest(&w).figures.answered), (vec![Said::Grade(1)], 2));
}

#[test]
fn a_second_vote_has_its_own_answer_and_moves_no_due_day() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let first = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 1, Document { ask: Some(first), ..document(1, LessonState::Open) });
    w.answer(s, card_id(1, 7), 5);
    w.commit();
    let before = due(&w, 7);
    w.pass(11_000);
    let second = ask(7, Round::Second, w.now.wall_ms);
    let put = Document { ask: Some(second), ..document(2, LessonState::Open) };
    w.take(s);
    let both = Told { rounds: vec![first, second], ..told(&w, 2, put) };
    w.input(Input::Class(Arc::new(both)));
    assert_eq!(cards(&w.take(s)), [card_id(1, 7)], "it comes again");
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    let said: Vec<_> = newest(&w).figures.votes.iter().map(|vote| (vote.round, vote.said)).collect();
    assert_eq!(said, [(Round::First, Said::Grade(5)), (Round::Second, Said::Grade(4))]);
    assert_eq!(due(&w, 7), before);
}

#[test]
fn however_often_the_card_is_answered_the_vote_is_the_first() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let put = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 1, Document { ask: Some(put), ..document(1, LessonState::Open) });
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    let first = *w.store.log.keys().next_back().unwrap();
    for _ in 0..ASK_ANSWERS_KEPT * 2 {
        w.pass(100);
        w.answer(s, card_id(1, 7), 4);
        w.commit();
    }
    w.pass(300);
    let votes = |w: &World| newest(w).figures.votes.iter().map(|vote| vote.said).collect::<Vec<_>>();
    assert_eq!(votes(&w), [Said::Grade(1)]);
    w.pass(10_001);
    let id = w.id();
    let seq = w.send(s, id, Command::Undo { of: first });
    w.commit();
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::AskClosed)));
}

#[test]
fn an_answer_while_both_rounds_are_open_is_the_vote_of_one() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let slow = |w: &World, told: Told| Told {
        students: Arc::new(BTreeMap::from([(w.session.user(), 100)])),
        ..told
    };
    let first = ask(7, Round::First, w.now.wall_ms);
    let put = told(&w, 1, Document { ask: Some(first), ..document(1, LessonState::Open) });
    w.input(Input::Class(Arc::new(slow(&w, put))));
    w.pass(11_000);
    let second = ask(7, Round::Second, w.now.wall_ms);
    let put = Document { ask: Some(second), ..document(2, LessonState::Open) };
    let both = Told { rounds: vec![first, second], ..told(&w, 2, put) };
    w.input(Input::Class(Arc::new(slow(&w, both))));
    w.take(s);
    let said = |w: &World| -> Vec<_> {
        newest(w).figures.votes.iter().map(|vote| (vote.round, vote.said)).collect()
    };
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    w.pass(300);
    assert_eq!(said(&w), [(Round::First, Said::Grade(1))]);
    assert!(w.held(s).contains(&card_id(1, 7)), "it is asked again");
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    assert_eq!(said(&w), [(Round::First, Said::Grade(1)), (Round::Second, Said::Grade(4))]);
}

#[test]
fn what_is_assigned_comes_next_beyond_the_days_limits() {
    let deck = decks::draft(1, 9).settings(|settings| settings.new_per_day = 2).build();
    let mut w = World::new([deck, plain(2, 5)]);
    let s = w.studying(start(1));
    let me = w.session.user();
    let list = vec![assigned(2, &[], &[me]), assigned(1, &[card_id(1, 8)], &[])];
    tell(&mut w, 1, Document { assigned: list, ..document(1, LessonState::Open) });
    assert!(change(&w.take(s), Reason::Assigned).is_some());
    let mut order = Vec::new();
    for _ in 0..9 {
        let Some(card) = w.held(s).first().copied() else { break };
        order.push(card);
        w.answer(s, card, 5);
        w.commit();
        w.take(s);
    }
    let twos: Vec<CardId> = (0..5).map(|n| card_id(2, n)).collect();
    assert_eq!(order.iter().filter(|card| twos.contains(card)).count(), 5, "{order:?}");
    assert!(order.contains(&card_id(1, 8)), "beyond the two new ones of the day: {order:?}");
    // Somebody else's is nobody's here.
    let to = [UserId::from_u128(1)];
    let list = vec![assigned(1, &[card_id(1, 7)], &to)];
    tell(&mut w, 2, Document { assigned: list, ..document(2, LessonState::Open) });
    assert_eq!(cards(&w.take(s)), []);
}

#[test]
fn a_named_card_that_is_not_due_comes_once_beyond_the_schedule() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    for card in 0..3 {
        w.answer(s, card_id(1, card), 5);
    }
    w.commit();
    w.pass(2_000);
    w.take(s);
    let list = vec![assigned(1, &[card_id(1, 1)], &[])];
    let later = Told {
        opened_ms: w.now.wall_ms,
        ..told(&w, 1, Document { assigned: list, ..document(1, LessonState::Open) })
    };
    w.input(Input::Class(Arc::new(later)));
    let shown = w
        .take(s)
        .into_iter()
        .find_map(|frame| if let Frame::Card(shown) = frame { Some((shown.card, shown.kind)) } else { None });
    assert_eq!(shown, Some((card_id(1, 1), Kind::Extra)));
    let before = due(&w, 1);
    w.answer(s, card_id(1, 1), 5);
    w.commit();
    assert_eq!(cards(&w.take(s)), []);
    assert_eq!(due(&w, 1), before);
}

#[test]
fn a_named_card_comes_once_however_many_cards_the_lesson_has() {
    let count = CARDS_PER_SEAT as u128 + 44;
    let deck = decks::draft(1, count).settings(|settings| settings.new_per_day = 9_999).build();
    let mut w = World::new([deck]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    for card in 0..count {
        w.answer(s, card_id(1, card), 5);
        w.commit();
    }
    w.take(s);
    let named = [card_id(1, 1), card_id(1, count - 1)];
    let list = vec![assigned(1, &named, &[])];
    tell(&mut w, 2, Document { assigned: list, ..document(2, LessonState::Open) });
    assert_eq!(cards(&w.take(s)), [], "both were answered in the lesson");
}

#[test]
fn nothing_of_the_lesson_is_dealt_while_it_is_paused() {
    let mut w = World::new([plain(1, 30)]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Paused));
    w.take(s);
    let held = w.held(s);
    for card in held {
        w.answer(s, card, 5);
    }
    w.commit();
    let frames = w.take(s);
    assert_eq!(cards(&frames), []);
    assert!(!frames.iter().any(|frame| matches!(frame, Frame::Done(_))), "more will come");
    tell(&mut w, 2, document(2, LessonState::Open));
    assert!(!cards(&w.take(s)).is_empty());
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

#[test]
fn a_deck_that_is_assigned_and_not_in_memory_is_read_for_it() {
    let mut w = World::new([plain(1, 9), plain(2, 5)]);
    let s = w.open();
    w.start(s, domain::session::Start { decks: Some(vec![deck_id(1)]), ..start(3) });
    w.take(s);
    let list = vec![assigned(2, &[card_id(2, 2)], &[w.session.user()])];
    tell(&mut w, 1, Document { assigned: list, ..document(1, LessonState::Open) });
    w.answer(s, card_id(1, 0), 5);
    w.commit();
    assert_eq!(cards(&w.take(s)), [card_id(2, 2)]);
}

#[test]
fn whoever_has_extra_time_votes_later() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let put = ask(7, Round::First, w.now.wall_ms);
    let slow = Told {
        students: Arc::new(BTreeMap::from([(w.session.user(), 100)])),
        ..told(&w, 1, Document { ask: Some(put), ..document(1, LessonState::Open) })
    };
    w.input(Input::Class(Arc::new(slow)));
    w.pass(15_000);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    assert_eq!(newest(&w).figures.votes.len(), 1);
}
