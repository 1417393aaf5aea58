//! The long-lived parts of a running server, and the order in which they come up.

use super::error::ServerError;
use super::health::Health;
use super::jobs::ImportParts;
use super::options::ServerOptions;
use super::storage::{Storage, StoreClock};
use super::{events, nodes, shared};
use crate::clock::{ServerClock, real_ms};
use crate::config::Store;
use crate::events::Events;
use crate::metrics::{Metrics, Sources};
use crate::rates::Rates;
use crate::webhooks::{Dispatcher, HookOptions};
use crate::ws::layer::{Gate, GateLimits, SocketCounters};
use crate::ws::monitor;
use crate::ws::study::{StudyContext, TokenCheck};
use actors::{ClusterOptions, Engine, LessonOptions};
use cql::CqlStore;
use domain::ids::RunId;
use domain::owner::Timing;
use embedded::EmbeddedStore;
use ports::Bus;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

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
                let clocks = Arc::new(StoreClock(clock.clone()));
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

    pub(super) fn study_context(&self, tokens: Arc<dyn TokenCheck>) -> StudyContext {
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
