//! Ids and time: the id alone makes a resend harmless, and its moment must be possible.

use crate::world::*;
use domain::ids::EntryId;
use domain::limits::{BEFORE_BEGINNING_MS, CLOCK_AHEAD_MS};
use domain::session::{Command, Refusal, SocketId};

fn resend(w: &mut World, s: SocketId, id: EntryId, card: domain::ids::CardId, n: u8) -> u64 {
    let command = Command::Answer(domain::session::Answer {
        deck: w.deck_of(card),
        card,
        grade: grade(n),
        elapsed_ms: 1_500,
        sitting: Some(sitting(1)),
        confidence: None,
        early: false,
    });
    w.send(s, id, command)
}

#[test]
fn a_pending_id_sent_again_is_appended_once_and_gets_the_same_verdict() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 4);
    let again = resend(&mut w, s, id, card, 4);
    assert_eq!(w.appended.len(), 1);
    w.commit();
    assert_eq!(w.verdict(s, again), Some(Ok(())));
}

#[test]
fn a_durable_id_sent_again_is_saved_without_another_append() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 4);
    w.commit();
    let again = resend(&mut w, s, id, card, 4);
    assert_eq!(w.verdict(s, again), Some(Ok(())));
    assert_eq!(w.appended.len(), 1);
    w.memory_is_the_fold();
}

#[test]
fn an_id_older_than_memory_is_asked_of_the_store_and_never_taken_for_new() {
    let mut w = World::new([domain::deck::Deck::clone(
        &decks::draft(1, 200).settings(|s| s.new_per_day = 200).build(),
    )]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 4);
    for _ in 0..150 {
        w.pass(10);
        w.answer_screen(s, 4);
        w.commit();
    }
    let appended = w.appended.len();
    let again = resend(&mut w, s, id, card, 4);
    assert_eq!(w.verdict(s, again), Some(Ok(())));
    let other = resend(&mut w, s, id, card, 1);
    assert_eq!(w.verdict(s, other), Some(Err(Refusal::IdReused)));
    assert_eq!(w.appended.len(), appended);
    w.memory_is_the_fold();
}

#[test]
fn an_id_that_memory_forgot_while_the_store_was_asked_is_not_taken_for_new() {
    let mut w = World::new([decks::draft(1, 200).settings(|s| s.new_per_day = 200).build()]);
    let a = w.studying(start(1));
    let b = w.open();
    for _ in 0..100 {
        w.answer_screen(a, 4);
    }
    w.commit();
    // Both devices send the same old answer; the store's "no" to the second is read before the first is durable.
    let old = w.id_at(w.now.wall_ms - HOUR_MS);
    w.fetches_at_once = false;
    let first = resend(&mut w, a, old, card_id(1, 150), 4);
    let second = resend(&mut w, b, old, card_id(1, 150), 4);
    let facts: Vec<_> = w
        .fetches
        .drain(..)
        .map(|(token, want)| (token, w.store.facts(&want, &w.library, &w.zones)))
        .collect();
    let mut facts = facts.into_iter();
    let (token, found) = facts.next().expect("a fetch for the first");
    w.input(domain::session::Input::Fetched { token, facts: Ok(found) });
    w.answer_fetches();
    w.commit();
    let appended = w.appended.len();
    let (token, found) = facts.next().expect("a fetch for the second");
    w.input(domain::session::Input::Fetched { token, facts: Ok(found) });
    w.answer_fetches();
    w.commit();
    assert_eq!((w.verdict(a, first), w.verdict(b, second)), (Some(Ok(())), Some(Ok(()))));
    assert_eq!(w.appended.len(), appended, "the second was appended as new");
}

#[test]
fn a_known_id_with_other_content_is_refused_and_the_stored_one_stays() {
    for durable in [false, true] {
        let mut w = World::new([plain(1, 10)]);
        let s = w.studying(start(1));
        let (card, id) = w.answer_screen(s, 4);
        if durable {
            w.commit();
        }
        let again = resend(&mut w, s, id, card, 0);
        assert_eq!(w.verdict(s, again).or(Some(Err(Refusal::IdReused))), Some(Err(Refusal::IdReused)));
        w.commit();
        assert_eq!(w.verdict(s, again), Some(Err(Refusal::IdReused)), "durable {durable}");
        assert_eq!(w.store.log[&id].review().expect("an answer").grade, grade(4));
        w.memory_is_the_fold();
    }
}

#[test]
fn an_id_is_one_name_over_all_three_commands() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    let (_, id) = w.answer_screen(s, 4);
    w.commit();
    let seq = w.send(s, id, Command::Undo { of: id });
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::IdReused)));
}

#[test]
fn an_id_up_to_ten_seconds_ahead_is_accepted_and_one_further_is_bad_time() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    let id = w.id_at(w.now.wall_ms + CLOCK_AHEAD_MS);
    let within = resend(&mut w, s, id, card_id(1, 0), 4);
    let id = w.id_at(w.now.wall_ms + CLOCK_AHEAD_MS + 1);
    let beyond = resend(&mut w, s, id, card_id(1, 1), 4);
    w.commit();
    assert_eq!(w.verdict(s, within), Some(Ok(())));
    assert_eq!(w.verdict(s, beyond), Some(Err(Refusal::BadTime)));
}

#[test]
fn an_id_before_the_accounts_beginning_less_a_day_is_bad_time() {
    let mut w = World::new([plain(1, 10)]);
    w.began_ms = NOON_MS - HOUR_MS;
    w.load();
    let s = w.studying(start(1));
    let earliest = w.began_ms - BEFORE_BEGINNING_MS;
    let id = w.id_at(earliest);
    let within = resend(&mut w, s, id, card_id(1, 0), 4);
    let id = w.id_at(earliest - 1);
    let beyond = resend(&mut w, s, id, card_id(1, 1), 4);
    w.commit();
    assert_eq!(w.verdict(s, within), Some(Ok(())));
    assert_eq!(w.verdict(s, beyond), Some(Err(Refusal::BadTime)));
}

#[test]
fn under_the_developers_clock_only_the_upper_bound_of_time_holds() {
    let mut w = World::new([plain(1, 10)]);
    (w.began_ms, w.dev_clock) = (NOON_MS, true);
    w.load();
    let s = w.studying(start(1));
    let id = w.id_at(NOON_MS - 20 * DAY_MS);
    let early = resend(&mut w, s, id, card_id(1, 0), 4);
    let id = w.id_at(NOON_MS + HOUR_MS);
    let ahead = resend(&mut w, s, id, card_id(1, 1), 4);
    w.commit();
    assert_eq!(w.verdict(s, early), Some(Ok(())));
    assert_eq!(w.verdict(s, ahead), Some(Err(Refusal::BadTime)));
}

#[test]
fn a_known_id_is_saved_again_even_if_its_moment_is_no_longer_possible() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 4);
    w.commit();
    w.set_wall(NOON_MS - HOUR_MS);
    let again = resend(&mut w, s, id, card, 4);
    assert_eq!(w.verdict(s, again), Some(Ok(())));
}

#[test]
fn answers_that_arrive_in_another_order_lead_to_the_state_of_their_ids_order() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    let late = w.id_at(NOON_MS - 3 * DAY_MS);
    let early = w.id_at(NOON_MS - 9 * DAY_MS);
    let now = w.id();
    for (id, n) in [(now, 2), (late, 4), (early, 5)] {
        resend(&mut w, s, id, card_id(1, 5), n);
        w.memory_is_the_fold();
    }
    w.commit();
    w.memory_is_the_fold();
    assert!(w.store.wrong_progress(&w.library).is_empty());
}
