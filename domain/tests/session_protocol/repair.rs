//! What happens when the store refuses, fails or dies in the middle.

use crate::world::client::cards;
use crate::world::*;
use domain::commit::Landed;
use domain::session::{FetchFailed, Input, Refusal, Want};

#[test]
fn later_rows_of_a_refused_card_are_stale_until_a_repaired_row_follows() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    let (card, first) = w.answer_screen(s, 1);
    w.answer(s, card, 2);
    w.answer(s, card, 3);
    let never = |o: &domain::commit::Offer| {
        if o.entry_id() == Some(first) { Landed::Never } else { Landed::Durable }
    };
    // After each batch a crash must find nothing wrong in the store.
    let mut how = never;
    while w.land_once(&mut how) {
        assert!(w.store.wrong_progress(&w.library).is_empty());
    }
    assert_eq!(w.store.log.len(), 2);
    w.memory_is_the_fold();
    let (key, _) = w.store.progress[&(deck_id(1), card)];
    assert_ne!(key, 0, "the repaired row was written behind");
}

#[test]
fn a_command_on_a_card_that_waits_for_repair_leaves_nothing_stale_behind() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    let (card, first) = w.answer_screen(s, 1);
    w.fetches_at_once = false;
    w.land(|o| if o.entry_id() == Some(first) { Landed::Never } else { Landed::Durable });
    // The repair is being read when the next answer to the card comes.
    w.answer(s, card, 5);
    w.answer_fetches();
    w.fetches_at_once = true;
    w.commit();
    w.memory_is_the_fold();
    let (key, _) = w.store.progress[&(deck_id(1), card)];
    assert_ne!(key, 0);
    assert!(w.store.wrong_progress(&w.library).is_empty());
    assert_eq!(w.store.log.len(), 1);
}

#[test]
fn a_repair_that_knows_nothing_of_a_newer_entry_is_void() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    let (card, first) = w.answer_screen(s, 1);
    w.fetches_at_once = false;
    w.land(|o| if o.entry_id() == Some(first) { Landed::Never } else { Landed::Durable });
    let (token, want) = w.fetches.pop_front().expect("the repair");
    let old_log = w.facts(&want);
    w.fetches_at_once = true;
    w.answer(s, card, 5);
    w.commit();
    w.input(Input::Fetched { token, facts: old_log });
    w.commit();
    w.memory_is_the_fold();
    assert_eq!(w.store.fold(deck_id(1), card, &w.library).answers, 1);
}

#[test]
fn a_fold_that_waits_for_the_log_leaves_out_what_was_refused_meanwhile() {
    let mut w = World::new([plain(1, 3)]);
    let (a, b) = (w.studying(start(1)), w.open());
    let (card, first) = w.answer_screen(a, 1);
    w.fetches_at_once = false;
    let late = w.id_at(NOON_MS - HOUR_MS);
    let command = w.answer_to(b, card, 5);
    w.send(b, late, command.clone());
    w.land(|o| if o.entry_id() == Some(first) { Landed::Never } else { Landed::Durable });
    w.fetches_at_once = true;
    w.answer_fetches();
    w.commit();
    w.memory_is_the_fold();
    assert!(w.store.wrong_progress(&w.library).is_empty());
}

#[test]
fn when_the_log_of_a_card_cannot_be_read_the_command_is_busy_and_the_next_goes_on() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let (card, _) = w.answer_screen(s, 5);
    w.store_is_down = true;
    let late = w.id_at(NOON_MS - HOUR_MS);
    let command = w.answer_to(s, card, 5);
    let seq = w.send(s, late, command.clone());
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::Busy)));
    assert_eq!(w.clients[&s].saved(), 0, "saved waits for the answer before it");
    w.answer_screen(s, 5);
    w.commit();
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::Busy)));
    assert_eq!(w.verdict(s, seq + 1), Some(Ok(())));
    w.store_is_down = false;
    w.send(s, late, command.clone());
    w.commit();
    assert_eq!(w.verdict(s, seq + 2), Some(Ok(())));
    w.memory_is_the_fold();
}

#[test]
fn an_unknown_outcome_is_tried_again_until_it_is_known_and_the_entry_is_there_once() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let (_, id) = w.answer_screen(s, 5);
    let mut tries = 0;
    for _ in 0..5 {
        // The first tries took effect, but nobody heard of it.
        let mut unknown = |offer: &domain::commit::Offer| {
            tries += u32::from(offer.entry_id() == Some(id));
            Landed::Unknown
        };
        w.land_once(&mut unknown);
        assert_eq!(w.verdict(s, 1), None);
    }
    w.commit();
    assert_eq!((tries, w.verdict(s, 1)), (5, Some(Ok(()))));
}

