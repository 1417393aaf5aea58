//! Figures rest on what is condensed beside the log, and are those of the log all the same.

use crate::common::{folder, open, options, settled, store_with};
use domain::answers::Answers;
use domain::day::Stamp;
use domain::entry::{Body, LogEntry, Regrade};
use domain::grade::Grade;
use domain::ids::{EntryId, JobId, UserId};
use embedded::{EmbeddedStore, Offline, Options};
use kit::contract_store::{append, whole_log};
use kit::rng::{Rng, seeds};
use kit::rows::{bare, card, deck, job, review, user};
use kit::wait::{block_on, eventually};
use ports::ReviewStore;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

const DAY_MS: i64 = 86_400_000;
const FIRST_MS: i64 = 20_000 * DAY_MS;
const STRETCH_MS: i64 = 2 * DAY_MS;
/// Many times what it takes.
const LOOKS_MAX: usize = 20_000;

fn condensing() -> Options {
    Options { condense_from_entries: 1, ..options() }
}

async fn asked(store: &EmbeddedStore, of: UserId, from: EntryId) -> Answers {
    store.survey(vec![of], from, usize::MAX, |_, answers| answers).await.unwrap().pop().unwrap()
}

fn stretch(at_ms: i64) -> i64 {
    at_ms.div_euclid(STRETCH_MS)
}

/// Before which stretch all can be condensed: no undo and no regrade says something of an answer behind it.
fn settled_before(log: &[LogEntry]) -> i64 {
    let mut end = log.iter().map(|entry| stretch(entry.id.at_ms())).max().unwrap_or(0);
    loop {
        let behind = |entry: &&LogEntry| match entry.body {
            Body::Undo { of } => stretch(of.at_ms()) >= end,
            Body::Regrade(regrade) => stretch(regrade.of.at_ms()) >= end,
            Body::Review(_)
            | Body::Set { .. }
            | Body::State { .. }
            | Body::ImportCommit { .. }
            | Body::ImportRevoke { .. }
            | Body::Claim { .. } => false,
        };
        let own = |entry: &LogEntry| stretch(entry.id.at_ms());
        match log.iter().filter(|entry| own(entry) < end).filter(behind).map(own).min() {
            Some(earlier) => end = earlier,
            None => return end,
        }
    }
}

fn condensed_upto(folder: &Path, of: UserId) -> i64 {
    let db = rusqlite::Connection::open(folder.join("main.db")).unwrap();
    let upto =
        db.query_row("SELECT upto FROM condensed WHERE user = ?1", [&of.bytes()[..]], |row| row.get(0));
    upto.unwrap_or(0)
}

/// Has all condensed that can be.
async fn condensed(store: &EmbeddedStore, folder: &Path, of: UserId) {
    settled(store).await;
    let end = settled_before(&whole_log(store, of).await);
    // A request may have been on its way while more came: each look asks again.
    for _ in 0..LOOKS_MAX {
        if condensed_upto(folder, of) == end {
            return;
        }
        asked(store, of, EntryId::MIN).await;
    }
    panic!("up to {end} could be condensed, and up to {} is", condensed_upto(folder, of));
}

/// A log in the making: a learner's month, with clocks that go back, late answers, imports and what takes them back.
struct Making {
    rng: Rng,
    number: u128,
    all: Vec<LogEntry>,
    day: i64,
}

impl Making {
    fn id(&mut self, day: i64) -> EntryId {
        self.number += 1;
        let at_ms = FIRST_MS + day * DAY_MS + i64::try_from(self.rng.below(DAY_MS.unsigned_abs())).unwrap();
        EntryId::v7(at_ms, self.number)
    }

    fn answer(&mut self, day: i64, of_job: Option<JobId>) -> LogEntry {
        let (id, grade) = (self.id(day), *self.rng.pick(&[Grade::Good, Grade::Wrong, Grade::Perfect]));
        let entry = review(id, deck(1 + self.rng.below(2)), card(self.rng.below(5)), grade);
        let stamp = Stamp { day: domain::day::Day(i32::try_from(20_000 + day).unwrap()), utc_offset_min: 0 };
        LogEntry { job: of_job, stamp, ..entry }
    }

