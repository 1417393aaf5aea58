//! Several devices of one learner: no card twice, takeovers, and the gate that hides what is not durable.

use crate::world::client::{change, changes, dones, queue};
use crate::world::*;
use domain::ids::{CardId, InstanceId};
use domain::limits::{SOCKETS_PER_LEARNER, TAKEOVER_AFTER_MS};
use domain::session::{Closing, Input, Reason, SocketId, Start};

const MINUTE: i64 = TAKEOVER_AFTER_MS as i64;

fn no_card_twice(w: &World, sockets: &[SocketId]) {
    let mut held: Vec<CardId> = sockets.iter().flat_map(|s| w.held(*s)).collect();
    let all = held.len();
    held.sort_unstable();
    held.dedup();
    assert_eq!(held.len(), all, "a card is held by two");
}

#[test]
fn no_card_is_held_by_two_sockets() {
    let mut w = World::new([plain(1, 12)]);
    let all: Vec<SocketId> = (1..=5).map(|n| w.studying(start(n))).collect();
    no_card_twice(&w, &all);
    assert_eq!(all.iter().map(|s| w.held(*s).len()).sum::<usize>(), 12);
    for round in 0..12 {
        let s = all[round % 5];
        if !w.held(s).is_empty() {
            w.answer_screen(s, u8::try_from(round % 6).expect("a grade"));
        }
        w.commit();
        no_card_twice(&w, &all);
    }
}

#[test]
fn an_empty_socket_takes_the_last_ahead_card_of_the_one_that_holds_most_and_only_one() {
    let mut w = World::new([plain(1, 5)]);
    let a = w.studying(start(1));
    let b = w.studying(Start { window: 2, ..start(2) });
    let c = w.open();
    w.take(a);
    w.start(c, start(3));
    assert_eq!(w.held(c), [card_id(1, 2)]);
    let told = change(&w.take(a), Reason::TakenOver).expect("taken over");
    assert_eq!(told.drop, [card_id(1, 2)]);
    assert_eq!((w.held(a).len(), w.held(b).len()), (2, 2));
}

#[test]
fn a_socket_that_holds_a_card_takes_nothing_over() {
    let mut w = World::new([plain(1, 4)]);
    let a = w.studying(start(1));
    let b = w.studying(start(2));
    assert_eq!(w.held(b), [card_id(1, 3)]);
    w.pass(10 * MINUTE);
    assert_eq!((w.held(a).len(), w.held(b).len()), (3, 1));
}

#[test]
fn an_on_screen_card_is_taken_only_after_a_minute_without_a_command_or_a_start() {
    let mut w = World::new([plain(1, 1)]);
    let a = w.studying(start(1));
    let b = w.studying(start(2));
    assert!(w.held(b).is_empty());
    w.pass(MINUTE - 1);
    assert!(w.held(b).is_empty(), "too early");
    w.pass(1);
    assert_eq!(w.held(b), [card_id(1, 0)]);
    assert_eq!(change(&w.take(a), Reason::TakenOver).expect("told").drop, [card_id(1, 0)]);
}

#[test]
fn a_command_or_a_start_keeps_the_card_on_screen_and_a_tick_does_not() {
    let mut w = World::new([plain(1, 1), plain(2, 3)]);
    let only = |n| Start { decks: Some(vec![deck_id(1)]), ..start(n) };
    let a = w.studying(only(1));
    let b = w.studying(only(2));
    w.pass(MINUTE - 1);
    w.answer(a, card_id(2, 0), 5);
    w.pass(MINUTE - 1);
    w.input(Input::Tick);
    assert!(w.held(b).is_empty());
    w.start(a, only(1));
    w.pass(MINUTE - 1);
    assert!(w.held(b).is_empty());
    w.pass(1);
    assert_eq!(w.held(b), [card_id(1, 0)]);
}

#[test]
fn the_takeover_follows_by_itself_at_the_sessions_deadline() {
    let mut w = World::new([plain(1, 1)]);
    w.studying(start(1));
    let b = w.studying(start(2));
    w.pass_by_deadlines(TAKEOVER_AFTER_MS);
    assert_eq!(w.held(b), [card_id(1, 0)]);
}

