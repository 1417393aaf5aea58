//! What is accepted: holding a card governs credit only.

use crate::world::*;
use domain::access::Span;
use domain::session::{Command, Input, Refusal};

fn answer_at(w: &mut World, card: domain::ids::CardId, at_ms: i64) -> Option<Result<(), Refusal>> {
    let s = w.open();
    let id = w.id_at(at_ms);
    let command = w.answer_to(s, card, 4);
    let seq = w.send(s, id, command);
    w.commit();
    w.verdict(s, seq)
}

#[test]
fn an_answer_to_a_card_that_was_never_handed_out_is_accepted() {
    let mut w = World::new([plain(1, 10)]);
    assert_eq!(answer_at(&mut w, card_id(1, 9), NOON_MS), Some(Ok(())));
}

#[test]
fn a_card_that_never_existed_or_lies_in_another_deck_is_unknown() {
    let mut w = World::new([plain(1, 3), plain(2, 3)]);
    assert_eq!(answer_at(&mut w, card_id(1, 77), NOON_MS), Some(Err(Refusal::UnknownCard)));
    assert_eq!(answer_at(&mut w, card_id(9, 0), NOON_MS), Some(Err(Refusal::UnknownCard)));
    let s = w.open();
    let id = w.id();
    let Command::Answer(mut answer) = w.answer_to(s, card_id(1, 0), 4) else { unreachable!() };
    answer.deck = deck_id(2);
    let seq = w.send(s, id, Command::Answer(answer));
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::UnknownCard)));
}

#[test]
fn a_deck_that_was_never_visible_is_unknown_even_if_the_card_exists() {
    let mut w = World::new([plain(1, 3)]);
    w.library.show(deck_id(1), Vec::new());
    assert_eq!(answer_at(&mut w, card_id(1, 0), NOON_MS), Some(Err(Refusal::UnknownCard)));
}

#[test]
fn an_answer_to_a_card_deleted_since_is_accepted_by_the_ids_time_and_logged() {
    let mut w = World::new([plain(1, 3)]);
    w.library.edit(deck_id(1), |deck| deck.cards[0].deleted_ms = Some(NOON_MS - HOUR_MS));
    assert_eq!(answer_at(&mut w, card_id(1, 0), NOON_MS - 2 * HOUR_MS), Some(Ok(())));
    assert_eq!(w.store.log.len(), 1);
}

#[test]
fn an_answer_given_after_the_deletion_is_forbidden() {
    let mut w = World::new([plain(1, 3)]);
    w.library.edit(deck_id(1), |deck| deck.cards[0].deleted_ms = Some(NOON_MS - HOUR_MS));
    assert_eq!(answer_at(&mut w, card_id(1, 0), NOON_MS), Some(Err(Refusal::Forbidden)));
}

#[test]
fn an_answer_after_the_whole_deck_was_deleted_is_forbidden() {
    let mut w = World::new([plain(1, 3)]);
    w.library.edit(deck_id(1), |deck| deck.deleted_ms = Some(NOON_MS - HOUR_MS));
    assert_eq!(answer_at(&mut w, card_id(1, 0), NOON_MS), Some(Err(Refusal::Forbidden)));
    assert_eq!(answer_at(&mut w, card_id(1, 0), NOON_MS - 2 * HOUR_MS), Some(Ok(())));
}

#[test]
fn an_ended_enrollment_accepts_what_was_answered_while_it_lasted() {
    let mut w = World::new([plain(1, 3)]);
    let was = Span { from_ms: NOON_MS - 9 * DAY_MS, until_ms: Some(NOON_MS - DAY_MS) };
    w.library.show(deck_id(1), vec![was]);
    assert_eq!(answer_at(&mut w, card_id(1, 1), NOON_MS), Some(Err(Refusal::Forbidden)));
    assert_eq!(answer_at(&mut w, card_id(1, 1), NOON_MS - 10 * DAY_MS), Some(Err(Refusal::Forbidden)));
    assert_eq!(answer_at(&mut w, card_id(1, 0), NOON_MS - 2 * DAY_MS), Some(Ok(())));
}

