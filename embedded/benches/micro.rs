//! What the store costs by the piece: a durable batch, applying the journal, and what an activation reads.
//!
//! `make bench-micro` prints the figures beside the stored ones; nothing is asserted. The store lies in the system's
//! place for temporary files, or in `STUDYHALL_BENCH_DIR`: durable rows are as fast as the disk below it.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to say")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use domain::grade::Grade;
use embedded::{EmbeddedStore, Options};
use kit::rows;
use ports::{ReviewStore as _, Row, RowOutcome};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Learners to whom the rows of a batch belong.
const LEARNERS: u64 = 200;
/// Rows that are applied together.
const APPLIED: u64 = 10_000;

/// Rows with ids and cards of their own.
#[derive(Default)]
struct Answers {
    made: u64,
}

impl Answers {
    fn batch(&mut self, rows: u64) -> Arc<[Row]> {
        (0..rows).map(|_| self.row(None)).collect()
    }

    fn row(&mut self, user: Option<u64>) -> Row {
        self.made += 1;
        let user = user.unwrap_or(self.made % LEARNERS);
        let review = rows::review(rows::id(self.made), rows::deck(0), rows::card(self.made), Grade::Good);
        rows::row(rows::user(user), review, 3)
    }
}

struct Bench {
    store: EmbeddedStore,
    runtime: Runtime,
    _folder: TempDir,
}

impl Bench {
    fn open() -> Bench {
        let dir = std::env::var("STUDYHALL_BENCH_DIR").map_or_else(|_| std::env::temp_dir(), Into::into);
        let folder = TempDir::new_in::<&Path>(dir.as_path()).unwrap();
        let options = Options { apply_rest_ms: 1, ..Options::default() };
        let store = EmbeddedStore::open(folder.path(), options).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Bench { store, runtime, _folder: folder }
    }

    fn append(&self, batch: Arc<[Row]>) {
        let outcomes = self.runtime.block_on(self.store.append(batch));
        assert!(outcomes.iter().all(|outcome| *outcome == RowOutcome::Durable), "{outcomes:?}");
    }

    /// Until all is applied.
    fn settle(&self) {
        while self.store.stats().backlog_rows > 0 {
            std::thread::sleep(Duration::from_micros(100));
        }
    }
}

fn append(c: &mut Criterion) {
    let mut group = c.benchmark_group("append");
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    for batch in [1, 64, 512] {
        let bench = Bench::open();
        let _hold = bench.store.hold_apply();
        let mut answers = Answers::default();
        group.throughput(Throughput::Elements(batch));
        group.bench_function(format!("batch_of_{batch}"), |b| {
            b.iter_batched(|| answers.batch(batch), |rows| bench.append(rows), BatchSize::PerIteration);
        });
    }
}

fn apply(c: &mut Criterion) {
    let mut group = c.benchmark_group("apply");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    let bench = Bench::open();
    let mut answers = Answers::default();
    group.throughput(Throughput::Elements(APPLIED));
    group.bench_function(format!("{APPLIED}_rows"), |b| {
        b.iter_custom(|times| {
            let mut took = Duration::ZERO;
            for _ in 0..times {
                let hold = bench.store.hold_apply();
                for _ in 0..APPLIED / 1_000 {
                    bench.append(answers.batch(1_000));
                }
                let since = Instant::now();
                drop(hold);
                bench.settle();
                took += since.elapsed();
            }
            took
        });
    });
}

/// What is read before a learner's session can begin.
fn activation(c: &mut Criterion) {
    let mut group = c.benchmark_group("activation_reads");
    group.sample_size(20);
    let bench = Bench::open();
    let mut answers = Answers::default();
    for (user, progress) in (1_000..).zip([100, 1_000, 10_000]) {
        let all: Vec<Row> = (0..progress).map(|_| answers.row(Some(user))).collect();
        all.chunks(1_000).for_each(|some| bench.append(some.into()));
        bench.settle();
        group.throughput(Throughput::Elements(progress));
        group.bench_function(format!("{progress}_progress_rows"), |b| {
            b.iter(|| {
                bench.runtime.block_on(async {
                    let log = bench.store.load(rows::user(user)).await.unwrap();
                    let rows = bench.store.progress(rows::user(user), rows::deck(0)).await.unwrap();
                    assert_eq!(rows.len() as u64, progress);
                    log.newest.len()
                })
            });
        });
    }
}

criterion_group!(benches, append, apply, activation);
criterion_main!(benches);
