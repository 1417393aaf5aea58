//! A shard: one web worker's sessions and sockets. It routes inputs to sessions, effects to sockets, rows to the
//! writer and questions to the loader. A socket and its session are on the same thread wherever possible: a session
//! without sockets follows the next one to its shard.

mod lifecycle;
mod remote;
mod ticks;

use crate::engine::{Planted, Shared};
use crate::messages::{CloseWhy, Item, Job, SocketPort, ToShard, ToSocket, ToWriter};
use crate::resident::{Resident, SessionCell, Wake};
use domain::commit::Offer;
use domain::day::ZoneHistory;
use domain::deck::Deck;
use domain::directory::ShardNo;
use domain::ids::{InstanceId, UserId};
use domain::session::{Effect, Input, Now, SocketId};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

/// Inputs that one wake-up works off before others get their turn.
const INPUTS_A_TURN: usize = 256;

thread_local! {
    static SHARD: RefCell<Option<Rc<Shard>>> = const { RefCell::new(None) };
}

/// One worker's sessions and sockets. Lives on its thread and never leaves it.
pub struct Shard {
    no: ShardNo,
    shared: Arc<Shared>,
    residents: RefCell<HashMap<UserId, Resident>>,
    sockets: RefCell<HashMap<SocketId, Plug>>,
    waiting: RefCell<HashMap<UserId, Vec<Waiter>>>,
    outbox: RefCell<Vec<Item>>,
    in_flight: Cell<bool>,
    jobs: RefCell<VecDeque<Job>>,
    /// Messages for other shards that had no room: they go first, in their order.
    backlog: RefCell<VecDeque<(ShardNo, ToShard)>>,
    /// The newest revisions that were told of late, for loads that began before.
    told_decks: RefCell<VecDeque<Arc<Deck>>>,
    /// Zones that were told of learners who are on their way into memory.
    late_zones: RefCell<HashMap<UserId, ZoneHistory>>,
    barriers: RefCell<BTreeMap<u64, Barrier>>,
    deadlines: RefCell<BTreeSet<(u64, UserId)>>,
    fx: RefCell<Vec<Effect>>,
    next_socket: Cell<u64>,
    next_barrier: Cell<u64>,
    has_credit: Cell<bool>,
    inbox_high_water: Cell<usize>,
}

/// A socket of this worker.
struct Plug {
    port: Rc<dyn SocketPort>,
    user: Option<UserId>,
    instance: Option<InstanceId>,
    home: ShardNo,
    claims: u8,
}

/// A socket that waits for an activation.
struct Waiter {
    socket: SocketId,
    instance: Option<InstanceId>,
    since_tick_ms: u64,
}

/// What to do when everything of a learner that was handed over is decided.
struct Barrier {
    user: UserId,
    incarnation: u64,
    then: AfterBarrier,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum AfterBarrier {
    /// The session fell: it may be built anew.
    Rebuild,
    /// The session is idle: it may be dropped.
    Drop,
}

impl Shard {
    pub(crate) fn of_this_thread(shared: &Arc<Shared>) -> Rc<Shard> {
        SHARD.with(|slot| {
            if let Some(shard) = slot.borrow().as_ref()
                && Arc::ptr_eq(&shard.shared, shared)
            {
                return shard.clone();
            }
            let shard = Shard::begin(shared.clone());
            *slot.borrow_mut() = Some(shard.clone());
            shard
        })
    }

    fn begin(shared: Arc<Shared>) -> Rc<Shard> {
        let (inbox_tx, inbox_rx) = mpsc::channel(shared.limits.shard_inbox);
        let no = match shared.shards.write() {
            Ok(mut shards) => {
                shards.push(inbox_tx);
                ShardNo::try_from(shards.len() - 1).unwrap_or(ShardNo::MAX)
            }
            Err(_) => 0,
        };
        let shard = Rc::new(Shard {
            no,
            shared,
            residents: RefCell::default(),
            sockets: RefCell::default(),
            waiting: RefCell::default(),
            outbox: RefCell::default(),
            in_flight: Cell::new(false),
            jobs: RefCell::default(),
            backlog: RefCell::default(),
            told_decks: RefCell::default(),
            late_zones: RefCell::default(),
            barriers: RefCell::default(),
            deadlines: RefCell::default(),
            fx: RefCell::default(),
            next_socket: Cell::new(0),
            next_barrier: Cell::new(0),
            has_credit: Cell::new(true),
            inbox_high_water: Cell::new(0),
        });
        actix::spawn(shard.clone().listen(inbox_rx));
        let skew_ms = shard.now().skew_ms();
        actix::spawn(shard.clone().tick(skew_ms));
        shard
    }

    async fn listen(self: Rc<Self>, mut inbox: mpsc::Receiver<ToShard>) {
        while let Some(message) = inbox.recv().await {
            self.take(message);
            // One flush for all that came together.
            while let Ok(message) = inbox.try_recv() {
                self.take(message);
            }
            self.flush();
        }
    }

    fn now(&self) -> Now {
        self.shared.clock.now()
    }

    // ---- what sockets ask -------------------------------------------------------------------------------------

