//! Where the facts of the operator's port come from.

use super::figures::figures_of;
use super::status::{
    BusStatus, DeckStatus, HotStatus, LearnerStatus, NodeStatus, ShardStatus, Status, Totals,
};
use crate::clock::real_ms;
use crate::http::Health;
use crate::metrics::{Metrics, MetricsError, Sources};
use crate::server::Storage;
use actors::{EngineView, LearnerView, NodesView};
use domain::ids::{CardId, DeckId, UserId};
use ports::{Bus, BusStats, StoreError};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Notify;

/// Sessions that are named as hot.
const HOT_MAX: usize = 10;

/// What does not change while the process runs.
#[derive(Clone, Debug)]
pub struct About {
    /// Where learners are served.
    pub listen: SocketAddr,
    /// Since when.
    pub began: Instant,
}

/// What the port's answers are made of.
pub struct Admin {
    /// The process.
    pub about: About,
    /// Engine, store, sockets.
    pub sources: Sources,
    /// What is measured.
    pub metrics: Arc<Metrics>,
    /// The way to the other nodes.
    pub bus: Option<Arc<dyn Bus>>,
    /// Whether new work may come.
    pub health: Arc<dyn Health>,
    /// Told to make the process go down as SIGTERM does.
    pub stop: Arc<Notify>,
}

impl Admin {
    /// The text of a scrape.
    ///
    /// # Errors
    /// The encoder failed.
    pub fn scrape(&self) -> Result<String, MetricsError> {
        self.metrics.text(&self.sources)
    }

    /// How the process is now.
    pub async fn status(&self) -> Status {
        let engine = &self.sources.engine;
        let view = engine.view().await;
        let readiness = self.health.readiness();
        let figures = self.scrape().map(|text| figures_of(&text)).unwrap_or_default();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            at_ms: real_ms(),
            uptime_ms: u64::try_from(self.about.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            listen: self.about.listen.to_string(),
            store: match &self.sources.store {
                Storage::Embedded(_) => "embedded".to_owned(),
                Storage::Cql(_) => "cql".to_owned(),
            },
            bus: if self.bus.is_some() { "redis" } else { "local" }.to_owned(),
            ready: readiness.not_ready.is_none(),
            not_ready: engine.unready().or(readiness.not_ready.map(str::to_owned)),
            degraded: readiness.degraded.iter().map(ToString::to_string).collect(),
            draining: view.draining,
            totals: self.totals(&view),
            hot: hot(&view),
            shards: view.shards.into_iter().map(shard).collect(),
            bus_link: self.bus.as_ref().map(|bus| bus_status(bus.stats())),
            nodes: engine.nodes().map(nodes).unwrap_or_default(),
            figures,
        }
    }

    fn totals(&self, view: &EngineView) -> Totals {
        let (engine, stats) = (&self.sources.engine, self.sources.store.stats());
        Totals {
            sockets: self.sources.study_sockets(),
            sessions: engine.registered(),
            session_bytes: engine.session_bytes(),
            undecided_rows: view.undecided_rows,
            append_lag_ms: self.metrics.append_lag_ms(view.undecided_rows),
            backlog_rows: stats.backlog_rows,
            backlog_seconds: stats.backlog_seconds,
        }
    }

    /// One learner's session, if it is in the memory of this process.
    pub async fn learner(&self, user: UserId) -> Option<LearnerStatus> {
        self.sources.engine.learner(user).await.map(learner)
    }

    /// Marks cards to be folded again from the log, and has the learner's session read them anew. Returns how many were
    /// marked.
    ///
    /// # Errors
    /// The store's; some may be marked.
    pub async fn refold(&self, user: UserId, deck: DeckId, cards: Vec<CardId>) -> Result<usize, StoreError> {
        let marked = self.sources.store.mark_for_refold(user, deck, cards).await?;
        let engine = &self.sources.engine;
        engine.inbox_named(user);
        engine.progress_marked(user, deck).await;
        Ok(marked)
    }
}

fn shard(view: actors::ShardView) -> ShardStatus {
    ShardStatus {
        shard: view.shard,
        sessions: view.sessions,
        sockets: view.sockets,
        waiting: view.waiting,
        inbox: view.inbox,
        backlog: view.backlog,
        jobs_waiting: view.jobs_waiting,
        outbox_rows: view.outbox_rows,
        session_bytes: view.session_bytes,
        inbox_high_water: view.inbox_high_water,
    }
}

fn hot(view: &EngineView) -> Vec<HotStatus> {
    let of_shard = |shard: &actors::ShardView| {
        let no = shard.shard;
        shard.hot.clone().into_iter().map(move |hot| (no, hot))
    };
    let mut hot: Vec<_> = view.shards.iter().flat_map(of_shard).collect();
    hot.sort_by_key(|(_, session)| std::cmp::Reverse(session.inputs));
    let status = |(shard, session): (u16, actors::HotSession)| HotStatus {
        user_id: session.user.to_string(),
        shard,
        inputs: session.inputs,
        inbox: session.inbox,
        sockets: session.sockets,
        bytes: session.bytes,
    };
    hot.into_iter().take(HOT_MAX).map(status).collect()
}

fn bus_status(stats: BusStats) -> BusStatus {
    BusStatus {
        connected: stats.connected,
        sent: stats.sent,
        received: stats.received,
        dropped: stats.dropped,
        reconnects: stats.reconnects,
        waiting_out: stats.waiting_out,
        waiting_in: stats.waiting_in,
    }
}

fn nodes(view: NodesView) -> Vec<NodeStatus> {
    let status = |node: ports::NodeEntry| NodeStatus {
        run: node.row.run.to_string(),
        address: node.address,
        alive: node.row.alive,
        beat: node.row.beat,
        beat_at_ms: node.row.wall_ms,
        me: node.row.run == view.run,
    };
    let mut nodes: Vec<NodeStatus> = view.nodes.into_iter().map(status).collect();
    nodes.sort_by(|a, b| (!a.alive, &a.address, &a.run).cmp(&(!b.alive, &b.address, &b.run)));
    nodes
}

fn learner(view: LearnerView) -> LearnerStatus {
    let deck = |deck: actors::DeckView| DeckStatus {
        deck_id: deck.deck.to_string(),
        cards: deck.cards,
        stale: deck.stale,
    };
    LearnerStatus {
        user_id: view.user.to_string(),
        shard: view.shard,
        incarnation: view.incarnation,
        today: view.today.to_string(),
        sockets: view.sockets,
        undecided: view.undecided,
        inbox: view.inbox,
        inputs: view.inputs,
        bytes: view.bytes,
        decks: view.decks.into_iter().map(deck).collect(),
        sizes: view.sizes.into_iter().map(|(name, size)| (name.to_owned(), size)).collect(),
        contradictions: view.contradictions,
    }
}
