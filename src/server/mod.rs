//! The assembly of a server: store, engine, sockets, HTTP, and the order in which they come up and go down.

mod admin;
mod degraded;
mod drain;
mod events;
mod health;
mod http;
mod jobs;
mod nodes;
mod ready_file;
mod shared;
mod storage;
mod tokens;

pub use degraded::Reason;
pub use health::Health;
pub use nodes::{
    ABOUT_PATH, ASK_PATH, AboutAsked, AboutSaid, Asked, AskedHot, AskedMark, AskedRegrade, HOT_PATH,
    MARK_PATH, REGRADE_PATH, Said, mark_elsewhere,
};
pub use ready_file::ReadyFileError;
pub(crate) use shared::BUS_PREFIX;
pub use storage::{Storage, StorageStats};
pub use tokens::VerifiedTokens;

use crate::auth::{Codes, Mint, Verifier};
use crate::clock::{ServerClock, real_ms};
use crate::config::AddressRange;
use crate::config::{Bus as BusAt, Store};
use crate::events::Events;
use crate::http::address::behind;
use crate::media::MediaSessions;
use crate::metrics::{Metrics, MetricsError, Sources};
use crate::rates::Rates;
use crate::webhooks::{Authorities, Dispatcher, HookOptions};
use crate::ws::layer::{Gate, GateLimits, ServeOptions, SocketCounters, listen, serve};
use crate::ws::monitor;
use crate::ws::study::{StudyContext, TokenCheck, encode_card, route};
use actors::{ClusterOptions, Engine, Hooks, LessonOptions, Limits};
use cql::CqlStore;
use domain::ids::RunId;
use domain::owner::Timing;
use embedded::EmbeddedStore;
use jobs::ImportParts;
use ports::quota::Buckets;
use ports::{Bus, Library, People, ReviewStore};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Connections that the kernel may hold for us: a whole school's return in one moment.
const BACKLOG: i32 = 4_096;
/// Threads of the service runtime: writer and loader wait more than they work.
const SERVICE_THREADS: usize = 2;

/// What a server is made of.
pub struct ServerOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where operators are answered; `None` = nowhere.
    pub admin_listen: Option<SocketAddr>,
    /// Where everything is kept.
    pub store: Store,
    /// How nodes hear of each other.
    pub bus: BusAt,
    /// By which the other nodes reach this one; `None` = where it listens.
    pub node_address: Option<String>,
    /// Its name at a balancer that brings learners back to their node.
    pub node_label: Option<String>,
    /// How often what is cached is compared with a store that several nodes share.
    pub check_interval: Duration,
    /// The data folder.
    pub data_dir: PathBuf,
    /// Origins besides the own host whose pages may open sockets.
    pub allowed_origins: Vec<String>,
    /// Whether `POST /dev/clock` sets the wall clock.
    pub dev_clock: bool,
    /// Whether webhooks may be sent to this very machine.
    pub dev_webhooks: bool,
    /// Authorities that webhooks believe besides those of Mozilla's list.
    pub webhook_authorities: Authorities,
    /// Written once the server is ready.
    pub ready_file: Option<PathBuf>,
    /// Web workers.
    pub workers: usize,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<AddressRange>,
    /// How much one person may ask for over HTTP; without it nothing is counted.
    pub rate_limit: Option<Buckets>,
    /// Who may come in over a socket.
    pub tokens: Arc<dyn TokenCheck>,
    /// Who may come in over HTTP.
    pub verifier: Arc<Verifier>,
    /// What tokens are made with, where codes can be redeemed.
    pub mint: Option<Mint>,
    /// The cookies by which pages get their media.
    pub media_sessions: Option<MediaSessions>,
    /// Single-use codes.
    pub codes: Arc<Codes>,
    /// Done before the server listens.
    pub prepare: Option<Prepare>,
    /// What tests plant.
    pub hooks: Hooks,
}

impl ServerOptions {
    fn engine<S>(
        &self,
        store: &S,
        (clock, metrics): (&Arc<ServerClock>, &Arc<Metrics>),
        cluster: Option<ClusterOptions>,
        lessons: LessonOptions,
    ) -> actors::Options<S>
    where
        S: ReviewStore + Library + People + Clone,
    {
        actors::Options {
            store: Arc::new(store.clone()),
            library: Arc::new(store.clone()),
            people: Arc::new(store.clone()),
            clock: clock.clone(),
            dev_clock: self.dev_clock,
            encode: encode_card,
            telemetry: metrics.clone(),
            limits: Limits::default(),
            seed: real_ms().unsigned_abs(),
            hooks: self.hooks.clone(),
            cluster,
            lessons: Some(lessons),
        }
    }

