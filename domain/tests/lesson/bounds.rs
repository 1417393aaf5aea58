//! Every limit is reached and holds.

use crate::desk::*;
use domain::ids::{AskId, EntryId};
use domain::lesson::{Closing, Command, Effect, Figures, Input, Refusal, Round};
use domain::limits::*;

#[test]
fn a_lesson_has_room_for_ten_thousand_students_and_their_cards_and_for_no_more() {
    let (mut desk, monitor) = Desk::open(1);
    desk.input(Input::Roster(roster(STUDENTS_PER_LESSON as u128 + 5)));
    let cards: Vec<_> = (0..300).map(|n| tally(n, 1, 1)).collect();
    for n in 0..STUDENTS_PER_LESSON as u128 + 5 {
        let cards = if n < 10 { cards.clone() } else { vec![tally(n % 50, 1, 0)] };
        desk.cell(n, (1, 1), Figures { cards, ..figures(1, 1) });
    }
    desk.pass(1_000);
    let screen = desk.screen(monitor);
    assert_eq!(
        (screen.students.len(), screen.totals.answered),
        (STUDENTS_PER_LESSON, STUDENTS_PER_LESSON as u64)
    );
    assert_eq!(screen.cards[&card(CARDS_PER_SEAT as u128 - 1)].answers, 10);
    assert!(
        !screen.cards.contains_key(&card(CARDS_PER_SEAT as u128)),
        "counted in the student's figures alone"
    );
    assert_eq!(screen.cards[&card(3)].missed_by.len(), MISSED_BY_SHOWN);
}

#[test]
fn no_student_can_fill_a_lesson_with_cards_or_texts() {
    let (mut desk, monitor) = Desk::open(40);
    for n in 0..40_u32 {
        let cards = (0..200).map(|c| tally(u128::from(n * 200 + c), 1, 0)).collect();
        let wrong = (0..200).map(|c| wrong(u128::from(n), &format!("{c} {}", "ä".repeat(400)), 1)).collect();
        desk.cell(n.into(), (1, 1), Figures { cards, wrong, ..figures(1, 1) });
    }
    desk.pass(1_000);
    assert_eq!(desk.screen(monitor).cards.len(), CARDS_PER_LESSON);
    desk.says(monitor, Command::Close);
    desk.counted();
    let report = &desk.reports[0];
    assert!(report.wrong.iter().all(|group| group.text.len() <= WRONG_ANSWER_BYTES && group.students == 1));
}

#[test]
fn too_many_monitors_are_turned_away() {
    let (mut desk, _) = Desk::open(1);
    for n in 2..=MONITORS_PER_LESSON as u64 + 1 {
        desk.watch(n);
    }
    assert!(matches!(desk.others.last(), Some(Effect::Close { why: Closing::TooMany, .. })));
}

#[test]
fn every_list_of_a_record_has_an_end() {
    let (mut desk, monitor) = Desk::open(2);
    let assign = |cards: usize, to: Vec<_>| Command::Assign {
        deck: deck(),
        cards: (0..cards as u128).map(card).collect(),
        to,
    };
    assert_eq!(desk.says(monitor, assign(ASSIGNED_CARDS_MAX + 1, vec![])), Some(Refusal::Malformed));
    assert_eq!(desk.says(monitor, assign(1, vec![student(7)])), Some(Refusal::UnknownStudent));
    for _ in 0..ASSIGNED_MAX {
        assert_eq!(desk.says(monitor, assign(1, vec![student(0)])), None);
    }
    assert_eq!(desk.says(monitor, assign(1, vec![])), Some(Refusal::TooMany));
    assert_eq!(desk.says(monitor, Command::Withdraw { deck: deck() }), None);
    assert_eq!(desk.says(monitor, assign(1, vec![])), None);

    let long = "x".repeat(MESSAGE_BYTES_MAX + 1);
    assert_eq!(desk.says(monitor, Command::Message(Some(long.as_str().into()))), Some(Refusal::Malformed));
    for n in 0..ACCEPTING_MAX as u128 {
        let accept = Command::Accept { deck: deck(), card: card(n), text: "yes".into() };
        assert_eq!(desk.says(monitor, accept), None);
    }
    let accept = Command::Accept { deck: deck(), card: card(1), text: "no".into() };
    assert_eq!(desk.says(monitor, accept), Some(Refusal::Busy));

    for n in 0..ASKS_KEPT as u128 + 9 {
        let closes_ms = desk.now.wall_ms + 1_000;
        let (ask, card) = (AskId::from_u128(n), card(1));
        desk.says(monitor, Command::Ask { ask, deck: deck(), card, round: Round::First, closes_ms });
    }
    assert_eq!(desk.record.asked.len(), ASKS_KEPT);
    let closes_ms = desk.now.wall_ms + ASK_LONGEST_MS + 1;
    let (ask, card) = (AskId::from_u128(1), card(1));
    let longest = Command::Ask { ask, deck: deck(), card, round: Round::First, closes_ms };
    assert_eq!(desk.says(monitor, longest), Some(Refusal::Malformed));
    assert_eq!(desk.record.said.len(), LESSON_COMMANDS_KNOWN);
}

#[test]
fn commands_that_wait_for_a_store_that_is_away_have_an_end() {
    let (mut desk, monitor) = Desk::open(1);
    desk.stores = false;
    for n in 0..LESSON_COMMANDS_WAITING as u128 {
        desk.says_as(monitor, EntryId::v7(START_MS, 500 + n), Command::HideNames(n % 2 == 0));
        assert!(!desk.has_verdict());
    }
    assert_eq!(desk.says(monitor, Command::Pause), Some(Refusal::Busy));
    assert!(desk.has_verdict());
    desk.land(None);
    desk.land(None);
    assert_eq!(
        desk.verdicts.iter().filter(|(_, refusal)| refusal.is_none()).count(),
        LESSON_COMMANDS_WAITING + 1
    );
}
