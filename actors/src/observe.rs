//! What can be seen from outside: each shard, and one learner on request.

use domain::ids::UserId;
use std::time::Duration;

/// Where the engine reports what it measured. Calls must be cheap: they come from the hot path.
pub trait Telemetry: Send + Sync + 'static {
    /// A batch of this many rows came back from the store after this long; `durable` of them are stored.
    fn append_finished(&self, rows: usize, durable: usize, took: Duration);
    /// The store failed with this cause.
    fn store_error(&self, cause: ports::Cause);
    /// A session panicked.
    fn session_fell(&self);
    /// A tick of a shard came this much later than it should.
    fn tick_late(&self, late: Duration);
    /// A deck was found in the cache, or not.
    fn deck_cache(&self, hit: bool);
}

/// Nothing is reported.
impl Telemetry for () {
    fn append_finished(&self, _: usize, _: usize, _: Duration) {}
    fn store_error(&self, _: ports::Cause) {}
    fn session_fell(&self) {}
    fn tick_late(&self, _: Duration) {}
    fn deck_cache(&self, _: bool) {}
}

/// One shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardView {
    /// Its number.
    pub shard: u16,
    /// Sessions in memory.
    pub sessions: usize,
    /// Sockets of this worker.
    pub sockets: usize,
    /// Sockets that wait for an activation.
    pub waiting: usize,
    /// Rows that have not gone to the writer yet.
    pub outbox_rows: usize,
    /// Bytes that its sessions hold, about.
    pub session_bytes: usize,
    /// The longest inbox that a session had.
    pub inbox_high_water: usize,
}

/// The whole engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineView {
    /// Each shard.
    pub shards: Vec<ShardView>,
    /// Rows that are neither durable nor refused.
    pub undecided_rows: usize,
    /// Entries of the registry.
    pub registered: usize,
    /// Whether it is going down.
    pub draining: bool,
}

/// One learner's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnerView {
    /// The learner.
    pub user: UserId,
    /// On which shard.
    pub shard: u16,
    /// Which life.
    pub incarnation: u64,
    /// Sockets.
    pub sockets: usize,
    /// Commands without verdict.
    pub undecided: usize,
    /// Bytes, about.
    pub bytes: usize,
}
