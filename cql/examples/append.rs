//! Rows a second of the store's append beside the bare driver on the same server with the same rows:
//!
//!     cargo run --release -p cql --example append -- 127.0.0.1:19042 [seconds a figure]
//!
//! «bare» sends unlogged batches of log rows alone; «bare 2» also the lines by which the log is read by card, which is
//! what the store sends on the way to an acknowledgement. «store» is the store's append with all its rules, called for
//! one learner at a time as its shape asks for; «groups» calls it for four times as many learners as go at once and waits
//! for all of them; «progress» is «store» with progress written behind meanwhile.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement ends where something fails")]

use cql::{Address, Clock, CqlStore, Options, Plan, SystemClock, migrate};
use domain::entry::LogEntry;
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, RunId, UserId};
use domain::owner::Beat;
use domain::state::CardState;
use futures_util::{StreamExt, stream};
use kit::rows::{params_key, review};
use ports::codec::encode_entry;
use ports::{ProgressWrite, ReviewStore, Row, RowOutcome};
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::statement::batch::{Batch, BatchType};
use scylla::statement::prepared::PreparedStatement;
use std::sync::Arc;
use std::time::{Duration, Instant};

const LEARNERS: u64 = 1_024;
const CARDS: u64 = 50;
/// Rows a batch, and batches in flight.
const CASES: [(usize, usize); 6] = [(1, 16), (1, 64), (1, 256), (4, 64), (16, 16), (64, 16)];

/// Each figure is the median of so many rounds, in which all kinds take turns.
const ROUNDS: usize = 3;

/// Makes rows that no earlier one equals.
struct Source {
    began_ms: i64,
    next: u64,
    state: CardState,
    /// Each figure has learners of its own, so that nobody has to read what another figure wrote.
    first_learner: u64,
    next_learner: u64,
}

impl Source {
    fn entry(&mut self) -> LogEntry {
        self.next += 1;
        let at_ms = self.began_ms + i64::try_from(self.next / 1_000).unwrap();
        let card = CardId::from_u128(u128::from(self.next % CARDS));
        review(EntryId::v7(at_ms, u128::from(self.next) << 32), DeckId::from_u128(1), card, Grade::Good)
    }

    /// So many rows of each of some learners.
    fn rows(&mut self, first: u64, learners: u64, each: usize) -> Arc<[Row]> {
        let mut rows = Vec::new();
        for n in first..first + learners {
            for _ in 0..each {
                let entry = self.entry();
                let state = CardState { last: Some(entry.id), ..self.state };
                let progress = ProgressWrite::Whole(state, params_key());
                rows.push(Row {
                    user: user(self.first_learner + n % LEARNERS),
                    entry: Some(entry),
                    about: entry.card(),
                    progress,
                });
            }
        }
        rows.into()
    }
}

