//! One node under test, a learner, and the sockets that want the learner.

use actors::{
    Clock, CloseWhy, ClusterOptions, Engine, Full, Hooks, Limits, Options, Peers, SocketPort, ToSocket,
};
use domain::deck::PlainTexts;
use domain::ids::{RunId, SittingId, UserId, Uuid};
use domain::owner::claim::Answer;
use domain::owner::{Epoch, Timing};
use domain::session::{Input, Limits as StartLimits, Now, SocketId, Start};
use kit::wait::DEADLINE;
use kit::{MemoryOwners, MemoryStore, MemoryTenures};
use ports::{Boxed, People as _, Role, SignIn};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub const USER: UserId = UserId::from_u128(7);
/// Another learner.
pub const ANOTHER: UserId = UserId::from_u128(8);
/// The run of the other node.
pub const OTHER: RunId = RunId::from_u128(99);
/// Where the other node is.
pub const OTHER_ADDRESS: &str = "other:1";

/// Times short enough for tests; nobody is taken for dead by time.
pub const SHORT: Timing = Timing {
    beat_every_ms: 50,
    dead_after_ms: 3_600_000,
    inbox_again_ms: 50,
    ask_again_ms: 10,
    ..Timing::STANDARD
};

/// Both clocks of the system.
struct SystemClock(Instant);

impl Clock for SystemClock {
    fn now(&self) -> Now {
        Now { tick_ms: u64::try_from(self.0.elapsed().as_millis()).unwrap() + 1, wall_ms: wall_ms() }
    }
}

pub fn wall_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// What the other node says when it is asked.
#[derive(Clone)]
pub struct Other {
    says: Arc<Mutex<Answer>>,
    asked: Arc<AtomicU64>,
}

impl Other {
    pub fn says(&self, answer: Answer) {
        *self.says.lock().unwrap() = answer;
    }

    /// How often it was asked so far.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Peers for Other {
    fn ask(&self, address: String, run: RunId, _: UserId, _: Epoch) -> Boxed<'_, Answer> {
        assert_eq!((address.as_str(), run), (OTHER_ADDRESS, OTHER));
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = *self.says.lock().unwrap();
        Box::pin(async move {
            // No answer is there at once.
            tokio::task::yield_now().await;
            answer
        })
    }
}

/// What a socket was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    Attached,
    Elsewhere(String),
    Closed(CloseWhy),
}

/// A socket that remembers what it was told of where its learner is.
#[derive(Default)]
pub struct Listener {
    told: RefCell<Vec<Told>>,
    frames: Cell<usize>,
}

impl Listener {
    pub fn told(&self) -> Vec<Told> {
        self.told.borrow().clone()
    }

    /// How many frames came.
    pub fn frames(&self) -> usize {
        self.frames.get()
    }
}

impl SocketPort for Listener {
    fn deliver(&self, out: ToSocket) -> Result<(), Full> {
        let told = match out {
            ToSocket::Attached => Told::Attached,
            ToSocket::Elsewhere(address) => Told::Elsewhere(address.to_string()),
            ToSocket::Close(why) => Told::Closed(why),
            ToSocket::Frame(_) => {
                self.frames.set(self.frames.get() + 1);
                return Ok(());
            }
            ToSocket::Goodbye { .. } => return Ok(()),
        };
        self.told.borrow_mut().push(told);
        Ok(())
    }
}

/// The node.
pub struct Node {
    pub engine: Engine,
    pub owners: MemoryOwners,
    pub tenures: MemoryTenures,
    pub other: Other,
    store: MemoryStore,
    system: actix::SystemRunner,
    service: tokio::runtime::Runtime,
}

/// Runs of this process, counted, so that a test can tell them apart.
fn new_run() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1_000);
    Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

impl Node {
    /// A node whose owners are as a test has made them.
    pub fn start(owners: &MemoryOwners) -> Node {
        Self::start_with(owners, SHORT)
    }

    pub fn start_with(owners: &MemoryOwners, timing: Timing) -> Node {
        Self::start_within(owners, timing, Limits { idle_ms: 1, ..Limits::default() })
    }

    /// The same with bounds of its own.
    pub fn start_within(owners: &MemoryOwners, timing: Timing, limits: Limits) -> Node {
        let node = Self::without_people(owners, timing, limits);
        for user in [USER, ANOTHER] {
            let who = SignIn { user, org: None, role: Role::Learner, name: None };
            node.service.block_on(node.store.sign_in(who, wall_ms())).unwrap();
        }
        node
    }

