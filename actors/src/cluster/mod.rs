//! A node's part in a cluster: the thin shell around [`domain::owner`]. It beats, watches, claims learners and lets them
//! go; what is decided is decided by the machines.

mod memory;
#[cfg(test)]
mod tests;

pub use memory::MemoryOwners;

use domain::ids::{RunId, UserId};
use domain::owner::claim::{Answer, Asked, Claim, Held, Released, Releases, Step};
use domain::owner::node::{Life, Node, NotReady, ReadAt};
use domain::owner::{Beat, Epoch, Timing};
use ports::Owners;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How other nodes are asked for a learner.
pub trait Peers: Send + Sync + 'static {
    /// Asks the node at this address to let go of a learner that this run of it has under this epoch. What takes too long
    /// is [`Answer::Unreachable`].
    fn ask(
        &self,
        address: &str,
        run: RunId,
        user: UserId,
        epoch: Epoch,
    ) -> impl Future<Output = Answer> + Send;
}

/// Who has a learner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Acquired {
    /// This node, under this run and epoch.
    Mine {
        /// The run: what is loaded belongs to it.
        run: RunId,
        /// The epoch.
        epoch: Epoch,
        /// It was taken from the dead: its inbox is to be read once more later.
        from_dead: bool,
    },
    /// Another one, at this internal address.
    Elsewhere {
        /// The address.
        address: String,
    },
}

/// This node has no run just now: it has not been registered, or was declared dead. Come back later.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the node is not registered with the others")]
pub struct NoRun;

/// One run and what belongs to it.
struct Run {
    node: Node,
    releases: Releases,
    addresses: BTreeMap<RunId, String>,
}

/// A node among others.
pub struct Cluster<O, P> {
    owners: O,
    peers: P,
    address: String,
    timing: Timing,
    began: Instant,
    run: Mutex<Option<Run>>,
}

impl<O: Owners, P: Peers> Cluster<O, P> {
    /// A node that the others reach at this address. It does nothing before [`Cluster::live`] is polled.
    pub fn new(owners: O, peers: P, address: String, timing: Timing) -> Arc<Self> {
        Arc::new(Self { owners, peers, address, timing, began: Instant::now(), run: Mutex::new(None) })
    }

    /// One run after another, for ever. `fresh` makes the name of a run at random; `over` drops every learner and closes
    /// their sockets, since the run was declared dead.
    pub async fn live(&self, fresh: impl Fn() -> RunId, over: impl Fn(RunId)) {
        loop {
            let (run, sent_tick_ms) = (fresh(), self.tick_ms());
            if let Err(error) = self.owners.register(run, &self.address, wall_ms()).await {
                tracing::warn!(%error, "this node is not registered yet");
                self.pause(self.timing.beat_every_ms).await;
                continue;
            }
            let node = Node::registered(run, sent_tick_ms, self.timing);
            let releases = Releases::new(run, self.timing);
            *self.run() = Some(Run { node, releases, addresses: BTreeMap::new() });
            tokio::select! {
                () = self.beats() => {}
                () = self.watches() => {}
            }
            *self.run() = None;
            tracing::warn!(%run, "this node was declared dead by another");
            over(run);
        }
    }

    /// The newest applied beat: for the caches of what this run owns.
    pub fn last_beat(&self) -> Option<Beat> {
        self.run().as_ref().and_then(|run| run.node.last_beat())
    }

    /// Milliseconds since this process began: the ticks of its beats and of its caches.
    pub fn tick_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether the clock can be trusted.
    ///
    /// # Errors
    /// Why not.
    pub fn ready(&self) -> Result<(), NotReady> {
        self.run().as_mut().map_or(Ok(()), |run| run.node.ready(wall_ms()))
    }

    /// Enters a learner into the registry, unless it is being let go: then come back later. `enter` must not wait.
    pub fn enter<T>(&self, user: UserId, enter: impl FnOnce() -> T) -> Option<T> {
        self.run().as_ref().filter(|run| run.releases.may_start(user)).map(|_| enter())
    }

