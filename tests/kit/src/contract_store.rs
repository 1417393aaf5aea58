//! What every store of the log has to keep, whatever it is made of. Each promise is a function; a store's tests call
//! [`store_contract!`](crate::store_contract), which makes a test of each.

#![allow(missing_docs, reason = "the name of a function is the promise")]

mod imports;

pub use imports::*;

use crate::rows::*;
use domain::answers::Answers;
use domain::entry::LogEntry;
use domain::fold::fold_deck;
use domain::grade::Grade;
use domain::ids::{CardId, EntryId, UserId};
use domain::state::FoldParams;
use ports::reviews::NEWEST_IDS;
use ports::{
    CardStates, LogRange, Progress, ProgressWrite, Quarantined, ReviewStore, Row, RowOutcome, ToFold,
};
use std::collections::BTreeSet;

/// Makes a test of each promise about the log. The expression makes a new, empty store, and whatever has to live as
/// long as it does: `(store, keep)`.
#[macro_export]
macro_rules! store_contract {
    ($make:expr) => {
        $crate::contract!($make; $crate::contract_store;
            an_appended_entry_is_found_by_everybody_who_asks,
            an_entry_appended_again_is_durable_and_there_once,
            of_two_contents_under_one_id_one_stays_for_good,
            outcomes_answer_the_rows_in_their_order,
            every_kind_of_entry_is_read_as_it_was_written,
            a_card_has_the_progress_of_its_newest_row,
            a_stale_card_says_so_until_it_is_whole_again,
            progress_alone_is_kept,
            an_undo_alone_leaves_progress_as_it_was,
            a_load_knows_the_newest_ids_and_whether_there_are_more,
            a_load_names_the_decks_with_progress,
            what_is_asked_of_several_is_what_each_would_answer,
            the_log_is_read_in_both_directions_within_bounds,
            rows_of_a_job_have_a_place_beside_live_ones,
            a_card_log_holds_its_entries_its_undos_and_all_marks,
            a_deck_log_holds_every_card_of_the_deck,
            learners_do_not_see_each_other,
            unknown_ids_are_absent,
            what_cannot_be_processed_can_be_kept,
            what_was_durable_before_a_reopen_is_there_after_it,
            a_large_batch_is_durable_as_a_whole,
            what_an_import_brings_is_read_like_all_else,
            what_an_import_brings_again_is_there_once,
            what_an_import_brings_lies_beside_what_was_done_live,
            what_an_import_brings_says_nothing_of_progress,
            an_imported_entry_without_a_job_is_refused_with_all_others,
            the_mark_of_an_import_makes_its_cards_stale_until_they_are_whole_again,
            a_mark_concerns_the_cards_of_its_own_job_and_learner,
            a_large_import_is_found_card_by_card_and_after_a_reopen,
            cards_are_folded_as_their_log_says,
        );
    };
}

/// Makes tests of promises: see [`store_contract!`](crate::store_contract).
#[macro_export]
macro_rules! contract {
    ($make:expr; $suite:path; $($promise:ident),* $(,)?) => {
        $(
            #[test]
            fn $promise() {
                use $suite as suite;
                $crate::wait::block_on(async {
                    let (store, _keep) = $make;
                    suite::$promise(&store).await;
                });
            }
        )*
    };
}

/// Appends and expects all to be durable.
pub async fn append(store: &impl ReviewStore, rows: Vec<Row>) {
    let count = rows.len();
    let outcomes = store.append(rows.into()).await;
    assert_eq!(outcomes, vec![RowOutcome::Durable; count]);
}

/// A learner's whole log, oldest first.
pub async fn whole_log(store: &impl ReviewStore, user: UserId) -> Vec<LogEntry> {
    let all = LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: usize::MAX };
    store.log(user, all).await.unwrap()
}

fn ids(entries: &[LogEntry]) -> Vec<EntryId> {
    entries.iter().map(|entry| entry.id).collect()
}

fn sorted(mut entries: Vec<LogEntry>) -> Vec<LogEntry> {
    entries.sort_by_key(|entry| (entry.id, entry.job));
    entries
}

async fn card_log(store: &impl ReviewStore, of: &[CardId]) -> Vec<LogEntry> {
    sorted(store.card_log(user(1), deck(1), Some(of.to_vec())).await.unwrap())
}

