//! Servers that stop, die and come back, with answers arriving all the while: what was reported durable is there, and
//! everything goes on without a hand.

use crate::cluster::Cluster;
use crate::server::migrated;
use cql::{Address, CqlStore, Options, RequestKind};
use domain::entry::LogEntry;
use domain::grade::Grade;
use domain::ids::{EntryId, RunId, UserId};
use domain::owner::Beat;
use domain::state::CardState;
use kit::rows::{card, deck, job, params_key, review, state, user};
use kit::wait::{block_on, eventually};
use ports::{LogRange, ProgressWrite, ReviewStore, Row, RowOutcome};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LEARNERS: u64 = 12;

/// Patience short enough for a test.
fn options() -> Options {
    Options {
        attempt_timeout_ms: 500,
        write_within_ms: 1_500,
        // A cluster that has just lost and got back a server answers late.
        read_within_ms: 60_000,
        append_patience_ms: 500,
        connect_timeout_ms: 1_000,
        keepalive_ms: 1_000,
        behind_longest_ms: 200,
        ..Options::default()
    }
}

/// What the learners' writer saw.
#[derive(Default)]
struct Seen {
    /// Ids reported durable, in the order of the reports.
    durable: Mutex<BTreeMap<UserId, Vec<EntryId>>>,
    durable_rows: AtomicUsize,
    unknown_rows: AtomicUsize,
    stop: AtomicBool,
}

