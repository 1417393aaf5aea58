//! A node: a process that lives, is paused or killed, and in it one run after another. Beats, watching, and what other
//! nodes say to it.

use crate::learner::{self, Life};
use crate::plan::Bug;
use crate::store::Store;
use crate::world::{BEGINNING_MS, STEP_MS, World};
use domain::ids::{EntryId, RunId, UserId};
use domain::owner::claim::{Answer, Asked, Change, Changed, Held, Ownership, Released, Releases};
use domain::owner::node::{BeatOutcome, Life as RunLife, Node, ReadAt};
use domain::owner::{Beat, Epoch, Subject};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

/// An answer on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Command {
    pub id: EntryId,
    pub card: Subject,
    /// It came from another node.
    pub relayed: bool,
}

/// What the registry says of a learner.
#[derive(Clone)]
pub enum Home {
    Loading,
    Live(Rc<Life>),
    Stopping,
}

/// What a node says when it is asked for a learner.
#[derive(Clone, Copy)]
pub enum Said {
    Answer(Answer),
    /// Under a planted bug: take it yourself.
    TakeIt,
}

/// One run of a process.
pub struct Run {
    pub id: RunId,
    pub machine: RefCell<Node>,
    pub releases: RefCell<Releases>,
    pub homes: RefCell<BTreeMap<UserId, Home>>,
    pub queues: RefCell<BTreeMap<UserId, VecDeque<Command>>>,
    pub is_over: Cell<bool>,
}

/// One process.
pub struct Process {
    pub world: Rc<World>,
    pub node: usize,
    pub number: u64,
    pub started_ms: u64,
    /// How far its wall clock is ahead.
    pub skew_ms: i64,
    pub run: RefCell<Option<Rc<Run>>>,
}

/// All nodes, by place; a place is empty while nothing runs there.
#[derive(Clone)]
pub struct Nodes(pub Rc<RefCell<Vec<Option<Rc<Process>>>>>, pub Rc<RefCell<BTreeSet<(usize, usize)>>>);

impl Nodes {
    pub fn at(&self, node: usize) -> Option<Rc<Process>> {
        self.0.borrow().get(node).cloned().flatten()
    }

    pub fn with_run(&self, run: RunId) -> Option<Rc<Process>> {
        let has = |process: &&Rc<Process>| process.run.borrow().as_ref().is_some_and(|r| r.id == run);
        self.0.borrow().iter().flatten().find(has).cloned()
    }

    pub fn is_cut(&self, one: usize, other: usize) -> bool {
        self.1.borrow().contains(&(one.min(other), one.max(other)))
    }

    /// Starts a process.
    pub fn boot(&self, world: &Rc<World>, node: usize) -> Rc<Process> {
        let process = Rc::new(Process {
            world: world.clone(),
            node,
            number: world.number(),
            started_ms: world.now_ms(),
            skew_ms: i64::try_from(world.below(31) * 100).unwrap_or(0) - 1_500,
            run: RefCell::new(None),
        });
        self.0.borrow_mut()[node] = Some(process.clone());
        process.spawn(live(process.clone(), self.clone()));
        process
    }

    pub fn kill(&self, world: &World, node: usize) {
        if let Some(process) = self.0.borrow_mut()[node].take() {
            world.kill(node, process.number);
        }
    }
}

impl Process {
    pub fn tick_ms(&self) -> u64 {
        self.world.now_ms() - self.started_ms
    }

    pub fn wall_ms(&self) -> i64 {
        BEGINNING_MS + i64::try_from(self.world.now_ms()).unwrap_or(0) + self.skew_ms
    }

    pub fn has(&self, bug: Bug) -> bool {
        self.world.plan.bug == Some(bug)
    }

    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.world.spawn(self.node, self.number, task);
    }

    pub async fn sleep(&self, for_ms: u64) {
        self.world.sleep(Some(self.node), for_ms).await;
    }

    pub async fn try_op<T: 'static>(&self, op: impl FnOnce(&mut Store) -> T + 'static) -> Option<T> {
        self.world.try_op(self.node, self.number, op).await
    }

    pub async fn op<T: 'static>(&self, op: impl FnOnce(&mut Store) -> T + Clone + 'static) -> T {
        self.world.op(self.node, self.number, op).await
    }

    pub async fn change(&self, user: UserId, change: Change) -> Changed {
        self.try_op(move |store| store.change(user, change)).await.unwrap_or(Changed::Unknown)
    }

    /// The newest applied beat, as what belongs to this run may use it.
    pub fn last_beat(&self, run: &Run) -> Option<Beat> {
        let now = self.run.borrow().as_ref().and_then(|now| now.machine.borrow().last_beat());
        match now {
            Some(beat) if self.has(Bug::NextRunsBeat) => Some(Beat { run: run.id, ..beat }),
            now => now,
        }
    }
}

impl Run {
    pub fn home(&self, user: UserId) -> Option<Home> {
        self.homes.borrow().get(&user).cloned()
    }

    pub fn held(&self, user: UserId) -> Held {
        let writing = |life: &Rc<Life>| life.caches.borrow().is_writing();
        match self.home(user) {
            None => Held { entry: false, writing: false },
            Some(Home::Loading | Home::Stopping) => Held { entry: true, writing: false },
            Some(Home::Live(life)) => Held { entry: true, writing: writing(&life) },
        }
    }
}

