//! Texts of wrong answers outlive the owner of a lesson, and cost it no more stores than they may.

use crate::desk::*;
use domain::check::later::response_digest;
use domain::ids::EntryId;
use domain::lesson::{Command, Figures, Input, NotStored};
use domain::limits::*;

fn with(wrong: Vec<domain::lesson::cell::WrongAnswer>) -> Figures {
    Figures { wrong, ..figures(3, 1) }
}

fn kept(desk: &Desk) -> Vec<&str> {
    desk.record.texts.iter().map(|known| &*known.text).collect()
}

#[test]
fn the_next_owner_shows_what_was_typed_though_nobody_remembers_it_any_more() {
    let (mut desk, monitor) = Desk::open(3);
    desk.cell(0, (1, 1), with(vec![wrong(1, "gray", 2)]));
    desk.cell(1, (1, 1), with(vec![wrong(1, "gray", 1)]));
    desk.pass(1_000);
    assert_eq!(desk.screen(monitor).wrong, [("gray".to_owned(), 2)]);
    desk.pass(WRONG_TEXTS_KEPT_EVERY_MS);
    assert_eq!(kept(&desk), ["gray"]);
    let mut later = Desk::from(desk.record, 2, 3);
    let monitor = later.watch(9);
    // One tells without the text, one is counted from the log, and one of something that nobody knows.
    later.cell(0, (2, 1), with(vec![forgotten(1, "gray", 2)]));
    later.cell(2, (2, 1), with(vec![forgotten(2, "unknown", 9)]));
    later.pass(GATHER_CELLS_MS);
    let counted = Figures { wrong: vec![forgotten(1, "gray", 1)], ..figures(3, 1) };
    later.input(Input::Recounted { student: student(1), figures: Some(Box::new(counted)) });
    later.pass(1_000);
    assert_eq!(later.screen(monitor).wrong, [("gray".to_owned(), 2)]);
    let known: Vec<(u64, String)> = later
        .lesson
        .wrong_texts(card(1))
        .into_iter()
        .map(|(digest, text)| (digest, text.to_string()))
        .collect();
    assert_eq!(known, [(response_digest("gray"), "gray".to_owned())]);
    // What is stored before anybody has told anything keeps them, too.
    let mut third = Desk::from(later.record.clone(), 3, 3);
    let monitor = third.watch(9);
    let hello = Command::Message(Some("hello".into()));
    assert_eq!(third.says_as(monitor, EntryId::v7(START_MS, 99), hello), None);
    assert_eq!(kept(&third), ["gray"]);
    assert_eq!(
        third.lesson.wrong_texts(card(1)).len(),
        1,
        "a text may be accepted that nobody has given yet"
    );
}

#[test]
fn texts_are_stored_with_what_is_stored_anyhow_and_else_at_their_pace() {
    let (mut desk, monitor) = Desk::open(1);
    let before = desk.stores_begun;
    let published = desk.published.len();
    let seconds = 4 * WRONG_TEXTS_KEPT_EVERY_MS / 1_000;
    for n in 0..seconds {
        let text = format!("answer {n}");
        desk.cell(0, (1, n + 1), with(vec![wrong(1, &text, 1)]));
        desk.pass(1_000);
    }
    let stored = desk.stores_begun - before;
    assert!((3..=4).contains(&stored), "{stored} in {seconds} s");
    assert_eq!(desk.published.len(), published, "students are told nothing");
    // The same again is nothing new.
    desk.pass(2 * WRONG_TEXTS_KEPT_EVERY_MS);
    let before = desk.stores_begun;
    desk.cell(0, (2, 1), with(vec![wrong(1, &format!("answer {}", seconds - 1), 7)]));
    desk.pass(2 * WRONG_TEXTS_KEPT_EVERY_MS);
    assert_eq!(desk.stores_begun, before);
    // What is new after a while is stored at once; before it is time again a teacher's command takes along what is new.
    desk.cell(0, (2, 2), with(vec![wrong(1, "new", 1)]));
    assert_eq!(desk.stores_begun, before + 1);
    desk.cell(0, (2, 3), with(vec![wrong(1, "brand new", 1)]));
    assert_eq!(desk.stores_begun, before + 1);
    assert_eq!(desk.says(monitor, Command::Pause), None);
    assert!(kept(&desk).contains(&"brand new"));
    desk.pass(2 * WRONG_TEXTS_KEPT_EVERY_MS);
    assert_eq!(desk.stores_begun, before + 2);
}

