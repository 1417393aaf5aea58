//! The rules one by one, each as a history short enough to be told.

use crate::histories::{START_MS, answer, card, imported, job, params};
use crate::order::production;
use crate::reference;
use domain::day::{Day, Stamp, ZoneHistory};
use domain::entry::{Body, GivenState, LogEntry, SetChange};
use domain::fold::fold_learner;
use domain::grade::Grade;
use domain::ids::EntryId;
use domain::state::{CardState, CountedAs};

const HOUR_MS: i64 = 3_600_000;
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// Noon of the first day.
pub const NOON_MS: i64 = START_MS + 12 * HOUR_MS;

pub fn entry(at_ms: i64, body: Body) -> LogEntry {
    LogEntry {
        id: EntryId::v7(at_ms, at_ms as u128),
        job: None,
        stamp: ZoneHistory::new().stamp(at_ms),
        body,
    }
}

pub fn grade(at_ms: i64, grade: Grade) -> LogEntry {
    entry(at_ms, answer(0, grade, false, None))
}

fn early(at_ms: i64, grade: Grade) -> LogEntry {
    entry(at_ms, answer(0, grade, true, None))
}

pub fn set(at_ms: i64, change: SetChange) -> LogEntry {
    let (deck, card) = card(0);
    entry(at_ms, Body::Set { deck, card, change })
}

pub fn undo(at_ms: i64, of: &LogEntry) -> LogEntry {
    entry(at_ms, Body::Undo { of: of.id })
}

/// The state of the card; the reference must say the same of it.
pub fn state(log: &[LogEntry]) -> CardState {
    assert_eq!(production(log), reference::fold(log, params));
    fold_learner(log, params).cards.get(&card(0)).copied().unwrap_or(CardState::NEW)
}

/// What each answer counts as, in order.
fn kinds(log: &[LogEntry]) -> Vec<CountedAs> {
    state(log);
    production(log).kinds.iter().map(|(_, kind)| *kind).collect()
}

fn today() -> Day {
    ZoneHistory::new().stamp(NOON_MS).day
}

#[test]
fn two_devices_or_a_teacher_asking_three_times_never_count_as_three_days() {
    let log =
        [grade(NOON_MS, Grade::Good), early(NOON_MS + 1, Grade::Good), early(NOON_MS + 2, Grade::Perfect)];
    assert_eq!(kinds(&log), [CountedAs::New, CountedAs::Extra, CountedAs::Extra]);
    assert_eq!((state(&log).sm2.reps, state(&log).sm2.ease), (1, 250));
}

#[test]
fn a_low_grade_drills_until_it_is_high_enough_and_the_drill_ends_with_the_day() {
    let log = [
        grade(NOON_MS, Grade::Wrong),
        grade(NOON_MS + 1, Grade::Hard),
        grade(NOON_MS + 2, Grade::Good),
        grade(NOON_MS + 3, Grade::Wrong),
        grade(NOON_MS + DAY_MS, Grade::Good),
    ];
    let expected = [CountedAs::New, CountedAs::Drill, CountedAs::Drill, CountedAs::Extra, CountedAs::Review];
    assert_eq!(kinds(&log), expected, "an extra's grade starts no drill");
    let unfinished = [grade(NOON_MS, Grade::Wrong), grade(NOON_MS + DAY_MS, Grade::Good)];
    assert_eq!(kinds(&unfinished), [CountedAs::New, CountedAs::Review]);
}

#[test]
fn an_answer_before_the_due_day_schedules_only_when_it_was_asked_for() {
    let first = [grade(NOON_MS, Grade::Good), grade(NOON_MS + DAY_MS, Grade::Good)];
    let uncalled = [first[0], first[1], grade(NOON_MS + 3 * DAY_MS, Grade::Good)];
    assert_eq!(kinds(&uncalled)[2], CountedAs::Extra);
    assert_eq!(state(&uncalled).due, state(&first).due);
    let called = [first[0], first[1], early(NOON_MS + 3 * DAY_MS, Grade::Good)];
    assert_eq!(kinds(&called)[2], CountedAs::Review);
    assert_eq!(state(&called).sm2.reps, 3);
    assert_eq!(state(&called).scheduled.map(|s| s.only_early), Some(true));
}

