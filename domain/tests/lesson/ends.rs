//! Pauses, ends, reports.

use crate::desk::*;
use crate::questions::{FIRST, ask, state};
use domain::lesson::{Command, Effect, Figures, Input, LessonState, Presence, Refusal, Round};
use domain::limits::*;

#[test]
fn time_stands_still_while_a_lesson_is_paused() {
    let (mut desk, monitor) = Desk::open(1);
    let opened = desk.record.opened_ms;
    desk.pass(10_000);
    desk.says(monitor, Command::Pause);
    desk.pass(60_000);
    assert_eq!(desk.record.active_ms(desk.now.wall_ms), desk.record.paused_since_ms.unwrap() - opened);
    let before = desk.record.active_ms(desk.now.wall_ms);
    desk.says(monitor, Command::Resume);
    desk.pass(5_000);
    assert_eq!(desk.record.active_ms(desk.now.wall_ms), before + 5_000);
    desk.says(monitor, Command::Close);
    desk.pass(5_000);
    assert_eq!(desk.record.active_ms(desk.now.wall_ms), before + 5_000);
}

#[test]
fn a_teacher_who_drops_has_ten_minutes_before_a_pause_and_a_question_end_by_themselves() {
    let (mut desk, monitor) = Desk::open(3);
    desk.says(monitor, ask(&desk, FIRST, Round::First, ASK_LONGEST_MS));
    desk.says(monitor, Command::Pause);
    desk.input(Input::Unwatch { monitor });
    desk.pass(TEACHER_GRACE_MS - 1);
    assert_eq!(state(&desk), LessonState::Paused);
    let back = desk.watch(2);
    desk.pass(TEACHER_GRACE_MS * 2);
    assert_eq!(state(&desk), LessonState::Paused, "the teacher is there");
    desk.input(Input::Unwatch { monitor: back });
    desk.pass(TEACHER_GRACE_MS);
    assert_eq!(state(&desk), LessonState::Open);
    assert_eq!(desk.published.last().unwrap().ask, None);
    assert_eq!(desk.record.asked.len(), 1, "how it came out is kept");
    desk.pass(LESSON_ALONE_MS);
    assert_eq!(state(&desk), LessonState::Closed);
    desk.counted();
    desk.pass(10_000);
    assert!(!desk.lesson.is_idle() && desk.reports.len() > 1, "its report is told of until it is stored");
    desk.input(Input::Reported);
    assert!(desk.lesson.is_idle() && desk.record.reported);
}

#[test]
fn the_end_of_a_lesson_is_a_report_and_no_other_begins_before_it_is_stored() {
    let (mut desk, monitor) = Desk::open(4);
    for n in 0..3_u32 {
        let with = Figures {
            cards: vec![tally(1, 4, n), tally(2, 1, 1)],
            wrong: vec![wrong(1, "gray", n + 1), wrong(2, &format!("own {n}"), 1)],
            wrong_in_a_row: n * 2,
            ..figures(5, 4 - n)
        };
        desk.cell(n.into(), (1, 1), with);
    }
    desk.says(monitor, Command::HideNames(true));
    assert_eq!(desk.says(monitor, Command::Open { lesson: lesson_id(2) }), Some(Refusal::Busy), "one is on");
    assert_eq!(desk.says(monitor, Command::Close), None);
    desk.counted();
    let report = desk.reports[0].clone();
    assert_eq!((report.totals.answered, report.students.len(), report.cards.len()), (15, 4, 2));
    assert_eq!(report.hardest.iter().map(|row| row.card).collect::<Vec<_>>(), [card(2), card(1)]);
    let top = &report.wrong[0];
    assert_eq!((&*top.text, top.times, top.students, report.wrong.len()), ("gray", 6, 3, 4));
    assert_eq!(report.talk_to, [student(2)]);
    assert_eq!(report.name_of(student(2)).map(|name| &**name), Some("Student 2"), "a report names everybody");
    assert_eq!(desk.says(monitor, Command::Open { lesson: lesson_id(2) }), Some(Refusal::Busy));
    desk.pass(20_000);
    assert_eq!(desk.reports.last(), Some(&report), "it is told of again until it is stored");
    desk.input(Input::Reported);
    assert_eq!(desk.says(monitor, Command::Open { lesson: lesson_id(2) }), None);
    assert_eq!(desk.says(monitor, Command::Close), None);
}