#[test]
fn a_socket_that_lost_its_on_screen_card_takes_nothing_until_it_sends_a_command_or_a_start() {
    let mut w = World::new([plain(1, 1), plain(2, 3)]);
    let only = |n| Start { decks: Some(vec![deck_id(1)]), ..start(n) };
    let a = w.studying(only(1));
    let b = w.studying(only(2));
    w.pass(MINUTE);
    assert_eq!(w.held(b), [card_id(1, 0)]);
    w.pass(5 * MINUTE);
    assert!(w.held(a).is_empty(), "two idle screens must not play ping-pong");
    assert_eq!(w.held(b), [card_id(1, 0)]);
    w.answer(a, card_id(2, 0), 5);
    assert_eq!(w.held(a), [card_id(1, 0)], "it came back to life, and the other screen is idle");
}

#[test]
fn who_waits_for_a_card_elsewhere_is_told_how_many_and_gets_it_when_it_comes_free() {
    let mut w = World::new([plain(1, 1)]);
    let a = w.studying(start(1));
    let b = w.open();
    w.start(b, start(2));
    let done = dones(&w.take(b)).pop().expect("done");
    assert_eq!(done.held_elsewhere, Some(1));
    w.close(a);
    assert_eq!(w.held(b), [card_id(1, 0)]);
}

#[test]
fn cards_that_the_waiting_sitting_could_not_have_are_not_counted_as_held_elsewhere() {
    let mut w = World::new([decks::draft(1, 3).tag(0, "a").tag(1, "b").tag(2, "b").build()]);
    w.studying(start(1));
    let b = w.open();
    w.start(b, Start { tags: vec!["c".to_owned()], ..start(2) });
    assert_eq!(dones(&w.take(b)).pop().expect("done").held_elsewhere, None);
    assert!(w.held(b).is_empty());
}

#[test]
fn a_takeover_keeps_the_limits_of_the_sitting_that_takes() {
    use domain::session::Limits;
    let mut w = World::new([plain(1, 9)]);
    w.studying(start(1));
    let none = Limits { new: Some(0), review: None };
    let b = w.open();
    w.start(b, Start { limits: none, ..start(2) });
    assert!(w.held(b).is_empty());
    w.pass(2 * MINUTE);
    assert!(w.held(b).is_empty());
}

#[test]
fn until_an_answer_is_durable_its_card_is_dealt_to_no_other_socket() {
    let mut w = World::new([plain(1, 1)]);
    let a = w.studying(start(1));
    let b = w.studying(start(2));
    w.answer_screen(a, 1);
    // The drill comes at once, but only to the socket that answered.
    assert_eq!(w.held(a), [card_id(1, 0)]);
    w.close(a);
    assert!(w.held(b).is_empty());
    w.commit();
    w.pass(61_000);
    assert_eq!(w.held(b), [card_id(1, 0)]);
}

#[test]
fn nothing_of_an_undurable_answer_reaches_another_socket() {
    let mut w = World::new([plain(1, 9)]);
    let a = w.studying(start(1));
    let b = w.studying(start(2));
    let before = w.left(b);
    w.take(b);
    let (card, _) = w.answer_screen(a, 1);
    assert!(w.take(b).is_empty());
    w.answer_screen(b, 5);
    assert_eq!(w.left(b).learning, before.learning);
    assert_eq!(w.left(b).new, before.new - 1, "its own answer alone");
    w.start(b, start(2));
    let (_, total) = queue(&w.take(b)).expect("a queue");
    assert_eq!((total.new, total.learning), (before.new - 1, 0));
    w.commit();
    let told = change(&w.take(b), Reason::AnsweredElsewhere).expect("told when durable");
    assert_eq!(told.about.expect("a state").0, card);
    assert_eq!(told.left.map(|left| (left.new, left.learning)), Some((before.new - 2, 1)));
}