    /// Gets a learner, or learns who has it. The registry has an entry of the learner already ([`Cluster::enter`]). It
    /// takes as long as it takes; the caller gives up when its own time is over.
    ///
    /// # Errors
    /// The run ended.
    pub async fn acquire(&self, user: UserId) -> Result<Acquired, NoRun> {
        let me = self.run().as_ref().map(|run| run.node.run()).ok_or(NoRun)?;
        let (mut claim, mut step) = Claim::begin(me, self.timing);
        loop {
            self.still(me)?;
            step = match step {
                Step::ReadOwner => match self.owners.owner(user).await {
                    Ok(row) => claim.row(row),
                    Err(_) => claim.wait(),
                },
                Step::ReadAlive(run) => match self.owners.is_alive(run).await {
                    Ok(alive) => claim.alive(alive),
                    Err(_) => claim.wait(),
                },
                Step::Ask { run, epoch } => match self.address_of(run) {
                    Some(address) => claim.answered(self.peers.ask(&address, run, user, epoch).await),
                    None => claim.wait(),
                },
                Step::Change(change) => claim.changed(self.owners.change(user, change).await),
                Step::Wait { wait_ms } => {
                    self.pause(wait_ms).await;
                    claim.waited()
                }
                Step::Mine { epoch, from_dead } => return Ok(Acquired::Mine { run: me, epoch, from_dead }),
                Step::Relay(run) => match self.address_of(run) {
                    Some(address) => return Ok(Acquired::Elsewhere { address }),
                    None => claim.wait(),
                },
            };
        }
    }

    /// Another node needs a learner that `run` of this node is believed to have. `held` looks into the registry, and must
    /// not wait. A release that has begun goes on when this future is dropped.
    pub async fn asked(
        self: &Arc<Self>,
        run: RunId,
        user: UserId,
        epoch: Epoch,
        held: impl FnOnce() -> Held,
    ) -> Answer {
        let asked = match self.run().as_mut().filter(|now| now.node.run() == run) {
            Some(now) => now.releases.asked(user, epoch, held()),
            None => return Answer::Unreachable,
        };
        let mut change = match asked {
            Asked::Say(answer) => return answer,
            Asked::Release(change) => change,
        };
        let this = Arc::clone(self);
        let release = tokio::spawn(async move {
            loop {
                let changed = this.owners.change(user, change).await;
                let released = match this.run().as_mut().filter(|now| now.node.run() == run) {
                    Some(now) => now.releases.changed(user, changed),
                    None => Released::Gone,
                };
                let Released::Again { change: again, wait_ms } = released else { return };
                change = again;
                this.pause(wait_ms).await;
            }
        });
        release.await.map_or(Answer::NotNow, |()| Answer::NotMine)
    }

    async fn beats(&self) {
        loop {
            let tick_ms = self.tick_ms();
            let (beat, next_ms) = match self.run().as_mut() {
                Some(run) => (run.node.beat(tick_ms), run.node.next_beat_tick_ms()),
                None => return,
            };
            if let Some(beat) = beat {
                let outcome = self.owners.beat(beat, &self.address, wall_ms()).await;
                let tick_ms = self.tick_ms();
                if self.run().as_mut().is_none_or(|run| run.node.beaten(outcome, tick_ms) == Life::Over) {
                    return;
                }
            }
            self.pause(next_ms.saturating_sub(self.tick_ms()).max(1)).await;
        }
    }

    async fn watches(&self) {
        loop {
            let sent_tick_ms = self.tick_ms();
            if let Ok(entries) = self.owners.nodes().await {
                let at = ReadAt { sent_tick_ms, done_tick_ms: self.tick_ms(), wall_ms: wall_ms() };
                let rows: Vec<_> = entries.iter().map(|entry| entry.row).collect();
                let dead = self.run().as_mut().map(|run| {
                    let living = entries.into_iter().filter(|entry| entry.row.alive);
                    run.addresses = living.map(|entry| (entry.row.run, entry.address)).collect();
                    run.node.saw(at, &rows)
                });
                for declare in dead.unwrap_or_default() {
                    if let Ok(true) = self.owners.declare_dead(declare).await {
                        tracing::warn!(run = %declare.run, "a node stood still and is declared dead");
                    }
                }
            }
            self.pause(self.timing.beat_every_ms).await;
        }
    }

    fn address_of(&self, run: RunId) -> Option<String> {
        self.run().as_ref().and_then(|now| now.addresses.get(&run).cloned())
    }

    fn still(&self, me: RunId) -> Result<(), NoRun> {
        self.run().as_ref().filter(|run| run.node.run() == me).map(|_| ()).ok_or(NoRun)
    }

    async fn pause(&self, wait_ms: u64) {
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }

    fn run(&self) -> MutexGuard<'_, Option<Run>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
