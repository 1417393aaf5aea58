//! Readers while apply works beneath them: what was durable before a read began is in it, however the rows move.

use crate::common::{options, store_with};
use domain::grade::Grade;
use domain::ids::UserId;
use embedded::{Bugs, EmbeddedStore, Options};
use kit::contract_store::{append, whole_log};
use kit::rows::{card, deck, id, review, row, user};
use kit::wait::block_on;
use ports::ReviewStore;

const LEARNERS: u64 = 6;
const CARDS: u64 = 3;

/// Answers and looks, answers and looks; says what was missing.
async fn study_and_look(store: EmbeddedStore, of: UserId, answers: u64) -> Result<(), String> {
    for n in 1..=answers {
        append(&store, vec![row(of, review(id(n), deck(1), card(n % CARDS), Grade::Good), n)]).await;
        let log = whole_log(&store, of).await.len() as u64;
        if log != n {
            return Err(format!("{log} of {n} entries in the log"));
        }
        let load = store.load(of).await.unwrap();
        if load.newest.first().map(|(newest, _)| *newest) != Some(id(n)) || load.decks != [deck(1)] {
            return Err(format!("the load after {n} is old"));
        }
        let progress = store.progress(of, deck(1)).await.unwrap();
        let newest = progress.iter().map(|p| u64::from(p.state.answers)).max();
        if newest != Some(n) || progress.len() as u64 != n.min(CARDS) {
            return Err(format!("progress {newest:?} after {n}"));
        }
        let card_log = store.card_log(of, deck(1), Some(vec![card(n % CARDS)])).await.unwrap();
        let of_card = (1..=n).filter(|m| m % CARDS == n % CARDS).count();
        if card_log.len() != of_card {
            return Err(format!("{} of {of_card} entries in the card's log", card_log.len()));
        }
    }
    Ok(())
}

async fn storm(answers: u64, bugs: Bugs) -> Result<(), String> {
    // A reader for each learner: a read that waits in a queue meets rows that are long applied.
    let readers = LEARNERS as usize;
    let options =
        Options { apply_rest_ms: 0, apply_calm_rows: 0, apply_slice_rows: 2, readers, bugs, ..options() };
    let (store, _folder) = store_with(options);
    let learners: Vec<_> =
        (0..LEARNERS).map(|u| tokio::spawn(study_and_look(store.clone(), user(u), answers))).collect();
    for learner in learners {
        learner.await.unwrap()?;
    }
    Ok(())
}

#[test]
fn reads_beneath_which_rows_move_miss_nothing() {
    block_on(storm(150, Bugs::default())).unwrap();
}

#[test]
fn looking_into_the_index_after_the_snapshots_is_caught() {
    assert!(block_on(storm(150, Bugs { index_after_snapshot: true, ..Bugs::default() })).is_err());
}

#[test]
fn clearing_the_index_before_the_transaction_is_caught() {
    assert!(block_on(storm(150, Bugs { index_cleared_early: true, ..Bugs::default() })).is_err());
}
