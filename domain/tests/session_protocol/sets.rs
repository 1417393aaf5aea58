//! `set`: what it means for a card that is held here, held elsewhere, or not held.

use crate::world::client::{change, changes};
use crate::world::*;
use domain::entry::SetChange;
use domain::session::{Kind, Reason, SocketId, Start};

fn set_on_screen(w: &mut World, s: SocketId, change: SetChange) -> domain::ids::CardId {
    let card = w.held(s)[0];
    w.take(s);
    w.set(s, card, change);
    card
}

#[test]
fn suspending_burying_or_postponing_a_held_card_drops_it_at_once_and_frees_its_place() {
    let day = World::new([plain(1, 1)]).session.today();
    for set in
        [SetChange::Suspended(true), SetChange::BuriedUntil(Some(day.plus(1))), SetChange::Due(day.plus(3))]
    {
        let mut w = World::new([plain(1, 9)]);
        let s = w.studying(start(1));
        let card = set_on_screen(&mut w, s, set);
        let told = change(&w.take(s), Reason::Set).expect("changed set before it is durable");
        assert_eq!((told.drop, told.card), (vec![card], None), "{set:?}");
        assert_eq!(told.left.expect("counts").new, 8);
        assert_eq!(w.held(s).len(), 3, "the place is filled");
        assert!(!w.held(s).contains(&card));
        w.commit();
        w.memory_is_the_fold();
    }
}

#[test]
fn a_set_after_which_the_card_may_be_dealt_shows_it_anew_at_its_place() {
    let day = World::new([plain(1, 1)]).session.today();
    for set in [
        SetChange::Flag(4),
        SetChange::Reset,
        SetChange::Suspended(false),
        SetChange::BuriedUntil(None),
        SetChange::BuriedUntil(Some(day)),
        SetChange::Due(day),
        SetChange::Due(day.plus(-3)),
    ] {
        let mut w = World::new([plain(1, 9)]);
        let s = w.studying(start(1));
        let held = w.held(s);
        w.take(s);
        w.set(s, held[1], set);
        let told = change(&w.take(s), Reason::Set).expect("changed set");
        assert_eq!(told.card.expect("the card").card, held[1], "{set:?}");
        assert!(told.drop.is_empty());
        assert_eq!(w.held(s), held);
        w.commit();
        w.memory_is_the_fold();
    }
}

#[test]
fn a_reset_makes_a_reviewed_card_new_and_it_may_schedule_again_that_day() {
    let mut w = World::new([plain(1, 1)]);
    let s = w.studying(start(1));
    let (card, _) = w.answer_screen(s, 5);
    w.commit();
    w.set(s, card, SetChange::Reset);
    w.commit();
    assert_eq!(w.held(s), [card]);
    assert_eq!(w.clients[&s].shown[&card].kind, Kind::New);
    w.answer_screen(s, 5);
    w.commit();
    let state = w.store.fold(deck_id(1), card, &w.library);
    assert_eq!((state.sm2.reps, state.answers), (1, 2));
    w.memory_is_the_fold();
}

#[test]
fn a_set_on_a_card_that_nobody_holds_brings_it_into_the_queue_or_out_of_it() {
    let mut w = World::new([plain(1, 5)]);
    let s = w.studying(start(1));
    w.set(s, card_id(1, 3), SetChange::Suspended(true));
    assert!(changes(&w.take(s)).is_empty(), "no card of this socket changed");
    w.study_out(s, 5);
    assert_eq!(w.store.log.len(), 5);
    w.set(s, card_id(1, 3), SetChange::Suspended(false));
    w.commit();
    assert_eq!(w.held(s), [card_id(1, 3)], "it is dealt though the queue had passed it");
    let today = w.session.today();
    w.study_out(s, 5);
    w.set(s, card_id(1, 0), SetChange::Due(today));
    assert!(w.held(s).is_empty(), "it was scheduled today already");
}

#[test]
fn a_set_on_a_card_held_elsewhere_reaches_that_socket_when_it_is_durable() {
    let mut w = World::new([plain(1, 9)]);
    let a = w.studying(start(1));
    let b = w.studying(start(2));
    let (flagged, suspended) = (w.held(a)[0], w.held(a)[1]);
    w.take(a);
    w.set(b, flagged, SetChange::Flag(2));
    w.set(b, suspended, SetChange::Suspended(true));
    assert!(w.take(a).is_empty(), "seen before durable");
    w.commit();
    let told = changes(&w.take(a));
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0].card.clone().expect("the card anew").state.flag, 2);
    assert_eq!(told[1].drop, [suspended]);
    assert_eq!(w.held(a)[0], flagged);
    w.memory_is_the_fold();
}

#[test]
fn a_suspended_card_that_is_freed_from_another_device_is_dealt_again() {
    let mut w = World::new([plain(1, 2)]);
    let a = w.studying(start(1));
    let b = w.open();
    w.set(b, card_id(1, 1), SetChange::Suspended(true));
    w.commit();
    w.study_out(a, 5);
    w.set(b, card_id(1, 1), SetChange::Suspended(false));
    assert!(w.held(a).is_empty());
    w.commit();
    assert_eq!(w.held(a), [card_id(1, 1)]);
}

#[test]
fn of_two_sets_of_one_register_the_newer_id_wins_whatever_comes_first() {
    let mut w = World::new([plain(1, 2)]);
    let s = w.open();
    let older = w.id_at(NOON_MS - MINUTE_MS);
    let card = card_id(1, 0);
    w.set(s, card, SetChange::Flag(5));
    let command = domain::session::Command::Set { deck: deck_id(1), card, change: SetChange::Flag(1) };
    w.send(s, older, command);
    w.commit();
    assert_eq!(w.store.fold(deck_id(1), card, &w.library).flag, 5);
    w.memory_is_the_fold();
    assert!(w.store.wrong_progress(&w.library).is_empty());
}

#[test]
fn suspending_a_card_that_took_the_last_place_of_a_limit_lets_another_follow() {
    let mut w = World::new([decks::draft(1, 9).settings(|s| s.new_per_day = 2).build()]);
    let s = w.studying(Start { window: 5, ..start(1) });
    assert_eq!(w.held(s).len(), 2);
    set_on_screen(&mut w, s, SetChange::Suspended(true));
    assert_eq!(w.held(s), [card_id(1, 1), card_id(1, 2)]);
}

#[test]
fn a_reset_gives_no_place_under_todays_limit_back() {
    let mut w = World::new([decks::draft(1, 9).settings(|s| s.new_per_day = 2).build()]);
    let s = w.studying(start(1));
    let (card, _) = w.answer_screen(s, 5);
    w.set(s, card, SetChange::Reset);
    w.commit();
    w.start(s, start(1));
    assert_eq!(w.left(s).new, 1, "the answer was given");
    w.passivate();
    let s = w.studying(start(2));
    assert_eq!(w.left(s).new, 1, "and is remembered by the store");
}
