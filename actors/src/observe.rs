//! What can be seen from outside: each shard, and one learner on request.

use domain::day::Day;
use domain::ids::{DeckId, RunId, UserId};
use ports::NodeEntry;
use std::collections::BTreeMap;
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

/// Sessions that a shard names as its hottest.
pub const HOT_SESSIONS: usize = 10;

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
    /// Messages that wait for it.
    pub inbox: usize,
    /// Messages for other shards that had no room there.
    pub backlog: usize,
    /// Loads and reads that the loader had no room for.
    pub jobs_waiting: usize,
    /// Rows that have not gone to the writer yet.
    pub outbox_rows: usize,
    /// Bytes that its sessions hold, about.
    pub session_bytes: usize,
    /// The longest inbox that a session had.
    pub inbox_high_water: usize,
    /// The sessions that most came in for of late, hottest first: at most ten.
    pub hot: Vec<HotSession>,
}

/// A session for which much came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HotSession {
    /// The learner.
    pub user: UserId,
    /// Inputs in the last ten seconds, or in the ten before if these were more.
    pub inputs: u32,
    /// Inputs that wait for it.
    pub inbox: usize,
    /// Its sockets.
    pub sockets: usize,
    /// Bytes that it holds, about.
    pub bytes: usize,
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

/// This node and the others, as this one saw them last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodesView {
    /// The run of this node.
    pub run: RunId,
    /// Where the others reach it.
    pub address: String,
    /// All nodes, this one and those declared dead of late included.
    pub nodes: Vec<NodeEntry>,
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
    /// The study day that the session is in.
    pub today: Day,
    /// Sockets.
    pub sockets: usize,
    /// Commands without verdict.
    pub undecided: usize,
    /// Inputs that wait for it.
    pub inbox: usize,
    /// Inputs in the last ten seconds, or in the ten before if these were more.
    pub inputs: u32,
    /// Bytes, about.
    pub bytes: usize,
    /// What it holds of each deck.
    pub decks: Vec<DeckView>,
    /// How much it keeps of each thing that has a bound.
    pub sizes: BTreeMap<&'static str, usize>,
    /// What its parts say against each other; empty in a sound session.
    pub contradictions: Vec<String>,
}

/// What a session holds of a deck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeckView {
    /// The deck.
    pub deck: DeckId,
    /// Cards with progress in memory.
    pub cards: usize,
    /// Of these, cards that wait to be folded from the log.
    pub stale: usize,
}
