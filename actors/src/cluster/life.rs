//! The node's own life: registering, beating, watching the others, and beginning anew after having been declared dead.

use super::{Cluster, State};
use crate::engine::Shared;
use crate::messages::ToShard;
use domain::ids::RunId;
use domain::owner::claim::{Releases, Taken};
use domain::owner::node::{BeatOutcome, Life, Node, ReadAt};
use domain::session::Now;
use ports::NodeEntry;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{PoisonError, Weak};
use std::time::Duration;

/// How often the node looks whether something is to be done.
const LOOK: Duration = Duration::from_millis(100);
/// How long between two looks at the other nodes.
const WATCH_EVERY: Duration = Duration::from_secs(1);

pub(super) async fn run(cluster: &Cluster, engine: &Weak<Shared>) {
    let mut before = None;
    loop {
        if !register(cluster, engine, before.as_ref()).await || !live(cluster, engine).await {
            return;
        }
        let Some(shared) = engine.upgrade() else { return };
        before.clone_from(&cluster.state().node);
        tracing::error!(run = %cluster.state().run, "this node was declared dead: it drops its learners and begins anew");
        begin_anew(cluster, &shared).await;
    }
}

/// Registers runs until one is known to be registered; `false` when the engine is gone. A try that failed, or took long,
/// says that the store was away: from others, too.
async fn register(cluster: &Cluster, engine: &Weak<Shared>, before: Option<&Node>) -> bool {
    let mut was_away = false;
    loop {
        let Some(now) = engine.upgrade().map(|shared| shared.clock.now()) else { return false };
        let (run, options) = (cluster.state().run, &cluster.options);
        match options.owners.register(run, options.address.clone(), now.wall_ms).await {
            Ok(true) => {
                tracing::info!(%run, address = options.address, "registered as a node");
                let Some(done) = engine.upgrade().map(|shared| shared.clock.now()) else { return false };
                was_away |= done.tick_ms.saturating_sub(now.tick_ms) > options.timing.dead_after_ms;
                let node = Node::registered(run, now.tick_ms, options.timing);
                let node = match before {
                    Some(before) => node.following(before),
                    None => node,
                };
                let node = if was_away { node.patient(done.tick_ms) } else { node };
                if let Some(beat) = node.last_beat() {
                    options.tenures.beaten(beat);
                }
                cluster.state().node = Some(node);
                return true;
            }
            Ok(false) => tracing::warn!(%run, "a new run was known already"),
            Err(error) => {
                was_away = true;
                tracing::warn!(%error, "this node could not be registered");
            }
        }
        new_run(cluster);
        tokio::time::sleep(LOOK * 5).await;
    }
}

/// Beats and watches; `true` when the run is over, `false` when the engine is, or the node has left.
async fn live(cluster: &Cluster, engine: &Weak<Shared>) -> bool {
    // Side by side: a list that is slow to come must not hold up a beat.
    tokio::select! {
        over = beats(cluster, engine) => over,
        () = watches(cluster, engine) => false,
    }
}

async fn beats(cluster: &Cluster, engine: &Weak<Shared>) -> bool {
    loop {
        if cluster.left.load(Ordering::Acquire) {
            return false;
        }
        let Some(now) = engine.upgrade().map(|shared| shared.clock.now()) else { return false };
        let beat = cluster.state().node.as_mut().and_then(|node| node.beat(now.tick_ms));
        if let Some(beat) = beat {
            let address = cluster.options.address.clone();
            let outcome = cluster.options.owners.beat(beat, address, now.wall_ms).await;
            let Some(after) = engine.upgrade().map(|shared| shared.clock.now()) else { return false };
            let (life, beat) = {
                let mut state = cluster.state();
                let Some(node) = state.node.as_mut() else { return true };
                (node.beaten(outcome, after.tick_ms), node.last_beat())
            };
            if let Some(beat) = beat {
                cluster.options.tenures.beaten(beat);
            }
            cluster.count_beat(outcome, after.tick_ms.saturating_sub(now.tick_ms));
            if life == Life::Over {
                return true;
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl Cluster {
    fn count_beat(&self, outcome: BeatOutcome, took_ms: u64) {
        match outcome {
            BeatOutcome::Applied => {
                self.counters.beats.one_more();
                if took_ms > self.options.timing.beat_every_ms {
                    self.counters.beats_late.one_more();
                }
            }
            BeatOutcome::NotApplied => {}
            BeatOutcome::Unknown => self.counters.beats_unknown.one_more(),
        }
    }
}

async fn watches(cluster: &Cluster, engine: &Weak<Shared>) {
    while let Some(sent) = engine.upgrade().map(|shared| shared.clock.now()) {
        match cluster.options.owners.nodes().await {
            Ok(nodes) => {
                let Some(done) = engine.upgrade().map(|shared| shared.clock.now()) else { return };
                watched(cluster, &nodes, (sent, done)).await;
            }
            Err(error) => tracing::warn!(%error, "the other nodes could not be looked at"),
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

async fn watched(cluster: &Cluster, nodes: &[NodeEntry], (sent, done): (Now, Now)) {
    cluster.set_nodes(nodes);
    let at = ReadAt { sent_tick_ms: sent.tick_ms, done_tick_ms: done.tick_ms, wall_ms: done.wall_ms };
    let rows: Vec<_> = nodes.iter().map(|node| node.row).collect();
    let (dead, unready) = {
        let mut state = cluster.state();
        let Some(node) = state.node.as_mut() else { return };
        (node.saw(at, &rows), node.ready(done.wall_ms).err().map(|why| why.to_string()))
    };
    *cluster.unready.lock().unwrap_or_else(PoisonError::into_inner) = unready;
    for dead in dead {
        cluster.counters.declared_dead.one_more();
        tracing::warn!(run = %dead.run, "a node stands still and is declared dead");
        if let Err(error) = cluster.options.owners.declare_dead(dead).await {
            tracing::warn!(%error, "whether it is declared dead is not known");
        }
    }
}

/// Drops every learner: others may have them now.
async fn begin_anew(cluster: &Cluster, shared: &Shared) {
    cluster.counters.runs_lost.one_more();
    cluster.options.tenures.forget_all();
    new_run(cluster);
    if let Some(classes) = &shared.classes {
        classes.retire_all(shared);
    }
    for shard in shared.all_shards() {
        let _ = shard.send(ToShard::LoseAll).await;
    }
}

fn new_run(cluster: &Cluster) {
    let run = RunId((cluster.options.new_run)());
    let releases = Releases::new(run, cluster.options.timing);
    let mut state = cluster.state();
    let settling = std::mem::take(&mut state.settling);
    *state = State {
        run,
        node: None,
        releases,
        settling,
        taken: Taken::default(),
        nodes: BTreeMap::new(),
        seen: Vec::new(),
    };
}

/// Declares the own run dead.
pub(super) async fn leave(cluster: &Cluster) {
    let run = cluster.state().run;
    let rows = match cluster.options.owners.nodes().await {
        Ok(rows) => rows,
        Err(error) => return tracing::warn!(%error, "this node leaves without a word"),
    };
    let Some(mine) = rows.iter().find(|node| node.row.run == run && node.row.alive) else { return };
    let dead = domain::owner::node::Declare { run, beat: mine.row.beat };
    if let Err(error) = cluster.options.owners.declare_dead(dead).await {
        tracing::warn!(%error, "this node leaves without a word");
    }
}
