//! Events: what happened is told, behind whoever did it, to those whom it concerns.
//!
//! | part | what |
//! |---|---|
//! | [`Events`] | the handle: what happened is said to it without waiting, feeds are read and watched through it |
//! | `happened` | what has happened, as those who did it say so |
//! | `told/` | stores that say so by themselves: whatever changes a deck, a class or an import, on whichever way |
//! | `tell` | whom it concerns and what they are told: pure |
//! | `quiet` | what happens again and again is told once: pure |
//! | `teller` | the task that does it |
//! | `read` | what somebody sees of feeds now: pure but for the reading |
//!
//! An event is not part of what it tells of: what happens in the moment before a process dies may be told of nowhere. Once
//! it is in a feed it stays there for 30 days.

mod happened;
pub mod limits;
mod quiet;
mod read;
mod tell;
mod teller;
mod told;

pub use happened::{Happened, SittingEnd};
pub use read::{Place, Reader, Shown};
pub use told::{TellingImports, TellingLibrary, TellingPeople};

use crate::clock::ServerClock;
use domain::ids::{ClassId, DeckId, UserId};
use limits::{
    DECK_QUIET_MS, FORGET_EVERY_MS, FORGOTTEN_AT_ONCE, HAPPENED_WAITING_MAX, LOOK_EVERY_MS, NEWS_WAITING,
    SITTING_QUIET_MS, STOPPED_WITHIN_MS, STREAMS_MAX,
};
use ports::events::EVENTS_KEPT_MS;
use ports::{EventId, EventKind, EventPage, Feed, Library, Papers, People, StoreError};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use teller::Teller;
use tokio::sync::{Semaphore, broadcast, mpsc, watch};
use tokio::task::JoinHandle;

/// How long things are waited for. The defaults suit a server; tests wait less.
#[derive(Clone, Copy, Debug)]
pub struct EventsOptions {
    /// Changes of one deck within so long are one event, in milliseconds.
    pub deck_quiet_ms: u64,
    /// Ends of one sitting within so long are one event, in milliseconds.
    pub sitting_quiet_ms: u64,
    /// How often a feed is looked at that other processes append to, in milliseconds.
    pub look_every_ms: u64,
    /// How long what waits may take to be told when the process goes down, in milliseconds.
    pub stopped_within_ms: u64,
}

impl Default for EventsOptions {
    fn default() -> Self {
        Self {
            deck_quiet_ms: DECK_QUIET_MS,
            sitting_quiet_ms: SITTING_QUIET_MS,
            look_every_ms: LOOK_EVERY_MS,
            stopped_within_ms: STOPPED_WITHIN_MS,
        }
    }
}

/// What events are made of.
pub struct EventsParts {
    /// Where feeds lie.
    pub store: Arc<dyn ports::Events>,
    /// Decks.
    pub library: Arc<dyn Library>,
    /// People and classes.
    pub people: Arc<dyn People>,
    /// Who teaches classes beside their teachers.
    pub papers: Arc<dyn Papers>,
    /// The clocks.
    pub clock: Arc<ServerClock>,
    /// Whether other processes append to the same feeds.
    pub is_shared: bool,
    /// How long things are waited for.
    pub options: EventsOptions,
}

/// What was counted.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    told: AtomicU64,
    dropped: AtomicU64,
    lost: AtomicU64,
    /// Things that are still to be told while the process goes down.
    waiting: AtomicUsize,
}

impl Figures {
    fn wait(&self, count: usize) {
        self.waiting.store(count, Ordering::Relaxed);
    }

