//! Webhooks: events are sent to addresses that administrators and teachers have named; signed, at least once, in the order
//! of the feed, again and again for days.
//!
//! | part | what |
//! |---|---|
//! | [`Dispatcher`] | the handle: what was changed of webhooks is said to it, tests are asked of it |
//! | `machine` | whose turn, when, what follows from an outcome, when to give up: pure |
//! | `target` | where webhooks may be sent: pure |
//! | `sign` | signatures: pure |
//! | `secrets` | replacing a secret, and which ones sign: pure |
//! | `authorities` | whose certificates are believed |
//! | `client` | one attempt over the network |
//! | `deliver` | one turn of a webhook |
//! | `dispatch` | the task that gives turns |
//!
//! Where a webhook is in its feed, and how often it has failed, lies with it in the store: after a restart it goes on
//! there. Among several nodes one has it at a time; it is named in the webhook, and another takes it by comparison when
//! that one was declared dead, as with learners.

mod authorities;
mod client;
mod deliver;
mod dispatch;
pub mod limits;
mod machine;
mod secrets;
mod sign;
mod target;

pub use authorities::Authorities;
pub use client::{Resolve, system_resolver};
pub use machine::{Policy, Reason};
pub use secrets::replace;
pub use sign::{new_secret, secret_text};
pub use target::{BadTarget, Target};

use crate::clock::ServerClock;
use crate::events::Events;
use client::Client;
use domain::ids::RunId;
use limits::{ATTEMPT_WITHIN_MS, RESTS_MS, STOPPED_WITHIN_MS, TESTS_AT_ONCE, TURN_WITHIN_MS};
use ports::{Attempt, Papers, People, PeopleError, StoreError, WebhookRecord, Webhooks, WebhooksError};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::rustls::Error as TlsError;

/// Which processes deliver, among several.
pub trait Holders: Send + Sync + 'static {
    /// This one; `None` where it has its store alone.
    fn me(&self) -> Option<RunId>;

    /// Whether another one is alive, as far as is known here.
    fn is_alive(&self, run: RunId) -> bool;
}

/// A process that has its store alone.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl Holders for Alone {
    fn me(&self) -> Option<RunId> {
        None
    }

    fn is_alive(&self, _: RunId) -> bool {
        false
    }
}

/// How webhooks are delivered. The defaults suit a server; tests wait less, and name addresses of their own.
#[derive(Clone)]
pub struct HookOptions {
    /// Rests after failures.
    pub policy: Policy,
    /// Whether this very machine may be named, and by http: the developer's.
    pub allow_loopback: bool,
    /// How long one attempt may take as a whole, in milliseconds.
    pub attempt_within_ms: u64,
    /// How long a turn of one webhook lasts before others have theirs, in milliseconds.
    pub turn_within_ms: u64,
    /// Whose certificates are believed besides those that the field's programs believe.
    pub authorities: Authorities,
    /// Finds the addresses of names.
    pub resolve: Resolve,
}

impl Default for HookOptions {
    fn default() -> Self {
        let policy = Policy { rests_ms: RESTS_MS.to_vec() };
        Self {
            policy,
            allow_loopback: false,
            attempt_within_ms: ATTEMPT_WITHIN_MS,
            turn_within_ms: TURN_WITHIN_MS,
            authorities: Authorities::default(),
            resolve: system_resolver(),
        }
    }
}

