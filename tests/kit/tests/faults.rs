//! The fault store does what it is told: a fault that did not happen would prove nothing.

use domain::grade::Grade;
use kit::contract_store::{append, whole_log};
use kit::rows::{card, deck, id, review, row, user};
use kit::wait::{block_on, eventually};
use kit::{Fault, FaultStore, Lies, MemoryStore};
use ports::{Cause, ReviewStore, Row, RowOutcome};
use std::time::Duration;

fn rows(ids: std::ops::Range<u64>) -> Vec<Row> {
    ids.map(|n| row(user(1), review(id(n), deck(1), card(n), Grade::Good), 1)).collect()
}

fn faulty() -> FaultStore<MemoryStore> {
    FaultStore::new(MemoryStore::new())
}

#[test]
fn a_fault_before_the_effect_writes_nothing_and_one_after_it_writes_all() {
    block_on(async {
        let store = faulty();
        store.script([Some(Fault::Before(Cause::Timeout)), Some(Fault::After(Cause::NoSpace)), None]);
        assert_eq!(store.append(rows(0..1).into()).await, [RowOutcome::Unknown(Cause::Timeout)]);
        assert!(whole_log(&store, user(1)).await.is_empty());
        assert_eq!(store.append(rows(0..1).into()).await, [RowOutcome::Unknown(Cause::NoSpace)]);
        assert_eq!(whole_log(&store, user(1)).await.len(), 1);
        append(&store, rows(1..2)).await;
    });
}

#[test]
fn a_poisoned_store_refuses_until_it_is_reopened() {
    block_on(async {
        let store = faulty();
        store.script([Some(Fault::Before(Cause::Poisoned))]);
        for _ in 0..3 {
            assert_eq!(store.append(rows(0..1).into()).await, [RowOutcome::Unknown(Cause::Poisoned)]);
        }
        store.reopen().await.unwrap();
        append(&store, rows(0..1)).await;
    });
}

#[test]
fn a_held_append_waits_for_its_release() {
    block_on(async {
        let store = faulty();
        store.script([Some(Fault::Held)]);
        let held = tokio::spawn({
            let store = store.clone();
            async move { store.append(rows(0..1).into()).await }
        });
        eventually("the append is held", || !store.met().is_empty()).await;
        append(&store, rows(1..2)).await;
        assert!(!held.is_finished());
        store.release();
        assert_eq!(held.await.unwrap(), [RowOutcome::Durable]);
        assert_eq!(whole_log(&store, user(1)).await.len(), 2);
    });
}

#[test]
fn one_row_can_be_refused_for_good_while_the_others_stay() {
    block_on(async {
        let store = faulty();
        store.script([Some(Fault::Never(1))]);
        let outcomes = store.append(rows(0..3).into()).await;
        let never = RowOutcome::Never(Cause::Invalid);
        assert_eq!(outcomes, [RowOutcome::Durable, never, RowOutcome::Durable]);
        assert_eq!(whole_log(&store, user(1)).await.len(), 2);
    });
}

#[test]
fn whatever_a_torn_batch_reports_as_durable_is_stored() {
    block_on(async {
        let store = faulty();
        store.seeded(3, 0, 0);
        let (mut known, mut unknown) = (0, 0);
        for n in 0..50 {
            store.script([Some(Fault::Torn(Cause::Timeout))]);
            let batch = rows(n * 10..n * 10 + 10);
            let outcomes = store.append(batch.clone().into()).await;
            let log = whole_log(&store, user(1)).await;
            for (row, outcome) in batch.iter().zip(outcomes) {
                let stored = log.iter().any(|entry| Some(*entry) == row.entry);
                match outcome {
                    RowOutcome::Durable => known += u32::from(stored),
                    RowOutcome::Unknown(_) => unknown += u32::from(stored),
                    RowOutcome::Never(_) => panic!("not asked for"),
                }
                assert!(stored || outcome != RowOutcome::Durable);
            }
        }
        assert!(known > 0 && unknown > 0);
    });
}

#[test]
fn a_seed_repeats_its_faults() {
    let run = |seed| {
        block_on(async {
            let store = faulty();
            store.seeded(seed, 50, 0);
            for n in 0..40 {
                store.append(rows(n..n + 1).into()).await;
                store.reopen().await.unwrap();
            }
            store.met()
        })
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
    assert!(run(7).iter().any(|fault| matches!(fault, Fault::Late(by) if *by < Duration::from_millis(20))));
}

#[test]
fn a_lie_is_a_lie() {
    block_on(async {
        let store = faulty();
        store.lie(Lies { early_ack_every: 1, ..Lies::default() });
        append(&store, rows(0..1)).await;
        assert!(whole_log(&store, user(1)).await.is_empty());
        store.lie(Lies { no_dedupe: true, ..Lies::default() });
        append(&store, rows(0..1)).await;
        append(&store, rows(0..1)).await;
        let log = whole_log(&store, user(1)).await;
        assert_eq!(log.len(), 2);
        assert!(log.iter().all(|entry| entry.id.at_ms() == id(0).at_ms()));
        store.calm();
        append(&store, rows(0..1)).await;
        assert_eq!(whole_log(&store, user(1)).await.len(), 3);
    });
}
