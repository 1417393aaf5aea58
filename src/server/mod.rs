//! The assembly of a server: store, engine, sockets, HTTP, and the order in which they come up and go down.

mod drain;
mod health;
mod http;
mod ready_file;
mod tokens;

pub use health::Health;
pub use ready_file::ReadyFileError;
pub use tokens::VerifiedTokens;

use crate::auth::{Codes, Mint, Verifier};
use crate::clock::{ServerClock, real_ms};
use crate::config::AddressRange;
use crate::http::Rates;
use crate::http::address::behind;
use crate::metrics::{Metrics, MetricsError, Sources};
use crate::ws::layer::{Gate, GateLimits, ServeOptions, SocketCounters, listen, serve};
use crate::ws::study::{StudyContext, TokenCheck, encode_card, route};
use actors::{Engine, Hooks, Limits};
use embedded::EmbeddedStore;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// Connections that the kernel may hold for us: a whole school's return in one moment.
const BACKLOG: i32 = 4_096;
/// Threads of the service runtime: writer and loader wait more than they work.
const SERVICE_THREADS: usize = 2;

/// What a server is made of.
pub struct ServerOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The data folder.
    pub data_dir: PathBuf,
    /// Origins besides the own host whose pages may open sockets.
    pub allowed_origins: Vec<String>,
    /// Whether `POST /dev/clock` sets the wall clock.
    pub dev_clock: bool,
    /// Written once the server is ready.
    pub ready_file: Option<PathBuf>,
    /// Web workers.
    pub workers: usize,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<AddressRange>,
    /// How much one person may ask for over HTTP.
    pub rates: Rates,
    /// Who may come in over a socket.
    pub tokens: Arc<dyn TokenCheck>,
    /// Who may come in over HTTP.
    pub verifier: Arc<Verifier>,
    /// What tokens are made with, where codes can be redeemed.
    pub mint: Option<Mint>,
    /// Single-use codes.
    pub codes: Arc<Codes>,
    /// Done before the server listens.
    pub prepare: Option<Prepare>,
    /// What tests plant.
    pub hooks: Hooks,
}

impl ServerOptions {
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
    /// Something that was accepted could not be stored before the end.
    #[error("{0} rows could not be stored before the end; their senders were not told that they are saved")]
    Undecided(usize),
}

/// The long-lived parts of a running server.
#[derive(Clone)]
pub struct Parts {
    /// The store.
    pub store: EmbeddedStore,
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
}

impl Parts {
    /// Opens the store and starts the engine on the current tokio runtime.
    ///
    /// # Errors
    /// The data folder cannot be opened.
    pub fn start(options: &ServerOptions) -> Result<Parts, ServerError> {
        let store = EmbeddedStore::open(&options.data_dir, embedded::Options::default())?;
        let clock = Arc::new(ServerClock::default());
        let metrics = Metrics::new()?;
        let engine = Engine::start(actors::Options {
            store: Arc::new(store.clone()),
            library: Arc::new(store.clone()),
            people: Arc::new(store.clone()),
            clock: clock.clone(),
            dev_clock: options.dev_clock,
            encode: encode_card,
            telemetry: metrics.clone(),
            limits: Limits::default(),
            seed: real_ms().unsigned_abs(),
            hooks: options.hooks.clone(),
        });
        let counters = Arc::new(SocketCounters::default());
        let sources = Sources { engine: engine.clone(), store: store.clone(), sockets: counters };
        let gate = Arc::new(Gate::new(GateLimits::default()));
        Ok(Parts { store, engine, clock, metrics, sources, gate, health: Arc::default() })
    }

    fn study_context(&self, tokens: Arc<dyn TokenCheck>) -> StudyContext {
        StudyContext {
            engine: self.engine.clone(),
            people: Arc::new(self.store.clone()),
            tokens,
            clock: self.clock.clone(),
            real_ms,
        }
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
    let parts = {
        let _inside = service.enter();
        Parts::start(&options)?
    };
    actix_rt::System::new().block_on(run_on_main(options, parts, started))
}

async fn run_on_main(
    mut options: ServerOptions,
    parts: Parts,
    started: impl FnOnce(&Parts, SocketAddr),
) -> Result<(), ServerError> {
    parts.engine.supervise();
    if let Some(prepare) = options.prepare.take() {
        prepare(&parts).await.map_err(ServerError::Prepare)?;
    }
    let listener = listen(options.listen, BACKLOG)
        .map_err(|source| ServerError::Listen { address: options.listen, source })?;
    let address = listener.local_addr()?;
    let workers = options.workers;
    let serving = options.serving(&parts);
    let context = parts.study_context(options.tokens.clone());
    let routes = move || vec![route(context.clone())];
    let state = http::state(&parts, &mut options).map_err(MetricsError::from)?;
    let app = move || crate::http::app(state.clone());
    let server = serve(vec![listener], &serving, app, routes)?;
    let handle = server.handle();
    let serving = actix_rt::spawn(server);
    parts.health.set_ready(true);
    started(&parts, address);
    if let Some(file) = &options.ready_file {
        ready_file::write(file, address)?;
    }
    tracing::info!(%address, workers, "ready");
    let signal = drain::signal().await?;
    tracing::info!(signal, "going down");
    let undecided = drain::drain(&parts).await;
    handle.stop(false).await;
    drop(serving.await);
    if undecided > 0 { Err(ServerError::Undecided(undecided)) } else { Ok(()) }
}