#[test]
fn a_socket_that_waits_for_a_card_locked_by_another_goes_on_when_it_is_free() {
    let mut w = World::new([plain(1, 9)]);
    let (a, b) = (w.studying(start(1)), w.open());
    let card = card_id(1, 8);
    w.answer(b, card, 5);
    w.commit();
    w.fetches_at_once = false;
    let (one, two) = (w.id_at(NOON_MS - HOUR_MS), w.id_at(NOON_MS - 2 * HOUR_MS));
    let (first, second) = (w.answer_to(a, card, 4), w.answer_to(b, card, 3));
    w.send(a, one, first);
    w.send(b, two, second);
    assert_eq!(w.fetches.len(), 1, "the second waits for the card, not for the store");
    let (token, _) = w.fetches.pop_front().expect("the log");
    w.input(Input::Fetched { token, facts: Err(FetchFailed) });
    w.answer_fetches();
    w.commit();
    assert_eq!(w.verdict(a, 1), Some(Err(Refusal::Busy)));
    assert_eq!(w.verdict(b, 2), Some(Ok(())));
    w.memory_is_the_fold();
}

#[test]
fn a_socket_that_ends_while_the_store_is_asked_leaves_nothing_locked() {
    let mut w = World::new([plain(1, 9)]);
    let (a, b) = (w.studying(start(1)), w.open());
    let card = card_id(1, 8);
    w.answer(b, card, 5);
    w.commit();
    w.fetches_at_once = false;
    let id = w.id_at(NOON_MS - HOUR_MS);
    let command = w.answer_to(a, card, 4);
    w.send(a, id, command.clone());
    w.close(a);
    w.fetches_at_once = true;
    w.send(b, id, command.clone());
    w.answer_fetches();
    w.commit();
    assert_eq!(w.verdict(b, 2), Some(Ok(())));
    w.memory_is_the_fold();
}

#[test]
fn a_repair_that_cannot_be_read_is_tried_again_later_and_not_at_once() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 5);
    w.store_is_down = true;
    w.land(|o| if o.entry_id() == Some(id) { Landed::Never } else { Landed::Durable });
    assert!(!w.held(s).contains(&card));
    w.store_is_down = false;
    w.pass_by_deadlines(10_000);
    w.commit();
    w.memory_is_the_fold();
    assert!(w.held(s).contains(&card));
}

#[test]
fn after_a_crash_what_was_saved_is_there_and_the_rest_is_sent_again() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 5);
    w.commit();
    let (card, id) = w.answer_screen(s, 5);
    let command = w.answer_to(s, card, 5);
    w.crash();
    let s = w.open();
    w.send(s, id, command.clone());
    w.start(s, start(1));
    w.commit();
    assert_eq!(w.verdict(s, 1), Some(Ok(())));
    assert_eq!(w.store.log.len(), 2);
    assert_eq!(cards(&w.take(s))[0], card_id(1, 2));
    w.memory_is_the_fold();
}

#[test]
fn facts_that_an_earlier_life_asked_for_are_no_answer_to_a_later_one() {
    let mut w = World::new([plain(1, 9)]);
    w.fetches_at_once = false;
    let s = w.open();
    w.start(s, start(1));
    let (old, _) = w.fetches.pop_front().expect("the scope");
    w.pass(1);
    w.crash();
    let s = w.open();
    w.start(s, start(1));
    let nothing = domain::session::Facts::Scope(domain::session::Scope::Decks(Vec::new()));
    w.input(Input::Fetched { token: old, facts: Ok(nothing) });
    w.answer_fetches();
    assert_eq!(w.held(s).len(), 3);
}

/// Another process died with answers in the log that no progress row holds: these cards' rows are stale.
fn with_stale_rows(cards: usize) -> (World, Vec<domain::ids::CardId>) {
    let mut w = World::new([plain(1, 20)]);
    let s = w.studying(start(1));
    let stale: Vec<_> = (0..cards).map(|_| w.answer_screen(s, 5).0).collect();
    w.commit();
    for row in w.store.progress.values_mut() {
        *row = (0, domain::state::CardState::NEW);
    }
    w.crash();
    (w, stale)
}

fn stale_rows(w: &World) -> usize {
    w.store.progress.values().filter(|(key, _)| *key == 0).count()
}

