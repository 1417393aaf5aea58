//! Who sees what changes under a running session: decks come and go, and looks at it hang or fail.

use crate::world::client::change;
use crate::world::*;
use domain::access::Span;
use domain::session::{Input, Reason, Start, Want};

#[test]
fn a_start_without_decks_includes_decks_that_come_later_and_a_named_one_does_not() {
    let mut w = World::new([plain(1, 1)]);
    let all = w.studying(start(1));
    let named = w.studying(Start { decks: Some(vec![deck_id(1)]), ..start(2) });
    w.library.add(plain(2, 1));
    w.take(all);
    w.input(Input::AccessChanged);
    assert!(change(&w.take(all), Reason::Assigned).is_some());
    assert_eq!(w.held(all), [card_id(1, 0), card_id(2, 0)]);
    assert!(w.held(named).is_empty());
}

#[test]
fn a_revoked_deck_takes_its_cards_back_and_gives_them_again_when_it_returns() {
    let mut w = World::new([plain(1, 3), plain(2, 3)]);
    let s = w.studying(start(1));
    w.library.show(deck_id(1), vec![Span { from_ms: 0, until_ms: Some(NOON_MS) }]);
    w.take(s);
    w.input(Input::AccessChanged);
    assert!(change(&w.take(s), Reason::Withdrawn).is_some(), "deleted is something else");
    assert_eq!(w.held(s), [0, 1, 2].map(|n| card_id(2, n)));
    w.library.show(deck_id(1), vec![Span { from_ms: 0, until_ms: None }]);
    w.input(Input::AccessChanged);
    assert_eq!(w.left(s).new, 6);
    assert_eq!(w.study_out(s, 5), 6);
}

#[test]
fn a_revocation_that_could_not_be_read_is_read_again() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    w.library.show(deck_id(1), vec![Span { from_ms: 0, until_ms: Some(NOON_MS) }]);
    w.store_is_down = true;
    w.input(Input::AccessChanged);
    w.store_is_down = false;
    assert_eq!(w.held(s).len(), 3);
    w.pass_by_deadlines(10_000);
    assert!(w.held(s).is_empty());
}

#[test]
fn answers_are_taken_and_cards_dealt_while_a_look_at_access_hangs() {
    let mut w = World::new([plain(1, 9), plain(2, 3)]);
    let s = w.studying(start(1));
    w.fetches_at_once = false;
    w.library.show(deck_id(1), vec![Span { from_ms: 0, until_ms: Some(NOON_MS) }]);
    w.library.add(plain(3, 2));
    for round in 1..=6 {
        w.input(Input::AccessChanged);
        let before = w.held(s);
        w.answer(s, before[0], 5);
        w.commit();
        assert_eq!(w.verdict(s, round), Some(Ok(())));
        assert_eq!(w.held(s)[..2], before[1..], "the next card is dealt at once");
        w.pass(30_000);
    }
    assert!(w.fetches.len() <= 2, "one look, however long it takes");
    w.fetches_at_once = true;
    w.answer_fetches();
    w.pass_by_deadlines(10_000);
    assert!(w.held(s).iter().all(|card| *card != card_id(1, 6)), "what is no longer shared is gone");
    assert_eq!(w.study_out(s, 5), 5, "and what came is there");
    w.memory_is_the_fold();
}

#[test]
fn answers_are_taken_and_cards_dealt_while_looks_at_access_fail_and_fail_again() {
    let mut w = World::new([plain(1, 9), plain(2, 3)]);
    let s = w.studying(start(1));
    w.store_is_down = true;
    w.library.show(deck_id(1), vec![Span { from_ms: 0, until_ms: Some(NOON_MS) }]);
    for _ in 0..6 {
        w.input(Input::AccessChanged);
        let before = w.held(s);
        w.answer(s, before[0], 5);
        assert_eq!(w.held(s)[..2], before[1..]);
        w.pass_by_deadlines(30_000);
    }
    w.store_is_down = false;
    w.commit();
    w.pass_by_deadlines(10_000);
    assert_eq!(w.study_out(s, 5), 3, "only the deck that is still shared");
    w.memory_is_the_fold();
}

