//! Answers by the minute: sums of what the students' owners tell, whatever is doubled, late or taken back.

use crate::desk::*;
use domain::day::{Day, Stamp};
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{ClassId, EntryId};
use domain::lesson::count::Count;
use domain::lesson::minutes::{Minute, Minutes, minute_of};
use domain::lesson::{Figures, Input};
use domain::limits::MINUTES_KEPT;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const FIRST: i64 = START_MS / 60_000;

fn minute(n: i64, answered: u32, correct: u32) -> Minute {
    Minute { at: FIRST + n, answered, correct }
}

fn with(minutes: &[Minute], is_whole: bool) -> Figures {
    Figures { minutes: minutes.to_vec(), is_whole, ..figures(9, 9) }
}

fn shown(desk: &Desk, monitor: domain::lesson::MonitorId) -> Vec<(i64, u32, u32)> {
    let minutes = desk.screen(monitor).minutes.iter();
    minutes.map(|(at, (answered, correct))| (at - FIRST, *answered, *correct)).collect()
}

#[test]
fn minutes_are_summed_over_the_class_and_a_cell_takes_the_place_of_the_one_before() {
    let (mut desk, monitor) = Desk::open(3);
    desk.cell(0, (1, 1), with(&[minute(0, 2, 1), minute(1, 3, 3)], true));
    desk.cell(1, (1, 1), with(&[minute(1, 1, 0)], true));
    desk.cell(1, (1, 1), with(&[minute(1, 9, 9)], true));
    desk.pass(1_000);
    assert_eq!(shown(&desk, monitor), [(0, 2, 1), (1, 4, 3)]);
    // A partial cell names what changed, a whole one all there is: an answer was taken back.
    desk.cell(0, (1, 2), with(&[minute(1, 4, 3)], false));
    desk.pass(1_000);
    assert_eq!(shown(&desk, monitor), [(0, 2, 1), (1, 5, 3)]);
    desk.cell(0, (1, 3), with(&[minute(1, 4, 3)], true));
    desk.pass(1_000);
    assert_eq!(shown(&desk, monitor), [(0, 0, 0), (1, 5, 3)], "nothing is left of the first minute");
    let later = desk.watch(2);
    assert_eq!(shown(&desk, later), [(1, 5, 3)], "and a new screen is not told of it");
    // Who leaves the class is in no minute.
    desk.input(Input::Roster(roster(1)));
    desk.pass(1_000);
    assert_eq!(shown(&desk, monitor), [(0, 0, 0), (1, 4, 3)]);
}

#[test]
fn a_minute_takes_the_place_of_the_one_an_hour_before_and_none_comes_back() {
    let (mut desk, monitor) = Desk::open(2);
    desk.cell(0, (1, 1), with(&[minute(5, 2, 2)], true));
    desk.cell(1, (1, 1), with(&[minute(65, 3, 1)], true));
    desk.cell(0, (1, 2), with(&[minute(5, 4, 4)], true));
    desk.pass(1_000);
    let late = desk.watch(2);
    assert_eq!(shown(&desk, late), [(65, 3, 1)]);
    desk.cell(0, (1, 3), with(&[minute(65, 1, 1)], true));
    desk.pass(1_000);
    assert_eq!(shown(&desk, late), [(65, 4, 2)]);
    assert!(shown(&desk, monitor).contains(&(65, 4, 2)));
}

#[test]
fn an_owner_that_takes_over_counts_the_minutes_from_the_log() {
    let (desk, _) = Desk::open(2);
    let mut later = Desk::from(desk.record.clone(), 2, 2);
    let monitor = later.watch(5);
    later.cell(0, (1, 1), with(&[minute(0, 2, 1)], true));
    let figures = Box::new(with(&[minute(0, 1, 1), minute(1, 1, 0)], true));
    later.input(Input::Recounted { student: student(1), figures: Some(figures) });
    later.pass(1_000);
    assert_eq!(shown(&later, monitor), [(0, 3, 2), (1, 1, 0)]);
}

fn entry(at_ms: i64, n: u128, grade: u8) -> LogEntry {
    let review = Review {
        deck: deck(),
        card: card(1),
        grade: Grade::ALL[usize::from(grade)],
        mode: Mode::Flip,
        elapsed_ms: 1_000,
        early: false,
        confidence: None,
        sitting: None,
        class: Some(ClassId::from_u128(0xc1a5)),
        response: None,
        revision: 1,
        told: false,
    };
    let stamp = Stamp { day: Day(20_600), utc_offset_min: 0 };
    LogEntry { id: EntryId::v7(at_ms, n), job: None, stamp, body: Body::Review(review) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_students_minutes_are_those_of_the_answers_in_whatever_order_they_came(
        answers in prop::collection::vec((0..50_i64 * 60_000, 0..6_u8), 0..80),
    ) {
        let log: Vec<LogEntry> =
            answers.iter().enumerate().map(|(n, (ms, grade))| entry(START_MS + ms, n as u128, *grade)).collect();
        let class = ClassId::from_u128(0xc1a5);
        let mut expected: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
        let mut count = Count::new(class, START_MS);
        for (entry, (_, grade)) in log.iter().zip(&answers) {
            let minute = expected.entry(minute_of(entry.id)).or_default();
            *minute = (minute.0 + 1, minute.1 + u32::from(*grade >= 3));
            count.add(entry.id, entry.review().unwrap());
        }
        let as_told = |minutes: &[Minute]| -> BTreeMap<i64, (u32, u32)> {
            minutes.iter().map(|minute| (minute.at, (minute.answered, minute.correct))).collect()
        };
        prop_assert_eq!(&as_told(&count.figures().minutes), &expected);
        prop_assert_eq!(&as_told(&Count::of(class, START_MS, &log).figures().minutes), &expected);
        // A part has what it is asked for, and no more.
        let some: BTreeSet<i64> = expected.keys().copied().step_by(2).collect();
        let part = count.part(&BTreeSet::new(), &some);
        prop_assert!(part.cards.is_empty() && !part.is_whole);
        prop_assert_eq!(part.minutes.iter().map(|minute| minute.at).collect::<BTreeSet<_>>(), some);
        prop_assert_eq!(part.answered, count.figures().answered);
    }
}

#[test]
fn of_more_minutes_than_an_hour_has_a_student_has_the_newest() {
    let mut minutes = Minutes::default();
    for n in 0..200 {
        minutes.add(EntryId::v7(START_MS + n * 60_000, 1), true);
    }
    assert_eq!(minutes.all().len(), MINUTES_KEPT);
    assert_eq!(minutes.all().first().map(|minute| minute.at), Some(FIRST + 200 - MINUTES_KEPT as i64));
    minutes.add(EntryId::v7(START_MS, 1), true);
    assert_eq!(minutes.all().len(), MINUTES_KEPT);
}
