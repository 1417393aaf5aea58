//! What the heart costs: scheduler, fold, a session's queue and answers, the group commit.
//!
//! `make bench-micro` prints the figures beside the stored ones; nothing is asserted.

mod learner;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use domain::commit::{GroupCommit, Landed, Offer};
use domain::day::Day;
use domain::deck::{DeckSettings, SchedulerKind};
use domain::entry::{Body, LogEntry, Review};
use domain::fold::{Live, fold_card, fold_learner};
use domain::fsrs::{Memory, Model};
use domain::grade::Grade;
use domain::ids::UserId;
use domain::session::Append;
use domain::sm2::{INTERVAL_MAX_DAYS, Sm2};
use domain::state::{CardState, FoldParams};
use learner::{Learner, review};
use std::hint::black_box;

/// Rows of one commit.
const COMMIT_ROWS: u32 = 512;

fn scheduler(c: &mut Criterion) {
    let mut group = c.benchmark_group("scheduler");
    let grades: Vec<Grade> = Grade::ALL.into_iter().cycle().take(1_000).collect();
    group.bench_function("sm2_1000_answers", |b| {
        b.iter(|| {
            let after = |state: Sm2, grade: &Grade| state.after(*grade, INTERVAL_MAX_DAYS);
            black_box(&grades).iter().fold(Sm2::NEW, after)
        });
    });
    group.bench_function("memory_1000_answers", |b| {
        let model = Model::everybodys();
        b.iter(|| {
            let after = |(memory, day): (Option<Memory>, i32), grade: &Grade| {
                (Some(model.after(memory, (*grade).into(), Day(day))), day + 3)
            };
            black_box(&grades).iter().fold((None, 0), after)
        });
    });
    let entries: Vec<LogEntry> = (0..1_000).map(|n| review(n, 0)).collect();
    let params = FoldParams::default();
    group.bench_function("card_state_1000_answers", |b| {
        b.iter(|| {
            let after = |state: CardState, entry: &LogEntry| state.after(entry, &params).0;
            black_box(&entries).iter().fold(CardState::NEW, after)
        });
    });
    // One answer a day, asked for early so that each schedules.
    let daily: Vec<LogEntry> = (0..1_000).map(|n| early(n * 86_400_000)).collect();
    let by_fsrs = DeckSettings { scheduler: SchedulerKind::Fsrs, ..DeckSettings::default() }.fold_params();
    for (name, params) in [("daily_sm2_1000_answers", params), ("daily_fsrs_1000_answers", by_fsrs)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let after = |state: CardState, entry: &LogEntry| state.after(entry, &params).0;
                black_box(&daily).iter().fold(CardState::NEW, after)
            });
        });
    }
}

/// A good answer that schedules although the card is not due.
fn early(n: u64) -> LogEntry {
    let entry = review(n, 0);
    let Body::Review(review) = entry.body else { return entry };
    LogEntry { body: Body::Review(Review { early: true, ..review }), ..entry }
}

fn fold(c: &mut Criterion) {
    let mut group = c.benchmark_group("fold");
    let params = FoldParams::default();
    let card: Vec<LogEntry> = (0..20).map(|n| review(n, 0)).collect();
    let live = Live::of(&card);
    group.bench_function("card_of_20_entries", |b| {
        b.iter(|| fold_card(black_box(&card), &live, &params, |_, _| {}));
    });
    let log: Vec<LogEntry> = (0..10_000).map(|n| review(n, (n % 500) as u32)).collect();
    group.bench_function("learner_of_10000_entries", |b| {
        b.iter(|| fold_learner(black_box(&log), |_| params));
    });
}

/// From the facts of a `start` to the first cards.
fn queue(c: &mut Criterion) {
    let mut group = c.benchmark_group("queue");
    for due in [100, 1_000, 10_000] {
        group.bench_function(format!("start_with_{due}_due"), |b| {
            let made = Learner::loaded(due, due);
            b.iter_batched_ref(|| made.fresh(), |learner| learner.start(), BatchSize::LargeInput);
        });
    }
}

/// Answer, next card, and the verdict that comes with the commit.
fn session(c: &mut Criterion) {
    let mut group = c.benchmark_group("session");
    answers(&mut group, "100_answers_of_100_new", 100, 0);
    answers(&mut group, "100_answers_of_1000_due", 1_000, 1_000);
    answers(&mut group, "100_answers_of_10000_due", 10_000, 10_000);
}

fn answers(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, cards: u32, due: u32) {
    group.throughput(Throughput::Elements(100));
    group.bench_function(name, |b| {
        let made = Learner::loaded(cards, due);
        let started = || {
            let mut learner = made.fresh();
            learner.start();
            learner
        };
        b.iter_batched_ref(started, |learner| learner.answers(100), BatchSize::LargeInput);
    });
}

fn commit(c: &mut Criterion) {
    let mut group = c.benchmark_group("commit");
    let params = FoldParams::default();
    let offers: Vec<Offer> = (0..COMMIT_ROWS)
        .map(|n| {
            let entry = review(n.into(), n % 100);
            let (state, _) = CardState::NEW.after(&entry, &params);
            let about = entry.card().unwrap_or((learner::DECK, learner::card(n)));
            let append = Append { entry: Some(entry), about, state, params_key: params.key() };
            Offer { user: UserId::from_u128(u128::from(n / 100)), shard: 0, append, stale: false }
        })
        .collect();
    let landed = vec![Landed::Durable; offers.len()];
    group.throughput(Throughput::Elements(COMMIT_ROWS.into()));
    group.bench_function("512_rows", |b| {
        b.iter_batched_ref(
            || (GroupCommit::new(4_096), Vec::with_capacity(offers.len())),
            |(machine, decided)| {
                for offer in &offers {
                    machine.offer(*offer);
                }
                while let Some(batch) = machine.submit(1, decided) {
                    machine.returned(1, landed.get(..batch.len()).unwrap_or(&landed), 0, decided);
                }
                decided.len()
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, scheduler, fold, queue, session, commit);
criterion_main!(benches);
