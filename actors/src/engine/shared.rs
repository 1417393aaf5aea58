//! What all parts of an engine share, and how they tell each other.

use super::Hooks;
use crate::class::Classes;
use crate::cluster::Cluster;
use crate::decks::DeckCache;
use crate::memo::Memo;
use crate::messages::{Aside, Job, ToShard, ToWriter};
use crate::observe::Telemetry;
use crate::registry::Registry;
use crate::supervisor::Supervisor;
use crate::suspects::Suspects;
use crate::{Clock, Limits};
use domain::directory::ShardNo;
use domain::ids::{DeckId, UserId};
use domain::session::{Facts, FetchFailed, Want};
use ports::Boxed;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use tokio::sync::mpsc;

/// Shared by shards, writer, loader and whoever asks the engine.
pub(crate) struct Shared {
    pub(crate) registry: Registry,
    pub(crate) shards: RwLock<Vec<mpsc::Sender<ToShard>>>,
    pub(crate) writer: mpsc::Sender<ToWriter>,
    pub(crate) loader: mpsc::Sender<Job>,
    pub(crate) reader: Arc<dyn AnyReader>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) telemetry: Arc<dyn Telemetry>,
    pub(crate) limits: Limits,
    pub(crate) hooks: Hooks,
    pub(crate) supervisor: RwLock<Option<actix::Addr<Supervisor>>>,
    pub(crate) undecided_rows: AtomicUsize,
    pub(crate) session_bytes: AtomicUsize,
    pub(crate) sockets: AtomicUsize,
    pub(crate) draining: AtomicBool,
    /// Notices to all shards so far: each has a number, so that a session that moves between shards misses none.
    pub(crate) notices: AtomicU64,
    pub(super) runtime: tokio::runtime::Handle,
    pub(crate) cluster: Option<Arc<Cluster>>,
    pub(crate) classes: Option<Classes>,
    pub(crate) decks: DeckCache,
    pub(super) noise: AtomicU64,
    /// A task that must never end has ended.
    pub(crate) broken: AtomicBool,
    pub(crate) suspects: Suspects,
    /// What is put aside for a person to look at.
    pub(crate) aside: mpsc::Sender<Aside>,
}

/// The reader without its store's type.
pub(crate) trait AnyReader: Send + Sync {
    fn answer(&self, user: UserId, want: Want) -> Boxed<'_, Result<Facts, FetchFailed>>;
    fn seed(&self, user: UserId) -> Boxed<'_, Result<domain::session::SessionSeed, FetchFailed>>;
    /// The same within one question, which reads each thing once.
    fn answer_in<'a>(
        &'a self,
        memo: &'a Memo,
        user: UserId,
        want: Want,
    ) -> Boxed<'a, Result<Facts, FetchFailed>>;
    /// The learner's decks with rows that are marked to be folded again.
    fn stale_decks(&self, user: UserId) -> Boxed<'_, Result<Vec<DeckId>, FetchFailed>>;
    /// What a session starts from that lives for one question and takes no commands.
    fn blank_seed<'a>(
        &'a self,
        memo: &'a Memo,
        user: UserId,
    ) -> Boxed<'a, Result<domain::session::SessionSeed, FetchFailed>>;
}

impl Shared {
    /// The runtime of writer and loader.
    pub(crate) fn runtime(&self) -> &tokio::runtime::Handle {
        &self.runtime
    }

    pub(crate) fn all_shards(&self) -> Vec<mpsc::Sender<ToShard>> {
        self.shards.read().map(|shards| shards.clone()).unwrap_or_default()
    }

    pub(crate) fn shard_link(&self, shard: ShardNo) -> Option<mpsc::Sender<ToShard>> {
        self.shards.read().ok()?.get(usize::from(shard)).cloned()
    }

    /// The number of the next notice, from 1.
    pub(crate) fn next_notice(&self) -> u64 {
        self.notices.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Tells every shard. A shard without room is told when it has some: a revocation must not be lost.
    pub(crate) fn tell_all(&self, message: impl Fn() -> ToShard) {
        for shard in self.all_shards() {
            if let Err(mpsc::error::TrySendError::Full(message)) = shard.try_send(message()) {
                self.runtime.spawn(async move { drop(shard.send(message).await) });
            }
        }
    }

    /// The shard of a learner who is here, or any.
    pub(crate) fn shard_for(&self, user: UserId) -> Option<mpsc::Sender<ToShard>> {
        let shards = self.all_shards();
        let home = self.registry.home(user).and_then(|home| shards.get(usize::from(home.shard)));
        let any = || shards.get(usize::try_from(self.jitter(shards.len() as u64)).unwrap_or(0));
        home.or_else(any).cloned()
    }

    /// Tells a shard; waits while its inbox is full.
    pub(crate) async fn tell(&self, shard: ShardNo, message: ToShard) {
        if let Some(link) = self.shard_link(shard)
            && link.send(message).await.is_err()
        {
            tracing::debug!(shard, "a shard that is gone was told something");
        }
    }

    /// A number below `below` that differs from call to call (xorshift64*, Vigna 2014): for jitter only.
    pub(crate) fn jitter(&self, below: u64) -> u64 {
        let mut x = self.noise.load(Ordering::Relaxed);
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.noise.store(x, Ordering::Relaxed);
        x.wrapping_mul(0x2545_f491_4f6c_dd1d) % below.max(1)
    }
}
