//! Rows a second of the store's append beside the bare driver on the same server with the same rows:
//!
//!     cargo run --release -p cql --example append -- 127.0.0.1:19042 [seconds a figure] [rounds]
//!
//! «bare» sends unlogged batches of what the store sends on the way to an acknowledgement: rows of the log, and the lines
//! by which the log is read by card. «store» is the store's append with all its rules, called for one learner at a time as
//! its shape asks for; «behind» is the same with progress written behind meanwhile. All take turns, and the shares are
//! medians of the rounds' own: a machine that is slow for a while is slow for all of them. «µs» is the time of this
//! process's processors for a row.

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
const CASES: [(usize, usize); 7] = [(1, 1), (1, 16), (1, 64), (1, 256), (4, 64), (16, 16), (64, 16)];

/// Makes rows that no earlier one equals.
struct Source {
    began_ms: i64,
    next: u64,
    state: CardState,
    first_learner: u64,
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
    let length = Duration::from_secs(args.next().map_or(3, |seconds| seconds.parse().unwrap()));
    let rounds: usize = args.next().map_or(5, |rounds| rounds.parse().unwrap());
    let address: Address = format!("cql://{contact}/bench_append").parse().unwrap();
    let plan = Plan { replication_factor: 1, check_only: false };
    migrate(&address, &Options::default(), &plan, 0).await.unwrap();
    let began_ms = SystemClock::default().wall_ms();
    let first = began_ms.unsigned_abs();
    let source = &mut Source { began_ms, next: 0, state: kit::rows::state(3), first_learner: first };
    let bare = Bare::open(&contact).await;
    let kinds = [
        Kind::Bare(&bare),
        Kind::Store(&adopted(&address, source, first + LEARNERS, 3_600_000).await),
        Kind::Store(&adopted(&address, source, first + 2 * LEARNERS, 2_000).await),
    ];
    // The server compiles what it runs often: the first figures would be of another server.
    for kind in &kinds {
        kind.run(source, first, (16, 64), Duration::from_secs(8)).await;
    }
    println!(
        "rows  at once |  bare/s   p50   p99  µs | store/s share   p50   p99  µs | behind/s share   p50   p99  µs"
    );
    for case in CASES {
        let mut runs: [Vec<Run>; 3] = Default::default();
        for round in 0..rounds {
            for turn in 0..kinds.len() {
                let at = (round + turn) % kinds.len();
                runs[at].push(kinds[at].run(source, first, case, length).await);
            }
        }
        let [bare, store, behind] = &runs;
        println!(
            "{:4} {:8} | {} | {} | {}",
            case.0,
            case.1,
            line(bare, None),
            line(store, Some(bare)),
            line(behind, Some(bare))
        );
    }
}

/// One figure.
struct Run {
    rows: usize,
    took: Duration,
    cpu_s: f64,
    /// Of each batch, from the call to its end.
    latencies_ms: Vec<f64>,
}

impl Run {
    fn rate(&self) -> f64 {
        self.rows as f64 / self.took.as_secs_f64()
    }
}