    /// A node whose store has no such person as the learner: no session can be loaded.
    pub fn without_the_person(owners: &MemoryOwners, timing: Timing) -> Node {
        Self::without_people(owners, timing, Limits { idle_ms: 1, ..Limits::default() })
    }

    fn without_people(owners: &MemoryOwners, timing: Timing, limits: Limits) -> Node {
        let service =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        let (store, tenures) = (MemoryStore::new(), MemoryTenures::new());
        let other = Other { says: Arc::new(Mutex::new(Answer::Here)), asked: Arc::default() };
        let engine = {
            let _inside = service.enter();
            Engine::start(Options {
                store: Arc::new(store.clone()),
                library: Arc::new(store.clone()),
                people: Arc::new(store.clone()),
                clock: Arc::new(SystemClock(Instant::now())),
                dev_clock: false,
                encode: |card| (card.front.as_str().into(), PlainTexts::default()),
                telemetry: Arc::new(()),
                limits,
                seed: 7,
                hooks: Hooks::default(),
                lessons: None,
                cluster: Some(ClusterOptions {
                    owners: Arc::new(owners.clone()),
                    tenures: Arc::new(tenures.clone()),
                    peers: Arc::new(other.clone()),
                    address: "this:1".to_owned(),
                    new_run,
                    timing,
                }),
            })
        };
        let system = actix::System::new();
        system.block_on(async { engine.supervise() });
        Node { engine, owners: owners.clone(), tenures, other, store, system, service }
    }

    /// The node's run that is alive.
    pub fn run(&self) -> Option<RunId> {
        let living = self.owners.living();
        living.into_iter().find(|(_, address)| address == "this:1").map(|(run, _)| run)
    }

    /// Waits until the node is registered.
    pub fn registered(&self) -> RunId {
        self.eventually("the node is registered", || self.run().is_some());
        self.run().unwrap()
    }

    /// A socket that asks for the learner.
    pub fn come(&self) -> (Rc<Listener>, SocketId) {
        self.come_as(USER)
    }

    /// A socket that asks for this learner.
    pub fn come_as(&self, user: UserId) -> (Rc<Listener>, SocketId) {
        let listener = Rc::new(Listener::default());
        let port = listener.clone();
        let socket = self.system.block_on(async {
            let shard = self.engine.shard();
            let socket = shard.plug(port);
            shard.attach(socket, user, None);
            socket
        });
        (listener, socket)
    }

    /// A socket that was let in.
    pub fn come_in(&self) -> SocketId {
        let (listener, socket) = self.come();
        self.eventually("the learner is here", || !listener.told().is_empty());
        assert_eq!(listener.told(), [Told::Attached]);
        socket
    }

    /// The socket goes.
    pub fn go(&self, socket: SocketId) {
        self.system.block_on(async { self.engine.shard().unplug(socket) });
    }

    /// The learner begins to study on this socket.
    pub fn begin(&self, socket: SocketId) {
        let start = Start {
            sitting: SittingId::from_u128(1),
            decks: None,
            tags: Vec::new(),
            filter: None,
            window: 1,
            limits: StartLimits::default(),
            more: StartLimits::default(),
            mode: None,
        };
        let input = Input::Start { socket, start: Box::new(start) };
        self.system.block_on(async { self.engine.shard().input(socket, USER, input) });
    }

    /// The node goes down, beside the test.
    pub fn drains(&self) -> tokio::task::JoinHandle<usize> {
        let engine = self.engine.clone();
        self.service.spawn(async move { engine.drain().await })
    }

    /// The other node needs the learner, and asks.
    pub fn asked(&self, run: RunId, epoch: Epoch) -> Answer {
        self.system.block_on(self.engine.asked(run, USER, epoch))
    }

    /// The same, asked beside the test.
    pub fn asked_later(&self, run: RunId, epoch: Epoch) -> tokio::task::JoinHandle<Answer> {
        let engine = self.engine.clone();
        self.service.spawn(async move { engine.asked(run, USER, epoch).await })
    }

    /// Runs this on the node's thread.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.system.block_on(work)
    }

    /// Waits until something holds, while the node works.
    pub fn eventually(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < DEADLINE, "never came: {what}");
            self.system.block_on(async { tokio::time::sleep(Duration::from_millis(2)).await });
        }
    }

    /// Whoever the node serves, it owns, and its run is alive.
    pub fn serves_rightly(&self) {
        let row = self.owners.owner_of(USER);
        assert_eq!(row.run, self.run(), "the learner is owned by the run that is alive");
        assert_eq!(self.tenures.held(USER), self.run().map(|run| (run, row.epoch)));
    }
}
