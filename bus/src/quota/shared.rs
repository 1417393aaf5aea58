//! All nodes together while they can be asked, this node alone while they cannot. A Redis that is away or slow costs a
//! request at most [`QUOTA_WITHIN`](crate::options::QUOTA_WITHIN), and after a few of them nothing at all; it is used
//! again when it has answered several times. While it is given up it is asked once in a while, also when nobody else
//! asks. This node counts all the time, so that its own limit holds at once.

use super::{LocalQuota, QuotaAway, RedisQuota};
use crate::options::QUOTA_BREAKER;
use ports::Boxed;
use ports::quota::{Breaker, Buckets, Pass, Quota, QuotaKey, QuotaTaken, Whose};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What is asked when nobody asks. All nodes count it together, and whether it is granted is all the same.
const PROBE: QuotaKey = QuotaKey { what: "probe", whose: Whose::Address(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) };
const PROBE_BUCKETS: Buckets = Buckets::new(1_000, 1_000, 1_000);

/// Counts on a Redis, and in memory while that is away.
#[derive(Debug)]
pub struct SharedQuota {
    local: LocalQuota,
    line: Arc<Guarded>,
    shared: AtomicU64,
    alone: AtomicU64,
    _task: JoinSet<()>,
}

/// A Redis that is not asked while it is away.
#[derive(Debug)]
struct Guarded {
    redis: RedisQuota,
    breaker: Mutex<Breaker>,
    /// The breaker's time is counted from here.
    began: Instant,
    failed: AtomicU64,
}

/// What was counted where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct QuotaStats {
    /// Requests that all nodes decided together.
    pub shared: u64,
    /// Requests that this node decided alone.
    pub alone: u64,
    /// Questions to Redis that failed or came too late.
    pub failed: u64,
    /// How often Redis was given up for a while.
    pub given_up: u64,
    /// Whether Redis is asked now.
    pub is_shared: bool,
}

impl SharedQuota {
    /// Counts on this Redis. Begins a task on the current tokio runtime, which ends with it.
    pub fn new(redis: RedisQuota) -> SharedQuota {
        let breaker = Mutex::new(Breaker::new(QUOTA_BREAKER));
        let line = Arc::new(Guarded { redis, breaker, began: Instant::now(), failed: AtomicU64::new(0) });
        let mut task = JoinSet::new();
        task.spawn(probe(line.clone()));
        SharedQuota {
            local: LocalQuota::default(),
            line,
            shared: AtomicU64::new(0),
            alone: AtomicU64::new(0),
            _task: task,
        }
    }

    /// What was counted where.
    pub fn stats(&self) -> QuotaStats {
        let breaker = self.line.breaker();
        QuotaStats {
            shared: self.shared.load(Ordering::Relaxed),
            alone: self.alone.load(Ordering::Relaxed),
            failed: self.line.failed.load(Ordering::Relaxed),
            given_up: breaker.opened(),
            is_shared: breaker.is_closed(),
        }
    }
}

/// While Redis is given up, asks whether it is back: without that a node whom nobody asks would never know.
async fn probe(line: Arc<Guarded>) {
    loop {
        tokio::time::sleep(Duration::from_millis(QUOTA_BREAKER.rest_ms)).await;
        let is_open = !line.breaker().is_closed();
        if is_open {
            line.together(PROBE, &PROBE_BUCKETS, 1).await;
        }
    }
}

impl Guarded {
    /// What all nodes say; `None` when they are not asked, or do not answer.
    async fn together(&self, key: QuotaKey, buckets: &Buckets, cost: u32) -> Option<QuotaTaken> {
        if self.breaker().pass(self.now_ms()) == Pass::Without {
            return None;
        }
        let taken = self.redis.take(key, buckets, cost).await;
        let now_ms = self.now_ms();
        let mut breaker = self.breaker();
        let was_closed = breaker.is_closed();
        match taken {
            Ok(_) => breaker.worked(),
            Err(QuotaAway) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                breaker.failed(now_ms);
            }
        }
        match (was_closed, breaker.is_closed()) {
            (true, false) => tracing::warn!("limits are counted by this node alone: Redis does not answer"),
            (false, true) => tracing::info!("limits are counted by all nodes again"),
            (true, true) | (false, false) => {}
        }
        taken.ok()
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Quota for SharedQuota {
    fn take(&self, key: QuotaKey, buckets: Buckets, cost: u32, now_ms: u64) -> Boxed<'_, QuotaTaken> {
        Box::pin(async move {
            let alone = self.local.take_now(key, &buckets, cost, now_ms);
            let together = self.line.together(key, &buckets, cost).await;
            let count = if together.is_some() { &self.shared } else { &self.alone };
            count.fetch_add(1, Ordering::Relaxed);
            together.unwrap_or(alone)
        })
    }
}