#[test]
fn a_traveller_who_lands_on_yesterday_does_not_schedule_twice_or_fall_back() {
    let mut back = grade(NOON_MS + HOUR_MS, Grade::Good);
    back.stamp = Stamp { day: today().plus(-1), utc_offset_min: -660 };
    let log = [grade(NOON_MS, Grade::Good), back];
    assert_eq!(kinds(&log), [CountedAs::New, CountedAs::Extra]);
    assert_eq!(state(&log).max_day, Some(today()));
    assert_eq!(state(&log).due, Some(today().plus(1)));
}

#[test]
fn sets_and_drills_raise_the_day_that_later_answers_count_on() {
    for ahead in [set(NOON_MS, SetChange::Flag(1)), grade(NOON_MS, Grade::Good)] {
        let ahead = LogEntry { stamp: Stamp { day: today().plus(1), ..ahead.stamp }, ..ahead };
        let log = [grade(NOON_MS - DAY_MS, Grade::Good), ahead, grade(NOON_MS + HOUR_MS, Grade::Good)];
        assert_eq!(state(&log).scheduled_on, Some(today().plus(1)), "{:?}", ahead.body);
    }
}

#[test]
fn an_undone_entry_does_not_raise_the_day() {
    let ahead = set(NOON_MS, SetChange::Flag(1));
    let ahead = LogEntry { stamp: Stamp { day: today().plus(1), ..ahead.stamp }, ..ahead };
    let log = [ahead, grade(NOON_MS + 1, Grade::Good), undo(NOON_MS + 2, &ahead)];
    assert_eq!(state(&log).scheduled_on, Some(today()));
}

#[test]
fn an_undo_takes_back_the_whole_answer_whenever_it_was_made() {
    let wrong = grade(NOON_MS, Grade::Wrong);
    for undone_at in [NOON_MS + 1, NOON_MS - 120_000] {
        let log = [wrong, undo(undone_at, &wrong), grade(NOON_MS + 5, Grade::Good)];
        assert_eq!(kinds(&log), [CountedAs::New]);
        assert_eq!((state(&log).answers, state(&log).failed_on), (1, None));
    }
}

#[test]
fn an_undo_cannot_be_undone_and_undoing_twice_is_undoing_once() {
    let log = [grade(NOON_MS, Grade::Good)];
    let first = undo(NOON_MS + 1, &log[0]);
    let again = undo(NOON_MS + 2, &log[0]);
    let redo = undo(NOON_MS + 3, &first);
    for more in [vec![first], vec![first, again], vec![first, redo], vec![redo, first]] {
        let all: Vec<LogEntry> = log.iter().chain(&more).copied().collect();
        assert!(
            fold_learner(&all, params).cards.is_empty(),
            "a card without an entry that counts is no card"
        );
        state(&all);
    }
}

#[test]
fn registers_take_the_newest_value_and_an_undo_of_it_brings_back_the_one_before() {
    let red = set(NOON_MS, SetChange::Flag(1));
    let blue = set(NOON_MS + 1, SetChange::Flag(4));
    assert_eq!(state(&[blue, red]).flag, 4);
    assert_eq!(state(&[blue, red, undo(NOON_MS + 2, &blue)]).flag, 1);
}

#[test]
fn a_buried_card_is_hidden_before_its_day_and_back_on_it() {
    let buried = state(&[set(NOON_MS, SetChange::BuriedUntil(Some(today().plus(1))))]);
    assert!(buried.is_buried(today()));
    assert!(!buried.is_buried(today().plus(1)));
}

#[test]
fn a_reset_card_is_new_and_may_schedule_again_that_day() {
    let log = [
        grade(NOON_MS, Grade::Wrong),
        set(NOON_MS + 1, SetChange::Flag(3)),
        set(NOON_MS + 2, SetChange::Reset),
    ];
    let reset = state(&log);
    assert!(reset.is_new());
    assert_eq!(
        (reset.answers, reset.flag, reset.failed_on),
        (1, 3, Some(today())),
        "figures and registers stay"
    );
    assert_eq!(reset.drill(today(), 4), None);
    let again = [log[0], log[1], log[2], grade(NOON_MS + 3, Grade::Good)];
    assert_eq!(kinds(&again), [CountedAs::New, CountedAs::New]);
}

#[test]
fn a_due_day_makes_a_new_card_a_review_card_without_repetitions() {
    let log = [set(NOON_MS, SetChange::Due(today().plus(1)))];
    assert!(!state(&log).is_new());
    assert_eq!(state(&log).sm2.reps, 0);
    let answered = [log[0], grade(NOON_MS + DAY_MS, Grade::Wrong)];
    assert_eq!(kinds(&answered), [CountedAs::Review]);
    assert_eq!(state(&answered).lapses, 0, "what was never learned cannot lapse");
}