/// A writer as the server has one: submits what waits, in order, again and again until it is durable.
async fn answer(store: CqlStore, seen: Arc<Seen>) {
    let mut waiting: VecDeque<Row> = VecDeque::new();
    let mut next = 0;
    loop {
        let stopping = seen.stop.load(Ordering::Relaxed);
        if stopping && waiting.is_empty() {
            return;
        }
        if !stopping && waiting.len() < 200 {
            waiting.extend((0..LEARNERS * 2).map(|n| new_row(user(n % LEARNERS), next + n)));
            next += LEARNERS * 2;
        }
        let rows: Vec<Row> = waiting.iter().copied().collect();
        let outcomes = store.append(rows.clone().into()).await;
        waiting.clear();
        for (row, outcome) in rows.into_iter().zip(outcomes) {
            match outcome {
                RowOutcome::Durable => {
                    let mut durable = seen.durable.lock().unwrap();
                    durable.entry(row.user).or_default().push(row.entry.unwrap().id);
                    seen.durable_rows.fetch_add(1, Ordering::Relaxed);
                }
                RowOutcome::Unknown(_) => {
                    waiting.push_back(row);
                    seen.unknown_rows.fetch_add(1, Ordering::Relaxed);
                }
                RowOutcome::Never(cause) => panic!("a sound row was refused: {cause}"),
            }
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn new_row(user: UserId, n: u64) -> Row {
    let id = kit::rows::id(n);
    let entry = review(id, deck(1), card(n % 30), Grade::Good);
    let progress = ProgressWrite::Whole(CardState { last: Some(id), ..state(3) }, params_key());
    Row { user, entry: Some(entry), about: entry.card(), progress }
}

async fn opened(address: &Address, epoch: u64) -> CqlStore {
    let store = CqlStore::open(address, &options()).await.unwrap();
    let run = RunId::from_u128(u128::from(epoch));
    store.beaten(Beat { run, sent_tick_ms: u64::MAX });
    for n in 0..LEARNERS {
        store.adopt(user(n), run, epoch).await.unwrap();
    }
    store
}

impl Seen {
    async fn more_durable(&self, what: &str) {
        let before = self.durable_rows.load(Ordering::Relaxed);
        eventually(what, || self.durable_rows.load(Ordering::Relaxed) >= before + 500).await;
    }

    async fn more_unknown(&self, what: &str) {
        let before = self.unknown_rows.load(Ordering::Relaxed);
        eventually(what, || self.unknown_rows.load(Ordering::Relaxed) > before + 24).await;
    }
}

/// Answers arrive while `faults` are played; then all that was reported durable must be read by a new owner, once and in
/// order, and nothing else.
async fn under_load(address: &Address, first_epoch: u64, faults: impl AsyncFnOnce(&CqlStore, &Seen)) {
    let store = opened(address, first_epoch).await;
    let seen = Arc::new(Seen::default());
    let writer = tokio::spawn(answer(store.clone(), seen.clone()));
    seen.more_durable("answers before the fault").await;
    faults(&store, &seen).await;
    seen.stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();

    // Without a release: as if this process had died.
    let next = opened(address, first_epoch + 1).await;
    let durable = seen.durable.lock().unwrap().clone();
    for (user, mut ids) in durable {
        let in_order = ids.clone();
        ids.sort();
        assert_eq!(ids, in_order, "rows of a learner were reported out of order");
        let all = LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: usize::MAX };
        let log: Vec<EntryId> = next.log(user, all).await.unwrap().iter().map(|entry| entry.id).collect();
        assert_eq!(log, ids, "the log is what was reported durable");
        let by_card = next.card_log(user, deck(1), Some((0..30).map(card).collect())).await.unwrap();
        assert_eq!(by_card.len(), ids.len(), "every entry is found by its card");
    }
}

/// Reads come back by themselves.
async fn reads_again(store: &CqlStore) {
    let since = std::time::Instant::now();
    while let Err(error) = store.load(user(1)).await {
        assert!(since.elapsed() < kit::wait::DEADLINE, "{error}");
    }
}

/// Entries of an import are on their way in several batches when the server stands still: the import is refused, and none
/// of its requests was dropped half-way.
async fn an_import_is_held_up(cluster: &Cluster, address: &Address) {
    let store = CqlStore::open(address, &Options { write_within_ms: 0, ..options() }).await.unwrap();
    let under_way = || {
        let kind = RequestKind::ALL.iter().position(|kind| *kind == RequestKind::Batch).unwrap();
        store.stats().requests[kind].in_flight
    };
    let imported = |n: u64| LogEntry {
        job: Some(job(1)),
        ..review(kit::rows::id(n), deck(2), card(n % 10), Grade::Good)
    };
    let (importer, entries) = (store.clone(), (0..100_000).map(imported).collect());
    let importing = tokio::spawn(async move { importer.append_import(user(LEARNERS), entries).await });
    eventually("several batches are under way", || under_way() > 1).await;
    cluster.pause(1);
    assert!(importing.await.unwrap().is_err(), "nobody answers");
    assert_eq!(under_way(), 0);
    cluster.resume(1);
}

#[test]
fn a_server_that_stands_still_or_dies_loses_nothing_that_was_durable() {
    let Some(cluster) = Cluster::start(1) else { return };
    block_on(async {
        let address = cluster.address("faults");
        migrated(&address, 1).await;
        an_import_is_held_up(&cluster, &address).await;
        under_load(&address, 1, async |store, seen| {
            cluster.pause(1);
            seen.more_unknown("outcomes are unknown while the server stands still").await;
            let stopped = seen.durable_rows.load(Ordering::Relaxed);
            seen.more_unknown("and stay so").await;
            assert_eq!(seen.durable_rows.load(Ordering::Relaxed), stopped, "nothing is durable meanwhile");
            cluster.resume(1);
            seen.more_durable("answers after the pause").await;
            reads_again(store).await;

            cluster.kill(1);
            seen.more_unknown("outcomes are unknown while there is no server").await;
            cluster.restart();
            seen.more_durable("answers after the restart").await;
            reads_again(store).await;
        })
        .await;
    });
}

#[test]
fn one_of_three_replicas_may_die_and_come_back_unnoticed() {
    let Some(cluster) = Cluster::start(3) else { return };
    block_on(async {
        let address = cluster.address("replicas");
        migrated(&address, 3).await;
        under_load(&address, 1, async |store, seen| {
            cluster.kill(2);
            seen.more_durable("answers with two of three replicas").await;
            reads_again(store).await;
            cluster.restart();
            seen.more_durable("answers after it came back").await;
            // Now another one: what was written without the first must not be missing.
            cluster.kill(3);
            seen.more_durable("answers without the other one").await;
            reads_again(store).await;
        })
        .await;
    });
}
