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
        let seq = w.send(s, id, command);
        if let Some(Err(refusal)) = w.verdict(s, seq) {
            assert_eq!(refusal, Refusal::Busy);
            assert!(!refusal.is_final());
            busy.get_or_insert((n, id, command));
        } else {
            assert!(busy.is_none(), "accepted after a busy");
        }
    }
    let (n, id, command) = busy.expect("a busy");
    assert_eq!(n as usize, COMMANDS_UNDECIDED);
    w.commit();
    let again = w.send(s, id, command);
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
