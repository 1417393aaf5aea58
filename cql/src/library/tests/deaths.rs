//! A writer is held up after each step; for everybody else it is dead. Later it comes back.

use super::super::card::CardRow;
use super::super::steps::{Hold, Step};
use super::{deck_of, said, saying, store};
use crate::CqlStore;
use domain::ids::DeckId;
use kit::rows::{START_MS, card};
use kit::wait::block_on;
use ports::{Cause, Library, LibraryError};
use std::sync::Arc;
use tokio::task::JoinHandle;

type Writer = JoinHandle<Result<u64, LibraryError>>;

/// A writer that changes the cards of these numbers and adds some, held up after a step.
async fn held(
    store: &CqlStore,
    deck: DeckId,
    step: Step,
    numbers: std::ops::Range<u64>,
) -> (Writer, Arc<Hold>) {
    let hold = Hold::next(deck, step);
    let store = store.clone();
    let cards = saying(numbers, "held");
    let writer = tokio::spawn(async move { Ok(store.put_cards(deck, cards, None, START_MS).await?.0) });
    hold.holds().await;
    (writer, hold)
}

fn says(parts: &[(usize, &str)]) -> Vec<String> {
    parts.iter().flat_map(|(count, text)| vec![(*text).to_owned(); *count]).collect()
}

/// Rows that wait in edits of the deck's first bucket.
async fn waiting(store: &CqlStore, deck: DeckId, edits: &[i64]) -> usize {
    let mut rows = 0;
    for edit in edits {
        let values = (deck.0, *edit, 0_i32, 0_i32, i32::MAX);
        rows += store.client().read::<CardRow>(&store.library().laid, values).await.unwrap().len();
    }
    rows
}

async fn newest_edit(store: &CqlStore, deck: DeckId) -> i64 {
    super::super::head::Head::read(store, deck).await.unwrap().unwrap().stamp
}

fn an_edit_that_dies_before_its_commit_was_never_there(step: Step) {
    block_on(async {
        let Some(store) = store().await else { return };
        let deck = deck_of(&store, 4, "first").await;
        let (writer, hold) = held(&store, deck, step, 2..7).await;
        let dead = newest_edit(&store, deck).await;
        assert_eq!(said(&store, deck).await, says(&[(4, "first")]));
        assert_eq!(store.card(deck, card(5)).await.unwrap(), None);
        let revision = store.deck(deck).await.unwrap().unwrap().revision;

        // The next one waits until it is taken for dead, and writes to the same places.
        let (next, _) = store.put_cards(deck, saying([3, 8], "second"), None, START_MS).await.unwrap();
        assert_eq!(next, revision + 1);
        let expected = says(&[(3, "first"), (2, "second")]);
        assert_eq!(said(&store, deck).await, expected);

        hold.release();
        let late = writer.await.unwrap().unwrap_err();
        assert!(matches!(&late, LibraryError::Store(error) if error.cause == Cause::Overloaded), "{late:?}");
        assert_eq!(said(&store, deck).await, expected);
        assert_eq!(store.deck(deck).await.unwrap().unwrap().revision, next);
        for gone in [4, 5, 6] {
            assert_eq!(
                store.card(deck, card(gone)).await.unwrap(),
                None,
                "its place is another card's, or nobody's"
            );
        }
        let edits = [dead, newest_edit(&store, deck).await];
        assert_eq!(waiting(&store, deck, &edits).await, 0);
        // What it left behind is no card that the deck knows: it is added now.
        let added = store.put_cards(deck, saying([5, 4], "third"), None, START_MS).await.unwrap().1;
        let places: Vec<_> = added.iter().map(|card| (card.id, card.position, card.revision)).collect();
        assert_eq!(places, [(card(5), 5, 1), (card(4), 6, 1)]);
        assert_eq!(said(&store, deck).await.len(), 7);
    });
}

fn an_edit_that_dies_after_its_commit_is_there(step: Step) {
    block_on(async {
        let Some(store) = store().await else { return };
        let deck = deck_of(&store, 4, "first").await;
        let (writer, hold) = held(&store, deck, step, 2..6).await;
        let dead = newest_edit(&store, deck).await;
        let expected = says(&[(2, "first"), (4, "held")]);
        assert_eq!(said(&store, deck).await, expected);
        let record = store.deck(deck).await.unwrap().unwrap();
        let based_on = record.revision;
        store.put_deck(record, Some(based_on), START_MS).await.unwrap();
        assert_eq!(said(&store, deck).await, expected);

        store.put_cards(deck, saying([0, 3, 9], "second"), Some(based_on + 1), START_MS).await.unwrap();
        let expected = ["second", "first", "held", "second", "held", "held", "second"];
        assert_eq!(said(&store, deck).await, expected);

        hold.release();
        assert_eq!(writer.await.unwrap().unwrap(), based_on);
        assert_eq!(said(&store, deck).await, expected);
        let edits = [dead, newest_edit(&store, deck).await];
        assert_eq!(waiting(&store, deck, &edits).await, 0);
    });
}

