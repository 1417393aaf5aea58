//! All nodes together while they can be asked, this node alone while they cannot. A Redis that is away or slow costs a
//! request at most [`QUOTA_WITHIN`](crate::options::QUOTA_WITHIN), and after a few of them nothing at all; it is used
//! again when it has answered several times. This node counts all the time, so that its own limit holds at once.

use super::{LocalQuota, RedisQuota};
use crate::options::QUOTA_BREAKER;
use ports::Boxed;
use ports::quota::{Breaker, Buckets, Pass, Quota, QuotaKey, QuotaTaken};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts on a Redis, and in memory while that is away.
#[derive(Debug)]
pub struct SharedQuota {
    redis: RedisQuota,
    local: LocalQuota,
    breaker: Mutex<Breaker>,
    shared: AtomicU64,
    alone: AtomicU64,
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
    /// Counts on this Redis.
    pub fn new(redis: RedisQuota) -> SharedQuota {
        SharedQuota {
            redis,
            local: LocalQuota::default(),
            breaker: Mutex::new(Breaker::new(QUOTA_BREAKER)),
            shared: AtomicU64::new(0),
            alone: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// What was counted where.
    pub fn stats(&self) -> QuotaStats {
        let breaker = self.breaker();
        QuotaStats {
            shared: self.shared.load(Ordering::Relaxed),
            alone: self.alone.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            given_up: breaker.opened(),
            is_shared: breaker.is_closed(),
        }
    }

    /// What all nodes say; `None` when they are not asked, or do not answer.
    async fn together(&self, key: QuotaKey, buckets: &Buckets, cost: u32, now_ms: u64) -> Option<QuotaTaken> {
        if self.breaker().pass(now_ms) == Pass::Without {
            return None;
        }
        let taken = self.redis.take(key, buckets, cost).await;
        let mut breaker = self.breaker();
        let was_closed = breaker.is_closed();
        match taken {
            Ok(_) => breaker.worked(),
            Err(_) => {
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

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Quota for SharedQuota {
    fn take(&self, key: QuotaKey, buckets: Buckets, cost: u32, now_ms: u64) -> Boxed<'_, QuotaTaken> {
        Box::pin(async move {
            let alone = self.local.take_now(key, &buckets, cost, now_ms);
            let together = self.together(key, &buckets, cost, now_ms).await;
            let count = if together.is_some() { &self.shared } else { &self.alone };
            count.fetch_add(1, Ordering::Relaxed);
            together.unwrap_or(alone)
        })
    }
}