#[test]
fn rows_that_were_folded_when_they_were_read_are_written_behind_when_there_is_time() {
    let (mut w, _) = with_stale_rows(5);
    w.studying(start(2));
    w.commit();
    assert_eq!((w.appended.len(), stale_rows(&w)), (0, 5), "nothing stands in the way of the first card");
    assert!(w.session.owes_rows());
    for (left, rows) in [(3, 2), (1, 2), (0, 2)] {
        w.input(Input::WriteBehind(rows));
        w.commit();
        assert_eq!(stale_rows(&w), left);
    }
    assert!(!w.session.owes_rows() && w.appended.iter().all(|offer| offer.append.entry.is_none()));
    assert!(w.store.wrong_progress(&w.library).is_empty());
    // The next load finds them.
    w.crash();
    w.studying(start(3));
    assert!(!w.session.owes_rows());
}

#[test]
fn what_is_stale_is_folded_and_written_though_nobody_studies() {
    let (mut w, _) = with_stale_rows(5);
    w.store_is_down = true;
    w.input(Input::Load(vec![deck_id(1)]));
    w.store_is_down = false;
    assert!(!w.session.has_deck(deck_id(1)) && w.session.is_idle(), "what cannot be read is left as it is");
    w.fetches_at_once = false;
    w.input(Input::Load(vec![deck_id(1), deck_id(7)]));
    assert!(!w.session.is_idle());
    w.input(Input::Load(vec![deck_id(1)]));
    assert_eq!(w.fetches.len(), 1, "it is on its way");
    w.answer_fetches();
    assert!(w.session.is_idle() && w.session.owes_rows());
    w.input(Input::Load(vec![deck_id(1)]));
    assert!(w.fetches.is_empty(), "it is in memory");
    w.input(Input::WriteBehind(10));
    w.commit();
    assert_eq!(stale_rows(&w), 0);
    assert!(w.store.wrong_progress(&w.library).is_empty());
    w.fetches_at_once = true;
    w.studying(start(2));
    w.memory_is_the_fold();
}

#[test]
fn who_begins_while_a_deck_is_read_for_nobody_waits_for_that_and_asks_alone_if_it_failed() {
    for fails in [false, true] {
        let (mut w, _) = with_stale_rows(5);
        w.fetches_at_once = false;
        w.input(Input::Load(vec![deck_id(1)]));
        let (load, want) = w.fetches.pop_front().expect("the rows");
        let s = [1, 2].map(|n| {
            let s = w.open();
            w.start(s, start(n));
            w.answer_fetches();
            s
        });
        assert!(
            w.fetches.is_empty() && s.iter().all(|s| w.held(*s).is_empty()),
            "the decks are on their way"
        );
        w.store_is_down = fails;
        let facts = w.facts(&want);
        w.store_is_down = false;
        w.input(Input::Fetched { token: load, facts });
        let asked = w.fetches.iter().filter(|(_, want)| matches!(want, Want::Decks(_))).count();
        assert_eq!(asked, if fails { 2 } else { 0 });
        w.fetches_at_once = true;
        w.answer_fetches();
        assert!(s.iter().all(|s| !w.held(*s).is_empty()));
        w.memory_is_the_fold();
        w.close(s[1]);
        w.study_out(s[0], 5);
        w.memory_is_the_fold();
    }
}

#[test]
fn a_row_that_is_written_behind_has_what_came_meanwhile_or_is_not_written() {
    let (mut w, stale) = with_stale_rows(3);
    let s = w.studying(start(2));
    // One of them is answered again and durable, one is on its way.
    w.answer(s, stale[0], 4);
    w.commit();
    w.answer(s, stale[1], 3);
    w.input(Input::WriteBehind(10));
    let alone = w.appended.iter().filter(|offer| offer.append.entry.is_none());
    let alone: Vec<_> = alone.map(|offer| offer.append.about.1).collect();
    assert!(!alone.contains(&stale[1]) && alone.contains(&stale[2]), "{alone:?}");
    w.commit();
    assert_eq!(stale_rows(&w), 0);
    assert!(w.store.wrong_progress(&w.library).is_empty());
    w.memory_is_the_fold();
}

#[test]
fn a_refused_answer_is_repaired_and_not_written_behind() {
    let (mut w, stale) = with_stale_rows(1);
    let s = w.studying(start(2));
    let id = w.answer(s, stale[0], 4);
    w.fetches_at_once = false;
    w.land(|o| if o.entry_id() == Some(id) { Landed::Never } else { Landed::Durable });
    w.input(Input::WriteBehind(10));
    assert!(!w.session.owes_rows());
    assert!(w.appended.iter().all(|offer| offer.append.entry.is_some()), "its row rests on a refused answer");
    w.answer_fetches();
    w.commit();
    assert_eq!(stale_rows(&w), 0);
    assert!(w.store.wrong_progress(&w.library).is_empty());
}
