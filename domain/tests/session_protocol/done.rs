//! `done`: when, with which figures, and what follows by itself.

use crate::world::client::{Frame, dones};
use crate::world::*;
use domain::session::{FetchFailed, Input, Start};

#[test]
fn done_comes_after_the_verdicts_of_all_commands_of_the_socket() {
    let mut w = World::new([plain(1, 2)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 5);
    w.answer_screen(s, 5);
    assert!(dones(&w.take(s)).is_empty(), "done before durable");
    w.commit();
    let frames = w.take(s);
    let done = frames.iter().position(|f| matches!(f, Frame::Done(_))).expect("done");
    let saved = frames.iter().position(|f| *f == Frame::Saved(2)).expect("saved");
    assert!(saved < done);
}

#[test]
fn done_carries_the_sittings_figures_from_the_log() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 1);
    w.commit();
    w.study_out(s, 5);
    let done = dones(&w.take(s)).pop().expect("done");
    assert_eq!(done.sitting, sitting(1));
    assert_eq!((done.answered, done.cards, done.correct, done.elapsed_ms), (4, 3, 3, 6_000));
    assert_eq!(done.held_elsewhere, None);
}

#[test]
fn undone_answers_are_not_in_the_figures() {
    let mut w = World::new([plain(1, 2)]);
    let s = w.studying(start(1));
    let (_, id) = w.answer_screen(s, 1);
    w.undo(s, id);
    w.commit();
    w.study_out(s, 5);
    let done = dones(&w.take(s)).pop().expect("done");
    assert_eq!((done.answered, done.correct), (2, 2));
}

#[test]
fn a_start_with_nothing_to_study_is_done_at_once_and_so_is_its_repetition() {
    let mut w = World::new([plain(1, 0)]);
    let s = w.open();
    for _ in 0..2 {
        w.start(s, start(1));
        let frames = w.take(s);
        assert_eq!(dones(&frames).len(), 1, "{frames:?}");
        assert_eq!(dones(&frames)[0].next_due_at_ms, None);
    }
}

#[test]
fn next_due_is_tomorrow_when_limits_held_cards_back_and_else_the_earliest_due_day() {
    let mut w = World::new([decks::draft(1, 3).settings(|s| s.new_per_day = 2).build()]);
    let s = w.studying(start(1));
    w.study_out(s, 5);
    let tomorrow = NOON_MS - 8 * HOUR_MS + DAY_MS;
    assert_eq!(dones(&w.take(s)).pop().expect("done").next_due_at_ms, Some(tomorrow));
    for _ in 0..2 {
        w.pass(DAY_MS);
        w.study_out(s, 5);
    }
    // The cards of the first day are due six days after the second.
    let done = dones(&w.take(s)).pop().expect("done");
    assert_eq!(done.next_due_at_ms, Some(tomorrow + 5 * DAY_MS + DAY_MS));
}

#[test]
fn done_comes_again_after_each_later_emptying() {
    let mut w = World::new([plain(1, 1)]);
    let s = w.studying(start(1));
    let (_, id) = w.answer_screen(s, 5);
    w.commit();
    assert_eq!(dones(&w.take(s)).len(), 1);
    w.undo(s, id);
    w.commit();
    assert!(dones(&w.take(s)).is_empty(), "the card is back");
    w.answer_screen(s, 5);
    w.commit();
    assert_eq!(dones(&w.take(s)).len(), 1);
}

#[test]
fn the_figures_hold_a_command_that_came_while_they_were_read() {
    let mut w = World::new([plain(1, 2)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 5);
    w.answer_screen(s, 5);
    w.fetches_at_once = false;
    w.commit();
    let (token, want) = w.fetches.pop_front().expect("the figures are asked for");
    let facts = w.facts(&want);
    w.answer(s, card_id(1, 0), 5);
    w.commit();
    w.input(Input::Fetched { token, facts });
    w.answer_fetches();
    let done = dones(&w.take(s)).pop().expect("done");
    assert_eq!(done.answered, 3, "the third answer had its verdict before done");
}

#[test]
fn figures_that_cannot_be_read_are_asked_for_again_later() {
    let mut w = World::new([plain(1, 1)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 5);
    w.store_is_down = true;
    w.commit();
    w.pass_by_deadlines(10_000);
    assert!(dones(&w.take(s)).is_empty());
    w.store_is_down = false;
    w.pass_by_deadlines(10_000);
    assert_eq!(dones(&w.take(s)).len(), 1);
}

#[test]
fn the_next_days_cards_follow_by_themselves() {
    let mut w = World::new([plain(1, 1)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 5);
    w.commit();
    assert_eq!(dones(&w.take(s)).len(), 1);
    w.pass_by_deadlines(u64::try_from(DAY_MS).expect("positive"));
    assert_eq!(w.held(s), [card_id(1, 0)]);
}

#[test]
fn a_socket_without_a_start_is_never_done() {
    let mut w = World::new([plain(1, 0)]);
    let s = w.open();
    w.input(Input::Tick);
    assert!(w.take(s).is_empty());
}

#[test]
fn a_start_that_cannot_be_read_is_an_error_and_the_sitting_before_goes_on() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let held = w.held(s);
    w.fetches_at_once = false;
    w.start(s, Start { window: 5, ..start(2) });
    let (token, _) = w.fetches.pop_front().expect("a fetch");
    w.input(Input::Fetched { token, facts: Err(FetchFailed) });
    assert_eq!(w.take(s), [Frame::Error(domain::session::Notice::StoreUnavailable)]);
    assert_eq!((w.held(s), w.session.sitting_of(s)), (held, Some(sitting(1))));
}

#[test]
fn done_names_the_decks_of_the_sitting_that_ran_whatever_was_asked_for_in_vain() {
    let mut w = World::new([plain(1, 2), plain(2, 1)]);
    let s = w.studying(Start { decks: Some(vec![deck_id(1)]), ..start(1) });
    w.answer_screen(s, 5);
    w.fetches_at_once = false;
    w.start(s, Start { decks: Some(vec![deck_id(2)]), ..start(2) });
    let (token, _) = w.fetches.pop_front().expect("a fetch");
    w.input(Input::Fetched { token, facts: Err(FetchFailed) });
    w.fetches_at_once = true;
    w.answer_screen(s, 5);
    w.commit();
    let done = dones(&w.take(s)).pop().expect("done");
    assert_eq!((done.sitting, done.decks, done.answered), (sitting(1), vec![deck_id(1)], 2));
}

#[test]
fn done_of_a_sitting_over_all_decks_names_none() {
    let mut w = World::new([plain(1, 1)]);
    let s = w.studying(start(1));
    w.study_out(s, 5);
    assert_eq!(dones(&w.take(s)).pop().expect("done").decks, []);
}
