//! The new day, forwards and backwards, in the middle of a session.

use crate::world::client::{Frame, change, changes, queue};
use crate::world::*;
use domain::entry::SetChange;
use domain::ids::EntryId;
use domain::session::{Input, Kind, Limits, Reason, SocketId, Start, Want};

/// From noon to the rollover at four o'clock, UTC.
const TO_ROLLOVER_MS: i64 = 16 * HOUR_MS;

fn send_at(w: &mut World, s: SocketId, card: domain::ids::CardId, at_ms: i64, n: u8) -> EntryId {
    let id = w.id_at(at_ms);
    let command = w.answer_to(s, card, n);
    w.send(s, id, command);
    id
}

#[test]
fn at_the_rollover_each_socket_gets_new_day_with_all_it_holds_then_queue_then_cards() {
    let mut w = World::new([plain(1, 30)]);
    let sockets = [w.studying(start(1)), w.studying(start(2))];
    let held: Vec<_> = sockets.iter().map(|s| w.held(*s)).collect();
    w.pass(TO_ROLLOVER_MS - 1);
    assert!(sockets.iter().all(|s| w.take(*s).is_empty()), "a millisecond early");
    w.pass(1);
    for (s, held) in sockets.iter().zip(held) {
        let frames = w.take(*s);
        let Frame::Changed(first) = &frames[0] else { panic!("{frames:?}") };
        assert_eq!((first.reason, &first.drop), (Reason::NewDay, &held));
        assert!(matches!(frames[1], Frame::Queue { .. }));
        let Frame::Card(shown) = &frames[2] else { panic!("{frames:?}") };
        assert_eq!(shown.card, held[0], "the one on screen comes first");
        assert_eq!(w.held(*s).len(), 3);
    }
}

#[test]
fn the_day_turns_at_the_sessions_deadline_without_any_input() {
    let mut w = World::new([plain(1, 5)]);
    let s = w.studying(start(1));
    w.pass_by_deadlines(u64::try_from(TO_ROLLOVER_MS).expect("positive"));
    assert!(change(&w.take(s), Reason::NewDay).is_some());
}

#[test]
fn used_limits_and_drills_end_with_the_day_and_what_is_due_comes() {
    let mut w = World::new([decks::draft(1, 9).settings(|s| s.new_per_day = 2).build()]);
    let s = w.studying(start(1));
    w.study_out(s, 4);
    w.pass(TO_ROLLOVER_MS);
    let (_, total) = queue(&w.take(s)).expect("a queue");
    assert_eq!((total.new, total.learning, total.review), (2, 0, 2));
}

#[test]
fn an_answer_from_before_the_rollover_counts_for_the_old_day_and_the_card_dealt_anew_is_taken_back() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let card = w.held(s)[0];
    w.pass(TO_ROLLOVER_MS + 5_000);
    assert_eq!(w.held(s)[0], card, "dealt anew");
    w.take(s);
    send_at(&mut w, s, card, NOON_MS + TO_ROLLOVER_MS - 2_000, 5);
    let frames = w.take(s);
    let told = change(&frames, Reason::Rescheduled).expect("taken back");
    assert_eq!((told.drop, told.about.expect("a state").0), (vec![card], card));
    w.commit();
    let state = w.store.fold(deck_id(1), card, &w.library);
    assert_eq!(state.scheduled.expect("scheduled").day, w.session.today().plus(-1));
    assert_eq!(w.left(s).new, 8, "it used nothing of today");
    w.memory_is_the_fold();
}

#[test]
fn a_card_failed_on_the_old_day_is_dealt_again_by_the_state_after_that_answer() {
    let mut w = World::new([plain(1, 1)]);
    let s = w.studying(start(1));
    let card = w.held(s)[0];
    w.pass(TO_ROLLOVER_MS + 5_000);
    send_at(&mut w, s, card, NOON_MS + TO_ROLLOVER_MS - 2_000, 1);
    assert_eq!(w.held(s), [card], "failed yesterday, it is due today");
    assert_eq!(w.clients[&s].shown[&card].kind, Kind::Review);
}

