//! The rules one by one.

use crate::desk::*;
use domain::ids::{AskId, EntryId};
use domain::lesson::cell::{Said, Vote};
use domain::lesson::{
    Closing, Command, Effect, Figures, Input, LessonState, MonitorId, NotStored, Presence, Refusal, Round,
    Student,
};
use domain::limits::*;

const FIRST: AskId = AskId::from_u128(0xa51);

fn ask(desk: &Desk, id: AskId, round: Round, for_ms: i64) -> Command {
    Command::Ask { ask: id, deck: deck(), card: card(1), round, closes_ms: desk.now.wall_ms + for_ms }
}

fn vote(desk: &Desk, round: Round, said: u8, late_ms: i64) -> Vote {
    let reached_ms = desk.now.wall_ms + late_ms;
    Vote { ask: FIRST, round, said: Said::Grade(said), is_correct: said >= 3, reached_ms }
}

fn state(desk: &Desk) -> LessonState {
    desk.published.last().unwrap().state
}

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
    desk.lesson.handle(desk.now, Input::Cell(cell.into()), &mut fx);
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
fn a_vote_counts_if_it_reaches_the_server_a_second_after_the_close_and_no_later() {
    let (mut desk, monitor) = Desk::open(4);
    let mut class = roster(4);
    class[3] = Student { extra_percent: 50, ..class[3].clone() };
    desk.input(Input::Roster(class));
    assert_eq!(desk.says(monitor, ask(&desk, FIRST, Round::First, 20_000)), None);
    let late = |desk: &Desk, ms| [vote(desk, Round::First, 5, ms)];
    desk.cell(0, (1, 1), voted(figures(1, 1), &late(&desk, 21_000)));
    desk.cell(1, (1, 1), voted(figures(1, 1), &late(&desk, 21_001)));
    desk.cell(2, (1, 1), voted(figures(1, 0), &[vote(&desk, Round::First, 1, 3_000)]));
    desk.cell(3, (1, 1), voted(figures(1, 1), &late(&desk, 31_000)));
    desk.pass(1_000);
    let round = desk.screen(monitor).ask.clone().unwrap().rounds[0].clone();
    assert_eq!((round.votes, round.correct), (3, 2), "who has more time has it here too");
    assert_eq!(round.said, [(Said::Grade(5), 2), (Said::Grade(1), 1)]);
}

#[test]
fn a_vote_may_be_taken_back_until_the_close_and_stands_after_it() {
    let (mut desk, monitor) = Desk::open(3);
    desk.says(monitor, ask(&desk, FIRST, Round::First, 20_000));
    let (wrong, right) = (vote(&desk, Round::First, 1, 100), vote(&desk, Round::First, 4, 200));
    desk.cell(0, (1, 1), voted(figures(1, 0), &[wrong]));
    desk.cell(0, (1, 2), voted(figures(0, 0), &[]));
    desk.pass(500);
    let votes = |desk: &Desk| desk.screen(monitor).ask.as_ref().unwrap().rounds[0].clone();
    assert_eq!(votes(&desk).votes, 0);
    desk.cell(0, (1, 3), voted(figures(1, 1), &[right]));
    desk.pass(30_000);
    desk.cell(0, (1, 4), voted(figures(1, 0), &[wrong]));
    desk.cell(0, (1, 5), voted(figures(1, 0), &[]));
    desk.cell(1, (1, 1), voted(figures(1, 1), &[right]));
    desk.pass(500);
    assert_eq!(
        (votes(&desk).votes, votes(&desk).correct),
        (2, 2),
        "a late cell of a vote in time still counts"
    );
    let put = desk.published.last().unwrap().ask.unwrap();
    assert!(put.is_closed(desk.now.wall_ms, 0) && !put.is_closed(put.closes_ms, 0));
}

#[test]
fn a_text_that_is_accepted_after_the_close_makes_its_votes_correct() {
    let (mut desk, monitor) = Desk::open(2);
    desk.says(monitor, ask(&desk, FIRST, Round::First, 5_000));
    let said = |is_correct| Vote { said: Said::Response(7), is_correct, ..vote(&desk, Round::First, 1, 100) };
    let (wrong, right) = (said(false), said(true));
    desk.cell(0, (1, 1), voted(figures(1, 0), &[wrong]));
    desk.pass(10_000);
    let correct = |desk: &Desk| desk.screen(monitor).ask.as_ref().unwrap().rounds[0].correct;
    assert_eq!(correct(&desk), 0);
    desk.cell(0, (1, 2), voted(figures(1, 1), &[Vote { reached_ms: right.reached_ms + 1, ..right }]));
    desk.pass(500);
    assert_eq!(correct(&desk), 0, "that is another answer");
    desk.cell(0, (1, 3), voted(figures(1, 1), &[right]));
    desk.pass(500);
    assert_eq!(correct(&desk), 1);
}

