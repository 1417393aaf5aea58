//! What is written behind: bounded, counted truly, written when it is asked for; and what a learner's rows wait for.

use crate::server::{contact_point, shared_address, shared_store};
use cql::{CqlStore, Options};
use domain::grade::Grade;
use domain::ids::{RunId, UserId};
use domain::owner::Beat;
use kit::CqlProxy;
use kit::rows::{card, deck, id, review, row};
use kit::wait::{block_on, eventually};
use ports::{Cause, LogRange, ReviewStore, Row, RowOutcome};
use std::sync::atomic::{AtomicU64, Ordering};

const RUN: RunId = RunId::from_u128(9);

fn new_user() -> UserId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    UserId::from_u128(0x79 << 100 | u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// A store that writes nothing behind by itself, and a learner that it owns.
async fn opened(options: Options) -> Option<(CqlStore, UserId)> {
    let store = shared_store(&Options { behind_longest_ms: u64::MAX, ..options }).await?;
    store.beaten(Beat { run: RUN, sent_tick_ms: u64::MAX });
    let user = new_user();
    store.adopt(user, RUN, 1).await.unwrap();
    Some((store, user))
}

/// A store that reaches its server through a proxy.
async fn behind_a_proxy(options: &Options) -> Option<(CqlProxy, CqlStore)> {
    let (contact, shared) = (contact_point()?, shared_address().await?);
    let proxy = CqlProxy::start(contact.parse().unwrap()).await;
    let address = format!("cql://{}/{}", proxy.address(), shared.keyspace).parse().unwrap();
    let store = CqlStore::open(&address, options).await.unwrap();
    store.beaten(Beat { run: RUN, sent_tick_ms: u64::MAX });
    Some((proxy, store))
}

/// The n-th answer, to the n-th card.
fn answer(user: UserId, n: u64) -> Row {
    row(user, review(id(n), deck(1), card(n), Grade::Good), n)
}

async fn outcome(store: &CqlStore, row: Row) -> RowOutcome {
    store.append(vec![row].into()).await[0]
}

fn waiting(store: &CqlStore) -> usize {
    store.stats().waiting_progress_rows
}

#[test]
fn what_waits_of_all_learners_is_written_before_a_node_goes_and_the_next_owner_trusts_it() {
    block_on(async {
        let Some((store, first)) = opened(Options::default()).await else { return };
        let users = [first, new_user(), new_user()];
        for user in users {
            store.adopt(user, RUN, 1).await.unwrap();
            for n in 1..=3 {
                assert_eq!(outcome(&store, answer(user, n)).await, RowOutcome::Durable);
            }
            // Answered again: one row a card.
            assert_eq!(
                outcome(&store, row(user, review(id(9), deck(1), card(1), Grade::Good), 9)).await,
                RowOutcome::Durable
            );
        }
        assert_eq!(waiting(&store), 9);
        assert_eq!((store.flush_all().await, waiting(&store)), (0, 0));
        let (next, _) = opened(Options::default()).await.unwrap();
        for user in users {
            next.adopt(user, RUN, 2).await.unwrap();
            let rows = next.progress(user, deck(1)).await.unwrap();
            assert_eq!((rows.len(), rows.iter().filter(|row| row.params_key == 0).count()), (3, 0));
        }
    });
}

#[test]
fn more_than_may_wait_is_not_taken_until_something_was_written() {
    block_on(async {
        let options = Options { behind_rows_max: 4, ..Options::default() };
        let Some((store, user)) = opened(options).await else { return };
        for n in 1..=4 {
            assert_eq!(outcome(&store, answer(user, n)).await, RowOutcome::Durable);
        }
        let refused = RowOutcome::Unknown(Cause::Overloaded);
        assert_eq!(outcome(&store, answer(user, 5)).await, refused);
        store.flush(user).await.unwrap();
        assert_eq!(outcome(&store, answer(user, 5)).await, RowOutcome::Durable);
    });
}

#[test]
fn what_waits_of_a_learner_no_longer_counts_when_the_learner_is_gone() {
    block_on(async {
        let Some((store, user)) = opened(Options::default()).await else { return };
        let other = new_user();
        store.adopt(other, RUN, 1).await.unwrap();
        for user in [user, other] {
            for n in 1..=2 {
                assert_eq!(outcome(&store, answer(user, n)).await, RowOutcome::Durable);
            }
        }
        assert_eq!(waiting(&store), 4);
        store.release(user).await.unwrap();
        assert_eq!(waiting(&store), 2);
        store.forget_all();
        assert_eq!(waiting(&store), 0, "nobody will ever write them");
    });
}

#[test]
fn rows_of_a_learner_wait_for_those_of_an_earlier_call() {
    block_on(async {
        let options = Options { append_patience_ms: 60_000, ..Options::default() };
        let Some((store, user)) = opened(options).await else { return };
        let calls = (1..=40).map(|n| outcome(&store, answer(user, n)));
        let outcomes = futures_util::future::join_all(calls).await;
        assert!(outcomes.iter().all(|outcome| *outcome == RowOutcome::Durable), "{outcomes:?}");
    });
}

#[test]
fn answers_that_a_server_calls_invalid_are_saved_as_soon_as_it_takes_them() {
    block_on(async {
        let options = Options { behind_longest_ms: u64::MAX, ..Options::default() };
        let Some((proxy, store)) = behind_a_proxy(&options).await else { return };
        let user = new_user();
        store.adopt(user, RUN, 1).await.unwrap();
        proxy.call_invalid(2);
        let rows: Vec<Row> = (1..=3).map(|n| answer(user, n)).collect();
        assert_eq!(store.append(rows.into()).await, [RowOutcome::Durable; 3]);
        assert_eq!(proxy.refused(), 2);
    });
}

#[test]
fn a_learner_whose_progress_cannot_be_written_holds_up_nobody_else() {
    block_on(async {
        // An attempt that is not answered takes longer than this test may.
        let options = Options {
            attempt_timeout_ms: 600_000,
            behind_at_once: 2,
            behind_longest_ms: 1,
            behind_look_ms: 1,
            ..Options::default()
        };
        let Some((proxy, store)) = behind_a_proxy(&options).await else { return };
        let (stuck, well) = (new_user(), new_user());
        for user in [stuck, well] {
            store.adopt(user, RUN, 1).await.unwrap();
        }
        proxy.swallow_of(Some("progress"), stuck.0.as_bytes());
        assert_eq!(outcome(&store, answer(stuck, 1)).await, RowOutcome::Durable);
        eventually("the write of one learner hangs", || proxy.swallowed() > 0).await;
        for n in 1..=3 {
            assert_eq!(outcome(&store, answer(well, n)).await, RowOutcome::Durable);
            eventually("the other learner's is written", || waiting(&store) == 1).await;
        }
    });
}

#[test]
fn of_two_contents_under_one_id_the_one_of_the_later_owner_stays_whichever_arrives_last() {
    block_on(async {
        let Some((old, user)) = opened(Options::default()).await else { return };
        let (new, _) = opened(Options::default()).await.unwrap();
        new.adopt(user, RUN, 2).await.unwrap();
        let graded = |n, grade| row(user, review(id(n), deck(1), card(n), grade), n);
        let pairs = [(1, Grade::Good, Grade::Wrong), (2, Grade::Wrong, Grade::Good)];
        for (n, before, after) in pairs {
            // The new owner has acknowledged, and then what the old one had sent lands.
            assert_eq!(outcome(&new, graded(n, after)).await, RowOutcome::Durable);
            assert_eq!(outcome(&old, graded(n, before)).await, RowOutcome::Durable);
            let stored = new.entries(user, vec![id(n)]).await.unwrap();
            assert_eq!(stored[0].review().unwrap().grade, after);
        }
    });
}

#[test]
fn a_row_that_is_written_behind_alone_takes_the_place_of_one_that_is_not_trusted() {
    block_on(async {
        let Some((first, user)) = opened(Options::default()).await else { return };
        assert_eq!(outcome(&first, answer(user, 1)).await, RowOutcome::Durable);
        // It dies here: the next owner folds the card, and says so.
        let (store, _) = opened(Options::default()).await.unwrap();
        store.adopt(user, RUN, 2).await.unwrap();
        let is_stale = |rows: Vec<ports::Progress>| rows[0].params_key == 0;
        assert!(is_stale(store.progress(user, deck(1)).await.unwrap()));
        assert_eq!(outcome(&store, Row { entry: None, ..answer(user, 1) }).await, RowOutcome::Durable);
        store.release(user).await.unwrap();
        let (next, _) = opened(Options::default()).await.unwrap();
        next.adopt(user, RUN, 3).await.unwrap();
        assert!(!is_stale(next.progress(user, deck(1)).await.unwrap()));
        let all = LogRange { from: id(0), before: None, newest_first: false, limit: 9 };
        assert_eq!(next.log(user, all).await.unwrap().len(), 1);
        eventually("nothing waits", || waiting(&store) == 0).await;
    });
}
