//! Virtual time, and what runs in it: tasks of processes that may be paused or killed, and operations of the store that
//! take effect at a later moment, whether their caller still lives or not.

use crate::plan::{Plan, Rng};
use crate::store::Store;
use domain::ids::{EntryId, UserId};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Time passes in steps of so many milliseconds.
pub const STEP_MS: u64 = 50;
/// Unix milliseconds at the beginning.
pub const BEGINNING_MS: i64 = 1_800_000_000_000;
/// Nobody waits longer for the store, milliseconds.
const TIMEOUT_MS: u64 = 2_000;

type Landing = Box<dyn FnOnce(&mut Store)>;

struct Flight {
    process: u64,
    land: Landing,
}

struct Task {
    process: u64,
    node: usize,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

pub struct World {
    pub plan: Plan,
    pub store: RefCell<Store>,
    /// What each device was told, and when.
    pub acked: RefCell<BTreeMap<(UserId, EntryId), u64>>,
    pub sent: RefCell<BTreeSet<(UserId, EntryId)>>,
    /// Faults have stopped.
    pub calm: Cell<bool>,
    pub seen: RefCell<BTreeMap<&'static str, u64>>,
    pub trace: RefCell<Vec<String>>,
    rng: RefCell<Rng>,
    now_ms: Cell<u64>,
    flights: RefCell<BTreeMap<(u64, u64), Flight>>,
    wakes: RefCell<BTreeSet<u64>>,
    tasks: RefCell<Vec<Task>>,
    spawned: RefCell<Vec<Task>>,
    /// Processes that were killed.
    dead: RefCell<BTreeSet<u64>>,
    paused_until: RefCell<BTreeMap<usize, u64>>,
    numbers: Cell<u64>,
}

impl World {
    pub fn new(plan: Plan) -> Rc<World> {
        Rc::new(World {
            rng: RefCell::new(Rng::new(plan.seed)),
            plan,
            store: RefCell::default(),
            acked: RefCell::default(),
            sent: RefCell::default(),
            calm: Cell::new(false),
            seen: RefCell::default(),
            trace: RefCell::default(),
            now_ms: Cell::new(0),
            flights: RefCell::default(),
            wakes: RefCell::default(),
            tasks: RefCell::default(),
            spawned: RefCell::default(),
            dead: RefCell::default(),
            paused_until: RefCell::default(),
            numbers: Cell::new(0),
        })
    }

    pub fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    pub fn below(&self, n: u64) -> u64 {
        self.rng.borrow_mut().below(n)
    }

    pub fn one_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A number that was not given out before.
    pub fn number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    pub fn note(&self, what: &'static str) {
        *self.seen.borrow_mut().entry(what).or_default() += 1;
    }

    pub fn trace(&self, line: impl FnOnce() -> String) {
        if crate::tells() {
            let line = format!("{:>7} {}", self.now_ms(), line());
            self.trace.borrow_mut().push(line);
        }
    }

    // ---- tasks

    pub fn spawn(&self, node: usize, process: u64, future: impl Future<Output = ()> + 'static) {
        self.spawned.borrow_mut().push(Task { process, node, future: Box::pin(future) });
    }

    /// Goes on until this moment.
    pub fn run_until(&self, end_ms: u64, mut is_done: impl FnMut() -> bool) {
        while self.now_ms() < end_ms && !is_done() {
            self.land();
            self.poll_all();
            let next = self.next_event_ms().unwrap_or(end_ms);
            self.now_ms.set(next.max(self.now_ms() + STEP_MS).min(end_ms));
        }
    }

    fn next_event_ms(&self) -> Option<u64> {
        let now = self.now_ms();
        let mut wakes = self.wakes.borrow_mut();
        *wakes = wakes.split_off(&(now + 1));
        let flight = self.flights.borrow().keys().next().map(|(at, _)| *at);
        let spawned = (!self.spawned.borrow().is_empty()).then_some(now);
        [wakes.first().copied(), flight, spawned].into_iter().flatten().min()
    }

    fn poll_all(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.borrow_mut());
        tasks.append(&mut self.spawned.borrow_mut());
        let turn = self.below(tasks.len() as u64) as usize;
        tasks.rotate_left(turn);
        let mut context = Context::from_waker(Waker::noop());
        tasks.retain_mut(|task| {
            !self.dead.borrow().contains(&task.process)
                && (self.is_paused(task.node) || task.future.as_mut().poll(&mut context).is_pending())
        });
        tasks.append(&mut self.tasks.borrow_mut());
        *self.tasks.borrow_mut() = tasks;
    }

    pub fn is_paused(&self, node: usize) -> bool {
        self.paused_until.borrow().get(&node).is_some_and(|until| *until > self.now_ms())
    }

