//! Cards: what is held, in which order, and what a server must not deal.

use crate::script::{Script, closed, refusal, saved, shown, start};
use client::{Event, Violation};
use protocol::{
    Card, CardState, ChangeReason, Changed, Done, ErrorCode, Kind, Mode, Outcome, Queue, ServerFrame, Start,
};
use uuid::Uuid;

fn card(n: u128) -> Card {
    Card {
        card_id: Uuid::from_u128(n),
        deck_id: Uuid::from_u128(9),
        kind: Kind::Review,
        mode: Mode::Flip,
        front: n.to_string(),
        back: Some(String::new()),
        hint: None,
        explanation: None,
        choices: vec![],
        media: vec![],
        state: CardState { reps: 1, interval_days: 1, ease: 250, due: None, lapses: 0, recall: None },
        if_graded: [Outcome { days: 1, again_today: false }; 6],
        left: None,
        saved: None,
    }
}

fn studying(window: u8, cards: &[u128]) -> Script {
    let mut script = Script::new();
    script.live();
    let start = Start { window: Some(window), ..start(5) };
    script.core.start(script.now, start, &mut script.out);
    script.frame(ServerFrame::Queue(Queue::default()));
    for n in cards {
        script.frame(ServerFrame::Card(Box::new(card(*n))));
    }
    script
}

fn change(script: &mut Script, changed: Changed) {
    script.frame(ServerFrame::Changed(Box::new(changed)));
}

fn held(script: &Script) -> Vec<u128> {
    script.core.held().cards().iter().map(|card| card.card_id.as_u128()).collect()
}

fn violations(script: &mut Script) -> Vec<Violation> {
    let events = script.events().into_iter().filter_map(|event| match event {
        Event::Violation(violation) => Some(violation),
        _ => None,
    });
    events.collect()
}

#[test]
fn the_first_card_that_arrived_is_on_screen_and_an_answer_frees_its_place() {
    let mut script = studying(3, &[1, 2, 3]);
    assert_eq!(held(&script), [1, 2, 3]);
    script.answer(1);
    script.frame(ServerFrame::Card(Box::new(card(4))));
    assert_eq!(held(&script), [2, 3, 4]);
    assert_eq!(violations(&mut script), []);
}

#[test]
fn a_changed_card_keeps_its_place_an_undone_one_comes_first_and_dropped_ones_go() {
    let mut script = studying(3, &[1, 2, 3]);
    let edited = Card { front: "mended".into(), ..card(2) };
    change(&mut script, Changed { card: Some(edited), ..Changed::because(ChangeReason::Edited) });
    assert_eq!(held(&script), [1, 2, 3]);
    assert_eq!(script.core.held().cards()[1].front, "mended");
    let drop = vec![Uuid::from_u128(3)];
    change(&mut script, Changed { card: Some(card(7)), drop, ..Changed::because(ChangeReason::Undone) });
    assert_eq!(held(&script), [7, 1, 2]);
    change(&mut script, Changed { card: Some(card(2)), ..Changed::because(ChangeReason::Undone) });
    assert_eq!(held(&script), [2, 7, 1], "held already: it moves to the front");
    let drop = vec![Uuid::from_u128(7), Uuid::from_u128(99)];
    change(&mut script, Changed { drop, ..Changed::because(ChangeReason::TakenOver) });
    assert_eq!(held(&script), [2, 1]);
    assert_eq!(violations(&mut script), []);
}

#[test]
fn a_change_of_a_card_that_was_answered_meanwhile_does_not_bring_it_back() {
    let mut script = studying(3, &[1, 2]);
    script.answer(1);
    change(&mut script, Changed { card: Some(card(1)), ..Changed::because(ChangeReason::Edited) });
    assert_eq!(held(&script), [2]);
}

#[test]
fn cards_stay_on_screen_without_a_connection_and_go_at_the_next_queue() {
    let mut script = studying(3, &[1, 2]);
    script.input(closed(4408));
    assert_eq!(held(&script), [1, 2]);
    script.answer(1);
    assert_eq!(held(&script), [2]);
    script.after(60_000).live().frame(ServerFrame::Queue(Queue::default()));
    assert_eq!(held(&script), [0; 0]);
}

#[test]
fn an_answer_names_the_sitting_that_its_card_was_dealt_in() {
    let mut script = studying(3, &[1]);
    script.actions();
    script.core.start(script.now, start(6), &mut Vec::new());
    let mut out = Vec::new();
    script.core.answer(script.now, shown(1), crate::script::good(), &mut out).expect("taken");
    let text = format!("{out:?}");
    assert!(
        text.contains(&start(5).sitting.to_string()) && !text.contains(&start(6).sitting.to_string()),
        "{text}"
    );
}