fn line(runs: &[Run], beside: Option<&[Run]>) -> String {
    let mut latencies: Vec<f64> = runs.iter().flat_map(|run| run.latencies_ms.iter().copied()).collect();
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    let cpu_us = median(runs.iter().map(|run| run.cpu_s * 1e6 / run.rows as f64).collect());
    let share = beside.map_or_else(String::new, |beside| {
        let shares = runs.iter().zip(beside).map(|(run, beside)| run.rate() / beside.rate());
        format!(" {:5.2}", median(shares.collect()))
    });
    let rate = median(runs.iter().map(Run::rate).collect());
    format!("{rate:7.0}{share} {:5.1} {:5.1} {cpu_us:3.0}", at(0.5), at(0.99))
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Time of this process's processors so far, in seconds.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// A store that owns its learners.
struct Adopted {
    store: CqlStore,
    first: u64,
}

/// Adopts learners; each of them has a row already, so that what the first row of a month costs is paid.
async fn adopted(address: &Address, source: &mut Source, first: u64, behind_longest_ms: u64) -> Adopted {
    let options = Options {
        behind_longest_ms,
        behind_rows_a_learner: usize::MAX,
        append_patience_ms: 60_000,
        ..Options::default()
    };
    let store = CqlStore::open(address, &options).await.unwrap();
    let run = RunId::from_u128(1);
    store.beaten(Beat { run, sent_tick_ms: u64::MAX });
    let adopted = stream::iter(first..first + LEARNERS).map(|n| store.adopt(user(n), run, 1));
    adopted.buffer_unordered(32).for_each(|adopted| async move { adopted.unwrap() }).await;
    source.first_learner = first;
    durable(&store, source.rows(0, LEARNERS, 1)).await;
    Adopted { store, first }
}

/// What is measured.
enum Kind<'a> {
    Bare(&'a Bare),
    Store(&'a Adopted),
}

impl Kind<'_> {
    /// Sends batches of so many rows, a learner each, so many at once, for so long.
    async fn run(
        &self,
        source: &mut Source,
        first: u64,
        (each, at_once): (usize, usize),
        length: Duration,
    ) -> Run {
        source.first_learner = match self {
            Kind::Bare(_) => first,
            Kind::Store(adopted) => adopted.first,
        };
        let batch = match self {
            Kind::Bare(bare) => Some(bare.batch(each)),
            Kind::Store(_) => None,
        };
        let (began, cpu_before, batch) = (Instant::now(), cpu_s(), &batch);
        let batches = (0u64..).map_while(|n| (began.elapsed() < length).then(|| source.rows(n, 1, each)));
        let sent = stream::iter(batches).map(|rows| async move {
            let sent = Instant::now();
            let rows = match (self, batch) {
                (Kind::Store(of), _) => durable(&of.store, rows).await,
                (Kind::Bare(bare), Some(batch)) => bare.send(batch, &rows).await,
                (Kind::Bare(_), None) => 0,
            };
            (rows, sent.elapsed().as_secs_f64() * 1e3)
        });
        let sent: Vec<(usize, f64)> = sent.buffer_unordered(at_once).collect().await;
        let (took, cpu_s) = (began.elapsed(), cpu_s() - cpu_before);
        let rows = sent.iter().map(|(rows, _)| rows).sum();
        Run { rows, took, cpu_s, latencies_ms: sent.into_iter().map(|(_, ms)| ms).collect() }
    }
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
        let session = SessionBuilder::new().known_node(contact).build().await.unwrap();
        let log = "INSERT INTO bench_append.review_log (user, month, id, job, body) VALUES (?, ?, ?, ?, ?)
            USING TIMESTAMP ?";
        let card = "INSERT INTO bench_append.card_log (user, month, id, job, card) VALUES (?, ?, ?, ?, ?)
            USING TIMESTAMP ?";
        let (log, card) = (session.prepare(log).await.unwrap(), session.prepare(card).await.unwrap());
        Self { session, log, card }
    }

    /// A batch of so many rows of the log and their lines by card.
    fn batch(&self, each: usize) -> Batch {
        let mut batch = Batch::new(BatchType::Unlogged);
        for statement in [&self.log, &self.card] {
            (0..each).for_each(|_| batch.append_statement(statement.clone()));
        }
        batch
    }

    async fn send(&self, batch: &Batch, rows: &[Row]) -> usize {
        self.session.batch(batch, values(rows)).await.unwrap();
        rows.len()
    }
}

type Values = (domain::ids::Uuid, i32, [u8; 16], Vec<u8>, Vec<u8>, i64);

/// The store's rows, in a month of their own, which nobody reads.
fn values(rows: &[Row]) -> Vec<Values> {
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
    (0..2).flat_map(of_table).collect()
}
