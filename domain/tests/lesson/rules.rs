//! The rules one by one: commands, cells, pictures.

use crate::desk::*;
use crate::questions::{FIRST, ask, state};
use domain::ids::EntryId;
use domain::lesson::{
    Closing, Command, Effect, Figures, Input, LessonState, MonitorId, NotStored, Presence, Refusal, Round,
};
use domain::limits::*;

#[test]
fn a_command_has_its_verdict_and_is_seen_when_it_is_durable_and_not_before() {
    let (mut desk, monitor) = Desk::open(3);
    desk.stores = false;
    let before = desk.published.len();
    desk.says(monitor, Command::Pause);
    assert!(!desk.has_verdict());
    desk.says(monitor, Command::Message(Some("look up".into())));
    assert_eq!((desk.published.len(), desk.storing.len()), (before, 1), "one store at a time");
    desk.land(None);
    assert!(!desk.has_verdict(), "the second was not in it");
    assert_eq!(state(&desk), LessonState::Paused);
    assert_eq!(desk.published.last().unwrap().message, None);
    desk.land(None);
    assert!(desk.has_verdict());
    assert_eq!(desk.published.last().unwrap().message.as_deref(), Some("look up"));
    desk.pass(MONITOR_EVERY_MS);
    assert_eq!(desk.screen(monitor).document.as_ref(), desk.published.last(), "on the teacher's screen too");
}

#[test]
fn a_command_that_comes_again_is_carried_out_once_and_another_under_its_id_is_refused() {
    let (mut desk, monitor) = Desk::open(3);
    let id = EntryId::v7(START_MS, 77);
    let decks = |desk: &Desk| desk.published.last().unwrap().assigned.len();
    let assign = Command::Assign { deck: deck(), cards: vec![card(1)], to: vec![] };
    assert_eq!(desk.says_as(monitor, id, assign.clone()), None);
    let version = desk.record.document.version;
    assert_eq!(desk.says_as(monitor, id, assign.clone()), None);
    assert_eq!((decks(&desk), desk.record.document.version), (1, version));
    assert_eq!(desk.says_as(monitor, id, Command::Pause), Some(Refusal::IdReused));
    // Another owner knows it too.
    let mut later = Desk::from(desk.record.clone(), 2, 3);
    let monitor = later.watch(5);
    assert_eq!(later.says_as(monitor, id, assign), None);
    assert_eq!(decks(&later), 1);
}

#[test]
fn what_the_store_did_not_take_is_tried_again_and_a_fenced_owner_falls_silent() {
    let (mut desk, monitor) = Desk::open(3);
    desk.stores = false;
    desk.says(monitor, Command::Pause);
    for _ in 0..4 {
        desk.land(Some(NotStored::Unknown));
        assert!(desk.storing.is_empty(), "not at once");
        desk.pass(RETRY_LONGEST_MS);
        assert_eq!(desk.storing.len(), 1);
    }
    desk.land(Some(NotStored::Fenced));
    assert!(matches!(
        desk.others[..],
        [.., Effect::Close { why: Closing::OwnerChanged, .. }, Effect::Retire]
    ));
    assert!(!desk.has_verdict() && desk.lesson.is_idle());
    let published = desk.published.len();
    desk.says(monitor, Command::Resume);
    desk.pass(60_000);
    assert_eq!((desk.published.len(), desk.storing.len()), (published, 0));
}

#[test]
fn the_newest_cell_wins_in_whatever_order_and_however_often_cells_come() {
    let (mut desk, monitor) = Desk::open(3);
    let with = |answered, correct, n| Figures {
        cards: vec![tally(1, answered, n)],
        wrong: vec![wrong(1, "gray", n)],
        ..figures(answered, correct)
    };
    desk.cell(0, (1, 2), with(5, 3, 2));
    desk.cell(0, (1, 1), with(9, 9, 0));
    desk.cell(0, (1, 2), with(9, 9, 0));
    desk.cell(1, (4, 1), with(2, 2, 0));
    desk.cell(0, (2, 1), with(6, 4, 2));
    desk.cell(0, (1, 99), with(50, 50, 0));
    desk.pass(1_000);
    let screen = desk.screen(monitor);
    assert_eq!((screen.totals.answered, screen.totals.correct, screen.totals.here), (8, 6, 2));
    let row = &screen.cards[&card(1)];
    assert_eq!((row.answers, row.wrong, row.missed_by.clone()), (8, 2, vec![student(0)]));
    assert_eq!(screen.students[&student(0)].mean_ms, 2_000);
}

