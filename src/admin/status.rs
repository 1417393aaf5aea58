//! How a process is, as JSON. Names stay; fields are only ever added, and what is absent has its default, so that `top`
//! reads older and newer servers.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A process.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// When this was gathered, Unix milliseconds.
    pub at_ms: i64,
    /// How long it has run.
    pub uptime_ms: u64,
    /// Where it serves learners.
    pub listen: String,
    /// `embedded` or `cql`.
    pub store: String,
    /// `local` or `redis`.
    pub bus: String,
    /// Whether new work may come.
    pub ready: bool,
    /// Why not.
    pub not_ready: Option<String>,
    /// What does not work as it should although the server is ready.
    pub degraded: Vec<String>,
    /// Whether it is going down.
    pub draining: bool,
    /// The whole process.
    pub totals: Totals,
    /// Each shard.
    pub shards: Vec<ShardStatus>,
    /// The sessions for which most came in of late, hottest first.
    pub hot: Vec<HotStatus>,
    /// The way to the other nodes, where there is one.
    pub bus_link: Option<BusStatus>,
    /// This node and the others, on a store that they share.
    pub nodes: Vec<NodeStatus>,
    /// Every metric by its name with its labels, as in a scrape.
    pub figures: BTreeMap<String, f64>,
}

/// Sums over a process.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Study sockets that are open.
    pub sockets: usize,
    /// Learners' sessions in memory.
    pub sessions: usize,
    /// Bytes that sessions hold, about.
    pub session_bytes: usize,
    /// Rows that are neither durable nor refused.
    pub undecided_rows: usize,
    /// How long rows have waited with no append having come back, in milliseconds; 0 when none waits.
    pub append_lag_ms: u64,
    /// Rows that are durable and not yet where they are read by key.
    pub backlog_rows: u64,
    /// How old the oldest of them is.
    pub backlog_seconds: u64,
}

/// A web worker.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ShardStatus {
    /// Its number.
    pub shard: u16,
    /// Sessions.
    pub sessions: usize,
    /// Sockets.
    pub sockets: usize,
    /// Sockets that wait for a learner to be loaded.
    pub waiting: usize,
    /// Messages that wait for it.
    pub inbox: usize,
    /// Messages for other shards that had no room there.
    pub backlog: usize,
    /// Loads that the loader had no room for.
    pub jobs_waiting: usize,
    /// Rows that have not gone to the writer yet.
    pub outbox_rows: usize,
    /// Bytes that its sessions hold, about.
    pub session_bytes: usize,
    /// The longest inbox that a session had.
    pub inbox_high_water: usize,
}

/// A session for which much came in.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HotStatus {
    /// The learner.
    pub user_id: String,
    /// On which shard.
    pub shard: u16,
    /// Inputs in ten seconds.
    pub inputs: u32,
    /// Inputs that wait for it.
    pub inbox: usize,
    /// Its sockets.
    pub sockets: usize,
    /// Bytes, about.
    pub bytes: usize,
}

/// The bus.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BusStatus {
    /// Whether other nodes can be told and heard now.
    pub connected: bool,
    /// Notes that left this node.
    pub sent: u64,
    /// Notes of others that arrived.
    pub received: u64,
    /// Notes given up for want of room.
    pub dropped: u64,
    /// Times that a connection was made anew.
    pub reconnects: u64,
    /// Notes that wait to leave.
    pub waiting_out: usize,
    /// Notes that wait to be heard.
    pub waiting_in: usize,
}

/// A node.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeStatus {
    /// Its run.
    pub run: String,
    /// Where the others reach it.
    pub address: String,
    /// Whether it is alive, as far as anybody has declared.
    pub alive: bool,
    /// Its beat.
    pub beat: u64,
    /// When it beat last, by its own clock, Unix milliseconds.
    pub beat_at_ms: i64,
    /// Whether it is this one.
    pub me: bool,
}

/// One learner's session, as it is now.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LearnerStatus {
    /// The learner.
    pub user_id: String,
    /// On which shard.
    pub shard: u16,
    /// Which life of the session.
    pub incarnation: u64,
    /// The study day that it is in.
    pub today: String,
    /// Sockets.
    pub sockets: usize,
    /// Commands without verdict.
    pub undecided: usize,
    /// Inputs that wait for it.
    pub inbox: usize,
    /// Inputs in ten seconds.
    pub inputs: u32,
    /// Bytes, about.
    pub bytes: usize,
    /// What it holds of each deck.
    pub decks: Vec<DeckStatus>,
    /// How much it keeps of each thing that has a bound.
    pub sizes: BTreeMap<String, usize>,
    /// What its parts say against each other; empty in a sound session.
    pub contradictions: Vec<String>,
}

/// What a session holds of a deck.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeckStatus {
    /// The deck.
    pub deck_id: String,
    /// Cards with progress in memory.
    pub cards: usize,
    /// Of these, cards that wait to be folded from the log.
    pub stale: usize,
}