#[test]
fn a_report_is_made_once_and_has_the_last_answers_whoever_tells_of_them() {
    let (mut desk, monitor) = Desk::open(3);
    desk.cell(0, (1, 1), Figures { wrong: vec![wrong(1, "gray", 1)], ..figures(3, 2) });
    desk.cell(1, (1, 1), figures(2, 2));
    let before = desk.published.len();
    assert_eq!(desk.says(monitor, Command::Close), None);
    assert_eq!(desk.published.len(), before + 1);
    desk.pass(1_000);
    assert_eq!(desk.reports.len(), 0, "who closes does not know yet who has answered");
    assert_eq!(desk.screen(monitor).totals.answered, 5, "and is shown what is known");
    let late = desk.watch(2);
    assert_eq!((desk.screen(late).snapshots, desk.screen(late).totals.answered), (1, 5));
    desk.cell(1, (1, 2), figures(4, 3));
    desk.pass(GATHER_CELLS_MS);
    let Some(Effect::Recount(wanted)) = desk.others.last() else { panic!("{:?}", desk.others) };
    assert_eq!(*wanted, [student(0), student(2)]);
    for (n, answered) in [(0, 4), (2, 1)] {
        let figures = Figures { presence: Presence::Left, ..figures(answered, 1) };
        let figures = Some(Box::new(figures));
        desk.input(Input::Recounted { student: student(n), figures });
    }
    let [report] = &desk.reports[..] else { panic!("{} reports", desk.reports.len()) };
    assert_eq!(report.totals.answered, 9);
    assert_eq!(report.totals.here, 2, "the log knows nobody's presence, and no texts");
    assert_eq!(&*report.wrong[0].text, "gray");
}

#[test]
fn a_lesson_that_was_over_when_it_was_taken_over_is_not_reported_before_it_is_counted() {
    let (mut desk, monitor) = Desk::open(2);
    desk.cell(0, (1, 1), figures(5, 4));
    desk.says(monitor, Command::Close);
    let mut later = Desk::from(desk.record.clone(), 2, 2);
    let monitor = later.watch(9);
    for _ in 0..20 {
        later.pass(1_000);
        later.input(Input::Recounted { student: student(0), figures: None });
    }
    assert_eq!((later.reports.len(), later.screen(monitor).snapshots), (0, 1), "shown, and not reported");
    for n in 0..2 {
        let figures = Some(Box::new(figures(5, 4)));
        later.input(Input::Recounted { student: student(n), figures });
    }
    assert_eq!(later.reports.iter().map(|report| report.totals.answered).collect::<Vec<_>>(), [10]);
    // A log that is never read does not keep a class from its next lesson.
    let mut later = Desk::from(desk.record, 3, 2);
    later.pass(REPORT_LONGEST_MS - 1);
    assert_eq!(later.reports.len(), 0);
    later.pass(1);
    assert_eq!(later.reports.len(), 1);
}

#[test]
fn the_lesson_of_a_class_that_is_no_more_ends_and_is_reported() {
    let (mut desk, monitor) = Desk::open(2);
    desk.cell(0, (1, 1), figures(4, 3));
    desk.says(monitor, Command::Pause);
    desk.input(Input::Unwatch { monitor });
    desk.input(Input::Gone);
    assert_eq!(state(&desk), LessonState::Closed);
    desk.counted();
    assert_eq!(desk.reports[0].totals.answered, 4);
    desk.input(Input::Reported);
    assert!(desk.lesson.is_idle());
}

#[test]
fn an_accepted_text_is_carried_out_after_it_is_durable_and_again_by_the_next_owner() {
    let (mut desk, monitor) = Desk::open(3);
    let accept = |text: &str| Command::Accept { deck: deck(), card: card(1), text: text.into() };
    desk.stores = false;
    desk.says(monitor, accept("colour"));
    let carried = |desk: &Desk| desk.others.iter().filter(|fx| matches!(fx, Effect::CarryOut(_))).count();
    assert_eq!(carried(&desk), 0);
    desk.land(None);
    assert_eq!(carried(&desk), 1);
    let mut later = Desk::from(desk.record.clone(), 2, 3);
    assert_eq!(carried(&later), 1);
    let said = later.record.accepting[0].said;
    later.input(Input::CarriedOut { said });
    assert!(later.record.accepting.is_empty());
    later.input(Input::CarriedOut { said });
    assert_eq!(carried(&Desk::from(later.record, 3, 3)), 0);
    desk.stores = true;
    desk.land(None);
    assert_eq!(desk.says(monitor, accept("  ")), Some(Refusal::Malformed));
}