#[test]
fn a_partial_cell_leaves_the_cards_alone_that_it_does_not_name_and_a_whole_one_does_not() {
    let (mut desk, monitor) = Desk::open(1);
    let with = |n, cards: Vec<_>, is_whole| Figures { cards, is_whole, ..figures(n, n) };
    desk.cell(0, (1, 1), with(3, vec![tally(1, 2, 0), tally(2, 1, 1)], false));
    desk.cell(0, (1, 2), with(4, vec![tally(2, 2, 1)], false));
    desk.pass(1_000);
    let answers = |desk: &Desk, n| desk.screen(monitor).cards[&card(n)].answers;
    assert_eq!((answers(&desk, 1), answers(&desk, 2)), (2, 2));
    desk.cell(0, (1, 3), with(2, vec![tally(2, 2, 1)], true));
    desk.pass(1_000);
    assert_eq!((answers(&desk, 1), answers(&desk, 2)), (0, 2), "its answers were taken back");
}

#[test]
fn a_card_is_remembered_as_the_mean_of_those_who_know_it() {
    let (mut desk, monitor) = Desk::open(3);
    let knows = |recall_permille| Figures {
        cards: vec![domain::lesson::cell::Tally { recall_permille, ..tally(1, 1, 0) }],
        ..figures(1, 1)
    };
    desk.cell(0, (1, 1), knows(Some(900)));
    desk.cell(1, (1, 1), knows(Some(500)));
    desk.cell(2, (1, 1), knows(None));
    desk.pass(1_000);
    let recall = |desk: &Desk| desk.screen(monitor).cards[&card(1)].recall_permille;
    assert_eq!(recall(&desk), Some(700));
    desk.cell(1, (1, 2), knows(Some(700)));
    desk.input(Input::Roster(roster(2)));
    desk.pass(1_000);
    assert_eq!(recall(&desk), Some(800));
    desk.input(Input::Roster(vec![]));
    desk.pass(1_000);
    assert_eq!(recall(&desk), None);
}

#[test]
fn cells_of_strangers_and_of_other_lessons_count_nowhere() {
    let (mut desk, monitor) = Desk::open(2);
    desk.cell(7, (1, 1), figures(5, 5));
    desk.cell_of(9, 1, (1, 1), figures(5, 5));
    desk.pass(1_000);
    assert_eq!(desk.screen(monitor).totals.answered, 0);
    assert_eq!(desk.screen(monitor).students.len(), 2);
}

#[test]
fn who_is_no_longer_enrolled_or_was_removed_is_gone_from_every_sum_and_screen() {
    let (mut desk, monitor) = Desk::open(3);
    for n in 0..3 {
        desk.cell(n, (1, 1), Figures { cards: vec![tally(1, 5, 1)], ..figures(5, 4) });
    }
    desk.pass(1_000);
    assert_eq!(desk.says(monitor, Command::Remove { student: student(1) }), None);
    desk.pass(1_000);
    desk.cell(1, (1, 2), figures(50, 40));
    desk.input(Input::Roster(roster(2)));
    desk.pass(1_000);
    let screen = desk.screen(monitor);
    assert_eq!(screen.students.keys().collect::<Vec<_>>(), [&student(0)]);
    assert_eq!((screen.totals.students, screen.totals.answered, screen.cards[&card(1)].answers), (1, 5, 5));
    assert_eq!(desk.says(monitor, Command::Remove { student: student(8) }), Some(Refusal::UnknownStudent));
    // In the next lesson whoever was removed is there again.
    desk.input(Input::Roster(roster(3)));
    desk.says(monitor, Command::Close);
    desk.input(Input::Reported);
    assert_eq!(desk.says(monitor, Command::Open { lesson: lesson_id(2) }), None);
    desk.pass(1_000);
    assert_eq!(desk.screen(monitor).students.len(), 3);
    assert_eq!(desk.screen(monitor).totals.answered, 0);
}

#[test]
fn monitors_hear_of_changes_four_times_a_second_and_of_each_row_once() {
    let (mut desk, monitor) = Desk::open(100);
    desk.pass(1_000);
    let (deltas, rows) = (desk.screen(monitor).deltas, desk.screen(monitor).rows);
    for n in 0..1_000_u64 {
        desk.cell(u128::from(n % 10), (1, n + 1), figures(n as u32 + 1, 0));
        desk.pass(1);
    }
    desk.pass(250);
    let screen = desk.screen(monitor);
    assert!((4..=6).contains(&(screen.deltas - deltas)), "{} deltas in 1.25 s", screen.deltas - deltas);
    assert!(screen.rows - rows <= 10 * 6, "{} rows of ten students", screen.rows - rows);
    assert_eq!(screen.totals.answered, (991..=1_000).sum::<u64>());
}