    /// Something about an answer that there is, said by a clock that may be behind.
    fn about(&mut self, body: impl Fn(&LogEntry) -> Body) -> Option<LogEntry> {
        let answers: Vec<LogEntry> = self
            .all
            .iter()
            .filter(|entry| entry.review().is_some() && entry.job.is_none())
            .copied()
            .collect();
        if answers.is_empty() {
            return None;
        }
        // Mostly one of the newest.
        let near = answers.len().saturating_sub(5);
        let of =
            if self.rng.chance(70) { *self.rng.pick(&answers[near..]) } else { *self.rng.pick(&answers) };
        let off = i64::try_from(self.rng.below(3)).unwrap() - 1;
        let day = if self.rng.chance(50) { self.day } else { (of.id.at_ms() - FIRST_MS) / DAY_MS + off };
        Some(LogEntry { id: self.id(day.max(0)), job: None, body: body(&of), ..of })
    }

    async fn step(&mut self, store: &EmbeddedStore, of: UserId) {
        let mut new = Vec::new();
        match self.rng.below(12) {
            0 => self.day += 1,
            1 => self.day += 2,
            2 => new.extend(self.about(|answer| Body::Undo { of: answer.id })),
            3 => new.extend(self.about(|answer| {
                let (deck, card) = answer.card().unwrap();
                Body::Regrade(Regrade { of: answer.id, deck, card, grade: Grade::Good, by: user(9) })
            })),
            // Given without a connection, and sent late.
            4 => {
                let day = i64::try_from(self.rng.below(self.day.unsigned_abs() + 1)).unwrap();
                new.push(self.answer(day, None));
            }
            5 => {
                let of_job = job(1 + self.rng.below(3));
                let brought: Vec<LogEntry> = (0..3)
                    .map(|_| {
                        let day = i64::try_from(self.rng.below(self.day.unsigned_abs() + 1)).unwrap();
                        self.answer(day, Some(of_job))
                    })
                    .collect();
                store.append_import(of, brought.clone()).await.unwrap();
                self.all.extend(brought);
            }
            6 => {
                let named = job(1 + self.rng.below(3));
                let body = match self.rng.below(3) {
                    0 => Body::ImportRevoke { job: named },
                    1 => Body::Claim { guest: user(8), job: named },
                    _ => Body::ImportCommit { job: named },
                };
                let id = self.id(self.day);
                new.push(kit::rows::entry(id, body));
            }
            _ => new.push(self.answer(self.day, None)),
        }
        for entry in new {
            append(store, vec![bare(of, entry, entry.card())]).await;
            self.all.push(entry);
        }
    }
}

#[test]
fn whatever_comes_into_a_log_figures_are_made_of_what_the_log_says() {
    let mut condensed_logs = 0;
    for seed in seeds(16) {
        let mut making = Making { rng: Rng::new(seed), number: 0, all: Vec::new(), day: 0 };
        block_on(async {
            let place = folder();
            let rest = making.rng.below(2) * 20;
            let mut store =
                EmbeddedStore::open(place.path(), Options { apply_rest_ms: rest, ..condensing() }).unwrap();
            let of = user(1);
            for step in 0..80 {
                making.step(&store, of).await;
                if making.rng.chance(15) {
                    condensed(&store, place.path(), of).await;
                }
                if making.rng.chance(3) {
                    condensed_logs += store.stats().condensed_logs;
                    drop(store);
                    store = EmbeddedStore::open(place.path(), condensing()).unwrap();
                }
                let truth = Answers::of(&making.all);
                let told = asked(&store, of, EntryId::MIN).await;
                let differ = told.counting.iter().zip(&truth.counting).find(|(told, truth)| told != truth);
                assert!(
                    told == truth,
                    "seed {seed}, step {step}: {differ:?}; {} of {} answers, {} of {} entries",
                    told.counting.len(),
                    truth.counting.len(),
                    told.entries,
                    truth.entries
                );
                let from =
                    EntryId::floor_of(FIRST_MS + i64::try_from(making.rng.below(40)).unwrap() * DAY_MS / 2);
                let later: Vec<LogEntry> =
                    making.all.iter().filter(|entry| entry.id >= from).copied().collect();
                let since = asked(&store, of, from).await.counting;
                let mut of_all = truth.counting;
                of_all.retain(|answer| answer.at_ms >= from.at_ms());
                // By a clock that was behind, an answer may be taken back before the stretch that is asked for begins.
                let of_stretch = Answers::of(&later).counting;
                assert!(since == of_all || since == of_stretch, "seed {seed}, step {step}");
            }
            condensed_logs += store.stats().condensed_logs;
            drop(store);
            assert_eq!(Offline::open(place.path()).unwrap().misfiled(of).unwrap(), 0, "seed {seed}");
        });
    }
    assert!(condensed_logs > 40, "{condensed_logs} logs were condensed");
}