#[test]
fn a_card_whose_answer_is_refused_is_on_screen_again_because_the_server_holds_it_there() {
    let mut script = studying(3, &[1, 2, 3]);
    let answer = script.answer(1);
    assert_eq!(held(&script), [2, 3]);
    script.frame(refusal(ErrorCode::BadTime, 1, answer)).frame(saved(1));
    assert_eq!(held(&script), [1, 2, 3]);
    let busy = script.answer(1);
    script.frame(refusal(ErrorCode::Busy, 2, busy));
    assert_eq!(held(&script), [2, 3], "it is answered: the answer is sent again");
    let lost = script.answer(2);
    script.frame(refusal(ErrorCode::Internal, 3, lost));
    assert_eq!(held(&script), [3], "it was taken from the socket when the answer was accepted");
    let dropped = script.answer(3);
    let drop = vec![Uuid::from_u128(3)];
    change(&mut script, Changed { drop, ..Changed::because(ChangeReason::Deleted) });
    script.frame(refusal(ErrorCode::UnknownCard, 4, dropped));
    assert_eq!(held(&script), [0; 0]);
    assert_eq!(violations(&mut script), []);
}

#[test]
fn a_card_that_is_dealt_before_its_answer_is_heard_is_not_shown_a_second_time() {
    let mut script = studying(3, &[1, 2]);
    script.input(closed(4408)).after(60_000).live();
    script.answer(1);
    script.frame(ServerFrame::Queue(Queue::default()));
    script.frame(ServerFrame::Card(Box::new(card(1)))).frame(ServerFrame::Card(Box::new(card(2))));
    assert_eq!(held(&script), [2], "the answer to 1 went behind the start");
    // From here it is as it always is.
    script.frame(saved(1)).frame(ServerFrame::Card(Box::new(card(1))));
    assert_eq!(held(&script), [2, 1]);
}

#[test]
fn a_card_that_was_dealt_before_its_answer_was_refused_is_to_be_answered_again() {
    let mut script = studying(3, &[1, 2]);
    script.input(closed(4408)).after(60_000).live();
    let refused = script.answer(1);
    script.frame(ServerFrame::Queue(Queue::default())).frame(ServerFrame::Card(Box::new(card(1))));
    assert_eq!(held(&script), [0; 0]);
    script.frame(refusal(ErrorCode::BadTime, 1, refused));
    assert_eq!(held(&script), [1]);
}

#[test]
fn a_drill_that_follows_from_an_answer_behind_a_start_is_shown() {
    let mut script = studying(3, &[1]);
    script.input(closed(4408)).after(60_000).live();
    script.answer(1);
    script.frame(ServerFrame::Queue(Queue::default()));
    script.frame(ServerFrame::Card(Box::new(Card { kind: Kind::Drill, ..card(1) })));
    assert_eq!(held(&script), [1]);
    // Unless one card too many shows that it was dealt before.
    for n in 2..=4 {
        script.frame(ServerFrame::Card(Box::new(card(n))));
    }
    assert_eq!(held(&script), [2, 3, 4]);
    assert_eq!(violations(&mut script), []);
    script.frame(ServerFrame::Card(Box::new(card(5))));
    assert_eq!(violations(&mut script), [Violation::WindowExceeded { held: 4, window: 3 }]);
}

#[test]
fn an_answer_that_waits_its_turn_is_not_asked_for_again() {
    let mut script = studying(3, &[1]);
    for n in 0..64 {
        script.answer(100 + n);
    }
    script.answer(1);
    script.core.start(script.now, start(6), &mut script.out);
    script.frame(ServerFrame::Queue(Queue::default()));
    let drill = Card { kind: Kind::Drill, ..card(1) };
    script.frame(ServerFrame::Card(Box::new(drill)));
    assert_eq!(held(&script), [0; 0], "whatever it is dealt as: the server has heard nothing");
}

#[test]
fn a_card_too_many_a_card_twice_and_done_too_early_are_broken_promises() {
    let mut script = studying(2, &[1, 2, 3]);
    assert_eq!(violations(&mut script), [Violation::WindowExceeded { held: 3, window: 2 }]);
    let mut script = studying(3, &[1, 1]);
    assert_eq!(violations(&mut script), [Violation::HeldTwice(Uuid::from_u128(1))]);
    let mut script = studying(3, &[1]);
    script.frame(ServerFrame::Done(Done {
        sitting: start(5).sitting,
        answered: 0,
        cards: 0,
        correct: 0,
        elapsed_ms: 0,
        next_due_at: None,
        held_elsewhere: None,
    }));
    assert_eq!(violations(&mut script), [Violation::DoneTooEarly(1)]);
}
