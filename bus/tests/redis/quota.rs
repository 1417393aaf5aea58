//! Limits that nodes share, on a real Redis.

use crate::options;
use bus::{QuotaAway, RedisQuota, SharedQuota};
use domain::ids::UserId;
use kit::tcp_proxy::Wire;
use kit::wait::{DEADLINE, block_on, eventually};
use kit::{RedisServer, TcpProxy};
use ports::QuotaTaken;
use ports::quota::{Buckets, Quota as _, QuotaKey, Whose};
use std::time::{Duration, Instant};

/// Slow enough that nothing comes back while a test runs.
const BUCKETS: Buckets = Buckets::new(1_000, 1_000, 40);

fn key(n: u128) -> QuotaKey {
    QuotaKey { what: "test", whose: Whose::Person(UserId::from_u128(n)) }
}

async fn counter(url: &str) -> RedisQuota {
    let quota = RedisQuota::start(&options(url, "test"), 1).unwrap();
    eventually("it is connected", || quota.is_connected()).await;
    quota
}

fn is_granted(taken: QuotaTaken) -> bool {
    matches!(taken, QuotaTaken::Granted(_))
}

/// Takes again while the machine is too slow to say in time.
async fn take(quota: &RedisQuota, key: QuotaKey, buckets: &Buckets) -> QuotaTaken {
    let since = Instant::now();
    loop {
        match quota.take(key, buckets, 1).await {
            Ok(taken) => return taken,
            Err(QuotaAway) => assert!(since.elapsed() < DEADLINE, "the counter does not answer"),
        }
    }
}

#[test]
fn two_nodes_share_one_limit() {
    block_on(async {
        let Some(server) = RedisServer::start_or_skip() else { return };
        let nodes = [counter(&server.url()).await, counter(&server.url()).await];
        let mut granted = 0;
        for n in 0..60 {
            granted += u32::from(is_granted(take(&nodes[n % 2], key(1), &BUCKETS).await));
        }
        // What was taken without an answer in time counts too: rarely one less, never one more.
        assert!((38..=40).contains(&granted), "{granted}");
        assert!(
            is_granted(take(&nodes[0], key(2), &BUCKETS).await),
            "another person has a limit of their own"
        );
    });
}

#[test]
fn what_is_left_and_how_long_to_wait_is_told_as_the_buckets_have_it() {
    block_on(async {
        let Some(server) = RedisServer::start_or_skip() else { return };
        let quota = counter(&server.url()).await;
        let buckets = Buckets::new(10, 20, 4);
        let QuotaTaken::Granted(left) = take(&quota, key(1), &buckets).await else { panic!("it was full") };
        assert_eq!(left.limit, 4);
        assert!(left.remaining <= 3 && left.full_in_ms > 899_000, "{left:?}");
        let mut taken = take(&quota, key(1), &buckets).await;
        while is_granted(taken) {
            taken = take(&quota, key(1), &buckets).await;
        }
        let QuotaTaken::Denied { allowance, retry_after_ms } = taken else { panic!("it is used up") };
        assert_eq!(allowance.remaining, 0);
        assert!(retry_after_ms <= 900_000 && retry_after_ms > 800_000, "{retry_after_ms}");
    });
}

#[test]
fn a_key_ends_by_itself_when_its_buckets_are_full_again() {
    block_on(async {
        let Some(server) = RedisServer::start_or_skip() else { return };
        let quota = counter(&server.url()).await;
        // Full again after 3.6 s, 0.06 s, 1 ms.
        take(&quota, key(1), &Buckets::new(1_000, 1_000, 1_000)).await;
        assert_eq!(server.says("DBSIZE\r\n").unwrap(), ":1\r\n");
        eventually("it is gone", || server.says("DBSIZE\r\n").as_deref() == Some(":0\r\n")).await;
    });
}

#[test]
fn many_at_once_never_get_more_than_there_is() {
    block_on(async {
        let Some(server) = RedisServer::start_or_skip() else { return };
        let quota = std::sync::Arc::new(counter(&server.url()).await);
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let quota = quota.clone();
            all.spawn(async move { quota.take(key(1), &BUCKETS, 1).await.is_ok_and(is_granted) });
        }
        let granted = all.join_all().await.into_iter().filter(|granted| *granted).count();
        assert!(granted <= 40, "{granted}");
    });
}

#[test]
fn without_redis_each_node_holds_its_own_limit_and_with_it_again_the_shared_one_though_nobody_asks() {
    block_on(async {
        let Some(mut server) = RedisServer::start_or_skip() else { return };
        let nodes = [counter(&server.url()).await, counter(&server.url()).await].map(SharedQuota::new);
        let began = Instant::now();
        let now_ms = || u64::try_from(began.elapsed().as_millis()).unwrap();
        let granted_of = async |node: &SharedQuota, of: u128, times: u32| {
            let mut granted = 0;
            for _ in 0..times {
                granted += u32::from(is_granted(node.take(key(of), BUCKETS, 1, now_ms()).await));
            }
            granted
        };
        assert_eq!(granted_of(&nodes[0], 1, 5).await, 5);

        server.kill();
        // Nothing is shared any more: each has its own, and what it had granted before counts.
        assert_eq!(granted_of(&nodes[0], 1, 60).await, 35);
        assert_eq!(granted_of(&nodes[1], 1, 60).await, 40);
        for node in &nodes {
            let stats = node.stats();
            assert!(!stats.is_shared && stats.given_up >= 1 && stats.alone >= 60, "{stats:?}");
        }
        // Redis is asked now and then, not each time.
        assert!(nodes[0].stats().failed < 60, "{:?}", nodes[0].stats());

        server.restart();
        for node in &nodes {
            let since = Instant::now();
            while !node.stats().is_shared {
                assert!(since.elapsed() < DEADLINE, "it is not shared again: {:?}", node.stats());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        let (one, two) = (granted_of(&nodes[0], 3, 30).await, granted_of(&nodes[1], 3, 30).await);
        let stats = nodes.each_ref().map(SharedQuota::stats);
        // Where the machine was too slow to answer, a node decided alone.
        let was_shared = stats.iter().all(|stats| stats.is_shared);
        assert!(!was_shared || (38..=46).contains(&(one + two)), "{one} + {two}: {stats:?}");
    });
}

#[test]
fn a_frozen_redis_is_given_up_and_costs_nothing_any_more() {
    block_on(async {
        let Some(server) = RedisServer::start_or_skip() else { return };
        let wire = TcpProxy::start(server.address()).await;
        let quota = SharedQuota::new(counter(&format!("redis://{}", wire.address())).await);
        wire.set(Wire::Frozen);
        for _ in 0..200 {
            quota.take(key(1), BUCKETS, 1, 1).await;
        }
        let stats = quota.stats();
        assert_eq!((stats.given_up, stats.alone), (1, 200));
        // Three gave it up. Since then it is asked once a second at most.
        assert!((3..20).contains(&stats.failed), "{stats:?}");
    });
}