/// A closed store with an answer on each of so many days, which are condensed.
fn condensed_days(days: i64, seed: u64) -> (TempDir, UserId, Making) {
    let (store, place) = store_with(condensing());
    let of = user(1);
    let mut making = Making { rng: Rng::new(seed), number: 0, all: Vec::new(), day: 0 };
    block_on(async {
        for day in 0..days {
            let answer = making.answer(day, None);
            append(&store, vec![bare(of, answer, answer.card())]).await;
            making.all.push(answer);
        }
        condensed(&store, place.path(), of).await;
    });
    (place, of, making)
}

#[test]
fn a_figure_that_is_condensed_wrongly_is_found_and_mended() {
    let (place, of, making) = condensed_days(9, 1);
    let misfiled = || Offline::open(place.path()).unwrap().misfiled(of).unwrap();
    assert_eq!(misfiled(), 0);
    let db = rusqlite::Connection::open(place.path().join("main.db")).unwrap();
    let swapped = db
        .execute(
            "UPDATE condensed_answers SET body = (SELECT max(body) FROM condensed_answers)
             WHERE stretch = (SELECT min(stretch) FROM condensed_answers)",
            [],
        )
        .unwrap();
    drop(db);
    assert_eq!((swapped, misfiled()), (1, 1));
    assert_eq!(Offline::open(place.path()).unwrap().file_again(of).unwrap(), 1);
    assert_eq!(misfiled(), 0);
    let store = open(place.path());
    assert_eq!(block_on(asked(&store, of, EntryId::MIN)), Answers::of(&making.all));
}

#[test]
fn of_a_month_that_is_condensed_the_newest_days_alone_are_read_from_the_log() {
    let (place, of, making) = condensed_days(30, 2);
    // What nobody reads is not missed.
    let db = rusqlite::Connection::open(place.path().join("main.db")).unwrap();
    let end = EntryId::floor_of(condensed_upto(place.path(), of) * STRETCH_MS);
    let removed = db.execute("DELETE FROM review_log WHERE id < ?1", [&end.bytes()[..]]).unwrap();
    drop(db);
    assert!(removed >= 28, "{removed}");
    let store = open(place.path());
    assert_eq!(block_on(asked(&store, of, EntryId::MIN)), Answers::of(&making.all));
}

#[test]
fn what_is_condensed_and_cannot_be_read_leaves_the_log_to_be_read() {
    let (place, of, making) = condensed_days(9, 4);
    let db = rusqlite::Connection::open(place.path().join("main.db")).unwrap();
    let broken = db.execute("UPDATE condensed_answers SET body = x'ff' WHERE user = ?1", [&of.bytes()[..]]);
    assert!(broken.unwrap() > 2);
    drop(db);
    let store = open(place.path());
    assert_eq!(block_on(asked(&store, of, EntryId::MIN)), Answers::of(&making.all));
}

#[test]
fn a_log_that_is_too_long_is_left_as_it_is() {
    let (store, place) = store_with(Options { condense_entries_max: 5, ..condensing() });
    let mut making = Making { rng: Rng::new(3), number: 0, all: Vec::new(), day: 0 };
    let mut said = BTreeMap::new();
    block_on(async {
        for (of, days) in [(user(1), 4), (user(2), 6)] {
            making.all.clear();
            for day in 0..days {
                let answer = making.answer(day, None);
                append(&store, vec![bare(of, answer, answer.card())]).await;
                making.all.push(answer);
            }
            settled(&store).await;
            said.insert(of, Answers::of(&making.all));
            asked(&store, of, EntryId::MIN).await;
        }
        eventually("the other one is", || condensed_upto(place.path(), user(1)) > 0).await;
        eventually("it is noted", || condensed_upto(place.path(), user(2)) < 0).await;
        for (of, said) in said {
            assert_eq!(asked(&store, of, EntryId::MIN).await, said);
        }
    });
}