#[test]
fn nothing_is_sent_while_nothing_changes() {
    let (mut desk, monitor) = Desk::open(5);
    desk.cell(0, (1, 1), figures(1, 1));
    desk.pass(1_000);
    let version = desk.screen(monitor).version;
    for n in 2..5 {
        desk.cell(0, (1, n), Figures { as_of_ms: START_MS + n as i64, ..figures(1, 1) });
        desk.pass(5_000);
    }
    assert_eq!(desk.screen(monitor).version, version);
}

#[test]
fn a_slow_teacher_gets_the_newest_state_and_no_queue() {
    let (mut desk, quick) = Desk::open(10);
    let slow = desk.watch(2);
    desk.pass(1_000);
    desk.screens.get_mut(&slow).unwrap().is_quick = false;
    for n in 1..=40 {
        desk.cell(3, (1, n), figures(n as u32, 0));
        desk.cell(4, (1, n), figures(n as u32, 1));
        desk.pass(250);
    }
    let shown = |desk: &Desk, of| desk.screen(of).students[&student(3)].answered;
    assert_eq!(shown(&desk, quick), 40);
    assert!(shown(&desk, slow) <= 1, "one frame is on its way, and no second one");
    let rows = desk.screen(slow).rows;
    desk.input(Input::Ready { monitor: slow });
    assert_eq!((shown(&desk, slow), desk.screen(slow).rows - rows), (40, 2), "two rows as they are now");
    assert_eq!(desk.screen(slow).totals, desk.screen(quick).totals);
}

#[test]
fn cells_that_come_together_are_shown_together() {
    let (mut desk, teacher) = Desk::open(10);
    desk.pass(1_000);
    let cell = |n: u128| {
        let version = domain::lesson::CellVersion { epoch: 1, n: 1 };
        let (student, lesson) = (student(n), lesson_id(1));
        domain::lesson::Cell { student, lesson, version, called_by: (1, 0), figures: figures(4, 2) }
    };
    desk.input(Input::Cells((1..=5).map(|n| cell(n).into()).collect()));
    let students = &desk.screen(teacher).students;
    assert!((1..=5).all(|n| students[&student(n)].answered == 4), "the first one does not go ahead");
}

#[test]
fn what_two_teachers_lack_alike_is_made_once() {
    let (mut desk, _) = Desk::open(10);
    for n in 2..=50 {
        desk.watch(n);
    }
    desk.pass(1_000);
    desk.now.tick_ms += 1_000;
    let mut fx = Vec::new();
    let version = domain::lesson::CellVersion { epoch: 1, n: 9 };
    let cell = domain::lesson::Cell {
        student: student(1),
        lesson: lesson_id(1),
        version,
        called_by: (1, 0),
        figures: figures(4, 2),
    };
    desk.lesson.handle(desk.now, Input::Cells(vec![cell.into()]), &mut fx);
    let [Effect::Delta { monitors, .. }] = &fx[..] else { panic!("{fx:?}") };
    assert_eq!(monitors.len(), 50);
    let mut fx = Vec::new();
    for n in [60, 61] {
        desk.lesson.handle(desk.now, Input::Watch { monitor: MonitorId(n) }, &mut fx);
    }
    let [Effect::Snapshot { view: one, .. }, Effect::Snapshot { view: other, .. }] = &fx[..] else {
        panic!("{fx:?}")
    };
    assert!(std::sync::Arc::ptr_eq(one, other));
}

#[test]
fn teachers_who_are_ready_one_after_the_other_get_the_same_picture() {
    let (mut desk, quick) = Desk::open(10);
    let slow: Vec<MonitorId> = (2..6).map(|n| desk.watch(n)).collect();
    desk.pass(1_000);
    slow.iter().for_each(|monitor| desk.screens.get_mut(monitor).unwrap().is_quick = false);
    desk.cell(1, (1, 1), figures(1, 1));
    desk.pass(1_000);
    desk.cell(2, (1, 1), figures(1, 1));
    desk.pass(1_000);
    let mut made = std::collections::BTreeSet::new();
    for monitor in &slow {
        let mut fx = Vec::new();
        desk.lesson.handle(desk.now, Input::Ready { monitor: *monitor }, &mut fx);
        let [Effect::Delta { view, .. }] = &fx[..] else { panic!("{fx:?}") };
        made.insert(std::sync::Arc::as_ptr(view));
        desk.perform(fx);
    }
    assert_eq!(made.len(), 1);
    assert_eq!(desk.screen(quick).totals.answered, 2);
    // But nobody is shown a name that was hidden meanwhile.
    desk.cell(3, (1, 1), figures(1, 1));
    desk.pass(1_000);
    desk.input(Input::Ready { monitor: slow[0] });
    assert_eq!(desk.says(quick, Command::HideNames(true)), None);
    desk.input(Input::Ready { monitor: slow[1] });
    let screen = desk.screen(slow[1]);
    assert_eq!(screen.students[&student(3)].name, None);
}

