//! Who owns whom is decided once, whoever asks and however many at once.

use crate::server::shared_store;
use cql::{CqlStore, Options};
use domain::ids::{RunId, UserId, Uuid};
use domain::owner::claim::{Change, Changed, Ownership};
use domain::owner::node::{BeatOut, BeatOutcome, Declare};
use kit::wait::block_on;
use std::hash::{BuildHasher, RandomState};

fn random() -> u128 {
    let half = || u128::from(RandomState::new().hash_one(0));
    half() << 64 | half()
}

fn new_run() -> RunId {
    RunId(Uuid::from_u128(random()))
}

fn new_user() -> UserId {
    UserId::from_u128(random())
}

fn test(promise: impl AsyncFnOnce(CqlStore)) {
    block_on(async {
        let Some(store) = shared_store(&Options::default()).await else { return };
        promise(store).await;
    });
}

#[test]
fn a_run_beats_until_it_is_declared_dead_and_never_again() {
    test(async |store| {
        let (owners, run) = (store.owners(), new_run());
        let beat = |beat| owners.beat(BeatOut { run, beat }, "127.0.0.1:9001", 1_000);
        assert_eq!(beat(1).await, BeatOutcome::NotApplied, "it is not registered");
        assert!(owners.register(run, "127.0.0.1:9000", 500).await.unwrap());
        assert!(!owners.register(run, "127.0.0.1:9000", 500).await.unwrap());
        assert_eq!(beat(1).await, BeatOutcome::Applied);
        let known = owners.nodes().await.unwrap().into_iter().find(|node| node.row.run == run).unwrap();
        assert_eq!((known.row.alive, known.row.beat, known.row.wall_ms), (true, 1, 1_000));
        assert_eq!(known.address, "127.0.0.1:9001");

        assert!(!owners.declare_dead(Declare { run, beat: 0 }).await.unwrap(), "it has beaten since");
        assert!(owners.is_alive(run).await.unwrap());
        assert!(owners.declare_dead(Declare { run, beat: 1 }).await.unwrap());
        assert!(!owners.declare_dead(Declare { run, beat: 1 }).await.unwrap());
        assert_eq!(beat(2).await, BeatOutcome::NotApplied);
        assert!(!owners.is_alive(run).await.unwrap());
        assert!(!owners.is_alive(new_run()).await.unwrap());
    });
}

#[test]
fn of_all_who_claim_a_learner_at_once_exactly_one_owns_him() {
    test(async |store| {
        let (owners, user) = (store.owners(), new_user());
        let mut at = Ownership::default();
        for _ in 0..3 {
            let runs: Vec<RunId> = (0..8).map(|_| new_run()).collect();
            let claims = runs.iter().map(|run| owners.change(user, Change { expected: at, run: Some(*run) }));
            let outcomes = futures_util::future::join_all(claims).await;
            let row = owners.owner(user).await.unwrap();
            assert_eq!(row.epoch, at.epoch + 1);
            let applied: Vec<RunId> = runs
                .iter()
                .zip(&outcomes)
                .filter(|(_, outcome)| **outcome == Changed::Applied)
                .map(|(run, _)| *run)
                .collect();
            // Whoever contends may not hear the outcome; nobody hears a wrong one.
            assert!(applied.len() <= 1 && applied.iter().all(|run| row.run == Some(*run)), "{outcomes:?}");
            let told = outcomes.iter().filter_map(|outcome| match outcome {
                Changed::NotApplied(row) => Some(*row),
                Changed::Applied | Changed::Unknown => None,
            });
            assert!(told.into_iter().all(|told| told == row), "{outcomes:?}");
            at = row;
        }
    });
}

#[test]
fn only_the_owner_lets_go_and_only_of_what_it_still_has() {
    test(async |store| {
        let (owners, user, run, other) = (store.owners(), new_user(), new_run(), new_run());
        let mine = Ownership { run: Some(run), epoch: 1 };
        let claim = Change { expected: Ownership::default(), run: Some(run) };
        assert_eq!(owners.change(user, claim).await, Changed::Applied);
        assert_eq!(owners.change(user, claim).await, Changed::NotApplied(mine));
        assert_eq!(owners.owner(user).await.unwrap(), mine);

        let release = |run, epoch| Change { expected: Ownership { run: Some(run), epoch }, run: None };
        assert_eq!(owners.change(user, release(other, 1)).await, Changed::NotApplied(mine));
        assert_eq!(owners.change(user, release(run, 0)).await, Changed::NotApplied(mine));
        assert_eq!(owners.change(user, release(run, 1)).await, Changed::Applied);
        let free = Ownership { run: None, epoch: 2 };
        assert_eq!(owners.owner(user).await.unwrap(), free);
        assert_eq!(owners.change(user, release(run, 1)).await, Changed::NotApplied(free));

        assert_eq!(owners.change(user, Change { expected: free, run: Some(other) }).await, Changed::Applied);
        // A claim on a dead owner's learner names no run, only the epoch.
        let theirs = Ownership { run: Some(other), epoch: 3 };
        assert_eq!(owners.change(user, Change { expected: theirs, run: Some(run) }).await, Changed::Applied);
        assert_eq!(owners.owner(user).await.unwrap(), Ownership { run: Some(run), epoch: 4 });
    });
}
