//! Nodes that share a Redis: pub/sub over one connection (RESP3) that one task holds. Nothing here waits for Redis but
//! that task.

pub(crate) mod connect;
mod link;
mod outbox;

use crate::counters::Counters;
use crate::ear::Ear;
use crate::options::PREFIX_BYTES_MAX;
pub(crate) use connect::{Backoff, Server};
use link::Link;
use outbox::Outbox;
use ports::Boxed;
use ports::bus::{Bus, BusStats, Heard, Note, Run, TooManyTopics, Topic};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Where Redis is, and under which names.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://[user[:password]@]host[:port][/db]`.
    pub url: String,
    /// What the names of channels and keys begin with: installations that share a Redis each have their own.
    pub prefix: String,
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("RedisOptions").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Why this can be no Redis.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadUrl {
    /// It cannot be read, or names a way to connect that is not offered.
    #[error("is no address of a Redis: {0}")]
    Address(String),
    /// The prefix is too long or holds what a name must not hold.
    #[error("the prefix of names is not 1 to {PREFIX_BYTES_MAX} letters, digits, `-`, `_`, `.`")]
    Prefix,
}

impl RedisOptions {
    pub(crate) fn server(&self) -> Result<Server, BadUrl> {
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let prefix = self.prefix.as_bytes();
        if prefix.is_empty() || prefix.len() > PREFIX_BYTES_MAX || !prefix.iter().copied().all(harmless) {
            return Err(BadUrl::Prefix);
        }
        Server::at(&self.url)
    }
}

/// What handle and task share.
#[derive(Debug)]
struct Shared {
    run: Run,
    prefix: String,
    ear: Ear,
    outbox: Outbox,
    /// What is watched has changed.
    topics_changed: Notify,
    counters: Arc<Counters>,
}

/// A node's bus over Redis. Its task ends with it.
#[derive(Debug)]
pub struct RedisBus {
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

impl RedisBus {
    /// Begins, on the current tokio runtime. Whether Redis is there does not matter: it is tried until it is.
    ///
    /// # Errors
    /// The options can never lead to a Redis.
    pub fn start(run: Run, options: &RedisOptions) -> Result<RedisBus, BadUrl> {
        let server = options.server()?;
        let counters = Arc::new(Counters::default());
        let shared = Arc::new(Shared {
            run,
            prefix: options.prefix.clone(),
            ear: Ear::new(run, counters.clone()),
            outbox: Outbox::default(),
            topics_changed: Notify::new(),
            counters,
        });
        let mut task = JoinSet::new();
        task.spawn(Link::new(server, shared.clone()).run());
        Ok(RedisBus { shared, _task: task })
    }

    /// Waits until all that was published has left, for so long at most. Whether it has.
    pub async fn flushed(&self, within: Duration) -> bool {
        tokio::time::timeout(within, self.shared.outbox.emptied()).await.is_ok()
    }
}

impl Bus for RedisBus {
    fn publish(&self, topic: Topic, note: Note) {
        self.shared.counters.published.add(1);
        self.shared.outbox.put(topic, note, &self.shared.counters);
    }

    fn watch(&self, topic: Topic) -> Result<(), TooManyTopics> {
        self.shared.ear.watch(topic)?;
        self.shared.topics_changed.notify_one();
        Ok(())
    }

    fn unwatch(&self, topic: Topic) {
        self.shared.ear.unwatch(topic);
        self.shared.topics_changed.notify_one();
    }

    fn next(&self) -> Boxed<'_, Heard> {
        Box::pin(self.shared.ear.next())
    }

    fn stats(&self) -> BusStats {
        let (waiting_in, dropped_in) = self.shared.ear.waiting();
        let (waiting_out, dropped_out) = self.shared.outbox.waiting();
        let dropped = dropped_in + dropped_out;
        BusStats { waiting_in, waiting_out, dropped, ..self.shared.counters.stats() }
    }
}
