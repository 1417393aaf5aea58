//! `eval`: what it says of a learner whose answers are known.

use super::{LEARNER, run};
use crate::study::binary::{Place, open};
use domain::grade::Grade;
use domain::ids::EntryId;
use kit::rows::{bare, card, deck, review};
use ports::{ReviewStore as _, Row, RowOutcome};
use serde_json::Value;
use std::path::Path;

const DAY_MS: i64 = 86_400_000;

/// Answers to these cards on growing intervals, every fifth wrong.
fn answered(folder: &Path, cards: u128) {
    let user = LEARNER.parse().unwrap();
    let mut rows: Vec<Row> = Vec::new();
    for n in 0..cards {
        for (at, day) in [0, 1, 7, 22, 60].into_iter().enumerate() {
            let id = EntryId::v7(1_700_000_000_000 + day * DAY_MS + n as i64 * 1_000, n);
            let grade =
                if at > 0 && (n as usize + at).is_multiple_of(5) { Grade::Wrong } else { Grade::Good };
            rows.push(bare(user, review(id, deck(1), card(n as u64), grade), None));
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = open(folder);
    let count = rows.len();
    assert_eq!(runtime.block_on(store.append(rows.into())), vec![RowOutcome::Durable; count]);
}

#[test]
fn a_learners_log_is_evaluated_by_all_schedulers() {
    let place = Place::with_files();
    answered(&place.data, 60);
    let said = run(&place, "eval", &["--user", LEARNER, "--json"]).done();
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((told["fitted"].as_u64(), told["measured"].as_u64()), (Some(192), Some(48)), "{told}");
    for scheduler in ["constant", "sm2", "fsrs", "optimised"] {
        let loss = told["measures"][scheduler]["log_loss"].as_f64();
        assert!(loss.is_some_and(|loss| loss > 0.0), "{scheduler}: {told}");
    }
    let text = run(&place, "eval", &["--user", LEARNER]).done();
    for line in ["240 recalls", "SM-2", "FSRS-6, own weights", "own weights: "] {
        assert!(text.contains(line), "{text}");
    }
    let other = run(&place, "eval", &["--user", LEARNER, "--deck", &deck(2).to_string()]);
    other.refused("0 recalls");
    run(&place, "eval", &["--user", "00000000-0000-4000-8000-000000000008"]).refused("0 recalls");
}
