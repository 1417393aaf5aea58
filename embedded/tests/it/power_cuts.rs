//! The power goes at a random moment while learners answer, apply moves rows and the journal is trimmed. What was
//! acknowledged is there afterwards, once; nothing else is; and the store goes on. `STUDYHALL_RUNS` sets how many
//! seeds are run, `STUDYHALL_SEED` runs one.

use crate::common::{self, folder};
use domain::entry::LogEntry;
use domain::grade::Grade;
use domain::ids::{CardId, UserId};
use embedded::{Bugs, EmbeddedStore, Options};
use kit::contract_library::{card_record, deck_record};
use kit::contract_store::whole_log;
use kit::rng::{Rng, seeds};
use kit::rows::{card, deck, id, review, row, user};
use kit::{Disk, wait};
use ports::{Library, ReviewStore, Row, RowOutcome};
use std::collections::BTreeMap;
use std::sync::Mutex;

const LEARNERS: u64 = 5;
const CARDS: u64 = 4;
/// Power cuts in a row, each on what the one before has left.
const GENERATIONS: u64 = 3;

/// What the outside world knows of one learner.
#[derive(Default)]
struct Known {
    /// Everything that was ever sent, and whether it was acknowledged.
    sent: Vec<(LogEntry, bool)>,
    /// Each card's newest progress that was acknowledged, and the newest that was sent.
    progress: BTreeMap<CardId, (u32, u32)>,
}

/// One learner's device: it answers, batch after batch, until the power goes.
async fn study(store: EmbeddedStore, of: UserId, mut rng: Rng, first: u64, mut known: Known) -> Known {
    let mut next = first;
    while next < first + 60 {
        let mut rows: Vec<Row> = Vec::new();
        for _ in 0..=rng.below(6) {
            let entry = review(id(next), deck(1), card(rng.below(CARDS)), Grade::Good);
            rows.push(row(of, entry, next));
            next += 1;
        }
        // Now and then something comes again.
        if let (true, Some((again, _))) = (rng.chance(20), known.sent.last()) {
            rows.insert(0, Row { progress: ports::ProgressWrite::None, ..row(of, *again, 0) });
        }
        for row in &rows {
            known.send(row);
        }
        let outcomes = store.append(rows.clone().into()).await;
        if rows.iter().zip(&outcomes).all(|(row, outcome)| known.hear(row, *outcome)) {
            continue;
        }
        return known;
    }
    known
}

impl Known {
    fn send(&mut self, row: &Row) {
        let entry = row.entry.unwrap();
        if !self.sent.iter().any(|(sent, _)| sent.id == entry.id) {
            self.sent.push((entry, false));
        }
        if let ports::ProgressWrite::Whole(state, _) = row.progress {
            self.progress.entry(row.about.unwrap().1).or_default().1 = state.answers;
        }
    }

    /// Whether it was acknowledged.
    fn hear(&mut self, row: &Row, outcome: RowOutcome) -> bool {
        if outcome != RowOutcome::Durable {
            return false;
        }
        let entry = row.entry.unwrap();
        self.sent.iter_mut().filter(|(sent, _)| sent.id == entry.id).for_each(|(_, ok)| *ok = true);
        if let ports::ProgressWrite::Whole(state, _) = row.progress {
            self.progress.entry(row.about.unwrap().1).or_default().0 = state.answers;
        }
        true
    }

    /// Compares with what the store has; then forgets what it may have lost.
    fn check(&mut self, log: &[LogEntry], progress: &BTreeMap<CardId, u32>) -> Result<(), String> {
        for (n, entry) in log.iter().enumerate() {
            if log[..n].iter().any(|other| other.id == entry.id) {
                return Err(format!("{} is there twice", entry.id));
            }
            if !self.sent.iter().any(|(sent, _)| sent == entry) {
                return Err(format!("{} was never sent", entry.id));
            }
        }
        for (entry, _) in self.sent.iter().filter(|(_, acknowledged)| *acknowledged) {
            if !log.contains(entry) {
                return Err(format!("{} was acknowledged and is lost", entry.id));
            }
        }
        for (card, (acknowledged, newest)) in &mut self.progress {
            let stored = progress.get(card).copied().unwrap_or(0);
            if stored < *acknowledged || stored > *newest {
                return Err(format!("{card:?}: progress {stored} is not in {acknowledged}..={newest}"));
            }
            (*acknowledged, *newest) = (stored, stored);
        }
        self.sent = log.iter().map(|entry| (*entry, true)).collect();
        Ok(())
    }
}

/// A teacher adds cards meanwhile; returns how many were acknowledged.
async fn write_cards(store: EmbeddedStore, first: u64) -> u64 {
    for n in first..first + 20 {
        if store.put_cards(deck(1), vec![card_record(n, "front", "back")], None, 1).await.is_err() {
            return n;
        }
    }
    first + 20
}