    pub fn pause(&self, node: usize, for_ms: u64) {
        let until = self.now_ms() + for_ms;
        self.note("pause");
        self.trace(|| format!("node {node} pauses for {for_ms} ms"));
        self.paused_until.borrow_mut().insert(node, until);
        self.wakes.borrow_mut().insert(until);
    }

    /// A process dies: of what it had sent, some never arrives.
    pub fn kill(&self, node: usize, process: u64) {
        self.dead.borrow_mut().insert(process);
        let mut flights = self.flights.borrow_mut();
        flights.retain(|_, flight| flight.process != process || !self.one_in(2));
        self.paused_until.borrow_mut().remove(&node);
    }

    /// What is still on its way arrives.
    pub fn land_all(&self) {
        let flights = std::mem::take(&mut *self.flights.borrow_mut());
        for flight in flights.into_values() {
            (flight.land)(&mut self.store.borrow_mut());
        }
    }

    fn land(&self) {
        loop {
            let mut flights = self.flights.borrow_mut();
            let Some(entry) = flights.first_entry().filter(|entry| entry.key().0 <= self.now_ms()) else {
                return;
            };
            let flight = entry.remove();
            drop(flights);
            (flight.land)(&mut self.store.borrow_mut());
        }
    }

    // ---- waiting

    /// Waits until a step of a process is due; a node may be paused just then.
    async fn at(&self, node: Option<usize>, ready: impl Fn() -> Option<u64>) {
        poll_fn(|_| match ready() {
            Some(at) if at <= self.now_ms() => {
                if let Some(node) = node.filter(|_| !self.calm.get() && self.one_in(self.plan.pause_one_in)) {
                    let choices = self.plan.pauses_ms;
                    let for_ms = choices[self.below(choices.len() as u64) as usize];
                    self.pause(node, for_ms);
                    return Poll::Pending;
                }
                Poll::Ready(())
            }
            Some(at) => {
                self.wakes.borrow_mut().insert(at);
                Poll::Pending
            }
            None => Poll::Pending,
        })
        .await;
    }

    pub async fn sleep(&self, node: Option<usize>, for_ms: u64) {
        let until = self.now_ms() + for_ms.next_multiple_of(STEP_MS);
        self.at(node, || Some(until)).await;
    }

    /// How long an operation takes, one way.
    fn delay_ms(&self) -> u64 {
        let slow = !self.calm.get() && self.one_in(self.plan.slow_one_in);
        let steps = if slow { 40 + self.below(560) } else { [1, 1, 2, 2, 4, 8, 24][self.below(7) as usize] };
        steps * STEP_MS
    }

    /// Does something to the store, whose outcome may remain unknown: it was lost, or takes effect too late to wait.
    pub async fn try_op<T: 'static>(
        &self,
        node: usize,
        process: u64,
        op: impl FnOnce(&mut Store) -> T + 'static,
    ) -> Option<T> {
        self.fly(node, process, op, TIMEOUT_MS).await
    }

    /// Does something to the store that may be done twice, until its outcome is known. Some wait long for one try,
    /// others are tried again.
    pub async fn op<T: 'static>(
        &self,
        node: usize,
        process: u64,
        op: impl FnOnce(&mut Store) -> T + Clone + 'static,
    ) -> T {
        loop {
            let patience_ms = if self.one_in(4) { 10 * TIMEOUT_MS } else { TIMEOUT_MS };
            if let Some(told) = self.fly(node, process, op.clone(), patience_ms).await {
                return told;
            }
        }
    }

    async fn fly<T: 'static>(
        &self,
        node: usize,
        process: u64,
        op: impl FnOnce(&mut Store) -> T + 'static,
        patience_ms: u64,
    ) -> Option<T> {
        let slot: Rc<RefCell<Option<T>>> = Rc::default();
        let sent = self.now_ms();
        let lands = sent + self.delay_ms();
        let is_unheard = !self.calm.get() && self.one_in(self.plan.unknown_one_in);
        let result = slot.clone();
        let land: Landing = Box::new(move |store| {
            let told = op(store);
            *result.borrow_mut() = Some(told);
        });
        if !is_unheard || !self.one_in(3) {
            let key = (lands, self.below(1 << 20) << 32 | self.number());
            self.flights.borrow_mut().insert(key, Flight { process, land });
        }
        let returns = lands + self.below(4) * STEP_MS;
        if is_unheard || returns > sent + patience_ms {
            self.note("unknown");
            self.sleep(Some(node), patience_ms).await;
            return None;
        }
        self.at(Some(node), || Some(returns)).await;
        slot.take()
    }
}