    /// How its listeners and sockets are served.
    pub fn serving(&self, parts: &Parts) -> ServeOptions {
        let engine = parts.engine.clone();
        ServeOptions {
            workers: self.workers,
            backlog: BACKLOG,
            allowed_origins: self.allowed_origins.clone(),
            gate: parts.gate.clone(),
            counters: parts.sources.sockets.clone(),
            address_of: behind(self.trusted_proxies.clone()),
            on_worker_start: Arc::new(move |_| drop(engine.shard())),
            ..ServeOptions::default()
        }
    }
}

/// Something that is done with the parts of a server before it listens.
pub type Prepare = Box<dyn FnOnce(&Parts) -> ports::Boxed<'static, Result<(), String>>>;

/// Why a server did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The data folder could not be opened.
    #[error("the data folder could not be opened: {0}")]
    Store(#[from] embedded::OpenError),
    /// The cluster's store could not be opened.
    #[error("the store could not be opened: {0}")]
    Cluster(#[from] cql::OpenError),
    /// The bus can never come about.
    #[error("the bus {0}")]
    Bus(#[from] bus::BadUrl),
    /// The address could not be had.
    #[error("{address} could not be listened on: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A thread, a listener or a signal could not be had.
    #[error("the server could not start: {0}")]
    Io(#[from] io::Error),
    /// Metrics could not be registered.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The ready file could not be written.
    #[error(transparent)]
    ReadyFile(#[from] ReadyFileError),
    /// What was to be done first failed.
    #[error("{0}")]
    Prepare(String),
    /// TLS cannot be spoken: a fault of the program.
    #[error("TLS cannot be spoken: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// Something that was accepted could not be stored before the end.
    #[error("{0} rows could not be stored before the end; their senders were not told that they are saved")]
    Undecided(usize),
}

/// The long-lived parts of a running server.
#[derive(Clone)]
pub struct Parts {
    /// The store.
    pub store: Storage,
    /// How other nodes are told of changes.
    pub bus: Option<Arc<dyn Bus>>,
    /// How much somebody may ask for.
    pub rates: Rates,
    /// This node's name at the balancer.
    pub label: Option<Arc<str>>,
    /// The engine.
    pub engine: Engine,
    /// Both clocks.
    pub clock: Arc<ServerClock>,
    /// What is measured.
    pub metrics: Arc<Metrics>,
    /// What is only read at a scrape.
    pub sources: Sources,
    /// Who may come in before it is known who they are.
    pub gate: Arc<Gate>,
    /// How it is.
    pub health: Arc<Health>,
    /// Told to make the process go down as SIGTERM does.
    pub stop: Arc<Notify>,
    /// What happens, and whom it is told.
    pub events: Events,
    /// Who is sent it.
    pub webhooks: Dispatcher,
    /// Import jobs.
    pub(crate) imports: ImportParts,
}

impl Parts {
    /// Opens the store and starts the engine on the current tokio runtime.
    ///
    /// # Errors
    /// The data folder cannot be opened.
    pub async fn start(options: &ServerOptions, address: SocketAddr) -> Result<Parts, ServerError> {
        let clock = Arc::new(ServerClock::default());
        let metrics = Metrics::new()?;
        let shared::SharedParts { bus, quota, counted_together } = shared::start(&options.bus)?;
        let (store, engine) = match &options.store {
            Store::Embedded => {
                let store = EmbeddedStore::open(&options.data_dir, embedded::Options::default())?;
                let storage = Storage::Embedded(store.clone());
                let lessons = lesson_options(&storage, None);
                let engine = Engine::start(options.engine(&store, (&clock, &metrics), None, lessons));
                (storage, engine)
            }
            Store::Cql(at) => {
                let clocks = Arc::new(storage::StoreClock(clock.clone()));
                let store =
                    CqlStore::open(at, &cql::Options { clock: clocks, ..cql::Options::default() }).await?;
                let cluster = ClusterOptions {
                    owners: Arc::new(store.owners().clone()),
                    tenures: Arc::new(store.clone()),
                    peers: Arc::new(nodes::HttpPeers::new()),
                    address: options.node_address.clone().unwrap_or_else(|| address.to_string()),
                    new_run: Uuid::new_v4,
                    timing: Timing::STANDARD,
                };
                let storage = Storage::Cql(store.clone());
                let lessons = lesson_options(&storage, bus.clone());
                let engine =
                    Engine::start(options.engine(&store, (&clock, &metrics), Some(cluster), lessons));
                tokio::spawn(nodes::check_now_and_then(engine.clone(), options.check_interval));
                (storage, engine)
            }
        };
        if let Some(bus) = &bus {
            tokio::spawn(nodes::hear(bus.clone(), engine.clone(), store.people()));
        }
        let hooks = HookOptions {
            allow_loopback: options.dev_webhooks,
            authorities: options.webhook_authorities.clone(),
            ..HookOptions::default()
        };
        let (events, webhooks) = events::start(&store, &engine, &clock, hooks)?;
        let counters = Arc::new(SocketCounters::default());
        let health: Arc<Health> = Arc::default();
        let sources = Sources {
            engine: engine.clone(),
            store: store.clone(),
            sockets: counters,
            relays: Arc::default(),
            health: Arc::clone(&health),
            bus: bus.clone(),
            quota: counted_together,
            events: events.clone(),
            webhooks: webhooks.clone(),
        };
        let rates = Rates::new(quota, options.rate_limit);
        let label = options.node_label.as_deref().map(Arc::from);
        let gate = Arc::new(Gate::new(GateLimits::default()));
        let stop = Arc::default();
        let study = store.study(engine.clone(), clock.clone(), bus.clone());
        let imports = ImportParts::start(&store, study, &clock, &events, &options.data_dir);
        Ok(Parts {
            store,
            bus,
            rates,
            label,
            engine,
            clock,
            metrics,
            sources,
            gate,
            health,
            stop,
            events,
            webhooks,
            imports,
        })
    }

    fn study_context(&self, tokens: Arc<dyn TokenCheck>) -> StudyContext {
        StudyContext {
            engine: self.engine.clone(),
            clustered: matches!(self.store, Storage::Cql(_)),
            people: self.store.people(),
            teaching: self.store.teaching(),
            tokens,
            clock: self.clock.clone(),
            relays: self.sources.relays.clone(),
            rates: self.rates.clone(),
            label: self.label.clone(),
            events: self.events.clone(),
            real_ms,
        }
    }
}

fn lesson_options(storage: &Storage, bus: Option<Arc<dyn Bus>>) -> LessonOptions {
    LessonOptions {
        lessons: storage.lessons(),
        run: RunId(Uuid::new_v4()),
        bus,
        encode: monitor::encode_view,
        watchers: Arc::new(storage.teaching()),
    }
}

/// Runs a server until it is told to stop. `started` is called with the address once it listens.
///
/// # Errors
/// See [`ServerError`].
pub fn run(options: ServerOptions, started: impl FnOnce(&Parts, SocketAddr)) -> Result<(), ServerError> {
    let service = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(SERVICE_THREADS)
        .thread_name("service")
        .enable_all()
        .build()?;
    let listener =
        |address| listen(address, BACKLOG).map_err(|source| ServerError::Listen { address, source });
    // First of all: the other nodes are told where this one is reached.
    let doors =
        Doors { public: listener(options.listen)?, admin: options.admin_listen.map(listener).transpose()? };
    let address = doors.public.local_addr()?;
    let parts = service.block_on(Parts::start(&options, address))?;
    actix_rt::System::new().block_on(run_on_main(options, parts, doors, started))
}

/// Where a server is asked.
struct Doors {
    public: TcpListener,
    admin: Option<TcpListener>,
}

async fn run_on_main(
    mut options: ServerOptions,
    parts: Parts,
    doors: Doors,
    started: impl FnOnce(&Parts, SocketAddr),
) -> Result<(), ServerError> {
    parts.engine.supervise();
    if let Some(prepare) = options.prepare.take() {
        prepare(&parts).await.map_err(ServerError::Prepare)?;
    }
    let address = doors.public.local_addr()?;
    let workers = options.workers;
    let serving = options.serving(&parts);
    let context = parts.study_context(options.tokens.clone());
    let routes = move || vec![route(context.clone()), monitor::route(context.clone())];
    let state = http::state(&parts, &mut options).map_err(MetricsError::from)?;
    let app = move || crate::http::app(state.clone());
    let admin = doors.admin.map(|listener| admin::AdminDoor::open(listener, &parts, address)).transpose()?;
    // Whoever is welcomed is told of the lesson that is on.
    parts.engine.lessons_known().await;
    let server = serve(vec![doors.public], &serving, app, routes)?;
    let handle = server.handle();
    let serving = actix_rt::spawn(server);
    let decks = parts.engine.warm_up().await;
    if decks > 0 {
        tracing::info!(decks, "read what is most in use at another node");
    }
    parts.health.set_ready(true);
    started(&parts, address);
    if let Some(file) = &options.ready_file {
        ready_file::write(file, address, admin.as_ref().map(|admin| admin.address))?;
    }
    tracing::info!(%address, workers, "ready");
    let signal = drain::signal(&parts.stop).await?;
    tracing::info!(signal, "going down");
    let (undecided, ()) = tokio::join!(drain::drain(&parts), parts.imports.stop());
    // After everything that could still happen.
    tokio::join!(parts.events.stop(), parts.webhooks.stop());
    parts.engine.leave().await;
    handle.stop(false).await;
    drop(serving.await);
    // Last of all: how it goes down can be looked at.
    if let Some(admin) = admin {
        admin.close().await;
    }
    if undecided > 0 { Err(ServerError::Undecided(undecided)) } else { Ok(()) }
}
