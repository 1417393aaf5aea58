//! A lesson in the hands of the next owner.

use crate::desk::*;
use crate::questions::{FIRST, ask, state, vote};
use domain::ids::{AskId, EntryId};
use domain::lesson::{Command, Effect, Input, LessonState, NotStored, Refusal, Round};
use domain::limits::*;

#[test]
fn an_owner_who_takes_over_shows_nothing_before_it_knows_what_was_shown_before() {
    let (mut desk, _) = Desk::open(3);
    for n in 0..3 {
        desk.cell(n, (1, 7), figures(10, 8));
    }
    let mut later = Desk::from(desk.record, 2, 3);
    let monitor = later.watch(9);
    assert!(matches!(later.others[..], [Effect::CallCells]));
    later.cell(0, (1, 8), figures(11, 9));
    later.pass(GATHER_CELLS_MS);
    assert_eq!(later.screen(monitor).snapshots, 0);
    let Some(Effect::Recount(wanted)) = later.others.last() else { panic!("{:?}", later.others) };
    assert_eq!(*wanted, [student(1), student(2)], "who has nobody to answer is counted from the log");
    later.input(Input::Recounted { student: student(1), figures: Some(Box::new(figures(10, 8))) });
    later.input(Input::Recounted { student: student(2), figures: None });
    later.pass(1_000);
    assert!(matches!(later.others.last(), Some(Effect::Recount(again)) if *again == [student(2)]));
    later.input(Input::Recounted { student: student(2), figures: Some(Box::new(figures(10, 8))) });
    assert_eq!((later.screen(monitor).snapshots, later.screen(monitor).totals.answered), (1, 31));
    assert!(!later.lesson.is_gathering());
}

#[test]
fn what_is_not_known_yet_just_after_a_take_over_judges_no_command() {
    let (mut desk, monitor) = Desk::open(2);
    desk.says(monitor, ask(&desk, FIRST, Round::First, 60_000));
    let first = vote(&desk, Round::First, 4, 100);
    desk.cell(0, (1, 1), voted(figures(1, 1), &[first]));
    let mut later = Desk::unseated(desk.record, 2);
    let monitor = later.watch(9);
    let id = EntryId::v7(START_MS, 99);
    let more_time = Command::ExtraTime { student: student(1), percent: 25 };
    assert_eq!(later.says_as(monitor, id, more_time.clone()), Some(Refusal::Busy), "nobody is seated");
    later.input(Input::Roster(roster(2)));
    assert_eq!(later.says_as(monitor, id, more_time), None);
    let says =
        |later: &mut Desk, n: u128, command| later.says_as(monitor, EntryId::v7(START_MS, 100 + n), command);
    let other = ask(&later, AskId::from_u128(8), Round::First, 9_000);
    for (n, ends) in [(1, Command::Close), (2, Command::EndAsk), (3, other)] {
        assert_eq!(says(&mut later, n, ends), Some(Refusal::Busy), "its votes are not known");
    }
    assert_eq!(says(&mut later, 4, Command::Pause), None);
    later.cell(0, (1, 2), voted(figures(1, 1), &[first]));
    later.cell(1, (1, 1), figures(0, 0));
    assert_eq!(says(&mut later, 2, Command::EndAsk), None, "under the id under which it was busy");
    assert_eq!(later.record.asked[0].rounds[0].votes, 1);
}

#[test]
fn a_lesson_that_is_taken_over_when_it_is_to_end_ends_when_its_votes_are_known() {
    let (mut desk, monitor) = Desk::open(1);
    desk.says(monitor, ask(&desk, FIRST, Round::First, ASK_LONGEST_MS));
    let first = vote(&desk, Round::First, 4, 100);
    let mut later = Desk::unseated(desk.record, 2);
    later.pass(TEACHER_GRACE_MS + 5_000);
    assert_eq!(later.record.asked.len(), 0, "the class cannot be read");
    later.input(Input::Roster(roster(1)));
    later.cell(0, (1, 2), voted(figures(1, 1), &[first]));
    assert_eq!(later.record.asked[0].rounds[0].votes, 1);
}

#[test]
fn a_lesson_that_waits_wakes_at_its_times_alone() {
    // Time passes from deadline to deadline here, and each is later than the one before.
    let (mut desk, monitor) = Desk::open(2);
    desk.cell(0, (1, 1), figures(1, 1));
    let mut later = Desk::from(desk.record.clone(), 2, 2);
    later.watch(9);
    later.cell(0, (1, 2), figures(2, 2));
    later.pass(GATHER_LONGEST_MS);
    desk.input(Input::Unwatch { monitor });
    desk.stores = false;
    desk.pass(LESSON_ALONE_MS);
    desk.land(Some(NotStored::Unknown));
    desk.pass(60_000);
    assert_eq!((state(&desk), desk.storing.len()), (LessonState::Open, 1));
}

#[test]
fn a_cell_that_was_made_before_the_call_does_not_end_the_gathering() {
    let (desk, _) = Desk::open(1);
    let mut later = Desk::from(desk.record, 2, 1);
    let monitor = later.watch(9);
    later.epoch = 1;
    later.cell(0, (1, 4), figures(6, 6));
    later.pass(1_000);
    assert_eq!(later.screen(monitor).snapshots, 0, "more may have been shown than it says");
    later.epoch = 2;
    later.cell(0, (1, 9), figures(10, 8));
    assert_eq!((later.screen(monitor).snapshots, later.screen(monitor).totals.answered), (1, 10));
}

#[test]
fn late_news_of_a_students_owner_before_does_not_undo_what_was_counted_from_the_log() {
    let (desk, _) = Desk::open(1);
    let mut later = Desk::from(desk.record, 2, 1);
    let monitor = later.watch(9);
    later.pass(GATHER_CELLS_MS);
    later.input(Input::Recounted { student: student(0), figures: Some(Box::new(figures(10, 8))) });
    later.cell(0, (1, 4), figures(6, 6));
    later.pass(1_000);
    assert_eq!(later.screen(monitor).totals.answered, 10);
    // But whoever says so again and again is right: answers were taken back.
    later.pass(6_000);
    later.cell(0, (1, 5), figures(9, 8));
    later.pass(1_000);
    assert_eq!(later.screen(monitor).totals.answered, 9);
}

#[test]
fn gathering_ends_even_when_the_log_cannot_be_read() {
    let (desk, _) = Desk::open(200);
    let mut later = Desk::from(desk.record, 2, 200);
    let monitor = later.watch(9);
    later.pass(GATHER_LONGEST_MS);
    assert_eq!(later.screen(monitor).snapshots, 1);
    let asked: usize =
        later.others.iter().map(|fx| if let Effect::Recount(some) = fx { some.len() } else { 0 }).sum();
    assert_eq!(asked, RECOUNTS_AT_ONCE, "no more than these at once");
}