    /// A socket of this worker; its id is good until [`Shard::unplug`].
    pub fn plug(&self, port: Rc<dyn SocketPort>) -> SocketId {
        let n = self.next_socket.get() + 1;
        self.next_socket.set(n);
        let socket = SocketId((u64::from(self.no) << 48) | n);
        let plug = Plug { port, user: None, instance: None, home: self.no, claims: 0 };
        self.sockets.borrow_mut().insert(socket, plug);
        self.shared.sockets.fetch_add(1, Ordering::Relaxed);
        socket
    }

    /// The socket ended: its session puts its cards back.
    pub fn unplug(&self, socket: SocketId) {
        let Some(plug) = self.sockets.borrow_mut().remove(&socket) else { return };
        self.shared.sockets.fetch_sub(1, Ordering::Relaxed);
        let Some(user) = plug.user else { return };
        self.stop_waiting(user, socket);
        if plug.home == self.no {
            self.detach_here(user, socket);
        } else {
            self.send(plug.home, ToShard::Detach { user, socket });
        }
    }

    /// The socket signed in as this learner: its session is found, moved or loaded. [`ToSocket::Attached`] or a close
    /// follows.
    pub fn attach(&self, socket: SocketId, user: UserId, instance: Option<InstanceId>) {
        if let Some(plug) = self.sockets.borrow_mut().get_mut(&socket) {
            plug.user = Some(user);
            plug.instance = instance;
        }
        if self.shared.draining.load(Ordering::Relaxed) {
            self.deliver(socket, ToSocket::Close(CloseWhy::Draining));
            return;
        }
        self.claim(socket, user, instance);
        self.flush();
    }

    /// An input of a socket for its session. It is always taken; without room for another ([`Shard::has_room`]) the
    /// socket must stop reading, so that no more than one input a socket stands above the bound.
    pub fn input(&self, socket: SocketId, user: UserId, input: Input) {
        let home = self.sockets.borrow().get(&socket).map_or(self.no, |plug| plug.home);
        if home == self.no {
            // Without a session its socket is being closed.
            self.give(user, input);
        } else {
            self.send(home, ToShard::Input { user, input });
        }
    }

    /// Whether there is room for another input.
    pub fn has_room(&self, socket: SocketId, user: UserId) -> bool {
        let home = self.sockets.borrow().get(&socket).map_or(self.no, |plug| plug.home);
        if home != self.no {
            let waits = self.backlog.borrow().iter().any(|(shard, _)| *shard == home);
            // The last sixteenth is for what sessions and sockets say to each other.
            let room = |link: mpsc::Sender<ToShard>| link.capacity() > link.max_capacity() / 16;
            return !waits && self.shared.shard_link(home).is_some_and(room);
        }
        let residents = self.residents.borrow();
        residents.get(&user).is_none_or(|r| r.cell.inbox.borrow().len() < self.shared.limits.session_inbox)
    }

    // ---- sessions ---------------------------------------------------------------------------------------------

    /// An input for a session of this shard; `false` if it is not here.
    fn give(&self, user: UserId, input: Input) -> bool {
        let residents = self.residents.borrow();
        let Some(resident) = residents.get(&user) else { return false };
        self.post(resident, input);
        true
    }

    fn post(&self, resident: &Resident, input: Input) {
        let len = {
            let mut inbox = resident.cell.inbox.borrow_mut();
            inbox.push_back(input);
            inbox.len()
        };
        self.inbox_high_water.set(self.inbox_high_water.get().max(len));
        self.wake(resident);
    }

    fn wake(&self, resident: &Resident) {
        if resident.cell.woken.replace(true) {
            return;
        }
        if resident.addr.try_send(Wake).is_err() {
            // The mailbox is full of wake-ups that have not run, or closed: the tick looks again.
            resident.cell.woken.set(false);
            resident.cell.deadline_tick_ms.set(Some(0));
            self.deadlines.borrow_mut().insert((0, resident.cell.user));
        }
    }