#[test]
fn an_answer_of_the_old_day_gives_its_place_under_the_new_days_limit_to_another_card() {
    let mut w = World::new([decks::draft(1, 9).settings(|s| s.new_per_day = 3).build()]);
    let s = w.studying(Start { window: 5, ..start(1) });
    let card = w.held(s)[0];
    w.pass(TO_ROLLOVER_MS + 5_000);
    assert_eq!(w.held(s).len(), 3);
    send_at(&mut w, s, card, NOON_MS + TO_ROLLOVER_MS - 2_000, 5);
    // It is due today itself, as a review; the place that it had among the new ones is another's.
    assert_eq!(w.held(s), [1, 2, 0, 3].map(|n| card_id(1, n)));
}

#[test]
fn an_answer_with_an_id_after_the_rollover_counts_for_the_new_day() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    w.pass(TO_ROLLOVER_MS);
    let (card, _) = w.answer_screen(s, 5);
    w.commit();
    let state = w.store.fold(deck_id(1), card, &w.library);
    assert_eq!(state.scheduled.expect("scheduled").day, w.session.today());
}

#[test]
fn the_clock_may_go_back_a_day_and_nothing_schedules_twice() {
    let mut w = World::new([plain(1, 3)]);
    w.dev_clock = true;
    w.load();
    let s = w.studying(start(1));
    w.study_out(s, 5);
    w.pass(DAY_MS);
    w.study_out(s, 5);
    w.take(s);
    w.set_wall(NOON_MS);
    assert!(change(&w.take(s), Reason::NewDay).is_some(), "backwards is a new day too");
    assert!(w.held(s).is_empty(), "all were scheduled on this day or later");
    w.answer(s, card_id(1, 0), 5);
    w.commit();
    w.memory_is_the_fold();
    w.set_wall(NOON_MS + 30 * DAY_MS);
    assert_eq!(w.held(s).len(), 3);
    w.study_out(s, 5);
    w.memory_is_the_fold();
}

#[test]
fn a_change_of_zone_that_moves_the_day_turns_it() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    w.zones.change(NOON_MS, "Pacific/Kiritimati", 4).expect("a zone");
    w.pass(1_000);
    w.input(Input::Zones(w.zones.clone()));
    assert!(change(&w.take(s), Reason::NewDay).is_none(), "two in the night there: still this study day");
    w.pass(2 * HOUR_MS);
    assert!(change(&w.take(s), Reason::NewDay).is_some());
    w.answer_screen(s, 5);
    w.zones.change(w.now.wall_ms, "Pacific/Pago_Pago", 4).expect("a zone");
    w.pass(1_000);
    w.input(Input::Zones(w.zones.clone()));
    assert!(change(&w.take(s), Reason::NewDay).is_some(), "back by 25 hours");
    w.study_out(s, 5);
    w.commit();
    w.memory_is_the_fold();
}

#[test]
fn a_change_of_zone_that_nobody_told_is_found_when_access_is_looked_at() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    w.pass(3 * HOUR_MS);
    w.take(s);
    w.zones.change(NOON_MS, "Pacific/Kiritimati", 4).expect("a zone");
    w.input(Input::AccessChanged);
    assert!(change(&w.take(s), Reason::NewDay).is_some());
}

#[test]
fn a_session_without_a_deck_finds_it_too_and_stamps_by_it() {
    let mut w = World::new([plain(1, 3)]);
    w.zones.change(NOON_MS - HOUR_MS, "Europe/Berlin", 4).expect("a zone");
    w.input(Input::AccessChanged);
    let s = w.open();
    w.answer(s, card_id(1, 0), 5);
    assert_eq!(stamped_last(&w), 60);
}