/// A process: one run after another.
async fn live(process: Rc<Process>, nodes: Nodes) {
    loop {
        let id = RunId::from_u128(u128::from(process.world.number()));
        let (sent_tick_ms, wall_ms) = (process.tick_ms(), process.wall_ms());
        if process.try_op(move |store| store.register(id, wall_ms)).await.is_none() {
            continue;
        }
        let timing = process.world.plan.timing;
        let run = Rc::new(Run {
            id,
            machine: RefCell::new(Node::registered(id, sent_tick_ms, timing)),
            releases: RefCell::new(Releases::new(id, timing)),
            homes: RefCell::default(),
            queues: RefCell::default(),
            is_over: Cell::new(false),
        });
        *process.run.borrow_mut() = Some(run.clone());
        process.world.trace(|| format!("node {} is run {:?}", process.node, id.bytes()[15]));
        process.spawn(watch(process.clone(), run.clone()));
        for user in crate::run::users(&process.world.plan) {
            process.spawn(learner::serve(process.clone(), nodes.clone(), run.clone(), user));
            process.spawn(learner::write_behind(process.clone(), run.clone(), user));
        }
        beat(&process, &run).await;
        process.world.note("fenced");
        process.world.trace(|| format!("node {} learns that it is dead", process.node));
        run.is_over.set(true);
        *process.run.borrow_mut() = None;
    }
}

async fn beat(process: &Rc<Process>, run: &Rc<Run>) {
    loop {
        let beat = run.machine.borrow_mut().beat(process.tick_ms());
        let Some(beat) = beat else {
            process.sleep(STEP_MS).await;
            continue;
        };
        let wall_ms = process.wall_ms();
        let outcome = process.try_op(move |store| store.beat(beat, wall_ms)).await;
        let outcome = outcome.unwrap_or(BeatOutcome::Unknown);
        if run.machine.borrow_mut().beaten(outcome, process.tick_ms()) == RunLife::Over {
            return;
        }
        let next = run.machine.borrow().next_beat_tick_ms();
        process.sleep(next.saturating_sub(process.tick_ms())).await;
    }
}

async fn watch(process: Rc<Process>, run: Rc<Run>) {
    while !run.is_over.get() {
        let sent_tick_ms = process.tick_ms();
        if let Some(rows) = process.try_op(|store| store.nodes()).await {
            let at = ReadAt { sent_tick_ms, done_tick_ms: process.tick_ms(), wall_ms: process.wall_ms() };
            let dead = run.machine.borrow_mut().saw(at, &rows);
            for declare in dead {
                let whatever_beat = process.has(Bug::DeclareUnseen);
                if process.try_op(move |store| store.declare_dead(declare, whatever_beat)).await == Some(true)
                {
                    process.world.note("declared dead");
                    process.world.trace(|| format!("node {} declares {declare:?}", process.node));
                }
            }
        }
        process.sleep(1_000).await;
    }
}

/// Asks another node for a learner: it answers in its own time, or not at all.
pub async fn ask(process: &Rc<Process>, nodes: &Nodes, run: RunId, user: UserId, epoch: Epoch) -> Said {
    let unreachable = Said::Answer(Answer::Unreachable);
    let Some(peer) = nodes.with_run(run) else { return unreachable };
    if nodes.is_cut(process.node, peer.node) {
        process.world.note("cut");
        process.sleep(1_000).await;
        return unreachable;
    }
    let slot: Rc<Cell<Option<Said>>> = Rc::default();
    let (told, asked) = (slot.clone(), peer.clone());
    peer.spawn(async move {
        asked.sleep(STEP_MS).await;
        let run = asked.run.borrow().clone().filter(|now| now.id == run);
        let Some(run) = run else { return };
        told.set(Some(let_go(&asked, &run, user, epoch).await));
    });
    for _ in 0..30 {
        process.sleep(STEP_MS * 2).await;
        if let Some(said) = slot.take() {
            return said;
        }
    }
    unreachable
}

/// The asked node's side.
async fn let_go(process: &Rc<Process>, run: &Rc<Run>, user: UserId, epoch: Epoch) -> Said {
    let held = run.held(user);
    if process.has(Bug::AskerTakesOver) {
        return if held.entry { Said::Answer(Answer::Here) } else { Said::TakeIt };
    }
    let asked = run.releases.borrow_mut().asked(user, epoch, held);
    let mut change = match asked {
        Asked::Say(answer) => return Said::Answer(answer),
        Asked::Release(change) => change,
    };
    loop {
        let mut changed = process.change(user, change).await;
        if changed == Changed::Unknown && process.has(Bug::ReleaseForgotten) {
            changed = Changed::NotApplied(Ownership::default());
        }
        match run.releases.borrow_mut().changed(user, changed) {
            Released::Gone => {
                process.world.note("released");
                return Said::Answer(Answer::NotMine);
            }
            Released::Again { change: again, wait_ms } => {
                change = again;
                process.world.note("release tried again");
                wait_ms
            }
        };
        process.sleep(STEP_MS).await;
    }
}
