//! A node among others: it beats, it claims the learners that it needs, and lets go of those that others need. Every
//! decision is a machine's in [`domain::owner`]; here are the tasks that ask the store and the other nodes for them.
//!
//! A learner's registry entry comes first, and only then it is looked whether the learner is being let go: so of a claim
//! here and a release for somebody else one always sees the other.

mod claiming;
mod figures;
mod life;
mod settling;

pub use figures::ClusterFigures;

use crate::class::Regrading;
use crate::engine::Shared;
use crate::observe::NodesView;
use domain::ids::{DeckId, EntryId, RunId, UserId, Uuid};
use domain::owner::claim::{Answer, Asked, Held, Released, Releases, Taken};
use domain::owner::node::Node;
use domain::owner::{Epoch, Subject, Timing};
use domain::session::Input;
use ports::{Boxed, NodeEntry, Owners, StoreError, Tenures};
use settling::Settling;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// How long a node that goes writes caches.
const FLUSH_WITHIN: Duration = Duration::from_secs(5);

/// How one node asks another.
pub trait Peers: Send + Sync + 'static {
    /// Asks the run at this address whether it has a learner, and to let go of one that it does not need. Silence is
    /// [`Answer::Unreachable`].
    fn ask(&self, address: String, run: RunId, user: UserId, epoch: Epoch) -> Boxed<'_, Answer>;

    /// The decks that are most in use at the run at this address; none when it does not say.
    fn hot_decks(&self, _address: String, _run: RunId) -> Boxed<'_, Vec<DeckId>> {
        Box::pin(std::future::ready(Vec::new()))
    }

    /// Has answers of a learner whom the run at this address has graded anew: durable when it returns, and doing it again
    /// changes nothing. A sentence says why it is not known to be.
    fn regrade(&self, _address: String, _run: RunId, _regrading: Regrading) -> Boxed<'_, Result<(), String>> {
        Box::pin(std::future::ready(Err("other nodes are not asked here".to_owned())))
    }
}

/// What makes an engine a node of a cluster.
#[derive(Clone)]
pub struct ClusterOptions {
    /// Who owns whom.
    pub owners: Arc<dyn Owners>,
    /// The caches of those that this node owns.
    pub tenures: Arc<dyn Tenures>,
    /// The other nodes.
    pub peers: Arc<dyn Peers>,
    /// Where the others reach this one, `host:port`.
    pub address: String,
    /// Makes the ids of runs.
    pub new_run: fn() -> Uuid,
    /// The times that owners live by.
    pub timing: Timing,
}

/// Where a learner is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// Here, under this epoch: it may be loaded.
    Here(Epoch),
    /// At the node with this internal address.
    Elsewhere(Arc<str>),
    /// It could not be found out in time.
    Unknown,
}

/// This node.
pub(crate) struct Cluster {
    options: ClusterOptions,
    state: Mutex<State>,
    /// Why it should get no new work, if it should not.
    unready: Mutex<Option<String>>,
    left: AtomicBool,
    counters: figures::Counters,
}

struct State {
    run: RunId,
    /// The run's life, once it is registered.
    node: Option<Node>,
    releases: Releases,
    settling: Settling,
    taken: Taken,
    nodes: BTreeMap<RunId, Arc<str>>,
    /// All that was seen last, the dead included.
    seen: Vec<NodeEntry>,
}

impl Cluster {
    /// Registers a run and begins to beat; ends when the engine is gone.
    pub(crate) fn start(options: ClusterOptions) -> Arc<Cluster> {
        let run = RunId((options.new_run)());
        let releases = Releases::new(run, options.timing);
        let state = State {
            run,
            node: None,
            releases,
            settling: Settling::default(),
            taken: Taken::default(),
            nodes: BTreeMap::new(),
            seen: Vec::new(),
        };
        Arc::new(Cluster {
            options,
            state: Mutex::new(state),
            unready: Mutex::new(Some("this node is not registered yet".to_owned())),
            left: AtomicBool::new(false),
            counters: figures::Counters::default(),
        })
    }

