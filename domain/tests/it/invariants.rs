//! What is true of every card after every entry, whatever the history.

use crate::histories::{arrivals, params};
use crate::order::by_card;
use domain::entry::{Body, LogEntry, SetChange};
use domain::fold::Live;
use domain::grade::Grade;
use domain::sm2::{EASE_MIN, INTERVAL_MAX_DAYS, Sm2};
use domain::state::{CardState, CountedAs};
use proptest::prelude::*;

/// The entries that act on their cards, each once and with the grade that it has now.
pub fn in_order(entries: &[LogEntry], live: &Live) -> Vec<LogEntry> {
    let acts = |e: &&LogEntry| live.counts(e) && e.regrade().is_none();
    let mut ordered: Vec<LogEntry> = entries.iter().filter(acts).map(|e| live.as_graded(e)).collect();
    ordered.sort_by_key(|e| (e.id, e.job));
    ordered.dedup_by_key(|e| e.id);
    ordered
}

/// Each step of each card of these entries: the state before, the entry, the state after and what it counted as.
fn steps(entries: &[LogEntry]) -> Vec<(CardState, LogEntry, CardState, Option<CountedAs>)> {
    let live = Live::of(entries);
    let mut steps = Vec::new();
    for ((deck, _), its_own) in by_card(entries) {
        let mut before = CardState::NEW;
        for entry in in_order(&its_own, &live) {
            let (after, counted) = before.after(&entry, &params(deck));
            steps.push((before, entry, after, counted));
            before = after;
        }
    }
    steps
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_card_is_new_or_reviewed_never_both((history, _) in arrivals(30)) {
        for (_, entry, state, _) in steps(&history.entries) {
            if state.due.is_none() {
                prop_assert_eq!(state.sm2, Sm2::NEW, "after {:?}", entry.body);
                prop_assert_eq!(state.lapses, 0);
                prop_assert_eq!(state.scheduled_on, None);
                prop_assert_eq!(state.last_grade, None);
            }
            prop_assert_eq!(state.is_new(), state.due.is_none());
        }
    }

    #[test]
    fn ease_and_intervals_keep_their_bounds((history, _) in arrivals(30)) {
        for (_, entry, state, counted) in steps(&history.entries) {
            prop_assert!(state.sm2.ease >= EASE_MIN);
            prop_assert!(state.sm2.interval_days <= INTERVAL_MAX_DAYS);
            if counted.is_some_and(CountedAs::schedules) {
                let longest = entry.card().map(|(deck, _)| params(deck).maximum_interval_days);
                prop_assert!(state.sm2.interval_days >= 1);
                prop_assert!(Some(state.sm2.interval_days) <= longest);
            }
        }
    }

    #[test]
    fn a_card_is_due_after_its_last_scheduling_day_unless_told_otherwise((history, _) in arrivals(30)) {
        for (_, _, state, counted) in steps(&history.entries) {
            if counted.is_some_and(CountedAs::schedules) {
                let day = state.scheduled_on.unwrap();
                prop_assert_eq!(state.due.unwrap().since(day), state.sm2.interval_days as i32);
                prop_assert_eq!(state.scheduled.map(|s| s.day), Some(day));
                prop_assert_eq!(state.max_day, Some(day));
            }
        }
    }

    #[test]
    fn only_scheduling_answers_and_given_states_move_the_schedule((history, _) in arrivals(30)) {
        for (before, entry, after, counted) in steps(&history.entries) {
            let schedule = |s: CardState| (s.sm2, s.due, s.lapses, s.scheduled_on);
            let moves = match entry.body {
                Body::Review(review) if review.told => false,
                Body::Review(_) => counted.is_some_and(CountedAs::schedules),
                Body::Set { change: SetChange::Reset | SetChange::Due(_), .. } | Body::State { .. } => true,
                Body::Set { .. } => false,
                Body::Undo { .. }
                | Body::ImportCommit { .. }
                | Body::ImportRevoke { .. }
                | Body::Regrade(_)
                | Body::Claim { .. } => false,
            };
            if !moves {
                prop_assert_eq!(schedule(before), schedule(after));
            }
            let answered = u32::from(entry.review().is_some());
            prop_assert_eq!(after.answers, before.answers + answered);
        }
    }

    #[test]
    fn a_card_schedules_at_most_once_a_day_and_its_days_never_fall((history, _) in arrivals(30)) {
        for (before, entry, after, counted) in steps(&history.entries) {
            prop_assert!(after.max_day >= before.max_day);
            prop_assert!(after.max_day >= Some(entry.stamp.day));
            if counted.is_some_and(CountedAs::schedules) {
                prop_assert!(before.scheduled_on.is_none() || after.scheduled_on > before.scheduled_on);
                prop_assert!(before.told_on.is_none() || after.scheduled_on > before.told_on);
                prop_assert_eq!(after.told_on, None);
            }
            prop_assert!(after.told_on <= after.max_day);
        }
    }

    #[test]
    fn a_memory_is_possible_of_a_day_that_has_come_and_moved_by_answers_given_states_and_resets_alone(
        (history, _) in arrivals(30),
    ) {
        for (before, entry, after, counted) in steps(&history.entries) {
            if let Some(memory) = after.memory {
                prop_assert!(memory.is_possible(), "{memory:?}");
                prop_assert!(Some(memory.on) <= after.max_day);
            }
            if let Some(review) = entry.review() {
                prop_assert!(after.memory.is_some() || review.told || before.told_on == after.max_day);
                if review.told {
                    prop_assert_eq!(after.memory, before.memory, "a class that talked has just been told");
                }
                let same_day = before.memory.is_some_and(|memory| Some(memory.on) == after.max_day);
                if counted == Some(CountedAs::Extra) && same_day {
                    prop_assert_eq!(after.memory, before.memory, "who has just been told proves nothing");
                }
            }
            match entry.body {
                Body::Review(_) => {}
                Body::State { state, .. } => {
                    prop_assert!(before.memory.is_none() || state.due.is_none() || after.memory == before.memory);
                }
                Body::Set { change: SetChange::Reset, .. } => prop_assert_eq!(after.memory, None),
                Body::Set { .. }
                | Body::Undo { .. }
                | Body::ImportCommit { .. }
                | Body::ImportRevoke { .. }
                | Body::Regrade(_)
                | Body::Claim { .. } => prop_assert_eq!(after.memory, before.memory),
            }
        }
    }

    #[test]
    fn what_each_grade_would_lead_to_is_what_it_leads_to((history, _) in arrivals(30)) {
        for (before, entry, _, _) in steps(&history.entries) {
            let Some((deck, card)) = entry.card() else { continue };
            let params = params(deck);
            let today = entry.stamp.day;
            let outcomes = before.outcomes(card, today, &params);
            for (grade, (due, again_today)) in Grade::ALL.into_iter().zip(outcomes) {
                let Body::Review(mut review) = crate::histories::answer(0, grade, false, None) else { continue };
                (review.deck, review.card) = (deck, card);
                let answered = LogEntry { body: Body::Review(review), ..entry };
                let (after, _) = before.after(&answered, &params);
                let drilled = after.drill(after.effective_day(today), params.drill_until).is_some();
                prop_assert_eq!((due, again_today), (after.due, drilled), "{:?}", grade);
            }
        }
    }

    #[test]
    fn fsrs_keeps_hard_good_and_easy_a_day_apart_and_never_asks_sooner_for_a_better_grade(
        (history, _) in arrivals(30),
    ) {
        for (before, entry, _, counted) in steps(&history.entries) {
            let Some((deck, card)) = entry.card().filter(|(deck, _)| *deck == crate::histories::deck(2)) else {
                continue;
            };
            if !counted.is_some_and(CountedAs::schedules) || entry.review().is_some_and(|r| r.early) {
                continue;
            }
            let longest = params(deck).maximum_interval_days as i32;
            let day = before.effective_day(entry.stamp.day);
            let days = before.outcomes(card, entry.stamp.day, &params(deck)).map(|(due, _)| due.unwrap().since(day));
            let [again, _, _, hard, good, easy] = days;
            prop_assert!(again >= 1 && again <= hard, "{days:?}");
            prop_assert!(hard < good || good == longest, "{days:?}");
            prop_assert!(good < easy || easy == longest, "{days:?}");
        }
    }

    #[test]
    fn what_is_foretold_is_what_happens((history, _) in arrivals(30)) {
        // `would_count_as` decides what a client is shown before it answers.
        for (before, entry, _, counted) in steps(&history.entries) {
            if let (Some(review), Some((deck, _))) = (entry.review(), entry.card()) {
                let day = before.effective_day(entry.stamp.day);
                let params = params(deck);
                let foretold = match review.told {
                    true => before.would_count_when_told(day, &params),
                    false => before.would_count_as(day, review.early, &params),
                };
                prop_assert_eq!(Some(foretold), counted);
            }
        }
    }
}