    /// Runs a session over its inbox. The machine runs in a contained part: effects are performed only after it
    /// returned, and a panic in it is this learner's alone.
    pub(crate) fn drive(&self, cell: &Rc<SessionCell>) {
        cell.woken.set(false);
        let now = self.now();
        for _ in 0..INPUTS_A_TURN {
            let Some(input) = cell.inbox.borrow_mut().pop_front() else { break };
            let mut fx = std::mem::take(&mut *self.fx.borrow_mut());
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let mut session = cell.session.borrow_mut();
                let Some(session) = session.as_mut() else { return };
                if let Some(hook) = &self.shared.hooks.before_input {
                    hook(cell.user, &input);
                }
                session.handle(now, input, &mut fx);
            }));
            if outcome.is_err() {
                fx.clear();
                *self.fx.borrow_mut() = fx;
                self.fell(cell);
                break;
            }
            self.perform(cell, &mut fx);
            *self.fx.borrow_mut() = fx;
        }
        self.after_turn(cell, now);
        self.flush();
    }

    fn perform(&self, cell: &SessionCell, fx: &mut Vec<Effect>) {
        for effect in fx.drain(..) {
            match effect {
                Effect::Append(append) => {
                    let offer = Offer { user: cell.user, shard: self.no, append, stale: false };
                    self.outbox.borrow_mut().push(Item::Row(offer));
                    self.shared.undecided_rows.fetch_add(1, Ordering::Relaxed);
                }
                Effect::Send { socket, out } => self.deliver(socket, ToSocket::of(out)),
                Effect::Fetch { token, want } => {
                    self.ask(Job::Fetch { user: cell.user, token, want, shard: self.no });
                }
            }
        }
    }

    /// What a turn leaves behind: the next deadline, the ledger, more to do. The machine is asked in a contained part.
    fn after_turn(&self, cell: &Rc<SessionCell>, now: Now) {
        let asked = catch_unwind(AssertUnwindSafe(|| {
            let session = cell.session.borrow();
            session.as_ref().map(|session| (session.next_deadline(now), session.bytes()))
        }));
        let (deadline, bytes) = match asked {
            Ok(Some(asked)) => asked,
            Ok(None) => return,
            Err(_) => return self.fell(cell),
        };
        self.set_deadline(cell, deadline);
        let before = cell.bytes.replace(bytes);
        self.shared.session_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.shared.session_bytes.fetch_sub(before, Ordering::Relaxed);
        if !cell.inbox.borrow().is_empty()
            && let Some(resident) = self.residents.borrow().get(&cell.user)
        {
            self.wake(resident);
        }
    }

    fn set_deadline(&self, cell: &SessionCell, at: Option<u64>) {
        let before = cell.deadline_tick_ms.replace(at);
        if before == at {
            return;
        }
        let mut deadlines = self.deadlines.borrow_mut();
        if let Some(before) = before {
            deadlines.remove(&(before, cell.user));
        }
        if let Some(at) = at {
            deadlines.insert((at, cell.user));
        }
    }

    // ---- the way out ------------------------------------------------------------------------------------------

    /// Hands the outbox to the writer, unless a batch of this shard is with it already: group commit clocks itself.
    fn flush(&self) {
        if self.in_flight.get() || self.outbox.borrow().is_empty() {
            return;
        }
        let items = std::mem::take(&mut *self.outbox.borrow_mut());
        match self.shared.writer.try_send(ToWriter { shard: self.no, items }) {
            Ok(()) => self.in_flight.set(true),
            Err(mpsc::error::TrySendError::Full(batch) | mpsc::error::TrySendError::Closed(batch)) => {
                *self.outbox.borrow_mut() = batch.items;
            }
        }
    }

    /// Whether rows of this learner wait here. A session that moved on could have newer ones stored before them.
    fn has_rows_of(&self, user: UserId) -> bool {
        self.outbox.borrow().iter().any(|item| match item {
            Item::Row(offer) => offer.user == user,
            Item::Barrier { user: of, .. } => *of == user,
        })
    }

    fn ask(&self, job: Job) {
        if let Err(mpsc::error::TrySendError::Full(job) | mpsc::error::TrySendError::Closed(job)) =
            self.shared.loader.try_send(job)
        {
            self.jobs.borrow_mut().push_back(job);
        }
    }

    /// A frame for a socket, here or on another shard. A socket that cannot queue it is dropped.
    fn deliver(&self, socket: SocketId, out: ToSocket) {
        let refuses = matches!(out, ToSocket::Frame(domain::session::Out::Refused { .. }));
        if refuses && self.shared.hooks.has(Planted::DroppedErrorFrame) {
            return;
        }
        let of = ShardNo::try_from(socket.0 >> 48).unwrap_or(self.no);
        if of != self.no {
            return self.send(of, ToShard::ToSocket { socket, home: self.no, out });
        }
        let port = self.sockets.borrow().get(&socket).map(|plug| plug.port.clone());
        if let Some(port) = port
            && port.deliver(out).is_err()
        {
            tracing::debug!(socket = socket.0, "a socket could not queue a frame and is dropped");
        }
    }

    /// A message for another shard. What has no room waits here and goes before anything that comes later.
    fn send(&self, to: ShardNo, message: ToShard) {
        let waits = self.backlog.borrow().iter().any(|(shard, _)| *shard == to);
        let refused = match self.shared.shard_link(to) {
            Some(link) if !waits => match link.try_send(message) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(message)) => message,
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            },
            Some(_) => message,
            None => return,
        };
        self.backlog.borrow_mut().push_back((to, refused));
    }

    fn send_backlog(&self) {
        let waiting = std::mem::take(&mut *self.backlog.borrow_mut());
        for (to, message) in waiting {
            self.send(to, message);
        }
    }
}

impl ToSocket {
    fn of(out: domain::session::Out) -> ToSocket {
        match out {
            domain::session::Out::Close(why) => ToSocket::Close(CloseWhy::Session(why)),
            other @ (domain::session::Out::Card(_)
            | domain::session::Out::Saved(_)
            | domain::session::Out::Refused { .. }
            | domain::session::Out::Error(_)
            | domain::session::Out::Changed(_)
            | domain::session::Out::Queue(..)
            | domain::session::Out::Done(_)) => ToSocket::Frame(other),
        }
    }
}
