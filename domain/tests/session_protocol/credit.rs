//! Credit: how much is handed out at once.

use crate::world::client::cards;
use crate::world::*;
use domain::limits::COMMANDS_UNDECIDED;
use domain::session::{Input, Refusal, Start};

fn many() -> domain::deck::Deck {
    decks::draft(1, 2_000).settings(|s| s.new_per_day = 2_000).build()
}

#[test]
fn a_socket_never_holds_more_than_its_window() {
    for window in [1, 3, 20] {
        let mut w = World::new([many()]);
        let s = w.studying(Start { window, ..start(1) });
        for _ in 0..30 {
            assert_eq!(w.held(s).len(), window);
            w.answer_screen(s, 4);
        }
    }
}

#[test]
fn an_answer_to_a_card_that_is_not_held_frees_no_place() {
    let mut w = World::new([many()]);
    let s = w.studying(start(1));
    w.answer(s, card_id(1, 500), 4);
    assert!(cards(&w.take(s)).is_empty());
    assert_eq!(w.held(s).len(), 3);
}

#[test]
fn nothing_is_handed_out_above_256_less_the_window_commands_without_verdict() {
    let mut w = World::new([many()]);
    let s = w.studying(start(1));
    let mut answered = 0;
    while !w.held(s).is_empty() {
        w.answer_screen(s, 4);
        answered += 1;
    }
    assert_eq!(answered, COMMANDS_UNDECIDED);
    assert!(client::dones(&w.take(s)).is_empty(), "done although only credit is missing");
    w.commit();
    assert_eq!(w.held(s).len(), 3, "credit came back with the verdicts");
}

#[test]
fn what_a_closed_socket_left_behind_still_counts_against_the_learner() {
    let mut w = World::new([many()]);
    for round in 0..3 {
        let s = w.studying(start(1));
        for _ in 0..100 {
            if !w.held(s).is_empty() {
                w.answer_screen(s, 4);
            }
        }
        w.close(s);
        assert!(w.session.pending_entries().count() <= COMMANDS_UNDECIDED, "round {round}");
    }
    let s = w.studying(start(1));
    assert!(w.held(s).is_empty());
    w.commit();
    assert_eq!(w.held(s).len(), 3);
}

#[test]
fn busy_meets_those_who_ignore_credit_and_is_not_final() {
    let mut w = World::new([many()]);
    let s = w.studying(start(1));
    let mut busy = None;
    for n in 0..300 {
        let id = w.id();
        let command = w.answer_to(s, card_id(1, 1_000 + n), 4);
        let seq = w.send(s, id, command.clone());
        if let Some(Err(refusal)) = w.verdict(s, seq) {
            assert_eq!(refusal, Refusal::Busy);
            assert!(!refusal.is_final());
            busy.get_or_insert((n, id, command.clone()));
        } else {
            assert!(busy.is_none(), "accepted after a busy");
        }
    }
    let (n, id, command) = busy.expect("a busy");
    assert_eq!(n as usize, COMMANDS_UNDECIDED);
    w.commit();
    let again = w.send(s, id, command.clone());
    w.commit();
    assert_eq!(w.verdict(s, again), Some(Ok(())), "the same id goes through later");
}

#[test]
fn without_credit_of_the_node_nothing_is_handed_out() {
    let mut w = World::new([many()]);
    w.input(Input::Credit(false));
    let s = w.studying(start(1));
    assert!(w.held(s).is_empty());
    w.input(Input::Credit(true));
    assert_eq!(w.held(s).len(), 3);
}

#[test]
fn a_client_that_sends_on_while_the_store_is_slow_is_cut_at_the_bound_of_its_inbox() {
    use domain::limits::SOCKET_INBOX;
    use domain::session::Closing;
    let mut w = World::new([many()]);
    let s = w.open();
    w.fetches_at_once = false;
    w.start(s, start(1));
    for n in 0..=SOCKET_INBOX {
        if w.clients[&s].closed.is_none() {
            w.answer(s, card_id(1, n as u128), 5);
        }
    }
    assert_eq!(w.clients[&s].closed, Some(Closing::TooSlow));
    assert_eq!(w.session.socket_count(), 0);
}

#[test]
fn decks_that_no_sitting_is_over_are_forgotten_above_the_bound() {
    use domain::limits::DECKS_PER_SESSION;
    let mut w = World::new((1..=DECKS_PER_SESSION as u128 + 10).map(|n| plain(n, 1)));
    w.compares = false;
    let s = w.studying(Start { decks: Some(vec![deck_id(5)]), ..start(1) });
    let before = w.held(s);
    for n in 1..=DECKS_PER_SESSION as u128 + 10 {
        w.answer(s, card_id(n, 0), 5);
        w.commit();
        assert!(w.session.sizes()["decks"] <= DECKS_PER_SESSION);
    }
    assert_eq!(before, [card_id(5, 0)]);
    assert_eq!(w.store.log.len(), DECKS_PER_SESSION + 10);
    w.memory_is_the_fold();
}

#[test]
fn a_start_over_more_decks_than_a_session_may_hold_is_refused_and_nothing_starts() {
    use domain::limits::DECKS_PER_SESSION;
    use domain::session::Notice;
    let mut w = World::new((1..=DECKS_PER_SESSION as u128 + 1).map(|n| plain(n, 1)));
    let s = w.open();
    w.start(s, start(1));
    assert_eq!(w.take(s), [client::Frame::Error(Notice::TooManyDecks)]);
}

#[test]
fn a_queue_lists_the_first_thousand_decks_and_counts_all() {
    use domain::limits::DECKS_PER_QUEUE;
    let mut w = World::new((1..=DECKS_PER_QUEUE as u128 + 5).map(|n| plain(n, u128::from(n != 3))));
    let s = w.open();
    w.start(s, start(1));
    let (decks, total) = client::queue(&w.take(s)).expect("a queue");
    assert_eq!((decks.len(), total.new as usize), (DECKS_PER_QUEUE, DECKS_PER_QUEUE + 4));
    assert!(decks.iter().all(|(deck, counts)| *deck != deck_id(3) && counts.new == 1));
}
