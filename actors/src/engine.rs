//! The engine: every long-lived part in one place, and what the rest of the server asks of it.

mod classes;
mod hooks;
mod imports;
mod nodes;
mod shared;

pub use hooks::{Hooks, InputHook, LessonHook, Planted};
pub use imports::ImportMark;
pub(crate) use shared::{AnyReader, Shared};

use crate::class::{Classes, LessonOptions};
use crate::cluster::{Cluster, ClusterOptions};
use crate::decks::{CardEncoder, DeckCache};
use crate::due::{self, DueError, DueView};
use crate::loader::{self, Reader};
use crate::messages::{Concerned, Job, ToShard};
use crate::observe::{EngineView, LearnerView, ShardView, Telemetry};
use crate::registry::Registry;
use crate::shard::Shard;
use crate::supervisor::Supervisor;
use crate::suspects::Suspects;
use crate::{Clock, Limits, quarantine, writer};
use domain::day::ZoneHistory;
use domain::entry::Mode;
use domain::ids::{DeckId, UserId};
use ports::{Library, People, ReviewStore};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long draining waits, after it has closed the sockets, until they are gone and every row is decided.
const CLOSING_MAX: Duration = Duration::from_secs(4);

/// What an engine is made of.
pub struct Options<S> {
    /// The log and its caches.
    pub store: Arc<S>,
    /// Decks and cards.
    pub library: Arc<dyn Library>,
    /// People, classes, enrollments.
    pub people: Arc<dyn People>,
    /// Both clocks.
    pub clock: Arc<dyn Clock>,
    /// Whether the wall clock is the developer's.
    pub dev_clock: bool,
    /// How a card's record becomes the fragment that frames are made of, and what is compared in checked modes.
    pub encode: CardEncoder,
    /// Where measurements go.
    pub telemetry: Arc<dyn Telemetry>,
    /// Bounds.
    pub limits: Limits,
    /// A seed for jitter.
    pub seed: u64,
    /// What tests plant.
    pub hooks: Hooks,
    /// The other nodes; `None` for a store that one process has alone.
    pub cluster: Option<ClusterOptions>,
    /// Live lessons; `None` where they are not offered.
    pub lessons: Option<LessonOptions>,
}

/// Notices when a task that must never end has panicked: nobody would be told of a verdict any more.
fn watch(shared: &Arc<Shared>, what: &'static str, task: tokio::task::JoinHandle<()>) {
    let shared = shared.clone();
    tokio::spawn(async move {
        if task.await.is_err_and(|error| error.is_panic()) {
            tracing::error!(what, "a part of the engine has failed: the server has to be started again");
            shared.broken.store(true, Ordering::Release);
        }
    });
}

/// A running engine. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
}

impl Engine {
    /// Starts writer and loader on the current tokio runtime. Shards start on the web workers ([`Engine::shard`]),
    /// the Supervisor on the main arbiter ([`Engine::supervise`]).
    pub fn start<S: ReviewStore>(options: Options<S>) -> Engine {
        let (writer_tx, writer_rx) = mpsc::channel(1_024);
        let (loader_tx, loader_rx) = mpsc::channel(options.limits.load_queue);
        let (aside_tx, aside_rx) = mpsc::channel(options.limits.quarantine_queue);
        let decks = DeckCache::new(
            options.library.clone(),
            options.encode,
            options.limits.deck_bytes,
            options.telemetry.clone(),
        );
        let (people, library) = (options.people.clone(), options.library.clone());
        let reader = Arc::new(Reader {
            store: options.store.clone(),
            library: options.library,
            people: options.people,
            decks: decks.clone(),
            clock: options.clock.clone(),
            dev_clock: options.dev_clock,
        });
        let shared = Arc::new(Shared {
            registry: Registry::default(),
            shards: RwLock::new(Vec::new()),
            writer: writer_tx,
            loader: loader_tx,
            reader: reader.clone(),
            clock: options.clock,
            telemetry: options.telemetry,
            limits: options.limits,
            hooks: options.hooks,
            supervisor: RwLock::new(None),
            undecided_rows: AtomicUsize::new(0),
            session_bytes: AtomicUsize::new(0),
            sockets: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
            notices: AtomicU64::new(0),
            runtime: tokio::runtime::Handle::current(),
            cluster: options.cluster.map(Cluster::start),
            classes: options.lessons.map(|lessons| Classes::new(lessons, people, library)),
            decks,
            noise: AtomicU64::new(options.seed | 1),
            broken: AtomicBool::new(false),
            suspects: Suspects::default(),
            aside: aside_tx,
        });
        if let Some(cluster) = &shared.cluster {
            let life = cluster.clone().live(Arc::downgrade(&shared));
            watch(&shared, "cluster", tokio::spawn(life));
        }
        if shared.classes.is_some() {
            watch(&shared, "lessons", tokio::spawn(Classes::keep_up(Arc::downgrade(&shared))));
        }
        let store = options.store;
        watch(&shared, "writer", tokio::spawn(writer::run(shared.clone(), store.clone(), writer_rx)));
        watch(&shared, "loader", tokio::spawn(loader::run(shared.clone(), loader_rx)));
        watch(&shared, "quarantine", tokio::spawn(quarantine::run(shared.clone(), store, aside_rx)));
        Engine { shared }
    }

    /// Starts the Supervisor on this thread, which must be the main arbiter.
    pub fn supervise(&self) {
        let addr = Supervisor::begin(self.shared.clone());
        if let Ok(mut supervisor) = self.shared.supervisor.write() {
            *supervisor = Some(addr);
        }
    }