/// What webhooks are made of.
pub struct DispatcherParts {
    /// Where they lie.
    pub store: Arc<dyn Webhooks>,
    /// What they are sent.
    pub events: Events,
    /// Who may see what.
    pub people: Arc<dyn People>,
    /// Who teaches classes beside their teachers.
    pub papers: Arc<dyn Papers>,
    /// The clocks.
    pub clock: Arc<ServerClock>,
    /// Who delivers.
    pub holders: Arc<dyn Holders>,
    /// How.
    pub options: HookOptions,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// The store of webhooks.
    #[error(transparent)]
    Webhooks(#[from] WebhooksError),
    /// The store of events.
    #[error(transparent)]
    Events(#[from] StoreError),
    /// Who runs which classes is not known.
    #[error(transparent)]
    Teaching(#[from] crate::teaching::TeachingError),
    /// The store of people.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// Too many tests run.
    #[error("too many tests run; try again in a moment")]
    Busy,
}

#[derive(Debug, Default)]
pub(crate) struct Figures {
    delivered: AtomicU64,
    failed: AtomicU64,
}

impl Figures {
    fn attempted(&self, is_delivered: bool) {
        let counter = if is_delivered { &self.delivered } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// All webhooks of a process. Clones are handles.
#[derive(Clone)]
pub struct Dispatcher(Arc<Handle>);

struct Handle {
    inner: Arc<Inner>,
    stop: watch::Sender<bool>,
    dispatcher: Mutex<Option<JoinHandle<()>>>,
    tests: Semaphore,
}

/// What deliveries work with.
struct Inner {
    store: Arc<dyn Webhooks>,
    events: Events,
    people: Arc<dyn People>,
    papers: Arc<dyn Papers>,
    clock: Arc<ServerClock>,
    holders: Arc<dyn Holders>,
    policy: Policy,
    allow_loopback: bool,
    turn_within: Duration,
    client: Client,
    figures: Figures,
    /// Woken when webhooks were made or changed here.
    changed: Notify,
    /// The process is going down: turns end with the delivery that is under way.
    is_stopping: AtomicBool,
}

impl Dispatcher {
    /// Begins to deliver, on the current tokio runtime; what waits since the last time is sent.
    ///
    /// # Errors
    /// TLS cannot be spoken: a fault of the program.
    pub fn start(parts: DispatcherParts) -> Result<Dispatcher, TlsError> {
        let client = Client::new(&parts.options)?;
        let inner = Arc::new(Inner {
            store: parts.store,
            events: parts.events,
            people: parts.people,
            papers: parts.papers,
            clock: parts.clock,
            holders: parts.holders,
            policy: parts.options.policy,
            allow_loopback: parts.options.allow_loopback,
            turn_within: Duration::from_millis(parts.options.turn_within_ms),
            client,
            figures: Figures::default(),
            changed: Notify::new(),
            is_stopping: AtomicBool::new(false),
        });
        let (stop, stopping) = watch::channel(false);
        let dispatcher = tokio::spawn(dispatch::run(Arc::clone(&inner), stopping));
        let dispatcher = Mutex::new(Some(dispatcher));
        Ok(Dispatcher(Arc::new(Handle { inner, stop, dispatcher, tests: Semaphore::new(TESTS_AT_ONCE) })))
    }

    /// Where they lie.
    pub fn store(&self) -> &Arc<dyn Webhooks> {
        &self.0.inner.store
    }

    /// Whether this very machine may be named.
    pub fn allows_loopback(&self) -> bool {
        self.0.inner.allow_loopback
    }

    /// Webhooks were made or changed.
    pub fn changed(&self) {
        self.0.inner.changed.notify_one();
    }

    /// Sends a test to a webhook, once, whatever its state.
    ///
    /// # Errors
    /// Too many run.
    pub async fn test(&self, hook: &WebhookRecord) -> Result<Attempt, Undelivered> {
        let _place = self.0.tests.try_acquire().map_err(|_| Undelivered::Busy)?;
        Ok(self.0.inner.test(hook).await)
    }

    /// Attempts since the start: those that were delivered, and those that failed.
    pub fn attempts(&self) -> (u64, u64) {
        let figures = &self.0.inner.figures;
        (figures.delivered.load(Ordering::Relaxed), figures.failed.load(Ordering::Relaxed))
    }

    /// Lets running deliveries end, within a bounded time, and lets other nodes have the webhooks of this one.
    pub async fn stop(&self) {
        self.0.stop.send_replace(true);
        let dispatcher = self.0.dispatcher.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(dispatcher) = dispatcher
            && tokio::time::timeout(Duration::from_millis(STOPPED_WITHIN_MS), dispatcher).await.is_err()
        {
            tracing::warn!("deliveries that were under way are made again after the next start");
        }
    }
}
