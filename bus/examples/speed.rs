//! How fast notes travel and limits are counted over a Redis on this machine: `cargo run --release --example speed`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement ends where something is wrong")]

use bus::{RedisBus, RedisOptions, RedisQuota};
use domain::ids::UserId;
use kit::RedisServer;
use kit::contract_bus::{changed, run, told, until, watch};
use kit::wait::block_on;
use ports::quota::{Buckets, QuotaKey, Whose};
use ports::{Bus as _, Heard, Note, Topic};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const BUCKETS: Buckets = Buckets::new(1_000_000, 10_000_000, 10_000_000);

fn main() {
    block_on(async {
        let Some(server) = RedisServer::start_or_skip() else { return };
        let options = RedisOptions { url: server.url(), prefix: "speed".to_owned() };
        let [one, two] = [1, 2].map(|n| RedisBus::start(run(n), &options).unwrap());
        watch(&two, Topic::Inv).await;
        // New nodes are unknown at first.
        let settled = Instant::now() + Duration::from_secs(5);
        while Instant::now() < settled {
            told(&one, &two, Topic::Inv, changed(0, 1)).await;
        }
        travel(&one, &two).await;
        flood(&one, &two).await;
        count(RedisQuota::start(&options, 1).unwrap()).await;
    });
}

/// One note at a time.
async fn travel(one: &RedisBus, two: &RedisBus) {
    let mut took = Vec::new();
    for revision in 2..5_002 {
        let began = Instant::now();
        told(one, two, Topic::Inv, changed(0, revision)).await;
        took.push(began.elapsed());
    }
    println!("a note, published to heard: {}", quantiles(took));
}

/// As many as pass: different decks, a hundred at a time.
async fn flood(one: &RedisBus, two: &RedisBus) {
    const NOTES: u64 = 200_000;
    let (began, mut revisions) = (Instant::now(), BTreeMap::new());
    for first in (0..NOTES).step_by(1_000) {
        for n in first..first + 1_000 {
            one.publish(Topic::Inv, changed(n, 9));
        }
        until(two, |heard| {
            if let Heard::Note { note: Note::Deck { deck, revision }, .. } = heard {
                revisions.insert(*deck, *revision);
            }
            revisions.len() as u64 >= first + 1_000
        })
        .await;
    }
    let per_s = NOTES as f64 / began.elapsed().as_secs_f64();
    println!("different notes, a thousand at a time: {per_s:.0}/s, {:?}", two.stats());
}

/// One request at a time, then sixty-four at once.
async fn count(quota: RedisQuota) {
    let key = |n: u128| QuotaKey { what: "speed", whose: Whose::Person(UserId::from_u128(n)) };
    while quota.take(key(0), &BUCKETS, 1).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut took = Vec::new();
    for n in 0..10_000 {
        let began = Instant::now();
        quota.take(key(n % 1_000), &BUCKETS, 1).await.unwrap();
        took.push(began.elapsed());
    }
    println!("a limit, asked to answered: {}", quantiles(took));
    let (quota, began) = (Arc::new(quota), Instant::now());
    let mut all = tokio::task::JoinSet::new();
    for lane in 0..64 {
        let quota = quota.clone();
        all.spawn(async move {
            for n in 0..1_000 {
                let _ = quota.take(key(lane * 1_000 + n), &BUCKETS, 1).await;
            }
        });
    }
    all.join_all().await;
    println!("limits, 64 at once: {:.0}/s", 64_000.0 / began.elapsed().as_secs_f64());
}

fn quantiles(mut took: Vec<Duration>) -> String {
    took.sort_unstable();
    let at = |part: usize| took.get(took.len() * part / 1_000).copied().unwrap_or_default();
    format!("p50 {:?}, p99 {:?}, p99.9 {:?}", at(500), at(990), at(999))
}