fn user(n: u64) -> UserId {
    UserId::from_u128(u128::from(n) << 64)
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let contact = args.next().expect("host:port of a server");
    let length = Duration::from_secs(args.next().map_or(4, |seconds| seconds.parse().unwrap()));
    let address: Address = format!("cql://{contact}/bench_append").parse().unwrap();
    let plan = Plan { replication_factor: 1, check_only: false };
    migrate(&address, &Options::default(), &plan, 0).await.unwrap();
    let bare = Bare::open(&contact).await;
    let began_ms = SystemClock::default().wall_ms();
    let source = &mut Source {
        began_ms,
        next: 0,
        state: kit::rows::state(3),
        first_learner: began_ms.unsigned_abs(),
        next_learner: began_ms.unsigned_abs(),
    };
    // The server compiles what it runs often: the first figures would be of another server.
    bare.run(source, 16, 64, 2, Duration::from_secs(10)).await;
    println!(
        "rows  in flight |     bare   bare 2    store   groups  progress | store/bare 2  groups  progress"
    );
    for (each, lanes) in CASES {
        let mut rounds: [Vec<f64>; 5] = Default::default();
        for _ in 0..ROUNDS {
            let late = adopted(&address, source, lanes, 3_600_000).await;
            let behind = adopted(&address, source, lanes, 2_000).await;
            let figures = [
                bare.run(source, each, lanes, 1, length).await,
                bare.run(source, each, lanes, 2, length).await,
                by_learner(&late, source, each, lanes, length).await,
                in_groups(&late, source, each, lanes, length).await,
                by_learner(&behind, source, each, lanes, length).await,
            ];
            rounds.iter_mut().zip(figures).for_each(|(rounds, figure)| rounds.push(figure));
        }
        let [one, two, late, groups, behind] = rounds.map(median);
        let share = |figure: f64| figure / two;
        println!(
            "{each:4}  {lanes:9} | {one:8.0} {two:8.0} {late:8.0} {groups:8.0} {behind:9.0} | {:12.2} {:7.2} {:9.2}",
            share(late),
            share(groups),
            share(behind)
        );
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A store that owns the learners of a figure.
struct Adopted {
    store: CqlStore,
    first: u64,
}

async fn adopted(address: &Address, source: &mut Source, lanes: usize, behind_longest_ms: u64) -> Adopted {
    let options = Options {
        lanes,
        behind_longest_ms,
        behind_rows_a_learner: usize::MAX,
        append_patience_ms: 60_000,
        ..Options::default()
    };
    let store = CqlStore::open(address, &options).await.unwrap();
    let run = RunId::from_u128(1);
    store.beaten(Beat { run, sent_tick_ms: u64::MAX });
    let first = source.next_learner;
    source.next_learner += LEARNERS;
    let adopted = stream::iter(first..first + LEARNERS).map(|n| store.adopt(user(n), run, 1));
    adopted.buffer_unordered(32).for_each(|adopted| async move { adopted.unwrap() }).await;
    Adopted { store, first }
}

/// Rows a second through the store, a call a learner, so many calls at once.
async fn by_learner(of: &Adopted, source: &mut Source, each: usize, lanes: usize, length: Duration) -> f64 {
    let began = Instant::now();
    source.first_learner = of.first;
    let calls = (0u64..).map_while(|n| (began.elapsed() < length).then(|| source.rows(n, 1, each)));
    let sent = stream::iter(calls).map(|rows| durable(&of.store, rows));
    let rows: usize = sent.buffer_unordered(lanes).fold(0, |sum, n| async move { sum + n }).await;
    rows as f64 / began.elapsed().as_secs_f64()
}

/// Rows a second through the store, four times as many learners a call as go at once.
async fn in_groups(of: &Adopted, source: &mut Source, each: usize, lanes: usize, length: Duration) -> f64 {
    source.first_learner = of.first;
    let learners = (4 * lanes as u64).min(LEARNERS);
    let (began, mut rows, mut first) = (Instant::now(), 0, 0);
    while began.elapsed() < length {
        rows += durable(&of.store, source.rows(first, learners, each)).await;
        first += learners;
    }
    rows as f64 / began.elapsed().as_secs_f64()
}

async fn durable(store: &CqlStore, rows: Arc<[Row]>) -> usize {
    let count = rows.len();
    let outcomes = store.append(rows).await;
    assert!(outcomes.iter().all(|outcome| *outcome == RowOutcome::Durable));
    count
}

/// The driver and nothing else.
struct Bare {
    session: Session,
    log: PreparedStatement,
    card: PreparedStatement,
}

impl Bare {
    async fn open(contact: &str) -> Self {
        let session = SessionBuilder::new()
            .known_node(contact)
            .use_keyspace("bench_append", true)
            .build()
            .await
            .unwrap();
        let log =
            "INSERT INTO review_log (user, month, id, job, body) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?";
        let card =
            "INSERT INTO card_log (user, month, id, job, card) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?";
        let (log, card) = (session.prepare(log).await.unwrap(), session.prepare(card).await.unwrap());
        Self { session, log, card }
    }

    /// Rows a second: so many batches in flight, of so many rows each, into one table or both.
    async fn run(
        &self,
        source: &mut Source,
        each: usize,
        lanes: usize,
        tables: usize,
        length: Duration,
    ) -> f64 {
        let mut batch = Batch::new(BatchType::Unlogged);
        for statement in [&self.log, &self.card].into_iter().take(tables) {
            (0..each).for_each(|_| batch.append_statement(statement.clone()));
        }
        let (batch, began) = (&batch, Instant::now());
        let batches = (0u64..).map_while(|n| (began.elapsed() < length).then(|| source.rows(n, 1, each)));
        let sent = stream::iter(batches).map(|rows| async move {
            self.session.batch(batch, values(&rows, tables)).await.unwrap();
            rows.len()
        });
        let rows: usize = sent.buffer_unordered(lanes).fold(0, |sum, n| async move { sum + n }).await;
        rows as f64 / began.elapsed().as_secs_f64()
    }
}

type Values = (domain::ids::Uuid, i32, [u8; 16], Vec<u8>, Vec<u8>, i64);

/// The store's rows, in a month of their own, which nobody reads.
fn values(rows: &[Row], tables: usize) -> Vec<Values> {
    let of_table = |table: usize| {
        rows.iter().map(move |row| {
            let entry = row.entry.unwrap();
            let mut last = Vec::new();
            match table {
                0 => encode_entry(&entry, &mut last),
                _ => last.extend_from_slice(entry.card().unwrap().1.bytes()),
            }
            (row.user.0, 1, *entry.id.bytes(), Vec::new(), last, entry.id.at_ms() * 1_000)
        })
    };
    (0..tables).flat_map(of_table).collect()
}
