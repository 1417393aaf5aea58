//! A whole engine behind real sockets, on a port of its own, with a store that no other test has learners in. It has
//! no HTTP API: decks are put into the library directly.

use super::any_store::{AnyStore, on_cql};
use super::outside::PlainTokens;
use super::people::WatchedPeople;
use super::store::WatchedStore;
use actix_web::{App, HttpResponse, web};
use actors::{
    Clock, ClusterOptions, Engine, EngineView, Full, Hooks, LearnerView, Limits, Options, SocketPort,
    ToSocket,
};
use bus::LocalQuota;
use domain::deck::DeckSettings;
use domain::entry::LogEntry;
use domain::fold::fold_deck;
use domain::ids::{CardId, DeckId, EntryId, UserId, Uuid};
use domain::state::CardState;
use kit::{FaultStore, MemoryStore};
use ports::{Library as _, LogRange, Progress, ReviewStore};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use studyhall::clock::{ServerClock, real_ms};
use studyhall::events::{Events, EventsOptions, EventsParts};
use studyhall::rates::Rates;
use studyhall::ws::layer::{Gate, GateLimits, ServeOptions, SocketCounters, listen, serve};
use studyhall::ws::monitor;
use studyhall::ws::study::{StudyContext, encode_card, route};

pub use super::library::{card_record, open, put_deck, put_public_deck, unlimited};
pub use super::outside::TestClock;

pub use kit::wait::DEADLINE as PATIENCE;

/// Noon, UTC, of 2026-01-10, Unix milliseconds.
pub const NOON_MS: i64 = 1_768_046_400_000;
/// A day, in milliseconds.
pub const DAY_MS: i64 = 86_400_000;

/// A socket that takes no interest in what it is told.
struct Deaf;

impl SocketPort for Deaf {
    fn deliver(&self, _: ToSocket) -> Result<(), Full> {
        Ok(())
    }
}

async fn visit(engine: Engine, user: web::Path<String>) -> HttpResponse {
    let shard = engine.shard();
    let socket = shard.plug(Rc::new(Deaf));
    shard.attach(socket, user.parse().unwrap(), None);
    shard.unplug(socket);
    HttpResponse::Ok().finish()
}

/// Events that are told at once, in a store of their own.
fn events_in(kept: &MemoryStore) -> Events {
    let kept = Arc::new(kept.clone());
    Events::start(EventsParts {
        store: kept.clone(),
        library: kept.clone(),
        people: kept.clone(),
        papers: kept,
        clock: Arc::new(ServerClock::default()),
        is_shared: false,
        options: EventsOptions { sitting_quiet_ms: 20, ..EventsOptions::default() },
    })
}

/// A running engine.
pub struct TestServer {
    pub address: SocketAddr,
    /// The store below all faults.
    pub store: AnyStore,
    /// What fails as it is told.
    pub faults: FaultStore<AnyStore>,
    /// What the engine has: a gate for loads before the faults.
    pub watched: WatchedStore,
    /// Who study sockets take their learners from.
    pub people: WatchedPeople,
    pub engine: Engine,
    pub clock: Arc<TestClock>,
    pub sockets: Arc<SocketCounters>,
    /// Where events are told.
    pub told: MemoryStore,
    runtime: tokio::runtime::Runtime,
    handle: actix_server::ServerHandle,
    thread: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

/// How a test wants its server.
#[derive(Clone, Default)]
pub struct Wishes {
    pub workers: usize,
    pub dev_clock: bool,
    pub limits: Option<Limits>,
    pub hooks: Hooks,
    /// How the embedded store is opened: for tests that are about it alone.
    pub store: Option<embedded::Options>,
    /// Places for sockets that have not signed in.
    pub gate: Option<GateLimits>,
    /// Other nodes may change what is stored, whatever the store is.
    pub clustered: bool,
    /// It is a node of this cluster, whatever its store is.
    pub cluster: Option<ClusterOptions>,
    /// The store wants its rows so, whatever the embedded one wants.
    pub shape: Option<ports::Shape>,
}

impl Wishes {
    pub fn workers(workers: usize) -> Wishes {
        Wishes { workers, ..Wishes::default() }
    }
}

impl TestServer {
    pub fn start() -> Self {
        Self::start_with(Wishes::workers(1))
    }