#[test]
fn a_due_day_moves_the_day_and_nothing_else() {
    let log = [grade(NOON_MS, Grade::Perfect), set(NOON_MS + 1, SetChange::Due(today()))];
    let moved = state(&log);
    assert_eq!((moved.due, moved.sm2.interval_days, moved.sm2.ease), (Some(today()), 1, 260));
    let again = [log[0], log[1], grade(NOON_MS + 2, Grade::Good)];
    assert_eq!(kinds(&again)[1], CountedAs::Extra, "due again today, but it has had its answer today");
}

#[test]
fn a_given_state_is_the_state_from_its_place_on() {
    let (deck, card) = card(0);
    let given = GivenState {
        reps: 4,
        ease: 90,
        interval_days: 30,
        due: Some(today().plus(1)),
        lapses: 2,
        last_scheduled: Some(today()),
    };
    let log = [
        grade(NOON_MS, Grade::Wrong),
        entry(NOON_MS + 1, Body::State { deck, card, state: given }),
        grade(NOON_MS + 2, Grade::Good),
        grade(NOON_MS + DAY_MS, Grade::Good),
    ];
    assert_eq!(kinds(&log), [CountedAs::New, CountedAs::Extra, CountedAs::Review]);
    let after = state(&log);
    assert_eq!((after.sm2.reps, after.sm2.ease, after.lapses), (5, 130, 2), "ease is never below its floor");
    assert_eq!(after.sm2.interval_days, 39);
}

#[test]
fn a_given_state_without_a_due_day_is_a_new_card() {
    let (deck, card) = card(0);
    let given = GivenState {
        reps: 4,
        ease: 200,
        interval_days: 30,
        due: None,
        lapses: 2,
        last_scheduled: Some(today()),
    };
    let log = [entry(NOON_MS, Body::State { deck, card, state: given }), grade(NOON_MS + 1, Grade::Good)];
    assert_eq!(kinds(&log), [CountedAs::New]);
    assert_eq!(state(&log).sm2.reps, 1);
}

pub fn import(at_ms: i64, grade: Grade, n: u8) -> LogEntry {
    LogEntry {
        id: imported(0, at_ms),
        job: Some(job(n)),
        stamp: ZoneHistory::new().stamp(at_ms),
        body: answer(0, grade, false, None),
    }
}

#[test]
fn an_import_within_another_survives_the_revocation_of_either() {
    let in_first = import(NOON_MS, Grade::Good, 0);
    let in_second = import(NOON_MS, Grade::Good, 1);
    let commits = [
        entry(NOON_MS + 1, Body::ImportCommit { job: job(0) }),
        entry(NOON_MS + 2, Body::ImportCommit { job: job(1) }),
    ];
    let both = [in_first, in_second, commits[0], commits[1]];
    assert_eq!(state(&both).answers, 1);
    for n in [0, 1] {
        let mut one = both.to_vec();
        one.push(entry(NOON_MS + 3, Body::ImportRevoke { job: job(n) }));
        assert_eq!(state(&one).answers, 1);
        one.push(entry(NOON_MS + 4, Body::ImportRevoke { job: job(1 - n) }));
        assert_eq!(state(&one), CardState::NEW);
    }
}

#[test]
fn an_imported_copy_of_a_live_answer_is_that_answer_even_when_it_was_undone() {
    let live = grade(NOON_MS, Grade::Good);
    let log =
        [live, import(NOON_MS, Grade::Wrong, 0), entry(NOON_MS + 1, Body::ImportCommit { job: job(0) })];
    assert_eq!((state(&log).answers, state(&log).sm2.reps), (1, 1), "the live one's grade stays");
    let undone = [log[0], log[1], log[2], undo(NOON_MS + 2, &live)];
    assert_eq!(state(&undone), CardState::NEW, "what was taken back does not come back by an import");
}

#[test]
fn a_revoked_job_stays_revoked_in_whatever_order_its_marks_arrive() {
    let rows = [
        import(NOON_MS, Grade::Good, 0),
        entry(NOON_MS + 2, Body::ImportRevoke { job: job(0) }),
        entry(NOON_MS + 3, Body::ImportCommit { job: job(0) }),
    ];
    assert_eq!(state(&rows), CardState::NEW);
}
