//! What all nodes count together: one atomic script on a Redis. Time is the server's, so that the clocks of the nodes
//! make no difference; a key ends by itself when its buckets are full again.

use crate::options::{PING_EVERY, QUOTA_WITHIN};
use crate::redis::{Backoff, BadUrl, RedisOptions, Server};
use ports::quota::{Buckets, Level, Levels, QuotaKey, QuotaTaken};
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, RedisResult, Script};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// The counter cannot be asked now, or did not answer in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the shared counter does not answer")]
pub struct QuotaAway;

/// Counts on a Redis. Its task, which holds the connection, ends with it.
#[derive(Debug)]
pub struct RedisQuota {
    prefix: String,
    script: Script,
    line: Arc<Line>,
    _task: JoinSet<()>,
}

/// The connection, if there is one.
#[derive(Debug, Default)]
struct Line {
    redis: Mutex<Option<MultiplexedConnection>>,
    connections: AtomicU64,
}

impl RedisQuota {
    /// Begins, on the current tokio runtime. Whether Redis is there does not matter.
    ///
    /// # Errors
    /// The options can never lead to a Redis.
    pub fn start(options: &RedisOptions, seed: u64) -> Result<RedisQuota, BadUrl> {
        let server = options.server()?;
        let line = Arc::new(Line::default());
        let mut task = JoinSet::new();
        task.spawn(hold(server, line.clone(), Backoff::new(seed)));
        let script = Script::new(include_str!("take.lua"));
        Ok(RedisQuota { prefix: format!("{}:quota", options.prefix), script, line, _task: task })
    }

    /// Takes from every bucket of this key, or from none.
    ///
    /// # Errors
    /// Redis did not say in time; it may have been taken.
    pub async fn take(&self, key: QuotaKey, buckets: &Buckets, cost: u32) -> Result<QuotaTaken, QuotaAway> {
        let mut redis = self.line.get().ok_or(QuotaAway)?;
        let mut call = self.script.key(format!("{}:{key}", self.prefix));
        call.arg(buckets.cost(cost));
        for bucket in buckets.all() {
            call.arg(bucket.interval_us()).arg(bucket.span_us());
        }
        let answer: RedisResult<[u64; 4]> =
            timeout(QUOTA_WITHIN, call.invoke_async(&mut redis)).await.map_err(|_| QuotaAway)?;
        let [one, two, three, wait_us] = answer.map_err(|error| {
            tracing::debug!(%error, "the shared counter failed");
            QuotaAway
        })?;
        let allowance = buckets.allowance(&Levels([Level(one), Level(two), Level(three)]), 0);
        Ok(match wait_us {
            0 => QuotaTaken::Granted(allowance),
            _ => QuotaTaken::Denied { allowance, retry_after_ms: wait_us.div_ceil(1_000) },
        })
    }

    /// Whether there is a connection.
    pub fn is_connected(&self) -> bool {
        self.line.get().is_some()
    }

    /// How often a connection was made.
    pub fn connections(&self) -> u64 {
        self.line.connections.load(Ordering::Relaxed)
    }
}

impl Line {
    fn get(&self) -> Option<MultiplexedConnection> {
        self.redis.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, redis: Option<MultiplexedConnection>) {
        *self.redis.lock().unwrap_or_else(PoisonError::into_inner) = redis;
    }
}

/// Holds a connection, and makes it anew whenever something is wrong with it.
async fn hold(server: Server, line: Arc<Line>, mut backoff: Backoff) {
    loop {
        match connection(&server, &line, &mut backoff).await {
            Ok(()) => tracing::debug!("the shared counter closed the connection"),
            Err(error) => tracing::debug!(%error, "the shared counter is away"),
        }
        line.set(None);
        sleep(backoff.next()).await;
    }
}

/// One connection, until it is closed or does not answer.
async fn connection(server: &Server, line: &Arc<Line>, backoff: &mut Backoff) -> RedisResult<()> {
    let closed = Arc::new(Notify::new());
    let told = closed.clone();
    let mut redis = server
        .connect(move |info: PushInfo| {
            if info.kind == PushKind::Disconnection {
                told.notify_one();
            }
        })
        .await?;
    backoff.reset();
    line.set(Some(redis.clone()));
    line.connections.fetch_add(1, Ordering::Relaxed);
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = closed.notified() => return Ok(()),
            _ = ping.tick() => redis::cmd("PING").query_async::<()>(&mut redis).await?,
        }
    }
}