async fn progress(store: &impl ReviewStore) -> Vec<Progress> {
    let mut rows = store.progress(user(1), deck(1)).await.unwrap();
    rows.sort_by_key(|row| row.card);
    rows
}

fn answered(n: u64) -> LogEntry {
    review(id(n), deck(1), card(n), Grade::Good)
}

pub async fn an_appended_entry_is_found_by_everybody_who_asks(store: &impl ReviewStore) {
    let entry = review(id(1), deck(1), card(1), Grade::Perfect);
    append(store, vec![row(user(1), entry, 1)]).await;
    assert_eq!(store.entries(user(1), vec![id(1)]).await.unwrap(), [entry]);
    assert_eq!(whole_log(store, user(1)).await, [entry]);
    assert_eq!(card_log(store, &[card(1)]).await, [entry]);
    let load = store.load(user(1)).await.unwrap();
    assert_eq!(load.newest, [(id(1), entry.content_digest())]);
    assert_eq!((load.more, load.decks), (false, vec![deck(1)]));
    let expected = Progress { deck: deck(1), card: card(1), params_key: params_key(), state: state(1) };
    assert_eq!(progress(store).await, [expected]);
}

pub async fn what_is_asked_of_several_is_what_each_would_answer(store: &impl ReviewStore) {
    let of = |n: u64, in_deck: u64| review(id(n), deck(in_deck), card(n), Grade::Good);
    append(store, vec![row(user(1), of(1, 1), 1), row(user(1), of(2, 2), 1), row(user(1), of(3, 3), 1)])
        .await;
    append(store, vec![row(user(2), of(4, 1), 1)]).await;
    let rows = async |decks: Option<Vec<_>>| {
        let mut rows = store.progress_of(user(1), decks).await.unwrap();
        rows.sort_by_key(|row| row.deck);
        rows.into_iter().map(|row| (row.deck, row.card)).collect::<Vec<_>>()
    };
    assert_eq!(rows(None).await, [(deck(1), card(1)), (deck(2), card(2)), (deck(3), card(3))]);
    assert_eq!(rows(Some(vec![deck(3), deck(9), deck(1)])).await, [(deck(1), card(1)), (deck(3), card(3))]);
    assert!(rows(Some(vec![])).await.is_empty());
    let cards = vec![(deck(1), vec![card(1), card(9)]), (deck(3), vec![card(3)])];
    let log = sorted(store.card_logs(user(1), cards).await.unwrap());
    assert_eq!(ids(&log), [id(1), id(3)]);
    let asked = vec![user(2), user(9), user(1)];
    let cards = |answers: &Answers| answers.counting.iter().map(|answer| answer.card).collect::<Vec<_>>();
    let sum = move |user, answers: Answers| (user, answers.entries, cards(&answers));
    let told = store.survey(asked, id(2), 10, sum).await.unwrap();
    assert_eq!(
        told,
        [(user(2), 1, vec![card(4)]), (user(9), 0, vec![]), (user(1), 2, vec![card(2), card(3)])]
    );
}

pub async fn an_entry_appended_again_is_durable_and_there_once(store: &impl ReviewStore) {
    let twice = row(user(1), answered(1), 1);
    append(store, vec![twice, twice]).await;
    append(store, vec![twice]).await;
    append(store, vec![row(user(1), answered(2), 1), twice]).await;
    assert_eq!(ids(&whole_log(store, user(1)).await), [id(1), id(2)]);
    assert_eq!(store.load(user(1)).await.unwrap().newest.len(), 2);
    assert_eq!(store.entries(user(1), vec![id(1), id(1)]).await.unwrap().len(), 1);
    assert_eq!(card_log(store, &[card(1)]).await.len(), 1);
}

/// Sessions never append a second content under an id that is known: this is for two that did not know of each other.
pub async fn of_two_contents_under_one_id_one_stays_for_good(store: &impl ReviewStore) {
    for (n, grades) in [(1, [Grade::Good, Grade::Hard]), (2, [Grade::Hard, Grade::Good])] {
        let [first, second] = grades.map(|grade| review(id(n), deck(1), card(n), grade));
        append(store, vec![row(user(n), first, 1)]).await;
        append(store, vec![row(user(n), second, 1)]).await;
        let stays = whole_log(store, user(n)).await;
        assert!(stays == [first] || stays == [second], "{stays:?}");
        for again in [first, second, second, first] {
            append(store, vec![row(user(n), again, 1)]).await;
            assert_eq!(whole_log(store, user(n)).await, stays);
            assert_eq!(store.entries(user(n), vec![id(n)]).await.unwrap(), stays);
            assert_eq!(store.load(user(n)).await.unwrap().newest, [(id(n), stays[0].content_digest())]);
        }
    }
}