#[test]
fn a_look_from_before_another_start_changes_nothing_of_the_new_sitting() {
    let mut w = World::new([plain(1, 3), plain(2, 3)]);
    let s = w.studying(start(1));
    w.fetches_at_once = false;
    w.input(Input::AccessChanged);
    w.start(s, Start { decks: Some(vec![deck_id(2)]), ..start(2) });
    let is_start = |want: &Want| matches!(want, Want::Scope(Some(_)));
    let at = w.fetches.iter().position(|(_, want)| is_start(want)).expect("the start asks");
    let (token, want) = w.fetches.remove(at).expect("it is there");
    let facts = w.facts(&want);
    w.input(Input::Fetched { token, facts });
    w.answer_fetches();
    assert_eq!(w.held(s), [0, 1, 2].map(|n| card_id(2, n)));
    assert_eq!(w.left(s).new, 3);
}

#[test]
fn a_revocation_that_comes_while_the_deck_is_being_read_is_not_lost() {
    let mut w = World::new([plain(1, 3)]);
    w.fetches_at_once = false;
    let s = w.open();
    w.start(s, start(1));
    w.answer_fetches_once();
    let (token, want) = w.fetches.pop_front().expect("the decks");
    let old = w.facts(&want);
    w.library.show(deck_id(1), vec![Span { from_ms: 0, until_ms: Some(NOON_MS) }]);
    w.input(Input::AccessChanged);
    w.input(Input::Fetched { token, facts: old });
    w.answer_fetches();
    assert!(w.held(s).is_empty());
}

#[test]
fn a_storm_of_changes_while_the_store_is_slow_closes_no_socket() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    w.fetches_at_once = false;
    for _ in 0..1_000 {
        w.input(Input::AccessChanged);
    }
    w.answer_fetches();
    assert_eq!(w.clients[&s].closed, None);
    w.fetches_at_once = true;
    w.answer_screen(s, 5);
    assert_eq!(w.held(s).len(), 2);
}

#[test]
fn however_often_access_changes_one_look_is_under_way_and_one_more_is_owed() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    w.fetches_at_once = false;
    for _ in 0..100 {
        w.input(Input::AccessChanged);
    }
    let looks = |w: &World| w.fetches.iter().filter(|(_, want)| matches!(want, Want::Access(_))).count();
    assert_eq!(looks(&w), 1);
    w.library.show(deck_id(1), vec![Span { from_ms: 0, until_ms: Some(NOON_MS) }]);
    w.input(Input::AccessChanged);
    w.fetches_at_once = true;
    w.answer_fetches();
    w.pass_by_deadlines(10_000);
    assert!(w.held(s).is_empty(), "the last change is seen");
}

#[test]
fn a_revocation_is_read_again_and_seen_though_a_deck_is_read_for_nobody() {
    let mut w = World::new([plain(1, 3), plain(2, 3)]);
    let s = w.studying(Start { decks: Some(vec![deck_id(1)]), ..start(1) });
    w.fetches_at_once = false;
    w.input(Input::Load(vec![deck_id(2)]));
    let (load, want) = w.fetches.pop_front().expect("the rows");
    let read_before = w.facts(&want);
    for deck in [1, 2] {
        w.library.show(deck_id(deck), vec![Span { from_ms: 0, until_ms: Some(NOON_MS) }]);
    }
    w.store_is_down = true;
    w.input(Input::AccessChanged);
    w.answer_fetches();
    w.store_is_down = false;
    w.pass_by_deadlines(10_000);
    w.answer_fetches();
    assert!(w.held(s).is_empty(), "the look waits for nothing that nobody waits for");
    assert_eq!(w.fetches.len(), 0);
    w.pass_by_deadlines(60_000);
    assert_eq!(w.fetches.len(), 0, "and one is enough while that is read");
    // What was read before the change is looked at when it arrives, once.
    w.input(Input::Fetched { token: load, facts: read_before });
    for looks in [1, 0] {
        w.pass_by_deadlines(60_000);
        let looked = w.fetches.iter().filter(|(_, want)| matches!(want, Want::Access(_))).count();
        assert_eq!(looked, looks);
        w.answer_fetches();
    }
}
