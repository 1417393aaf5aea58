//! Published sequences of SM-2, through the whole fold: from entries in a log to state.

use crate::histories::{START_MS, card};
use domain::day::{Day, ZoneHistory};
use domain::deck::{DeckSettings, SchedulerKind};
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::fold::fold_learner;
use domain::grade::Grade;
use domain::ids::EntryId;
use domain::state::{CardState, FoldParams};

const DAY_MS: i64 = 86_400_000;

fn review(day: i64, grade: u8, elapsed_ms: u32) -> LogEntry {
    let at_ms = START_MS + 12 * 3_600_000 + day * DAY_MS;
    let (deck, card) = card(0);
    LogEntry {
        id: EntryId::v7(at_ms, 1),
        job: None,
        stamp: ZoneHistory::new().stamp(at_ms),
        body: Body::Review(Review {
            deck,
            card,
            grade: Grade::new(grade).unwrap(),
            mode: Mode::Flip,
            elapsed_ms,
            early: false,
            confidence: None,
            sitting: None,
            class: None,
            response: None,
            revision: 1,
            told: false,
        }),
    }
}

fn state_of(log: &[LogEntry]) -> CardState {
    fold_learner(log, |_| FoldParams::default()).cards[&card(0)]
}

/// Answers each time on the due day, and after it one more at once: an extra or a drill, which must change nothing.
fn states(grades: &[u8]) -> Vec<(u16, u32, u16)> {
    let first = ZoneHistory::new().stamp(START_MS + 12 * 3_600_000).day;
    let mut log = Vec::new();
    let mut day = 0;
    let mut states = Vec::new();
    for &grade in grades {
        log.push(review(day, grade, 1000));
        let again = review(day, 5, 1000);
        log.push(LogEntry { id: EntryId::v7(again.id.at_ms() + 60_000, 2), ..again });
        // The newest first, so that nothing rests on the order in the slice.
        let reversed: Vec<LogEntry> = log.iter().rev().copied().collect();
        let state = state_of(&reversed);
        states.push((state.sm2.reps, state.sm2.interval_days, state.sm2.ease));
        day = i64::from(state.due.unwrap().since(first));
    }
    states
}

#[test]
fn the_golden_vectors_hold_through_the_whole_fold() {
    assert_eq!(states(&[4, 4, 4]), [(1, 1, 250), (2, 6, 250), (3, 15, 250)]);
    assert_eq!(states(&[5, 4, 3]), [(1, 1, 260), (2, 6, 260), (3, 15, 246)]);
    assert_eq!(states(&[3, 3, 4]), [(1, 1, 236), (2, 6, 222), (3, 14, 222)]);
    assert_eq!(
        states(&[5, 5, 5, 5, 4]),
        [(1, 1, 260), (2, 6, 270), (3, 17, 280), (4, 50, 290), (5, 145, 290)]
    );
    assert_eq!(states(&[4, 4, 2, 4]), [(1, 1, 250), (2, 6, 250), (0, 1, 250), (1, 1, 250)]);
    let nine = states(&[3; 9]);
    assert_eq!(nine.iter().map(|s| s.1).collect::<Vec<_>>(), [1, 6, 13, 26, 47, 79, 121, 167, 218]);
    assert_eq!(nine[8].2, 130);
}

#[test]
fn answering_late_earns_nothing() {
    let on_time = state_of(&[review(0, 4, 0), review(1, 4, 0), review(7, 4, 0)]);
    let late = state_of(&[review(0, 4, 0), review(1, 4, 0), review(90, 4, 0)]);
    assert_eq!(late.sm2, on_time.sm2);
    assert_eq!(late.due, on_time.due.map(|due| due.plus(83)), "it counts from the day of the answer");
}

#[test]
fn a_day_has_its_figures_and_undone_answers_have_none() {
    let log = [review(0, 4, 1200), review(1, 2, 800), review(1, 4, 500)];
    let log = [log[0], log[1], LogEntry { id: EntryId::v7(log[2].id.at_ms() + 1, 3), ..log[2] }];
    let mut undone = log.to_vec();
    undone.push(LogEntry {
        id: EntryId::v7(log[2].id.at_ms() + 2, 4),
        body: Body::Undo { of: log[1].id },
        ..log[2]
    });
    let days = |log: &[LogEntry]| -> Vec<(Day, u32, u32, u64)> {
        fold_learner(log, |_| FoldParams::default())
            .days
            .iter()
            .map(|((day, _), f)| (*day, f.entries, f.correct, f.elapsed_ms))
            .collect()
    };
    let first = log[0].stamp.day;
    assert_eq!(days(&log), [(first, 1, 1, 1200), (first.plus(1), 2, 1, 1300)]);
    assert_eq!(days(&undone), [(first, 1, 1, 1200), (first.plus(1), 1, 1, 500)]);
    assert_eq!(state_of(&undone).sm2.reps, 2, "the answer after the undone one now schedules");
}

/// A deck under FSRS with everybody's weights, nine of ten remembered, without fuzz.
fn by_fsrs(log: &[LogEntry]) -> CardState {
    let settings =
        DeckSettings { scheduler: SchedulerKind::Fsrs, fuzz: Some(false), ..DeckSettings::default() };
    fold_learner(log, |_| settings.fold_params()).cards[&card(0)]
}

#[test]
fn fsrs_schedules_through_the_whole_fold() {
    let first = ZoneHistory::new().stamp(START_MS + 12 * 3_600_000).day;
    let (mut log, mut day, mut seen) = (Vec::new(), 0, Vec::new());
    for grade in [4, 4, 3, 4, 1, 4, 5] {
        log.push(review(day, grade, 1000));
        let state = by_fsrs(&log);
        let memory = state.memory.unwrap();
        seen.push((state.sm2.interval_days, memory.stability, memory.difficulty));
        day = i64::from(state.due.unwrap().since(first));
    }
    // Days, and the memory in ten-thousandths.
    let expected = [
        (2, 23_065, 21_181),
        (11, 109_643, 21_112),
        (32, 322_033, 47_483),
        (93, 927_533, 47_388),
        (4, 36_571, 82_559),
        (8, 82_985, 82_429),
        (24, 241_052, 76_410),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_drill_moves_the_memory_and_not_the_schedule_and_an_answer_beyond_it_does_so_on_a_later_day_alone() {
    let at = |day: i64, minute: i64, grade: u8| {
        let entry = review(day, grade, 1000);
        LogEntry { id: EntryId::v7(entry.id.at_ms() + minute * 60_000, 5), ..entry }
    };
    let failed = [at(0, 0, 1)];
    let drilled = [failed[0], at(0, 1, 4)];
    let extra = [failed[0], drilled[1], at(0, 2, 5)];
    let memory = |log: &[LogEntry]| by_fsrs(log).memory.unwrap();
    assert!(memory(&drilled).stability > memory(&failed).stability);
    assert_eq!(by_fsrs(&drilled).due, by_fsrs(&failed).due);
    assert_eq!(memory(&extra), memory(&drilled), "who has just been told proves nothing");
    let ahead = [at(0, 0, 5), at(3, 0, 4)];
    assert_eq!(by_fsrs(&ahead).due, by_fsrs(&ahead[..1]).due, "the card was not due");
    assert_eq!(memory(&ahead).on, ahead[1].stamp.day, "and was remembered after days");
    assert!(memory(&ahead).stability > memory(&ahead[..1]).stability);
}