/// Of stores that one process has alone: not every store's promise, and so not in the list above.
pub async fn of_two_contents_under_one_id_the_first_stays(store: &impl ReviewStore) {
    let first = review(id(1), deck(1), card(1), Grade::Good);
    let second = review(id(1), deck(1), card(1), Grade::Hard);
    append(store, vec![row(user(1), first, 1)]).await;
    append(store, vec![row(user(1), second, 1)]).await;
    assert_eq!(whole_log(store, user(1)).await, [first]);
    assert_eq!(store.load(user(1)).await.unwrap().newest, [(id(1), first.content_digest())]);
}

pub async fn outcomes_answer_the_rows_in_their_order(store: &impl ReviewStore) {
    assert!(store.append(Vec::new().into()).await.is_empty());
    for count in [1, 2, 17] {
        let rows: Vec<Row> = (0..count).map(|n| row(user(n), answered(n), 1)).collect();
        append(store, rows).await;
    }
}

pub async fn every_kind_of_entry_is_read_as_it_was_written(store: &impl ReviewStore) {
    let entries = one_of_each_kind(deck(1), card(1), 1);
    let about = Some((deck(1), card(1)));
    append(store, entries.iter().map(|entry| bare(user(1), *entry, about)).collect()).await;
    assert_eq!(whole_log(store, user(1)).await, sorted(entries.clone()));
    assert_eq!(card_log(store, &[card(1)]).await, sorted(entries));
}

pub async fn a_card_has_the_progress_of_its_newest_row(store: &impl ReviewStore) {
    let answer = |n: u64, of: u64| review(id(n), deck(1), card(of), Grade::Good);
    append(store, vec![row(user(1), answer(5, 1), 5), row(user(1), answer(6, 2), 6)]).await;
    // Newest is what was appended last, whatever the time of its id.
    append(store, vec![row(user(1), answer(3, 1), 7), row(user(1), answer(4, 1), 8)]).await;
    let states: Vec<_> = progress(store).await.into_iter().map(|p| (p.card, p.state)).collect();
    assert_eq!(states, [(card(1), state(8)), (card(2), state(6))]);
}

pub async fn a_stale_card_says_so_until_it_is_whole_again(store: &impl ReviewStore) {
    let stale = |n| Row { progress: ProgressWrite::Stale, ..row(user(1), answered(n), 0) };
    append(store, vec![row(user(1), answered(1), 1), stale(2)]).await;
    append(store, vec![stale(1)]).await;
    let keys: Vec<_> = progress(store).await.into_iter().map(|p| (p.card, p.params_key)).collect();
    assert_eq!(keys, [(card(1), 0), (card(2), 0)]);
    assert_eq!(store.load(user(1)).await.unwrap().decks, [deck(1)]);
    let whole = ProgressWrite::Whole(state(4), params_key());
    append(store, vec![write_behind(user(1), deck(1), card(1), whole)]).await;
    let keys: Vec<_> = progress(store).await.into_iter().map(|p| p.params_key).collect();
    assert_eq!(keys, [params_key(), 0]);
}

pub async fn progress_alone_is_kept(store: &impl ReviewStore) {
    let whole = ProgressWrite::Whole(state(3), 77);
    append(store, vec![write_behind(user(1), deck(1), card(1), whole)]).await;
    let expected = Progress { deck: deck(1), card: card(1), params_key: 77, state: state(3) };
    assert_eq!(progress(store).await, [expected]);
    assert!(whole_log(store, user(1)).await.is_empty());
    let load = store.load(user(1)).await.unwrap();
    assert_eq!((load.newest, load.decks), (vec![], vec![deck(1)]));
}

pub async fn an_undo_alone_leaves_progress_as_it_was(store: &impl ReviewStore) {
    let undo = entry(id(2), domain::entry::Body::Undo { of: id(1) });
    append(store, vec![row(user(1), answered(1), 1)]).await;
    append(store, vec![bare(user(1), undo, Some((deck(1), card(1))))]).await;
    assert_eq!(progress(store).await.first().map(|p| p.state), Some(state(1)));
}