    fn waits_less(&self, count: usize) {
        let less = |waiting: usize| Some(waiting.saturating_sub(count));
        // It gives a number always.
        let _ = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn told(&self, count: usize) {
        self.told.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn lost(&self, count: usize) {
        self.lost.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// What was counted since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EventFigures {
    /// Events that were appended to feeds.
    pub told: u64,
    /// Things that happened and were not told of, because too many waited.
    pub dropped: u64,
    /// Things, or events, that were not told of because of the store.
    pub lost: u64,
}

/// All events of a process. Clones are handles.
#[derive(Clone)]
pub struct Events(Arc<Inner>);

struct Inner {
    store: Arc<dyn ports::Events>,
    queue: mpsc::Sender<Happened>,
    news: broadcast::Sender<Feed>,
    figures: Arc<Figures>,
    stop: watch::Sender<bool>,
    teller: Mutex<Option<JoinHandle<()>>>,
    streams: Arc<Semaphore>,
    /// How often a watched feed is looked at without news; only where others append.
    look_every: Option<Duration>,
    /// How long what waits may take to be told at the end.
    stopped_within: Duration,
}

impl Events {
    /// Begins to tell, on the current tokio runtime.
    pub fn start(parts: EventsParts) -> Events {
        let (queue, asked) = mpsc::channel(HAPPENED_WAITING_MAX);
        let (news, _) = broadcast::channel(NEWS_WAITING);
        let (stop, stopping) = watch::channel(false);
        let figures: Arc<Figures> = Arc::default();
        let stores = (parts.store.clone(), parts.library, parts.people, parts.papers);
        let clock = parts.clock.clone();
        let teller = Teller::new(stores, parts.clock, news.clone(), figures.clone(), &parts.options);
        let teller = tokio::spawn(teller.run(asked, stopping.clone()));
        tokio::spawn(forget(parts.store.clone(), clock, stopping));
        let look_every = parts.is_shared.then_some(Duration::from_millis(parts.options.look_every_ms));
        Events(Arc::new(Inner {
            store: parts.store,
            queue,
            news,
            figures,
            stop,
            teller: Mutex::new(Some(teller)),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            look_every,
            stopped_within: Duration::from_millis(parts.options.stopped_within_ms),
        }))
    }

    /// Something has happened. Never waits; where too much waits to be told, this is counted and forgotten.
    pub fn happened(&self, what: Happened) {
        if self.0.queue.try_send(what).is_err() {
            self.0.figures.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Something that concerns one person alone is done.
    pub fn done(
        &self,
        kind: EventKind,
        user: UserId,
        (class, deck): (Option<ClassId>, Option<DeckId>),
        data: Value,
    ) {
        self.happened(Happened::Own { kind, user, class, deck, data });
    }

    /// What was counted since the start.
    pub fn figures(&self) -> EventFigures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let figures = &self.0.figures;
        EventFigures { told: read(&figures.told), dropped: read(&figures.dropped), lost: read(&figures.lost) }
    }

    /// Tells what waits, and ends; within a bounded time. What is not told by then is counted as lost.
    pub async fn stop(&self) {
        self.0.stop.send_replace(true);
        let teller = self.0.teller.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(teller) = teller
            && tokio::time::timeout(self.0.stopped_within, teller).await.is_err()
        {
            let count = self.0.figures.waiting.swap(0, Ordering::Relaxed);
            self.0.figures.lost(count);
            tracing::warn!(
                count,
                "some of what happened is told of nowhere: the store did not answer in time"
            );
        }
    }

    /// A stretch of a feed.
    ///
    /// # Errors
    /// The store's.
    pub async fn page(
        &self,
        feed: Feed,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<EventPage, StoreError> {
        self.0.store.events(feed, after, limit).await
    }

    /// Where a feed ends now.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_of(&self, feed: Feed) -> Result<Option<EventId>, StoreError> {
        self.0.store.last_event(feed).await
    }

    /// Watches feeds from now on: begin before you read what is there.
    pub fn watch(&self) -> Watch {
        Watch { news: self.0.news.subscribe(), look_every: self.0.look_every }
    }

    /// Places of streams.
    pub(crate) fn streams(&self) -> &Arc<Semaphore> {
        &self.0.streams
    }
}

/// Somebody who watches feeds.
pub struct Watch {
    news: broadcast::Receiver<Feed>,
    look_every: Option<Duration>,
}

impl Watch {
    /// Waits until there may be something new in one of these feeds, but no longer than this.
    pub async fn news_of(&mut self, feeds: &[Feed], within: Duration) {
        let within = self.look_every.map_or(within, |every| every.min(within));
        let news = async {
            loop {
                match self.news.recv().await {
                    Ok(feed) if !feeds.contains(&feed) => {}
                    // What was missed may have been theirs.
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                    // Nobody tells any more: whoever waits does so to the end.
                    Err(broadcast::error::RecvError::Closed) => std::future::pending::<()>().await,
                }
            }
        };
        // That nothing came is as good.
        let _ = tokio::time::timeout(within, news).await;
    }

    /// The next news, or nothing after this time.
    pub async fn next(&mut self, within: Duration) -> News {
        match tokio::time::timeout(within, self.news.recv()).await {
            Ok(Ok(feed)) => News::Of(feed),
            Ok(Err(broadcast::error::RecvError::Lagged(_))) => News::Missed,
            // Nobody tells any more: then there is nothing to be in a hurry for.
            Ok(Err(broadcast::error::RecvError::Closed)) => {
                tokio::time::sleep(within).await;
                News::Nothing
            }
            Err(_) => News::Nothing,
        }
    }
}

/// What is heard of feeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum News {
    /// There is something new in this one.
    Of(Feed),
    /// There was, and nobody knows where.
    Missed,
    /// Nothing was heard.
    Nothing,
}

/// Forgets what is too old, now and then.
async fn forget(store: Arc<dyn ports::Events>, clock: Arc<ServerClock>, mut stop: watch::Receiver<bool>) {
    loop {
        let before_ms = clock.wall_ms().saturating_sub(EVENTS_KEPT_MS);
        match store.forget_events(before_ms, FORGOTTEN_AT_ONCE).await {
            Ok(FORGOTTEN_AT_ONCE) => continue,
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "old events stay for now"),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(FORGET_EVERY_MS)) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}
