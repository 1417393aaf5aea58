//! How fast the store appends and applies. `cargo bench -p embedded` prints a table; nothing is asserted.
//!
//! `STUDYHALL_BENCH_LEARNERS` (2,000), `STUDYHALL_BENCH_DIR` (the system's place for temporary files) and
//! `STUDYHALL_BENCH_NO_INDEX` (drops the index by card, to see what it costs), `STUDYHALL_BENCH_CHECKPOINT_MIB` and
//! `STUDYHALL_BENCH_SLICE_ROWS` (the options of that name) change what is measured.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to say")]

use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use embedded::{EmbeddedStore, Options};
use kit::rng::Rng;
use kit::rows;
use ports::{ReviewStore, Row, RowOutcome};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CARDS: u64 = 200;
/// Rows a batch: what a busy server's shards hand over at once.
const COMMIT: usize = 512;

struct Answers {
    rng: Rng,
    learners: u64,
    now_ms: i64,
    made: u64,
}

impl Answers {
    fn row(&mut self, user: u64, card: u64) -> Row {
        self.made += 1;
        // A thousand answers a second of everybody's time.
        let id = EntryId::v7(self.now_ms + (self.made / 1_000) as i64, u128::from(self.rng.next()));
        // Cards have random ids, as imported ones do.
        let card =
            CardId::from_u128(u128::from(Rng::new(user * CARDS + card).next()) << 64 | u128::from(card));
        let deck = DeckId::from_u128(u128::from(Rng::new(user % 50).next()));
        let user = UserId::from_u128(u128::from(Rng::new(user).next()) << 64);
        rows::row(user, rows::review(id, deck, card, Grade::Good), 3)
    }

    fn random(&mut self, count: usize) -> Arc<[Row]> {
        (0..count)
            .map(|_| {
                let (user, card) = (self.rng.below(self.learners), self.rng.below(CARDS));
                self.row(user, card)
            })
            .collect()
    }
}

fn main() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let dir = std::env::var("STUDYHALL_BENCH_DIR").map_or_else(|_| std::env::temp_dir(), Into::into);
    let folder = tempfile::TempDir::new_in(dir).unwrap();
    let learners = number("STUDYHALL_BENCH_LEARNERS", 2_000);
    let answers = Answers { rng: Rng::new(1), learners, now_ms: rows::START_MS, made: 0 };
    kit::wait::block_on(run(folder.path(), answers));
}

async fn run(folder: &Path, mut answers: Answers) {
    fill(folder, &mut answers).await;
    if std::env::var_os("STUDYHALL_BENCH_NO_INDEX").is_some() {
        let main = rusqlite::Connection::open(folder.join("main.db")).unwrap();
        main.execute_batch("DROP INDEX review_log_by_chapter").unwrap();
        println!("(without the index by chapter and card)");
    }
    for batch in [20_000, 100_000, 200_000, 400_000] {
        backlog(folder, &mut answers, batch).await;
    }
    for rate in [25_000, 50_000] {
        sustained(folder, &mut answers, rate).await;
    }
    reads(folder, &mut answers).await;
}

fn open(folder: &Path, mut options: Options) -> EmbeddedStore {
    if let Ok(mib) = std::env::var("STUDYHALL_BENCH_CHECKPOINT_MIB") {
        options.journal_checkpoint_bytes = mib.parse::<u64>().unwrap() << 20;
    }
    if let Ok(rows) = std::env::var("STUDYHALL_BENCH_SLICE_ROWS") {
        options.apply_slice_rows = rows.parse().unwrap();
    }
    let since = Instant::now();
    let store = EmbeddedStore::open(folder, options).unwrap();
    println!("  opened in {:?} with {} rows in the journal", since.elapsed(), store.stats().backlog_rows);
    store
}

async fn settled(store: &EmbeddedStore) {
    while store.stats().backlog_rows > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Every learner has seen every card once.
async fn fill(folder: &Path, answers: &mut Answers) {
    let store = open(folder, Options { apply_batch_rows_max: 400_000, ..Options::default() });
    let since = Instant::now();
    for user in 0..answers.learners {
        let rows: Arc<[Row]> = (0..CARDS).map(|card| answers.row(user, card)).collect();
        while store.append(rows.clone()).await.iter().any(|outcome| *outcome != RowOutcome::Durable) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    settled(&store).await;
    println!("filled with {} rows in {:?}", answers.made, since.elapsed());
}

/// Appends while apply rests, then applies.
async fn backlog(folder: &Path, answers: &mut Answers, batch: usize) {
    let store = open(folder, Options { apply_batch_rows_max: batch, ..Options::default() });
    let hold = store.hold_apply();
    let count = 400_000.max(batch);
    let batches: Vec<_> = (0..count / COMMIT).map(|_| answers.random(COMMIT)).collect();
    let mut times = Vec::new();
    let since = Instant::now();
    for rows in batches {
        let at = Instant::now();
        store.append(rows).await;
        times.push(at.elapsed());
    }
    let appended = since.elapsed();
    let since = Instant::now();
    drop(hold);
    settled(&store).await;
    let rate = |took: Duration| (count as f64 / took.as_secs_f64()) as u64;
    println!(
        "batches of {batch}: append {} rows/s ({}), apply {} rows/s",
        rate(appended),
        quantiles(times),
        rate(since.elapsed())
    );
}

/// Appends at a fixed rate while apply works beneath; times are from the intended moment.
async fn sustained(folder: &Path, answers: &mut Answers, rate: u64) {
    let store = open(folder, Options::default());
    let every = Duration::from_secs_f64(COMMIT as f64 / rate as f64);
    let (mut times, since) = (Vec::new(), Instant::now());
    let mut worst_backlog = 0;
    for n in 0..(rate as usize * 10 / COMMIT) as u32 {
        let rows = answers.random(COMMIT);
        let due = since + every * n;
        tokio::time::sleep_until(due.into()).await;
        store.append(rows).await;
        times.push(due.elapsed());
        worst_backlog = worst_backlog.max(store.stats().backlog_rows);
    }
    println!(
        "{rate} rows/s for {:?}: append {}, backlog at most {worst_backlog}",
        since.elapsed(),
        quantiles(times)
    );
}

async fn reads(folder: &Path, answers: &mut Answers) {
    let store = open(folder, Options::default());
    settled(&store).await;
    let (mut loads, mut progress, mut logs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..500 {
        let row = answers.random(1)[0];
        let (deck, card) = row.about.unwrap();
        let at = Instant::now();
        store.load(row.user).await.unwrap();
        loads.push(at.elapsed());
        let at = Instant::now();
        assert_eq!(store.progress(row.user, deck).await.unwrap().len() as u64, CARDS);
        progress.push(at.elapsed());
        let at = Instant::now();
        store.card_log(row.user, deck, Some(vec![card])).await.unwrap();
        logs.push(at.elapsed());
    }
    println!("load {}", quantiles(loads));
    println!("progress of {CARDS} cards {}", quantiles(progress));
    println!("log of a card {}", quantiles(logs));
}

fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    format!("p50 {:?} p99 {:?} max {:?}", at(50), at(99), at(100))
}
