//! A shard: one web worker's sessions and sockets. It routes inputs to sessions, effects to sockets, rows to the
//! writer and questions to the loader. A socket and its session are on the same thread wherever possible: a session
//! without sockets follows the next one to its shard.

mod checks;
mod heard;
mod lifecycle;
mod outlet;
mod remote;
mod ticks;
mod turn;
mod view;

use crate::engine::Shared;
use crate::messages::{CloseWhy, Item, Job, SocketPort, ToShard, ToSocket};
use crate::resident::{Resident, SessionCell};
use crate::told::Told;
use domain::day::ZoneHistory;
use domain::deck::Deck;
use domain::directory::{Incarnation, ShardNo};
use domain::ids::{InstanceId, UserId};
use domain::session::{Effect, Input, Now, SocketId};
use heard::Heard;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

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
    /// The newest notices about who sees what, for the same reason.
    told_access: RefCell<Told>,
    /// Which notices to all shards were heard here.
    heard: RefCell<Heard>,
    /// Zones that were told of learners who are on their way into memory.
    late_zones: RefCell<HashMap<UserId, ZoneHistory>>,
    /// How many runs of the node have ended here.
    lost_runs: Cell<u64>,
    /// Loads that were under way when the node's run ended: what they bring is nobody's.
    lost_loads: RefCell<BTreeSet<(UserId, Incarnation)>>,
    barriers: RefCell<BTreeMap<u64, Barrier>>,
    deadlines: RefCell<BTreeSet<(u64, UserId)>>,
    /// Sessions with rows that wait to be written behind, each once.
    owing: RefCell<VecDeque<UserId>>,
    /// Sessions that are to look again because something may have been missed, each once.
    checks: RefCell<VecDeque<UserId>>,
    fx: RefCell<Vec<Effect>>,
    next_socket: Cell<u64>,
    next_barrier: Cell<u64>,
    has_credit: Cell<bool>,
    inbox_high_water: Cell<usize>,
    /// While messages are taken, sessions with something to do are collected.
    collecting: Cell<bool>,
    collected: RefCell<Vec<Rc<SessionCell>>>,
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
    /// The session was lost with its node's run: the learner may be claimed anew.
    Forget,
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
            told_access: RefCell::default(),
            heard: RefCell::default(),
            late_zones: RefCell::default(),
            lost_runs: Cell::new(0),
            lost_loads: RefCell::default(),
            barriers: RefCell::default(),
            deadlines: RefCell::default(),
            owing: RefCell::default(),
            checks: RefCell::default(),
            fx: RefCell::default(),
            next_socket: Cell::new(0),
            next_barrier: Cell::new(0),
            has_credit: Cell::new(true),
            inbox_high_water: Cell::new(0),
            collecting: Cell::new(false),
            collected: RefCell::default(),
        });
        actix::spawn(shard.clone().listen(inbox_rx));
        let skew_ms = shard.now().skew_ms();
        actix::spawn(shard.clone().tick(skew_ms));
        shard
    }

    async fn listen(self: Rc<Self>, mut inbox: mpsc::Receiver<ToShard>) {
        while let Some(message) = inbox.recv().await {
            self.collecting.set(true);
            self.take(message);
            // One turn of a session, and one flush, for all that came together.
            while let Ok(message) = inbox.try_recv() {
                self.take(message);
            }
            self.collecting.set(false);
            self.drive_collected().await;
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
            self.run(user, input);
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
}
