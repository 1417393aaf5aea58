//! Who runs the heart: sessions as actors on the web workers' threads (shards), the Supervisor, the writer and the
//! loader. Only shells: no JSON, no driver, no web server. Every decision is a machine's in `domain`; what is here
//! moves inputs to it and effects away from it.

mod batch;
mod class;
mod cluster;
mod decks;
mod due;
mod edits;
mod engine;
mod heat;
mod limits;
mod loader;
mod memo;
mod messages;
mod observe;
mod quarantine;
mod registry;
mod resident;
mod shard;
mod supervisor;
mod suspects;
mod told;
mod warm;
mod writer;

pub use batch::{BatchError, BatchVerdict, submit_batch};
pub use class::{
    ClassFigures, LessonOptions, Monitor, MonitorClose, NotWatched, Picture, Regrading, ToMonitor,
    ViewEncoder, Watchers, monitor_queue,
};
pub use cluster::{ClusterFigures, ClusterOptions, Peers};
pub use decks::{CardEncoder, DeckCache, DeckCacheStats};
pub use due::{DueError, DueView};
pub use engine::{Engine, Hooks, ImportMark, InputHook, LessonHook, Options, Planted};
pub use limits::Limits;
pub use messages::{CloseWhy, Concerned, Full, SocketPort, ToSocket};
pub use observe::{DeckView, EngineView, HotSession, LearnerView, NodesView, ShardView, Telemetry};
pub use shard::Shard;

/// Reads both clocks once a wake-up.
pub trait Clock: Send + Sync + 'static {
    /// The monotonic tick and the wall clock.
    fn now(&self) -> domain::session::Now;
}