#[test]
fn texts_that_come_while_others_are_being_stored_wait_for_their_time() {
    let (mut desk, _) = Desk::open(1);
    desk.stores = false;
    desk.cell(0, (1, 1), with(vec![wrong(1, "answer 0", 1)]));
    desk.pass(WRONG_TEXTS_KEPT_EVERY_MS);
    let before = desk.stores_begun;
    for n in 1..10 {
        desk.cell(0, (1, n + 1), with(vec![wrong(1, &format!("answer {n}"), 1)]));
        desk.land(None);
        desk.pass(100);
    }
    assert_eq!(desk.stores_begun, before, "one text calls for no store of its own");
    desk.pass(WRONG_TEXTS_KEPT_EVERY_MS);
    assert_eq!(desk.stores_begun, before + 1);
}

#[test]
fn answers_whose_texts_nobody_knows_leave_room_for_those_that_are_typed() {
    let students = WRONG_GROUPS_PER_LESSON as u128 / WRONG_ANSWERS_PER_SEAT as u128 + 1;
    let (mut desk, monitor) = Desk::open(students + 1);
    for n in 0..students {
        let of_seat = (0..WRONG_ANSWERS_PER_SEAT).map(|at| forgotten(1, &format!("{n} {at}"), 1));
        desk.cell(n, (1, 1), with(of_seat.collect()));
    }
    desk.cell(students, (1, 1), with(vec![wrong(1, "gray", 1)]));
    desk.pass(1_000);
    assert_eq!(desk.screen(monitor).wrong, [("gray".to_owned(), 1)]);
}

#[test]
fn a_record_keeps_so_many_texts_and_those_of_the_commonest() {
    let students = 2 * WRONG_TEXTS_KEPT as u128;
    let (mut desk, _) = Desk::open(students);
    for n in 0..students {
        let common = wrong(n % 2, "common", 1);
        desk.cell(n, (1, 1), with(vec![common, wrong(7, &format!("{n} {}", "x".repeat(600)), 1)]));
    }
    desk.pass(WRONG_TEXTS_KEPT_EVERY_MS + 1_000);
    assert_eq!(desk.record.texts.len(), WRONG_TEXTS_KEPT);
    assert_eq!(kept(&desk).iter().filter(|text| **text == "common").count(), 2);
    assert!(desk.record.texts.iter().all(|known| known.text.len() <= WRONG_ANSWER_BYTES));
    assert!(desk.record.texts.is_sorted());
}

#[test]
fn another_lesson_knows_no_texts_of_the_one_before() {
    let (mut desk, monitor) = Desk::open(1);
    desk.cell(0, (1, 1), with(vec![wrong(1, "gray", 1)]));
    assert_eq!(desk.says(monitor, Command::Close), None);
    assert_eq!(kept(&desk), ["gray"], "the last ones come with its end");
    desk.counted();
    desk.input(Input::Reported);
    assert_eq!(kept(&desk), ["gray"], "what was typed may be accepted until the next lesson");
    desk.stores = false;
    desk.says(monitor, Command::Open { lesson: lesson_id(2) });
    desk.pass(WRONG_TEXTS_KEPT_EVERY_MS);
    desk.stores = true;
    desk.land(None);
    assert_eq!((kept(&desk), desk.record.document.lesson), (vec![], Some(lesson_id(2))));
    assert!(desk.lesson.wrong_texts(card(1)).is_empty());
}

#[test]
fn what_the_store_refuses_for_a_while_is_stored_later_and_nothing_of_another_owner_is_overwritten() {
    let (mut desk, _) = Desk::open(1);
    desk.stores = false;
    desk.cell(0, (1, 1), with(vec![wrong(1, "gray", 1)]));
    desk.pass(WRONG_TEXTS_KEPT_EVERY_MS);
    assert_eq!(desk.storing.len(), 1);
    desk.land(Some(NotStored::Unknown));
    desk.stores = true;
    desk.pass(RETRY_LONGEST_MS);
    assert_eq!(kept(&desk), ["gray"]);
    desk.stores = false;
    desk.cell(0, (1, 2), with(vec![wrong(1, "white", 1)]));
    desk.pass(WRONG_TEXTS_KEPT_EVERY_MS);
    desk.land(Some(NotStored::Fenced));
    desk.pass(WRONG_TEXTS_KEPT_EVERY_MS);
    assert_eq!((kept(&desk), desk.storing.len()), (vec!["gray"], 0));
    assert!(desk.lesson.is_idle());
}
