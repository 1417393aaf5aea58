//! Answers that come after the class has talked about their card: they count, and schedule nothing.

use crate::histories::{answer, arrivals, card, params, told};
use crate::invariants::in_order;
use crate::order::{by_card, production};
use crate::rules::{DAY_MS, NOON_MS, entry, grade, set, state, undo};
use domain::day::{Day, ZoneHistory};
use domain::deck::{DeckSettings, SchedulerKind};
use domain::entry::{Body, GivenState, LogEntry, Regrade, Review, SetChange};
use domain::fold::{Live, fold_learner};
use domain::grade::Grade;
use domain::ids::{EntryId, UserId};
use domain::state::{CardState, CountedAs, Kind};
use proptest::prelude::*;

fn second(at_ms: i64, grade: Grade) -> LogEntry {
    entry(at_ms, told(answer(0, grade, false, None)))
}

fn today() -> Day {
    ZoneHistory::new().stamp(NOON_MS).day
}

fn kinds(log: &[LogEntry]) -> Vec<CountedAs> {
    state(log);
    production(log).kinds.iter().map(|(_, kind)| *kind).collect()
}

fn kind(log: &[LogEntry], on: Day) -> Kind {
    state(log).kind(on, &params(card(0).0))
}

/// All that scheduling rests on.
fn schedule(state: &CardState) -> impl PartialEq + std::fmt::Debug + use<> {
    (state.sm2, state.due, state.lapses, state.memory, state.scheduled, state.scheduled_on)
}

#[test]
fn a_second_vote_schedules_no_new_card_and_it_is_new_again_on_the_next_day() {
    for grade_said in Grade::ALL {
        let log = [second(NOON_MS, grade_said)];
        assert_eq!(kinds(&log), [CountedAs::Extra]);
        let after = state(&log);
        assert_eq!(schedule(&after), schedule(&CardState::NEW));
        assert_eq!((after.answers, after.told_on), (1, Some(today())));
        assert_eq!(after.drill(today(), 4), None, "and starts no drill");
        assert_eq!((kind(&log, today()), kind(&log, today().plus(1))), (Kind::Extra, Kind::New));
    }
    let log = [second(NOON_MS, Grade::Wrong), grade(NOON_MS + DAY_MS, Grade::Good)];
    assert_eq!(kinds(&log), [CountedAs::Extra, CountedAs::New]);
    assert_eq!((state(&log).told_on, state(&log).sm2.reps), (None, 1), "it is over with the next schedule");
}

#[test]
fn a_second_vote_leaves_a_due_card_due_for_a_real_review_on_the_next_day() {
    let first = [grade(NOON_MS, Grade::Good)];
    let told = [first[0], second(NOON_MS + DAY_MS, Grade::Perfect)];
    assert_eq!(kinds(&told), [CountedAs::New, CountedAs::Extra]);
    assert_eq!(schedule(&state(&told)), schedule(&state(&first)));
    assert_eq!(kind(&told, today().plus(1)), Kind::Extra, "it does not come again that day");
    assert_eq!(kind(&told, today().plus(2)), Kind::Review);
    let next = [told[0], told[1], grade(NOON_MS + 2 * DAY_MS, Grade::Good)];
    assert_eq!(kinds(&next)[2], CountedAs::Review);
    assert_eq!(state(&next).sm2.reps, 2);
}

#[test]
fn nothing_else_of_that_day_schedules_either_and_no_answer_of_it_is_a_recall() {
    let early = |at_ms| entry(at_ms, answer(0, Grade::Good, true, None));
    let first = [grade(NOON_MS, Grade::Good)];
    let day = NOON_MS + DAY_MS;
    let log = [first[0], second(day, Grade::Wrong), grade(day + 1, Grade::Wrong), early(day + 2)];
    assert_eq!(kinds(&log)[1..], [CountedAs::Extra; 3]);
    assert_eq!(schedule(&state(&log)), schedule(&state(&first)));
}

#[test]
fn for_whoever_voted_first_a_second_vote_is_what_any_second_answer_is() {
    let right = [grade(NOON_MS, Grade::Good), second(NOON_MS + 1, Grade::Wrong)];
    assert_eq!(kinds(&right), [CountedAs::New, CountedAs::Extra]);
    assert_eq!(state(&right).drill(today(), 4), None);
    let wrong =
        [grade(NOON_MS, Grade::Wrong), second(NOON_MS + 1, Grade::Wrong), second(NOON_MS + 2, Grade::Good)];
    assert_eq!(kinds(&wrong), [CountedAs::New, CountedAs::Drill, CountedAs::Drill]);
    assert!(state(&wrong[..2]).drill(today(), 4).is_some(), "it is drilled on");
    assert_eq!(state(&wrong).drill(today(), 4), None, "until it is good enough");
    for (log, alone) in [(&right[..], &right[..1]), (&wrong[..], &wrong[..1])] {
        assert_eq!(schedule(&state(log)), schedule(&state(alone)));
    }
}

#[test]
fn without_the_first_vote_the_second_schedules_no_more_than_before() {
    let votes = [grade(NOON_MS, Grade::Good), second(NOON_MS + 1, Grade::Perfect)];
    let log = [votes[0], votes[1], undo(NOON_MS + 2, &votes[0])];
    assert_eq!(kinds(&log), [CountedAs::Extra]);
    assert!(state(&log).is_new());
}