pub async fn a_load_knows_the_newest_ids_and_whether_there_are_more(store: &impl ReviewStore) {
    assert_eq!(store.load(user(1)).await.unwrap(), Default::default());
    let newest = NEWEST_IDS as u64;
    append(store, (0..newest).map(|n| row(user(1), answered(n), 1)).collect()).await;
    let load = store.load(user(1)).await.unwrap();
    assert_eq!((load.newest.len(), load.more), (NEWEST_IDS, false));
    // An older one does not push a newer one out.
    append(store, vec![row(user(1), answered(newest + 5), 1)]).await;
    append(store, vec![row(user(1), review(EntryId::MIN, deck(1), card(1), Grade::Good), 1)]).await;
    let load = store.load(user(1)).await.unwrap();
    assert!(load.more);
    let known: BTreeSet<EntryId> = load.newest.iter().map(|(id, _)| *id).collect();
    let expected: BTreeSet<EntryId> = (1..newest).chain([newest + 5]).map(id).collect();
    assert_eq!(known, expected);
}

pub async fn a_load_names_the_decks_with_progress(store: &impl ReviewStore) {
    let answer = |n: u64, of: u64| row(user(1), review(id(n), deck(of), card(n), Grade::Good), 1);
    append(store, vec![answer(1, 3), answer(2, 1), answer(3, 3), answer(4, 2)]).await;
    let mut decks = store.load(user(1)).await.unwrap().decks;
    decks.sort();
    assert_eq!(decks, [deck(1), deck(2), deck(3)]);
}

pub async fn the_log_is_read_in_both_directions_within_bounds(store: &impl ReviewStore) {
    // Appended in an order that is not that of the ids.
    for n in [7, 2, 9, 4, 1, 8, 3, 6, 5] {
        append(store, vec![row(user(1), answered(n), 1)]).await;
    }
    let read = async |from: u64, before: Option<u64>, newest_first: bool, limit: usize| {
        let range = LogRange { from: id(from), before: before.map(id), newest_first, limit };
        ids(&store.log(user(1), range).await.unwrap())
    };
    let expected = |of: &[u64]| of.iter().map(|n| id(*n)).collect::<Vec<_>>();
    assert_eq!(read(1, None, false, 100).await, expected(&[1, 2, 3, 4, 5, 6, 7, 8, 9]));
    assert_eq!(read(3, Some(7), false, 100).await, expected(&[3, 4, 5, 6]));
    assert_eq!(read(3, Some(7), true, 100).await, expected(&[6, 5, 4, 3]));
    assert_eq!(read(3, Some(7), true, 2).await, expected(&[6, 5]));
    assert_eq!(read(3, None, false, 2).await, expected(&[3, 4]));
    assert_eq!(read(7, Some(7), false, 9).await, expected(&[]));
    assert_eq!(read(1, None, false, 0).await, expected(&[]));
}

pub async fn rows_of_a_job_have_a_place_beside_live_ones(store: &impl ReviewStore) {
    let live = answered(1);
    let imported = |n| LogEntry { job: Some(job(n)), ..answered(1) };
    for entry in [imported(2), live, imported(1), imported(2)] {
        append(store, vec![bare(user(1), entry, None)]).await;
    }
    let expected = vec![live, imported(1), imported(2)];
    assert_eq!(sorted(whole_log(store, user(1)).await), expected);
    assert_eq!(card_log(store, &[card(1)]).await, expected);
    assert_eq!(sorted(store.entries(user(1), vec![id(1)]).await.unwrap()), expected);
}

