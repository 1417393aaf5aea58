//! Controls: each planted bug must be caught by the very comparison that the production fold passes, within the same
//! number of cases. A comparison that catches nothing proves nothing.

use crate::histories::{arrivals, params};
use crate::reference::{self, Card, Learner, Planted};
use domain::entry::LogEntry;
use domain::fold::Live;
use domain::state::CardState;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::collections::BTreeMap;

const CASES: u32 = 3000;

/// Whether the property "this fold gives what the rules say, whatever the order of arrival" fails for `subject`.
fn is_caught(subject: impl Fn(&[LogEntry]) -> Learner) -> bool {
    let config = Config { cases: CASES, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    let seeded = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let verdict = TestRunner::new_with_rng(config, seeded).run(&arrivals(24), |(history, arrived)| {
        if subject(&arrived) == reference::fold(&history.entries, params) {
            Ok(())
        } else {
            Err(TestCaseError::fail("differs"))
        }
    });
    match verdict {
        Ok(()) => false,
        Err(TestError::Fail(..)) => true,
        Err(TestError::Abort(why)) => panic!("the control could not run: {why}"),
    }
}

#[test]
fn the_comparison_lets_the_production_fold_pass() {
    assert!(!is_caught(crate::order::production));
}

#[test]
fn each_planted_bug_is_caught() {
    let missed: Vec<Planted> = Planted::ALL
        .into_iter()
        .filter(|&bug| !is_caught(|entries| reference::fold_planted(entries, params, Some(bug))))
        .collect();
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

/// A session that steps the production state by arrival and never folds a card again.
fn stepping_by_arrival(entries: &[LogEntry]) -> Learner {
    let live = Live::of(entries);
    let mut held: BTreeMap<_, CardState> = BTreeMap::new();
    let mut learner = Learner::default();
    let mut seen = Vec::new();
    for entry in entries.iter().filter(|e| live.counts(e) && e.regrade().is_none()) {
        let entry = &live.as_graded(entry);
        if seen.contains(&entry.id) {
            continue;
        }
        seen.push(entry.id);
        let Some(key) = entry.card() else { continue };
        let (state, kind) = held.get(&key).copied().unwrap_or(CardState::NEW).after(entry, &params(key.0));
        held.insert(key, state);
        learner.kinds.extend(kind.map(|kind| (entry.id, kind)));
        if let Some(review) = entry.review() {
            let figures = learner.days.entry((entry.stamp.day.0, key.0)).or_default();
            figures.0 += 1;
            figures.1 += u64::from(review.grade.is_correct());
            figures.2 += u64::from(review.elapsed_ms);
        }
    }
    learner.cards = held.iter().map(|(key, state)| (*key, Card::of(state))).collect();
    learner.kinds.sort();
    learner
}

#[test]
fn a_session_that_does_not_fold_a_late_answers_card_again_is_caught() {
    assert!(is_caught(stepping_by_arrival));
}

#[test]
fn stepping_by_arrival_is_right_while_entries_arrive_in_order() {
    // The control of the control: what is caught above is the order of arrival and nothing else.
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
        .run(&arrivals(24), |(history, _)| {
            let mut ordered = history.entries;
            ordered.sort_by_key(|e| (e.id, e.job));
            assert_eq!(stepping_by_arrival(&ordered), reference::fold(&ordered, params));
            Ok(())
        })
        .unwrap();
}