#[test]
fn a_second_vote_that_is_taken_back_gives_the_day_back() {
    let vote = second(NOON_MS, Grade::Good);
    let log = [vote, undo(NOON_MS + 1, &vote), grade(NOON_MS + 2, Grade::Good)];
    assert_eq!(kinds(&log), [CountedAs::New]);
}

#[test]
fn another_grade_for_a_second_vote_schedules_nothing() {
    let (deck, card) = card(0);
    let vote = second(NOON_MS, Grade::Wrong);
    let by = UserId::from_u128(1);
    let regrade = Body::Regrade(Regrade { of: vote.id, deck, card, grade: Grade::Good, by });
    let log = [vote, entry(NOON_MS + 1, regrade)];
    assert_eq!(kinds(&log), [CountedAs::Extra]);
    assert_eq!((state(&log).failed_on, state(&log).due), (None, None));
}

#[test]
fn a_reset_and_a_given_state_end_it_as_they_end_a_scheduling_day() {
    let (deck, card) = card(0);
    let vote = second(NOON_MS, Grade::Good);
    let reset = [vote, set(NOON_MS + 1, SetChange::Reset), grade(NOON_MS + 2, Grade::Good)];
    assert_eq!(kinds(&reset), [CountedAs::Extra, CountedAs::New]);
    let given = GivenState {
        reps: 2,
        ease: 250,
        interval_days: 6,
        due: Some(today()),
        lapses: 0,
        last_scheduled: Some(today().plus(-6)),
    };
    let given = entry(NOON_MS + 1, Body::State { deck, card, state: given });
    assert_eq!(kinds(&[vote, given, grade(NOON_MS + 2, Grade::Good)]), [CountedAs::Extra, CountedAs::Review]);
}

#[test]
fn a_memory_is_moved_neither_by_a_second_vote_nor_by_what_follows_it_on_that_day() {
    let by_fsrs = |log: &[LogEntry]| {
        let settings = DeckSettings { scheduler: SchedulerKind::Fsrs, ..DeckSettings::default() };
        fold_learner(log, |_| settings.fold_params()).cards[&card(0)].memory
    };
    let first = [grade(NOON_MS, Grade::Wrong)];
    let drilled = [first[0], second(NOON_MS + 1, Grade::Good)];
    assert_eq!(by_fsrs(&drilled), by_fsrs(&first), "in a drill");
    let day = NOON_MS + 9 * DAY_MS;
    let later = [first[0], second(day, Grade::Good), grade(day + 1, Grade::Good)];
    assert_eq!(by_fsrs(&later), by_fsrs(&first), "on a later day");
    let next = [later[0], later[1], grade(day + DAY_MS, Grade::Good)];
    assert_ne!(by_fsrs(&next), by_fsrs(&first));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_second_vote_moves_anything_that_scheduling_rests_on((history, _) in arrivals(30)) {
        let live = Live::of(&history.entries);
        for ((deck, _), its_own) in by_card(&history.entries) {
            let mut before = CardState::NEW;
            for entry in in_order(&its_own, &live) {
                let (after, counted) = before.after(&entry, &params(deck));
                if entry.review().is_some_and(|review| review.told) {
                    prop_assert_eq!(schedule(&before), schedule(&after));
                    prop_assert!(!counted.is_some_and(CountedAs::schedules));
                    prop_assert!(after.is_spent(after.max_day.unwrap()));
                }
                before = after;
            }
        }
    }

    #[test]
    fn second_votes_at_the_end_of_any_days_change_no_schedule_and_no_memory(
        (history, _) in arrivals(24),
        grades in prop::collection::vec(0..6_usize, 40),
    ) {
        let is_told = |entry: &&LogEntry| entry.review().is_some_and(|review| review.told);
        let without: Vec<LogEntry> =
            history.entries.iter().filter(|entry| !is_told(entry)).copied().collect();
        let mut with = without.clone();
        let live = Live::of(&without);
        for (key, its_own) in by_card(&without) {
            let ordered = in_order(&its_own, &live);
            let mut day = None;
            for (n, entry) in ordered.iter().enumerate() {
                day = day.max(Some(entry.stamp.day));
                let Some(day) = day else { continue };
                let next = ordered.get(n + 1);
                // Nothing of a history happens beside a whole minute.
                let id = EntryId::v7(entry.id.at_ms() + 1, n as u128);
                if next.is_some_and(|next| next.stamp.day <= day || next.id < id) {
                    continue;
                }
                let Body::Review(review) = told(answer(0, Grade::ALL[grades[n % 40]], n % 3 == 0, None)) else {
                    continue;
                };
                let body = Body::Review(Review { deck: key.0, card: key.1, ..review });
                let stamp = domain::day::Stamp { day, ..entry.stamp };
                with.push(LogEntry { id, job: None, stamp, body });
            }
        }
        let (with, without) = (fold_learner(&with, params), fold_learner(&without, params));
        for (key, state) in &without.cards {
            prop_assert_eq!(schedule(state), schedule(&with.cards[key]));
        }
    }
}