#[test]
fn zones_that_were_read_before_a_change_was_told_do_not_come_back() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    w.fetches_at_once = false;
    w.input(Input::AccessChanged);
    let (token, want) = w.fetches.pop_front().expect("access");
    let old = w.facts(&want);
    w.zones.change(NOON_MS - HOUR_MS, "Europe/Berlin", 4).expect("a zone");
    w.input(Input::Zones(w.zones.clone()));
    w.input(Input::Fetched { token, facts: old });
    assert!(w.fetches.iter().all(|(_, want)| !matches!(want, Want::Access(_))), "it is not read again");
    w.answer_fetches();
    w.answer(s, card_id(1, 0), 5);
    assert_eq!(stamped_last(&w), 60);
}

/// The offset from UTC of the newest entry that was handed to the writer, in minutes.
fn stamped_last(w: &World) -> i16 {
    w.appended.last().and_then(|offer| offer.append.entry).expect("an entry").stamp.utc_offset_min
}

#[test]
fn more_of_today_is_not_more_of_tomorrow() {
    let mut w = World::new([decks::draft(1, 30).settings(|s| s.new_per_day = 2).build()]);
    let more = Limits { new: Some(5), review: None };
    let s = w.studying(Start { more, ..start(1) });
    assert_eq!(w.left(s).new, 7);
    w.pass(TO_ROLLOVER_MS);
    assert_eq!(w.left(s).new, 2);
}

#[test]
fn an_answer_to_a_card_dealt_anew_to_another_socket_is_taken_from_there_when_durable() {
    let mut w = World::new([plain(1, 1)]);
    let a = w.studying(start(1));
    let b = w.studying(start(2));
    let card = w.held(a)[0];
    w.pass(TO_ROLLOVER_MS + 5_000);
    w.close(a);
    assert_eq!(w.held(b), [card]);
    w.take(b);
    let again = w.open();
    send_at(&mut w, again, card, NOON_MS + TO_ROLLOVER_MS - 2_000, 5);
    w.commit();
    assert_eq!(change(&w.take(b), Reason::AnsweredElsewhere).expect("told").drop, [card]);
}

#[test]
fn a_card_whose_own_day_is_ahead_of_today_is_drilled_when_it_was_promised() {
    let mut w = World::new([plain(1, 2)]);
    w.zones.change(NOON_MS, "Pacific/Kiritimati", 4).expect("a zone");
    w.load();
    let s = w.studying(start(1));
    w.pass(3 * HOUR_MS);
    // A flag alone lifts the card's day to that of Kiritimati; then the learner travels west, a day back.
    w.set(s, card_id(1, 0), SetChange::Flag(1));
    w.commit();
    w.pass(HOUR_MS);
    w.zones.change(w.now.wall_ms, "Pacific/Pago_Pago", 4).expect("a zone");
    w.pass(1_000);
    w.input(Input::Zones(w.zones.clone()));
    assert!(w.clients[&s].shown[&card_id(1, 0)].if_graded[1].again_today, "promised");
    w.answer(s, card_id(1, 0), 1);
    w.answer(s, card_id(1, 1), 5);
    w.commit();
    assert_eq!(w.left(s).learning, 1);
    assert_eq!(w.held(s), [card_id(1, 0)], "and kept");
    assert_eq!(w.clients[&s].shown[&card_id(1, 0)].kind, Kind::Drill);
    w.answer_screen(s, 4);
    w.commit();
    let state = w.store.fold(deck_id(1), card_id(1, 0), &w.library);
    assert_eq!((state.sm2.reps, state.answers), (0, 2), "the second was a drill");
    w.memory_is_the_fold();
}

#[test]
fn an_answer_of_the_old_day_is_told_once() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let card = w.held(s)[0];
    w.pass(TO_ROLLOVER_MS + 5_000);
    w.take(s);
    send_at(&mut w, s, card, NOON_MS + TO_ROLLOVER_MS - 2_000, 5);
    w.commit();
    let told = changes(&w.take(s)).into_iter().filter(|change| change.reason == Reason::Rescheduled);
    assert_eq!(told.count(), 1);
}