    /// The node's own life, for as long as the engine lives.
    pub(crate) async fn live(self: Arc<Self>, engine: Weak<Shared>) {
        life::run(&self, &engine).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was counted so far.
    pub(crate) fn figures(&self) -> ClusterFigures {
        let nodes_alive = self.state().nodes.len();
        self.counters.figures(nodes_alive)
    }

    /// The run of this node.
    pub(crate) fn run(&self) -> RunId {
        self.state().run
    }

    /// The run of this node, once the others know it and until it leaves.
    pub(crate) fn registered_run(&self) -> Option<RunId> {
        let state = self.state();
        (state.node.is_some() && !self.left.load(Ordering::Acquire)).then_some(state.run)
    }

    /// Whether a run lives, by a read that begins now.
    pub(crate) async fn is_alive(&self, run: RunId) -> Result<bool, StoreError> {
        self.options.owners.is_alive(run).await
    }

    /// Whether a run was among the living when it was looked last.
    pub(crate) fn is_seen(&self, run: RunId) -> bool {
        self.state().nodes.contains_key(&run)
    }

    /// Where a run is reached; one that came just now is looked for.
    pub(crate) async fn find_address(&self, run: RunId) -> Result<Option<Arc<str>>, StoreError> {
        if let Some(address) = self.address_of(run) {
            return Ok(Some(address));
        }
        let nodes = self.options.owners.nodes().await?;
        let node = nodes.into_iter().find(|node| node.row.alive && node.row.run == run);
        Ok(node.map(|node| node.address.as_str().into()))
    }

    /// Has answers graded anew that were given by a learner whom the node at this address has.
    pub(crate) async fn regrade_at(&self, address: &str, regrading: Regrading) -> Result<(), String> {
        let run = self.state().nodes.iter().find(|(_, known)| &***known == address).map(|(run, _)| *run);
        let Some(run) = run else { return Err("that node is not known here any more".to_owned()) };
        self.options.peers.regrade(address.to_owned(), run, regrading).await
    }

    /// The decks that are most in use at another node, the first of so many that says.
    pub(crate) async fn hot_elsewhere(&self, asked_max: usize) -> Vec<DeckId> {
        let Ok(nodes) = self.options.owners.nodes().await else { return Vec::new() };
        let mine = self.run();
        let others = nodes.into_iter().filter(|node| node.row.alive && node.row.run != mine);
        for node in others.take(asked_max) {
            let decks = self.options.peers.hot_decks(node.address, node.row.run).await;
            if !decks.is_empty() {
                return decks;
            }
        }
        Vec::new()
    }

    /// Why this node should get no new work.
    pub(crate) fn unready(&self) -> Option<String> {
        self.unready.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn ask(&self, run: RunId, user: UserId, epoch: Epoch) -> Answer {
        let Some(address) = self.address_of(run) else { return Answer::Unreachable };
        self.options.peers.ask(address.to_string(), run, user, epoch).await
    }

    fn address_of(&self, run: RunId) -> Option<Arc<str>> {
        self.state().nodes.get(&run).cloned()
    }

    fn set_nodes(&self, nodes: &[NodeEntry]) {
        let living = nodes.iter().filter(|node| node.row.alive);
        let living = living.map(|node| (node.row.run, node.address.as_str().into())).collect();
        let mut state = self.state();
        state.nodes = living;
        state.seen = nodes.to_vec();
    }

    /// This node and the others, as they were seen last.
    pub(crate) fn view(&self) -> NodesView {
        let state = self.state();
        NodesView { run: state.run, address: self.options.address.clone(), nodes: state.seen.clone() }
    }

    /// Another node needs a learner that this run is believed to have.
    pub(crate) async fn asked(&self, shared: &Shared, run: RunId, user: UserId, epoch: Epoch) -> Answer {
        let asked = {
            let mut state = self.state();
            if state.run != run {
                return Answer::NotMine;
            }
            let entry = shared.registry.home(user).is_some();
            let writing = state.settling.is_under_way(run, user) || self.options.tenures.is_writing(user);
            state.releases.asked(user, epoch, Held { entry, writing })
        };
        let mut change = match asked {
            Asked::Say(answer) => return answer,
            Asked::Release(change) => change,
        };
        if let Err(error) = self.options.tenures.release(user).await {
            tracing::warn!(%error, %user, "caches were not written before a learner was let go");
        }
        loop {
            let changed = self.options.owners.change(user, change).await;
            let released = {
                let mut state = self.state();
                if state.run != run {
                    // The run is over, and what it had others take; what the next one lets go is not this.
                    return Answer::NotMine;
                }
                state.releases.changed(user, changed)
            };
            match released {
                Released::Gone => {
                    self.counters.released.one_more();
                    return Answer::NotMine;
                }
                Released::Again { change: again, wait_ms } => {
                    change = again;
                    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                }
            }
        }
    }

    /// The learner's session is gone from this node: its caches are written, and the memory of them is given back. The
    /// learner stays this run's until somebody else asks.
    pub(crate) fn settle(self: &Arc<Self>, shared: &Shared, user: UserId) {
        let run = {
            let mut state = self.state();
            let run = state.run;
            if shared.registry.home(user).is_some() || !state.settling.begin(run, user) {
                return;
            }
            run
        };
        let cluster = self.clone();
        shared.runtime().spawn(async move {
            if let Err(error) = cluster.options.tenures.release(user).await {
                tracing::warn!(%error, %user, "caches were not written when a learner left");
            }
            cluster.state().settling.ended(run, user);
        });
    }

    /// Commands that came again and were found in the log.
    pub(crate) async fn found_again(
        &self,
        shared: &Shared,
        user: UserId,
        entries: Vec<EntryId>,
    ) -> Result<(), StoreError> {
        let cards = self.options.tenures.found_again(user, entries).await?;
        fold_again(shared, user, &cards).await;
        Ok(())
    }

    /// Somebody has written into this learner's inbox: its owner reads it.
    pub(crate) async fn inbox_named(&self, shared: &Shared, user: UserId) {
        match self.options.tenures.inbox_again(user).await {
            Ok(cards) => fold_again(shared, user, &cards).await,
            Err(error) => tracing::warn!(%error, %user, "an inbox could not be read"),
        }
    }

    /// This node goes, with everything stored: others need not wait until it is declared dead.
    pub(crate) async fn leave(&self) {
        self.left.store(true, Ordering::Release);
        // Before others take the learners: what is not written they would have to fold from the log.
        match tokio::time::timeout(FLUSH_WITHIN, self.options.tenures.flush_all()).await {
            Ok(0) => {}
            Ok(learners) => tracing::warn!(learners, "caches were not written: they are made from the log"),
            Err(_) => tracing::warn!("caches were not all written in time: they are made from the log"),
        }
        life::leave(self).await;
    }
}

/// The session, if there is one, reads these cards' decks again.
async fn fold_again(shared: &Shared, user: UserId, cards: &[Subject]) {
    let decks: BTreeSet<_> = cards.iter().map(|(deck, _)| *deck).collect();
    for deck in decks {
        if let Some(home) = shared.registry.home(user) {
            let input = Input::Imported(deck);
            shared.tell(home.shard, crate::messages::ToShard::Input { user, input }).await;
        }
    }
}