#[test]
fn a_second_vote_has_its_own_histogram_and_comes_after_the_first_is_closed() {
    let (mut desk, monitor) = Desk::open(3);
    desk.says(monitor, ask(&desk, FIRST, Round::First, 5_000));
    assert_eq!(
        desk.says(monitor, ask(&desk, FIRST, Round::Second, 5_000)),
        Some(Refusal::UnknownAsk),
        "still open"
    );
    let first = vote(&desk, Round::First, 1, 100);
    desk.cell(0, (1, 1), voted(figures(1, 0), &[first]));
    desk.pass(10_000);
    let other = AskId::from_u128(9);
    assert_eq!(desk.says(monitor, ask(&desk, other, Round::Second, 5_000)), Some(Refusal::UnknownAsk));
    assert_eq!(desk.says(monitor, ask(&desk, FIRST, Round::Second, 5_000)), None);
    desk.cell(0, (1, 2), voted(figures(2, 1), &[first, vote(&desk, Round::Second, 5, 100)]));
    desk.pass(10_000);
    let rounds = desk.screen(monitor).ask.clone().unwrap().rounds;
    assert_eq!(rounds.iter().map(|round| (round.votes, round.correct)).collect::<Vec<_>>(), [(1, 0), (1, 1)]);
    assert_eq!(desk.says(monitor, ask(&desk, other, Round::First, 5_000)), None);
    assert_eq!(desk.record.asked.iter().map(|asked| asked.rounds.len()).collect::<Vec<_>>(), [2]);
    desk.pass(500);
    assert_eq!(
        desk.screen(monitor).ask.clone().unwrap().rounds[0].votes,
        0,
        "votes of another question are none"
    );
}

#[test]
fn a_vote_that_is_closed_early_ends_as_by_its_time_and_a_second_one_follows() {
    let (mut desk, monitor) = Desk::open(4);
    let mut class = roster(4);
    class[3] = Student { extra_percent: 50, ..class[3].clone() };
    desk.input(Input::Roster(class));
    let close = Command::CloseAsk { ask: FIRST };
    assert_eq!(desk.says(monitor, close.clone()), Some(Refusal::UnknownAsk), "none is put");
    desk.says(monitor, ask(&desk, FIRST, Round::First, 600_000));
    let voted_at = |late_ms| voted(figures(1, 1), &[vote(&desk, Round::First, 5, late_ms)]);
    let (early, late, last, longer, too_long) =
        (voted_at(3_000), voted_at(11_500), voted_at(10_900), voted_at(15_900), voted_at(16_100));
    desk.pass(10_000);
    desk.cell(0, (1, 1), early);
    desk.pass(2_000);
    // It came while nobody knew of the close.
    desk.cell(1, (1, 1), late.clone());
    desk.now.wall_ms -= 2_000;
    let other = Command::CloseAsk { ask: AskId::from_u128(9) };
    assert_eq!(desk.says(monitor, other), Some(Refusal::UnknownAsk));
    assert_eq!(desk.says(monitor, close.clone()), None);
    let put = desk.published.last().unwrap().ask.unwrap();
    assert!(put.is_closed(desk.now.wall_ms, 0) && !put.is_closed(desk.now.wall_ms, 50), "in proportion");
    let votes = |desk: &Desk, round: usize| desk.screen(monitor).ask.as_ref().unwrap().rounds[round].votes;
    desk.pass(500);
    assert_eq!(votes(&desk, 0), 1, "what came too late is no vote any more");
    desk.cell(1, (1, 2), late);
    desk.cell(2, (1, 1), last);
    desk.cell(3, (1, 1), too_long);
    desk.pass(500);
    assert_eq!(votes(&desk, 0), 2, "a second late is in time");
    desk.cell(3, (1, 2), longer);
    // Once more changes nothing, and neither does time.
    assert_eq!(desk.says(monitor, close.clone()), None);
    assert_eq!(desk.published.last().unwrap().ask, Some(put));
    assert_eq!(desk.says(monitor, ask(&desk, FIRST, Round::Second, 60_000)), None);
    desk.pass(500);
    assert_eq!((votes(&desk, 0), votes(&desk, 1)), (3, 0));
    assert_eq!(desk.says(monitor, close), None, "the second may be closed too");
    assert_eq!(desk.record.rounds().iter().filter(|ask| ask.is_closed(desk.now.wall_ms, 0)).count(), 2);
    desk.says(monitor, Command::EndAsk);
    assert_eq!(desk.record.asked[0].rounds.len(), 2, "both are kept");
}

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