#[test]
fn hidden_names_are_on_no_wire() {
    let (mut desk, monitor) = Desk::open(5);
    desk.pass(1_000);
    assert!(desk.screen(monitor).students.values().all(|row| row.name.is_some()));
    assert_eq!(desk.says(monitor, Command::HideNames(true)), None);
    let joined = desk.watch(2);
    assert!(desk.screen(joined).students.values().all(|row| row.name.is_none()), "not even for a moment");
    desk.pass(250);
    assert!(desk.screen(monitor).students.values().all(|row| row.name.is_none()));
    desk.says(monitor, Command::HideNames(false));
    desk.pass(250);
    assert_eq!(desk.screen(monitor).students[&student(3)].name.as_deref(), Some("Student 3"));
}

#[test]
fn a_student_of_whom_nothing_is_heard_is_away_and_back_with_the_next_cell() {
    let (mut desk, monitor) = Desk::open(2);
    desk.cell(0, (1, 1), figures(1, 1));
    desk.cell(1, (1, 1), Figures { presence: Presence::Left, ..figures(1, 1) });
    for _ in 0..6 {
        desk.cell(0, (1, 1), figures(1, 1));
        desk.pass(10_000);
    }
    let presence = |desk: &Desk, n| desk.screen(monitor).students[&student(n)].presence;
    assert_eq!((presence(&desk, 0), desk.screen(monitor).totals.here), (Presence::Here, 1));
    desk.pass(SILENT_AFTER_MS + 2_000);
    assert_eq!((presence(&desk, 0), desk.screen(monitor).totals.here), (Presence::Away, 0));
    assert_eq!(presence(&desk, 1), Presence::Left);
    desk.cell(0, (1, 1), figures(1, 1));
    desk.pass(1_000);
    assert_eq!((presence(&desk, 0), desk.screen(monitor).totals.here), (Presence::Here, 1));
    desk.pass(SILENT_AFTER_MS + 2_000);
    desk.cell(0, (1, 2), figures(2, 1));
    desk.pass(1_000);
    assert_eq!((presence(&desk, 0), desk.screen(monitor).totals.here), (Presence::Here, 1));
}

#[test]
fn extra_time_is_kept_with_the_enrollment_once_it_is_durable() {
    let (mut desk, monitor) = Desk::open(2);
    assert_eq!(desk.says(monitor, Command::ExtraTime { student: student(1), percent: 25 }), None);
    assert!(matches!(desk.others.last(), Some(Effect::KeepExtraTime { percent: 25, .. })));
    let too_much = Command::ExtraTime { student: student(1), percent: EXTRA_PERCENT_MAX + 1 };
    assert_eq!(desk.says(monitor, too_much), Some(Refusal::Malformed));
    let stranger = Command::ExtraTime { student: student(5), percent: 5 };
    assert_eq!(desk.says(monitor, stranger), Some(Refusal::UnknownStudent));
}

#[test]
fn what_needs_a_lesson_is_refused_without_one() {
    let mut desk = Desk::new(2);
    let monitor = desk.watch(1);
    let commands = [
        Command::Pause,
        Command::Resume,
        Command::Close,
        Command::EndAsk,
        Command::CloseAsk { ask: FIRST },
        Command::WarmUp { deck: deck(), count: 5 },
        ask(&desk, FIRST, Round::First, 9_000),
        Command::Assign { deck: deck(), cards: vec![], to: vec![] },
        Command::Withdraw { deck: deck() },
        Command::Remove { student: student(0) },
    ];
    for command in commands {
        assert_eq!(desk.says(monitor, command.clone()), Some(Refusal::NoLesson), "{command:?}");
    }
    assert_eq!(desk.says(monitor, Command::Message(Some("tomorrow".into()))), None);
    assert_eq!(desk.record.document.message.as_deref(), Some("tomorrow"));
}