    /// Whether a part of it has failed that only a new start brings back.
    pub fn is_broken(&self) -> bool {
        self.shared.broken.load(Ordering::Acquire)
    }

    /// This thread's shard; started at the first call on a thread, which must be a web worker.
    pub fn shard(&self) -> Rc<Shard> {
        Shard::of_this_thread(&self.shared)
    }

    /// A deck or its cards changed: sessions that hold it get the new revision.
    pub fn deck_changed(&self, deck: DeckId) {
        use mpsc::error::TrySendError::Full;
        if let Err(Full(job)) = self.shared.loader.try_send(Job::DeckChanged(deck)) {
            tracing::warn!(%deck, "too many loads wait: a changed deck is told late");
            let loader = self.shared.loader.clone();
            self.shared.runtime.spawn(async move { drop(loader.send(job).await) });
        }
    }

    /// Something may have been missed: every cached deck is compared with what is stored, and every session looks again
    /// at what its learner sees and where the learner is, one after another.
    pub fn check_all(&self) {
        let number = self.shared.next_notice();
        self.shared.tell_all(|| ToShard::AccessChanged(Concerned::Everybody, number));
        let engine = self.clone();
        self.shared.runtime.spawn(async move {
            match engine.shared.decks.outdated().await {
                Ok(decks) => decks.into_iter().for_each(|deck| engine.deck_changed(deck)),
                Err(error) => tracing::warn!(%error, "cached decks could not be checked"),
            }
        });
    }

    /// What somebody sees changed: enrollments, decks, visibility. Only the sessions that it concerns look again.
    pub fn access_changed(&self, whom: Concerned) {
        let number = self.shared.next_notice();
        self.shared.tell_all(|| ToShard::AccessChanged(whom.clone(), number));
        if let Some(classes) = &self.shared.classes {
            classes.look();
        }
    }

    /// A learner's zone or rollover hour changed, or was read again by somebody. Whoever is loaded from now on is loaded
    /// with it.
    pub fn zones_changed(&self, user: UserId, zones: &ZoneHistory) {
        if self.shared.registry.home(user).is_none() {
            return;
        }
        self.shared.tell_all(|| ToShard::Zones(user, zones.clone()));
    }

    /// What `GET due` shows: hands nothing out and holds nothing. Cards are asked in this mode; `None` as their decks say.
    ///
    /// # Errors
    /// The deck is not the learner's to see, or the store cannot be read.
    pub async fn due(
        &self,
        user: UserId,
        deck: Option<DeckId>,
        mode: Option<Mode>,
        limit: usize,
    ) -> Result<DueView, DueError> {
        due::view(&self.shared, user, deck, mode, limit).await
    }

    /// A deck with its content, as sessions see it.
    pub fn decks(&self) -> &DeckCache {
        &self.shared.decks
    }

    /// How many sockets are open, those that are passed on to another node included.
    pub fn sockets(&self) -> usize {
        self.shared.sockets.load(Ordering::Relaxed)
    }

    /// Rows that are neither durable nor refused.
    pub fn undecided_rows(&self) -> usize {
        self.shared.undecided_rows.load(Ordering::Relaxed)
    }

    /// Sessions that are registered on this node.
    pub fn registered(&self) -> usize {
        self.shared.registry.len()
    }

    /// Bytes that sessions hold, about.
    pub fn session_bytes(&self) -> usize {
        self.shared.session_bytes.load(Ordering::Relaxed)
    }

    /// Whether it is going down.
    pub fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Relaxed)
    }

    /// Every shard, as it is now.
    pub async fn view(&self) -> EngineView {
        let mut shards = Vec::new();
        for shard in self.shared.all_shards() {
            let inbox = shard.max_capacity() - shard.capacity();
            let (reply, view) = oneshot::channel();
            if shard.send(ToShard::Observe(reply)).await.is_ok()
                && let Ok(view) = view.await
            {
                shards.push(ShardView { inbox, ..view });
            }
        }
        EngineView {
            shards,
            undecided_rows: self.undecided_rows(),
            registered: self.registered(),
            draining: self.is_draining(),
        }
    }

    /// One learner's session, if it is in memory.
    pub async fn learner(&self, user: UserId) -> Option<LearnerView> {
        let home = self.shared.registry.home(user)?;
        let shard = self.shared.shard_link(home.shard)?;
        let (reply, view) = oneshot::channel();
        shard.send(ToShard::ObserveLearner(user, reply)).await.ok()?;
        view.await.ok()?
    }

    /// Goes down: no new sockets, `goodbye` to all, then waits until they left or time is up, closes the rest, and waits
    /// until every row is decided. Returns how many rows are still undecided (0 is a clean end).
    pub async fn drain(&self) -> usize {
        self.shared.draining.store(true, Ordering::Relaxed);
        let shards = self.shared.all_shards();
        for shard in &shards {
            let _ = shard.send(ToShard::Goodbye).await;
        }
        let until = tokio::time::Instant::now() + Duration::from_millis(self.shared.limits.drain_ms);
        while self.sockets() > 0 && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for shard in &shards {
            let _ = shard.send(ToShard::CloseAll).await;
        }
        let until = tokio::time::Instant::now() + CLOSING_MAX;
        while (self.undecided_rows() > 0 || self.sockets() > 0) && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.undecided_rows()
    }
}