#[test]
fn an_earlier_entry_in_the_deck_opens_it_for_good() {
    let mut w = World::new([plain(1, 3)]);
    assert_eq!(answer_at(&mut w, card_id(1, 0), NOON_MS), Some(Ok(())));
    w.library.show(deck_id(1), vec![Span { from_ms: 0, until_ms: Some(NOON_MS - DAY_MS) }]);
    w.input(Input::AccessChanged);
    assert_eq!(answer_at(&mut w, card_id(1, 1), NOON_MS), Some(Ok(())));
    w.passivate();
    assert_eq!(answer_at(&mut w, card_id(1, 2), NOON_MS), Some(Ok(())));
}

#[test]
fn a_card_that_was_gone_before_the_learner_came_is_unknown_and_not_forbidden() {
    let mut w = World::new([plain(1, 3)]);
    w.library.edit(deck_id(1), |deck| deck.cards[0].deleted_ms = Some(NOON_MS - 5 * DAY_MS));
    w.library.show(deck_id(1), vec![Span { from_ms: NOON_MS - DAY_MS, until_ms: None }]);
    assert_eq!(answer_at(&mut w, card_id(1, 0), NOON_MS), Some(Err(Refusal::UnknownCard)));
}

#[test]
fn an_answer_to_a_card_younger_than_the_id_is_accepted_because_the_learner_sees_it_now() {
    let mut w = World::new([plain(1, 3)]);
    w.library.edit(deck_id(1), |deck| deck.cards[0].created_ms = NOON_MS);
    assert_eq!(answer_at(&mut w, card_id(1, 0), NOON_MS - DAY_MS), Some(Ok(())));
}

#[test]
fn two_answers_on_one_day_schedule_once_and_the_second_is_logged() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    let (card, _) = w.answer_screen(s, 5);
    w.answer(s, card, 5);
    w.commit();
    assert_eq!(w.store.log.len(), 2);
    let state = w.store.fold(deck_id(1), card, &w.library);
    assert_eq!((state.sm2.reps, state.answers), (1, 2));
    w.memory_is_the_fold();
}

#[test]
fn an_answer_whose_outcome_differs_from_if_graded_brings_the_new_state_with_its_verdict() {
    use crate::world::client::{Frame, change, changes};
    use domain::session::Reason;
    let mut w = World::new([plain(1, 3)]);
    let (a, b) = (w.studying(start(1)), w.open());
    let card = w.held(a)[0];
    // Another device answered the card five minutes before, but that answer arrives first.
    let id = w.id_at(NOON_MS - 5 * MINUTE_MS);
    let command = w.answer_to(b, card, 5);
    w.send(b, id, command);
    w.answer(a, card, 3);
    w.take(a);
    w.commit();
    let frames = w.take(a);
    let told = changes(&frames).into_iter().rfind(|c| c.about.is_some()).expect("a changed");
    assert_eq!(told.about.expect("a state").0, card);
    let saved = frames.iter().position(|f| *f == Frame::Saved(1)).expect("saved");
    let rescheduled = change(&frames, Reason::Rescheduled)
        .map(|change| Frame::Changed(Box::new(change)))
        .expect("rescheduled");
    assert!(frames.iter().position(|f| *f == rescheduled).expect("there") < saved);
}

#[test]
fn an_answer_that_does_what_if_graded_said_brings_no_change() {
    use crate::world::client::changes;
    for n in 0..=5 {
        let mut w = World::new([plain(1, 3)]);
        let s = w.studying(start(1));
        w.answer_screen(s, n);
        w.commit();
        assert!(changes(&w.take(s)).is_empty(), "grade {n}");
    }
}

#[test]
fn an_answer_to_a_card_that_another_device_took_over_and_answered_brings_the_new_state() {
    use crate::world::client::changes;
    let mut w = World::new([plain(1, 1)]);
    let a = w.studying(start(1));
    let b = w.studying(start(2));
    let card = w.held(a)[0];
    w.pass(60_000);
    w.answer(b, card, 5);
    w.commit();
    w.take(a);
    w.answer(a, card, 3);
    w.commit();
    let told = changes(&w.take(a));
    assert_eq!(told.last().and_then(|c| c.about).map(|about| (about.0, about.1.answers)), Some((card, 2)));
}