fn options(disk: &Disk, rng: &mut Rng, bugs: Bugs) -> Options {
    Options {
        vfs: Some(disk.name().to_owned()),
        apply_rest_ms: rng.below(3),
        apply_slice_rows: 1 + rng.below(12) as usize,
        apply_batch_rows_max: 1 + rng.below(60) as usize,
        journal_checkpoint_bytes: 1 + rng.below(30_000),
        readers: 1,
        bugs,
        ..Options::default()
    }
}

/// Some power cuts in a row; says what broke.
async fn run(seed: u64, bugs: Bugs) -> Result<(), String> {
    let mut rng = Rng::new(seed);
    let mut known: Vec<Known> = (0..LEARNERS).map(|_| Known::default()).collect();
    let (mut cards, mut deck_made) = (0, false);
    let mut place = folder();
    for generation in 0..GENERATIONS {
        let disk = Disk::new();
        // Opening an empty store takes about a hundred operations; a cut may hit it too.
        disk.cut_after(rng.below(700));
        if let Ok(store) = EmbeddedStore::open(place.path(), options(&disk, &mut rng, bugs)) {
            check(&store, &mut known, cards).await.map_err(|error| format!("{generation}: {error}"))?;
            deck_made |= store.put_deck(deck_record(1, "A"), None, 1).await.is_ok();
            let learners: Vec<_> = (0..LEARNERS)
                .map(|u| {
                    let known = std::mem::take(&mut known[u as usize]);
                    let first = generation * 1_000 + 1;
                    tokio::spawn(study(store.clone(), user(u), Rng::new(rng.next()), first, known))
                })
                .collect();
            let teacher = tokio::spawn(write_cards(store.clone(), cards));
            for (u, learner) in learners.into_iter().enumerate() {
                known[u] = learner.await.unwrap();
            }
            let written = teacher.await.unwrap();
            cards = if deck_made { written } else { cards };
            disk.cut();
            drop(store);
        }
        let next = folder();
        disk.survivors(rng.next(), place.path(), next.path());
        place = next;
    }
    let store = EmbeddedStore::open(place.path(), common::options()).map_err(|error| error.to_string())?;
    check(&store, &mut known, cards).await.map_err(|error| format!("at the end: {error}"))?;
    common::settled(&store).await;
    check(&store, &mut known, cards).await.map_err(|error| format!("applied at the end: {error}"))
}

async fn check(store: &EmbeddedStore, known: &mut [Known], cards: u64) -> Result<(), String> {
    for (u, known) in (0..).zip(known) {
        let mut log = whole_log(store, user(u)).await;
        let progress = store.progress(user(u), deck(1)).await.unwrap();
        let progress = progress.into_iter().map(|p| (p.card, p.state.answers)).collect();
        known.check(&log, &progress).map_err(|error| format!("learner {u}: {error}"))?;
        // A card's own log is the same log.
        let mut by_card =
            store.card_log(user(u), deck(1), Some((0..CARDS).map(card).collect())).await.unwrap();
        log.sort_by_key(|entry| entry.id);
        by_card.sort_by_key(|entry| entry.id);
        if log != by_card {
            return Err(format!("learner {u}: the index by card is not the log"));
        }
    }
    let stored = store.content(deck(1)).await.unwrap().map_or(0, |(_, cards)| cards.len() as u64);
    if stored < cards { Err(format!("{stored} of {cards} cards are left")) } else { Ok(()) }
}

/// Whether any of these seeds shows that something is wrong.
fn caught(seeds: u64, bugs: Bugs) -> bool {
    (0..seeds).any(|seed| wait::block_on(run(seed, bugs)).is_err())
}

#[test]
fn a_power_cut_loses_nothing_acknowledged_and_invents_nothing() {
    let seeds: Vec<u64> = seeds(200).collect();
    let failed = Mutex::new(Vec::new());
    // A store waits more than it computes.
    std::thread::scope(|scope| {
        for part in seeds.chunks(seeds.len().div_ceil(4)) {
            let failed = &failed;
            scope.spawn(move || {
                for &seed in part {
                    if let Err(error) = wait::block_on(run(seed, Bugs::default())) {
                        failed.lock().unwrap().push(format!("seed {seed}: {error}"));
                    }
                }
            });
        }
    });
    let failed = failed.lock().unwrap();
    assert!(failed.is_empty(), "{} of {} seeds failed: {:#?}", failed.len(), seeds.len(), failed);
}

#[test]
fn acknowledging_unsynced_commits_is_caught() {
    assert!(caught(100, Bugs { unsynced_journal: true, ..Bugs::default() }));
}

#[test]
fn trimming_the_journal_before_main_is_synced_is_caught() {
    assert!(caught(200, Bugs { unsynced_apply: true, ..Bugs::default() }));
}

#[test]
fn moving_applied_upto_before_the_last_slice_is_caught() {
    assert!(caught(200, Bugs { applied_with_first_slice: true, ..Bugs::default() }));
}