#[test]
fn of_two_answers_to_a_card_the_first_to_be_durable_tells_others_nothing_of_the_second() {
    let mut w = World::new([plain(1, 9)]);
    let a = w.studying(start(1));
    let b = w.studying(start(2));
    let (card, first) = w.answer_screen(a, 1);
    w.answer(a, card, 5);
    w.take(b);
    w.land_once(&mut |_: &domain::commit::Offer| domain::commit::Landed::Durable);
    assert!(w.store.log.contains_key(&first) && w.store.log.len() == 1);
    let told: Vec<u32> =
        changes(&w.take(b)).iter().filter_map(|c| c.about).map(|about| about.1.answers).collect();
    assert!(told.iter().all(|answers| *answers == 1), "{told:?}");
    w.commit();
    let told = change(&w.take(b), Reason::AnsweredElsewhere).expect("told when both are durable");
    assert_eq!(told.about.expect("a state").1.answers, 2);
}

#[test]
fn counts_leave_out_two_undurable_answers_to_one_card_in_whatever_order_of_ids() {
    let mut w = World::new([plain(1, 9)]);
    let a = w.studying(start(1));
    let b = w.studying(start(2));
    let before = w.left(b);
    w.answer(a, card_id(1, 8), 5);
    let older = w.id_at(NOON_MS - HOUR_MS);
    let command = w.answer_to(a, card_id(1, 8), 1);
    w.send(a, older, command);
    w.start(b, start(2));
    assert_eq!(queue(&w.take(b)).expect("a queue").1, before);
}

#[test]
fn counts_leave_out_undurable_answers_under_tags_and_filters_and_with_siblings() {
    let mut w = World::new([decks::draft(1, 6)
        .in_pairs()
        .settings(|s| s.bury_siblings = true)
        .tag(0, "t")
        .tag(1, "t")
        .tag(2, "t")
        .build()]);
    let a = w.studying(start(1));
    let b = w.open();
    let tagged = Start { tags: vec!["t".to_owned()], ..start(2) };
    w.start(b, tagged.clone());
    let plain = w.studying(start(3));
    let (before, before_plain) = (w.left(b), w.left(plain));
    w.answer(a, card_id(1, 0), 5);
    w.start(b, tagged);
    w.start(plain, start(3));
    assert_eq!((w.left(b), w.left(plain)), (before, before_plain));
    w.commit();
    assert_eq!(w.left(b).new, before.new - 2, "the card and its sibling");
    assert_eq!(w.left(plain).new, before_plain.new - 2);
}

#[test]
fn an_edit_of_a_held_card_shows_nothing_of_an_undurable_answer_from_elsewhere() {
    let mut w = World::new([plain(1, 3)]);
    let a = w.studying(start(1));
    let b = w.open();
    let card = w.held(a)[0];
    w.answer(b, card, 5);
    w.take(a);
    w.edit(deck_id(1), |deck| deck.cards[0].revision = 2);
    let shown = change(&w.take(a), Reason::Edited).expect("edited").card.expect("the card");
    assert_eq!((shown.revision, shown.state.answers), (2, 0));
    w.commit();
    assert_eq!(change(&w.take(a), Reason::AnsweredElsewhere).expect("told").drop, [card]);
}

#[test]
fn next_due_at_knows_nothing_of_an_undurable_answer_from_elsewhere() {
    let mut w = World::new([decks::draft(1, 1).settings(|s| s.drill_delay_s = 7_200).build()]);
    let a = w.studying(start(1));
    w.answer_screen(a, 1);
    let b = w.open();
    w.start(b, start(2));
    assert_eq!(dones(&w.take(b)).pop().expect("done").next_due_at_ms, None);
    w.commit();
    w.start(b, start(2));
    assert_eq!(dones(&w.take(b)).pop().expect("done").next_due_at_ms, Some(NOON_MS + 7_200_000));
}

#[test]
fn a_batch_over_http_is_heard_by_open_sockets_when_it_is_durable() {
    let mut w = World::new([plain(1, 9)]);
    let a = w.studying(start(1));
    let batch = w.open_as(None);
    let other = w.open_as(None);
    let held = w.held(a)[1];
    w.take(a);
    w.answer(batch, held, 5);
    w.answer(other, card_id(1, 8), 5);
    assert!(w.take(a).is_empty());
    w.commit();
    let told = changes(&w.take(a));
    assert_eq!(told.len(), 2);
    assert_eq!((told[0].reason, &told[0].drop), (Reason::AnsweredElsewhere, &vec![held]));
    assert!(told[1].drop.is_empty());
    assert_eq!(w.held(a).len(), 3, "the freed place is filled");
}