    pub fn start_with(wishes: Wishes) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let clock = Arc::new(TestClock::default());
        let store = runtime.block_on(AnyStore::open(folder.path(), wishes.store.clone(), clock.clone()));
        let faults = match wishes.shape {
            Some(shape) => FaultStore::shaped(store.clone(), shape),
            None => FaultStore::new(store.clone()),
        };
        let watched = WatchedStore::new(faults.clone());
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 4_096).unwrap();
        let address = listener.local_addr().unwrap();
        let engine = {
            let _inside = runtime.enter();
            Engine::start(Options {
                store: Arc::new(watched.clone()),
                library: Arc::new(store.clone()),
                people: Arc::new(store.clone()),
                clock: clock.clone(),
                dev_clock: wishes.dev_clock,
                encode: encode_card,
                telemetry: Arc::new(()),
                limits: wishes.limits.unwrap_or_default(),
                seed: 7,
                hooks: wishes.hooks.clone(),
                cluster: wishes.cluster.clone().or_else(|| store.cluster(address)),
                lessons: store.lessons(),
            })
        };
        let people = WatchedPeople::new(store.clone());
        let kept = MemoryStore::new();
        let context = StudyContext {
            clustered: wishes.clustered || wishes.cluster.is_some() || on_cql(),
            engine: engine.clone(),
            people: Arc::new(people.clone()),
            teaching: store.teaching(),
            tokens: Arc::new(PlainTokens),
            clock: clock.clone(),
            relays: Arc::default(),
            rates: Rates::new(Arc::new(LocalQuota::default()), None),
            label: None,
            events: {
                let _inside = runtime.enter();
                events_in(&kept)
            },
            real_ms,
        };
        let sockets = Arc::new(SocketCounters::default());
        let (started, starts) = mpsc::channel();
        let (supervised, visited) = (engine.clone(), engine.clone());
        let counters = sockets.clone();
        let thread = std::thread::spawn(move || {
            actix_rt::System::new().block_on(async move {
                supervised.supervise();
                let workers = wishes.workers.max(1);
                let gate = Arc::new(Gate::new(wishes.gate.unwrap_or_default()));
                let options = ServeOptions { workers, counters, gate, ..ServeOptions::default() };
                let app = move || {
                    let visited = visited.clone();
                    App::new().route("/visit/{user}", web::get().to(move |path| visit(visited.clone(), path)))
                };
                let routes = move || vec![route(context.clone()), monitor::route(context.clone())];
                let server = serve(vec![listener], &options, app, routes).unwrap();
                started.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let handle = starts.recv_timeout(PATIENCE).expect("the server starts");
        let thread = Some(thread);
        TestServer {
            address,
            store,
            faults,
            watched,
            people,
            engine,
            clock,
            sockets,
            told: kept,
            runtime,
            handle,
            thread,
            _folder: folder,
        }
    }

    /// The server's clock, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.clock.now().wall_ms
    }

    /// A server whose clock says that it is noon, UTC, of some day: no study day turns while the test runs.
    pub fn at_noon(wishes: Wishes) -> Self {
        let server = Self::start_with(Wishes { dev_clock: true, ..wishes });
        server.clock.set_wall_ms(NOON_MS);
        server
    }

    /// Somebody asks for this learner's session on some worker and goes away at once.
    pub fn visit(&self, user: UserId) {
        let mut stream = std::net::TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET /visit/{user} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Where its study sockets are.
    pub fn url(&self) -> String {
        format!("ws://{}/ws/v1/study", self.address)
    }

    /// An id of the server's present moment, above all that were made before.
    pub fn fresh_id(&self) -> Uuid {
        self.id_at(self.now_ms())
    }

    /// An id of another moment.
    pub fn id_at(&self, at_ms: i64) -> Uuid {
        EntryId::v7(at_ms, u128::from(count()) << 32).0
    }

    /// A learner's whole log.
    pub fn log(&self, user: UserId) -> Vec<LogEntry> {
        let range =
            LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: usize::MAX >> 1 };
        self.run(self.store.log(user, range)).unwrap()
    }

    /// A deck's progress rows. On a CQL server the store doubts rows of a learner whom nobody owns just now: those are
    /// folded from the log, as whoever loads them next does.
    pub fn rows(&self, user: UserId, deck: DeckId) -> Vec<Progress> {
        let mut rows = self.run(self.store.progress(user, deck)).unwrap();
        if on_cql() && rows.iter().any(|row| row.params_key == 0) {
            let params = self.run(self.store.deck(deck)).unwrap().unwrap().settings.fold_params();
            let folded = fold_deck(deck, &self.log(user), &params);
            for row in rows.iter_mut().filter(|row| row.params_key == 0) {
                row.params_key = params.key();
                row.state = folded.get(&row.card).copied().unwrap_or(CardState::NEW);
            }
        }
        rows
    }

    /// One card's progress row, once the store has what the log has.
    pub fn state(&self, user: UserId, deck: DeckId, card: CardId) -> Option<CardState> {
        self.rows(user, deck).into_iter().find(|row| row.card == card).map(|row| row.state)
    }

    /// Waits until every row is decided.
    pub fn settled(&self) {
        eventually("every row is decided", || self.engine.undecided_rows() == 0);
    }

    /// What the engine shows of a learner.
    pub fn learner(&self, user: UserId) -> Option<LearnerView> {
        self.run(self.engine.learner(user))
    }

    /// What the engine shows of itself.
    pub fn view(&self) -> EngineView {
        self.run(self.engine.view())
    }

    /// How many sockets the server has closed with this code.
    pub fn closed_with(&self, code: u16) -> u64 {
        let closed = self.sockets.read().closed_by_us;
        closed.iter().filter(|(by, _)| by.get() == code).map(|(_, count)| *count).sum()
    }

    /// Runs a future on the server's service runtime.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Runs a future beside the test.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.runtime.spawn(work)
    }

    /// A deck of this learner with so many cards.
    pub fn deck(&self, owner: UserId, cards: usize) -> (DeckId, Vec<CardId>) {
        self.deck_with(owner, cards, DeckSettings::default())
    }

    pub fn deck_with(&self, owner: UserId, cards: usize, settings: DeckSettings) -> (DeckId, Vec<CardId>) {
        self.run(self.deck_later(owner, cards, settings))
    }

    /// The same inside a future.
    pub async fn deck_later(
        &self,
        owner: UserId,
        cards: usize,
        settings: DeckSettings,
    ) -> (DeckId, Vec<CardId>) {
        put_deck(&self.store, owner, cards, settings, self.now_ms()).await
    }

    /// Runs what needs the server inside a future.
    pub fn run_with<T>(&self, work: impl AsyncFnOnce(&TestServer) -> T) -> T {
        self.run(work(self))
    }
}

/// A UUID that is new in this process, and above all that were made before it.
pub fn random_uuid() -> Uuid {
    EntryId::v7(real_ms(), u128::from(count()) << 32).0
}

fn count() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        // The other servers of the keyspace need not wait until it is declared dead.
        let engine = self.engine.clone();
        drop(self.runtime.spawn(async move { engine.leave().await }));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server's thread panicked");
        }
    }
}

/// Waits until something holds.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never came: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