pub async fn a_card_log_holds_its_entries_its_undos_and_all_marks(store: &impl ReviewStore) {
    let of_one = one_of_each_kind(deck(1), card(1), 10);
    let of_two = vec![review(id(30), deck(1), card(2), Grade::Good)];
    let undo_of_two = entry(id(31), domain::entry::Body::Undo { of: id(30) });
    let mut rows: Vec<Row> =
        of_one.iter().map(|entry| bare(user(1), *entry, Some((deck(1), card(1))))).collect();
    rows.extend(of_two.iter().map(|entry| bare(user(1), *entry, None)));
    rows.push(bare(user(1), undo_of_two, Some((deck(1), card(2)))));
    append(store, rows).await;
    let marks: Vec<LogEntry> = of_one.iter().filter(|entry| entry.mark_of().is_some()).copied().collect();
    assert_eq!(card_log(store, &[card(1)]).await, sorted(of_one.clone()));
    let two = [marks.clone(), of_two, vec![undo_of_two]].concat();
    assert_eq!(card_log(store, &[card(2)]).await, sorted(two.clone()));
    assert_eq!(card_log(store, &[card(3)]).await, sorted(marks.clone()));
    assert_eq!(card_log(store, &[]).await, sorted(marks.clone()));
    let both = [of_one, two[marks.len()..].to_vec()].concat();
    assert_eq!(card_log(store, &[card(1), card(2), card(1)]).await, sorted(both));
}

pub async fn a_deck_log_holds_every_card_of_the_deck(store: &impl ReviewStore) {
    let of_deck = one_of_each_kind(deck(1), card(1), 10);
    let other = review(id(40), deck(2), card(9), Grade::Good);
    let undo_of_other = entry(id(41), domain::entry::Body::Undo { of: id(40) });
    let mut rows: Vec<Row> =
        of_deck.iter().map(|entry| bare(user(1), *entry, Some((deck(1), card(1))))).collect();
    rows.push(bare(user(1), review(id(35), deck(1), card(2), Grade::Good), None));
    rows.push(bare(user(1), other, None));
    rows.push(bare(user(1), undo_of_other, Some((deck(2), card(9)))));
    append(store, rows).await;
    let log = sorted(store.card_log(user(1), deck(1), None).await.unwrap());
    let expected = [of_deck, vec![review(id(35), deck(1), card(2), Grade::Good)]].concat();
    assert_eq!(log, sorted(expected));
}

pub async fn learners_do_not_see_each_other(store: &impl ReviewStore) {
    let rows = (1..=3).flat_map(|u| (1..=4).map(move |n| row(user(u), answered(n), u)));
    append(store, rows.collect()).await;
    for u in 1..=3 {
        assert_eq!(whole_log(store, user(u)).await.len(), 4);
        let progress = store.progress(user(u), deck(1)).await.unwrap();
        assert_eq!(progress.len(), 4);
        assert!(progress.iter().all(|p| p.state == state(u)));
    }
    assert!(whole_log(store, user(4)).await.is_empty());
    assert!(store.progress(user(4), deck(1)).await.unwrap().is_empty());
}

pub async fn unknown_ids_are_absent(store: &impl ReviewStore) {
    append(store, vec![row(user(1), answered(1), 1)]).await;
    let found = store.entries(user(1), vec![id(2), id(1), id(3)]).await.unwrap();
    assert_eq!(ids(&found), [id(1)]);
    assert!(store.entries(user(2), vec![id(1)]).await.unwrap().is_empty());
    assert!(store.entries(user(1), vec![]).await.unwrap().is_empty());
}

pub async fn what_cannot_be_processed_can_be_kept(store: &impl ReviewStore) {
    let what = Quarantined {
        user: user(1),
        id: id(1),
        at_ms: START_MS,
        reason: "it broke the session twice".to_owned(),
        raw: vec![1, 2, 3],
    };
    store.quarantine(what.clone()).await.unwrap();
    store.quarantine(what).await.unwrap();
}

pub async fn what_was_durable_before_a_reopen_is_there_after_it(store: &impl ReviewStore) {
    append(store, vec![row(user(1), answered(1), 1)]).await;
    store.reopen().await.unwrap();
    append(store, vec![row(user(1), answered(2), 2)]).await;
    assert_eq!(ids(&whole_log(store, user(1)).await), [id(1), id(2)]);
    assert_eq!(progress(store).await.len(), 2);
}

pub async fn a_large_batch_is_durable_as_a_whole(store: &impl ReviewStore) {
    let rows: Vec<Row> = (0..3_000).map(|n| row(user(n % 7), answered(n), n)).collect();
    append(store, rows).await;
    for u in 0..7 {
        let expected: Vec<EntryId> = (0..3_000).filter(|n| n % 7 == u).map(id).collect();
        assert_eq!(ids(&whole_log(store, user(u)).await), expected);
    }
}