#[test]
fn a_new_hello_of_the_same_instance_replaces_the_older_socket() {
    let mut w = World::new([plain(1, 9)]);
    let tab = Some(InstanceId::from_u128(5));
    let a = w.open_as(tab);
    w.start(a, start(1));
    let held = w.held(a);
    let b = w.open_as(tab);
    assert_eq!(w.clients[&a].closed, Some(Closing::Replaced));
    w.start(b, start(1));
    assert_eq!(w.held(b), held, "its cards are there for the newer socket");
    assert_eq!(w.session.socket_count(), 1);
}

#[test]
fn one_socket_more_than_a_learner_may_have_is_closed_and_the_others_live() {
    let mut w = World::new([plain(1, 60)]);
    let all: Vec<SocketId> = (0..SOCKETS_PER_LEARNER).map(|n| w.studying(start(n as u128))).collect();
    let one_more = w.open();
    assert_eq!(w.clients[&one_more].closed, Some(Closing::TooManySockets));
    no_card_twice(&w, &all);
    w.answer_screen(all[0], 5);
    w.commit();
    assert_eq!(w.verdict(all[0], 1), Some(Ok(())));
}

#[test]
fn the_new_state_told_with_a_verdict_leaves_out_what_another_device_did_since() {
    let mut w = World::new([plain(1, 1)]);
    let a = w.studying(start(1));
    let b = w.open();
    let card = w.held(a)[0];
    w.answer(a, card, 5);
    // Not held any more: this one counts as extra, and the new state comes with its verdict.
    let second = w.answer(a, card, 5);
    w.answer(b, card, 5);
    w.take(a);
    while !w.store.log.contains_key(&second) {
        w.land_once(&mut |_: &domain::commit::Offer| domain::commit::Landed::Durable);
    }
    let told = change(&w.take(a), Reason::Rescheduled).expect("the state with the verdict");
    assert_eq!(told.about.expect("a state").1.answers, 2);
}

#[test]
fn what_rests_on_a_refused_row_is_not_shown_to_others_as_if_it_had_happened() {
    use domain::commit::Landed;
    let mut w = World::new([plain(1, 9)]);
    let a = w.studying(start(1));
    let (card, first) = w.answer_screen(a, 1);
    w.commit();
    let undo = w.undo(a, first);
    w.answer(a, card, 5);
    let b = w.studying(start(2));
    let mut lands = |o: &domain::commit::Offer| {
        if o.entry_id() == Some(undo) { Landed::Never } else { Landed::Durable }
    };
    w.land_once(&mut lands);
    // The undo never was: the other device still sees one answer, and a drill.
    w.start(b, start(2));
    let (_, total) = queue(&w.take(b)).expect("a queue");
    assert_eq!(
        (total.new, total.learning),
        (8, 0),
        "while the card waits for its fold it is not dealt at all"
    );
    w.commit();
    w.memory_is_the_fold();
    assert_eq!(w.store.fold(deck_id(1), card, &w.library).answers, 2);
}

#[test]
fn who_loses_a_card_to_an_undo_elsewhere_is_told_that_it_is_held_elsewhere() {
    let mut w = World::new([plain(1, 1)]);
    let x = w.studying(start(1));
    let y = w.studying(start(2));
    assert_eq!(w.held(x), [card_id(1, 0)]);
    w.take(x);
    let flag = w.set(y, card_id(1, 0), domain::entry::SetChange::Flag(1));
    w.commit();
    w.undo(y, flag);
    assert_eq!((w.held(x).len(), w.held(y).len()), (0, 1));
    w.commit();
    let done = dones(&w.take(x)).pop().expect("nothing is left for it");
    assert_eq!(done.held_elsewhere, Some(1));
}