#[test]
fn an_editor_that_dies_leaves_the_deck_as_it_was() {
    an_edit_that_dies_before_its_commit_was_never_there(Step::Begun);
}

#[test]
fn an_edit_that_dies_with_all_rows_written_was_never_there() {
    an_edit_that_dies_before_its_commit_was_never_there(Step::Written);
}

#[test]
fn an_edit_that_dies_right_after_its_commit_is_there() {
    an_edit_that_dies_after_its_commit_is_there(Step::Committed);
}

#[test]
fn an_edit_that_dies_with_its_rows_moved_is_there() {
    an_edit_that_dies_after_its_commit_is_there(Step::Moved);
}

#[test]
fn an_edit_that_dies_before_it_swept_up_is_there() {
    an_edit_that_dies_after_its_commit_is_there(Step::Settled);
}

#[test]
fn an_edit_of_several_buckets_that_dies_between_them_is_there_in_all() {
    block_on(async {
        let Some(store) = store().await else { return };
        let deck = deck_of(&store, 4_100, "first").await;
        let (writer, hold) = held(&store, deck, Step::Moved, 4_090..4_110).await;
        let expected = says(&[(4_090, "first"), (20, "held")]);
        assert_eq!(said(&store, deck).await, expected);
        store.put_cards(deck, saying([4_099], "second"), None, START_MS).await.unwrap();
        hold.release();
        writer.await.unwrap().unwrap();
        let expected = says(&[(4_090, "first"), (9, "held"), (1, "second"), (10, "held")]);
        assert_eq!(said(&store, deck).await, expected);
    });
}

#[test]
fn an_edit_bound_to_a_revision_does_not_go_over_a_change_of_the_record() {
    block_on(async {
        let Some(store) = store().await else { return };
        let deck = deck_of(&store, 2, "first").await;
        let record = store.deck(deck).await.unwrap().unwrap();
        let based_on = Some(record.revision);
        for bound in [based_on, None] {
            let hold = Hold::next(deck, Step::Written);
            let (writing, cards) = (store.clone(), saying(1..3, "held"));
            let writer = tokio::spawn(async move { writing.put_cards(deck, cards, bound, START_MS).await });
            hold.holds().await;
            let renamed = ports::DeckRecord { title: "new".to_owned(), ..record.clone() };
            let changed = store.put_deck(renamed, None, START_MS).await.unwrap();
            hold.release();
            let written = writer.await.unwrap().map(|(revision, _)| revision);
            if bound.is_some() {
                assert_eq!(written, Err(LibraryError::Changed));
                assert_eq!(said(&store, deck).await, says(&[(2, "first")]));
            } else {
                assert_eq!(written, Ok(changed.revision + 1));
                assert_eq!(said(&store, deck).await, says(&[(1, "first"), (2, "held")]));
                assert_eq!(store.deck(deck).await.unwrap().unwrap().title, "new");
            }
        }
    });
}

#[test]
fn a_slow_edit_with_a_pulse_is_waited_for() {
    block_on(async {
        let options = crate::Options { edit_wait_ms: 7_000, ..crate::Options::default() };
        let Some(store) = crate::server::shared_store(&options).await else { return };
        let deck = deck_of(&store, 1, "first").await;
        // Its cards come when the test says so.
        let (say, heard) = std::sync::mpsc::channel::<()>();
        let cards = saying([0, 1], "slow").into_iter().inspect(move |_| _ = heard.recv());
        let slow = store.clone();
        let slow =
            tokio::spawn(async move { slow.put_cards_from(deck, Box::new(cards), None, START_MS).await });
        while newest_edit(&store, deck).await == 0
            || super::super::head::Head::read(&store, deck).await.unwrap().unwrap().editor.is_nil()
        {
            tokio::task::yield_now().await;
        }
        let quick = store.put_cards(deck, saying([0], "quick"), None, START_MS).await;
        assert!(
            matches!(&quick, Err(LibraryError::Store(error)) if error.cause == Cause::Overloaded),
            "{quick:?}"
        );
        drop(say);
        slow.await.unwrap().unwrap();
        assert_eq!(said(&store, deck).await, ["slow", "slow"]);
    });
}
