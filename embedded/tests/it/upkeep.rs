//! What nobody waits for is done all the same: words are indexed before anybody searches, logs are condensed before anybody
//! asks for figures, and neither depends on who asks first.

use crate::common::{folder, options, settled, store_with};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId};
use embedded::{EmbeddedStore, Options};
use kit::contract_library::{card_record, deck_record};
use kit::contract_store::append;
use kit::rows::{START_MS, bare, card, deck, review, user};
use kit::wait::{block_on, eventually};
use ports::{CardRecord, CardSearch, Library};
use std::path::Path;

const DAY_MS: i64 = 86_400_000;

/// Nothing that others do puts it off for long, and a round follows the other only where a test waits for it.
fn busy() -> Options {
    Options { upkeep_calm_ms: 1, condense_from_entries: 10, ..options() }
}

fn put(store: &EmbeddedStore, into: DeckId, cards: Vec<CardRecord>) {
    block_on(store.put_cards(into, cards, None, START_MS)).unwrap();
}

/// How many decks are behind their index, and how many cards are in it, as the file has it.
fn indexed(folder: &Path) -> (i64, i64) {
    let main = rusqlite::Connection::open(folder.join("main.db")).unwrap();
    let count = |sql: &str| main.query_row(sql, [], |row| row.get(0)).unwrap();
    let behind = count(
        "SELECT count(*) FROM decks d LEFT JOIN indexed_decks i ON i.deck = d.id WHERE d.revision IS NOT i.revision",
    );
    (behind, count("SELECT count(*) FROM indexed_cards"))
}

async fn all_indexed(folder: &Path, cards: i64) {
    eventually("all words are indexed", || indexed(folder) == (0, cards)).await;
}

fn found(store: &EmbeddedStore, text: &str, (skip, limit): (usize, usize)) -> Vec<CardId> {
    let search = CardSearch { decks: vec![deck(1)], text: text.to_owned(), skip, limit };
    block_on(store.search(search)).unwrap().into_iter().map(|card| card.id).collect()
}

#[test]
fn words_are_indexed_behind_whoever_changes_cards_and_before_anybody_searches() {
    let (store, folder) = store_with(busy());
    for n in 1..=2 {
        block_on(store.put_deck(deck_record(n, &n.to_string()), None, START_MS)).unwrap();
    }
    // More than one turn takes.
    let many =
        |from: u64| (from..from + 700).map(|n| card_record(n, &format!("word{n}"), "x")).collect::<Vec<_>>();
    put(&store, deck(1), many(1));
    put(&store, deck(2), many(1_001));
    block_on(all_indexed(folder.path(), 1_400));
    // Counted when it is durable.
    block_on(eventually("all are counted", || store.stats().indexed_cards >= 1_400));
    put(&store, deck(1), vec![card_record(7, "another", "x")]);
    block_on(all_indexed(folder.path(), 1_400));
    assert_eq!(found(&store, "another", (0, 10)), [card(7)]);
    assert_eq!(found(&store, "word7", (0, 1_000)).len(), 10 + 1, "word70 to word79, and word700");
}

#[test]
fn what_changed_while_nobody_ran_the_store_is_indexed_by_the_next_life() {
    let place = folder();
    let late = Options { upkeep_calm_ms: 3_600_000, ..options() };
    let store = EmbeddedStore::open(place.path(), late).unwrap();
    block_on(store.put_deck(deck_record(1, "1"), None, START_MS)).unwrap();
    put(&store, deck(1), (0..300).map(|n| card_record(n, "front", "back")).collect());
    drop(store);
    assert_eq!(indexed(place.path()), (1, 0));
    let _store = EmbeddedStore::open(place.path(), busy()).unwrap();
    block_on(all_indexed(place.path(), 300));
}

#[test]
fn logs_are_condensed_before_anybody_asks_for_figures() {
    let place = folder();
    let late = Options { upkeep_calm_ms: 3_600_000, ..options() };
    let store = EmbeddedStore::open(place.path(), late).unwrap();
    // Eighty learners, of whom the last has too little to be worth it.
    for n in 1..=80_u64 {
        let answers = if n == 80 { 5 } else { 20 };
        let entry = |at: u64| {
            let id = EntryId::floor_of(START_MS + i64::try_from(at).unwrap() * DAY_MS);
            bare(user(n), review(id, deck(1), card(at), Grade::Good), None)
        };
        block_on(append(&store, (0..answers).map(entry).collect::<Vec<_>>()));
    }
    block_on(settled(&store));
    drop(store);
    let condensed = || {
        let main = rusqlite::Connection::open(place.path().join("main.db")).unwrap();
        main.query_row("SELECT count(*) FROM condensed", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(condensed(), 0);
    let store = EmbeddedStore::open(place.path(), busy()).unwrap();
    block_on(eventually("logs are condensed", || store.stats().condensed_logs == 79));
    assert_eq!(condensed(), 79);
}

#[test]
fn rounds_follow_each_other_and_do_again_what_came_since() {
    let (store, place) = store_with(Options { upkeep_every_ms: 1, ..busy() });
    let entry = |at: i64| {
        let id = EntryId::floor_of(START_MS + at * DAY_MS);
        bare(user(1), review(id, deck(1), card(at.unsigned_abs()), Grade::Good), None)
    };
    let upto = || {
        let main = rusqlite::Connection::open(place.path().join("main.db")).unwrap();
        let upto = main.query_row("SELECT upto FROM condensed", [], |row| row.get::<_, i64>(0));
        upto.unwrap_or(0)
    };
    block_on(append(&store, (0..20).map(entry).collect::<Vec<_>>()));
    block_on(eventually("the log is condensed", || upto() > 0));
    let first = upto();
    block_on(append(&store, (20..40).map(entry).collect::<Vec<_>>()));
    block_on(eventually("what came is condensed", || upto() > first));
}

#[test]
fn of_the_cards_that_are_found_those_come_first_that_fit_best() {
    let (store, _folder) = store_with(busy());
    block_on(store.put_deck(deck_record(1, "1"), None, START_MS)).unwrap();
    put(
        &store,
        deck(1),
        vec![
            card_record(1, "cellular respiration", "in mitochondria"),
            card_record(2, "mitochondrion", "powerhouse of the cell"),
            card_record(3, "cell wall", "of plants, bacteria, fungi and of some others"),
            card_record(4, "cell", "the smallest living thing"),
        ],
    );
    let all = [card(4), card(3), card(2), card(1)];
    assert_eq!(
        found(&store, "cell", (0, 10)),
        all,
        "in front, shorter first; then in back; then as a beginning"
    );
    let pages: Vec<CardId> = (0..4).flat_map(|skip| found(&store, "cell", (skip, 1))).collect();
    assert_eq!(pages, all);
}

#[test]
fn pages_of_a_search_miss_no_card_and_show_none_twice() {
    let (store, _folder) = store_with(busy());
    block_on(store.put_deck(deck_record(1, "1"), None, START_MS)).unwrap();
    // Longer ones first, so that those that are compared change their places.
    let fronts = (0..400_usize).map(|n| card_record(n as u64, &format!("same {}", "x".repeat(400 - n)), "b"));
    put(&store, deck(1), fronts.collect());
    for size in [7, 50, 128, 399] {
        let mut seen = Vec::new();
        while seen.len() < 400 {
            let page = found(&store, "same", (seen.len(), size));
            assert!(!page.is_empty(), "{} of 400 in pages of {size}", seen.len());
            seen.extend(page);
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..400).map(card).collect::<Vec<_>>(), "in pages of {size}");
    }
    assert_eq!(found(&store, "same", (400, 10)), []);
}
