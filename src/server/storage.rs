//! Where a server keeps what it knows: the files of one process, or a cluster that several nodes share.

use crate::clock::ServerClock;
use crate::events::{Events, TellingImports, TellingLibrary, TellingPeople};
use crate::http::engine::EngineStudy;
use crate::http::study::Study;
use crate::jobs::{Logs, LogsOf};
use crate::teaching::Teaching;
use actors::{Clock, Engine};
use cql::CqlStore;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, UserId};
use embedded::EmbeddedStore;
use ports::{Bus, Imports, Library, Media, Notes, People, ReviewStore, StoreError};
use std::sync::Arc;

/// A store.
#[derive(Clone)]
pub enum Storage {
    /// Files of the data folder, which this process has alone.
    Embedded(EmbeddedStore),
    /// A CQL cluster.
    Cql(CqlStore),
}

/// Figures of a store, for metrics and health.
#[derive(Clone, Copy, Debug, Default)]
pub struct StorageStats {
    /// Rows that are durable and not yet where they are read by key.
    pub backlog_rows: u64,
    /// How old the oldest of them is, in seconds.
    pub backlog_seconds: u64,
    /// How often what had come into a learner's log was condensed for figures; on the embedded store.
    pub condensed_logs: u64,
    /// Cards whose words were indexed before anybody searched; on the embedded store.
    pub indexed_cards: u64,
    /// Only a new start brings it back.
    pub broken: bool,
}

impl Storage {
    /// Decks and cards.
    pub fn library(&self) -> Arc<dyn Library> {
        match self {
            Storage::Embedded(store) => Arc::new(store.clone()),
            Storage::Cql(store) => Arc::new(store.clone()),
        }
    }

    /// People and classes.
    pub fn people(&self) -> Arc<dyn People> {
        match self {
            Storage::Embedded(store) => Arc::new(store.clone()),
            Storage::Cql(store) => Arc::new(store.clone()),
        }
    }

    /// Import jobs.
    pub fn imports(&self) -> Arc<dyn Imports> {
        match self {
            Storage::Embedded(store) => Arc::new(store.clone()),
            Storage::Cql(store) => Arc::new(store.clone()),
        }
    }

    /// Feeds of events.
    pub fn events(&self) -> Arc<dyn ports::Events> {
        match self {
            Storage::Embedded(store) => Arc::new(store.clone()),
            Storage::Cql(store) => Arc::new(store.clone()),
        }
    }

    /// Webhooks.
    pub fn webhooks(&self) -> Arc<dyn ports::Webhooks> {
        match self {
            Storage::Embedded(store) => Arc::new(store.clone()),
            Storage::Cql(store) => Arc::new(store.clone()),
        }
    }

    /// Records and reports of live lessons.
    pub fn lessons(&self) -> Arc<dyn ports::Lessons> {
        match self {
            Storage::Embedded(store) => Arc::new(store.clone()),
            Storage::Cql(store) => Arc::new(store.clone()),
        }
    }

    /// Small records of classes.
    pub fn papers(&self) -> Arc<dyn ports::Papers> {
        match self {
            Storage::Embedded(store) => Arc::new(store.clone()),
            Storage::Cql(store) => Arc::new(store.clone()),
        }
    }

    /// Who may watch and steer classes.
    pub fn teaching(&self) -> Teaching {
        Teaching { people: self.people(), papers: self.papers(), lessons: self.lessons() }
    }

    /// Decks and cards; what is changed of them is told.
    pub fn telling_library(&self, events: &Events) -> Arc<dyn Library> {
        Arc::new(TellingLibrary { inner: self.library(), events: events.clone() })
    }

    /// People and classes; what is changed of them is told.
    pub fn telling_people(&self, events: &Events) -> Arc<dyn People> {
        Arc::new(TellingPeople { inner: self.people(), events: events.clone() })
    }

    /// Import jobs; how they end is told.
    pub fn telling_imports(&self, events: &Events) -> Arc<dyn Imports> {
        Arc::new(TellingImports { inner: self.imports(), events: events.clone() })
    }

    /// Media files.
    pub fn media(&self) -> Arc<dyn Media> {
        match self {
            Storage::Embedded(store) => Arc::new(store.clone()),
            Storage::Cql(store) => Arc::new(store.clone()),
        }
    }

    /// Notes.
    pub fn notes(&self) -> Arc<dyn Notes> {
        match self {
            Storage::Embedded(store) => Arc::new(store.clone()),
            Storage::Cql(store) => Arc::new(store.clone()),
        }
    }

    /// Learners' logs, as imports need them.
    pub fn logs(&self) -> Arc<dyn Logs> {
        match self {
            Storage::Embedded(store) => Arc::new(LogsOf(Arc::new(store.clone()))),
            Storage::Cql(store) => Arc::new(LogsOf(Arc::new(store.clone()))),
        }
    }

    /// Stores entries that an import job brought: see [`ReviewStore::append_import`](ports::ReviewStore::append_import).
    ///
    /// # Errors
    /// The store's; all may be appended again.
    pub async fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        match self {
            Storage::Embedded(store) => store.append_import(user, entries).await,
            Storage::Cql(store) => store.append_import(user, entries).await,
        }
    }

    /// What learners ask over HTTP.
    pub fn study(
        &self,
        engine: Engine,
        clock: Arc<ServerClock>,
        bus: Option<Arc<dyn Bus>>,
    ) -> Arc<dyn Study> {
        let library = self.library();
        match self {
            Storage::Embedded(store) => {
                let (store, figures) = (Arc::new(store.clone()), Arc::default());
                Arc::new(EngineStudy { engine, store, library, clock, bus, figures })
            }
            Storage::Cql(store) => {
                let (store, figures) = (Arc::new(store.clone()), Arc::default());
                Arc::new(EngineStudy { engine, store, library, clock, bus, figures })
            }
        }
    }

    /// Figures.
    pub fn stats(&self) -> StorageStats {
        match self {
            Storage::Embedded(store) => {
                let stats = store.stats();
                StorageStats {
                    backlog_rows: stats.backlog_rows,
                    backlog_seconds: stats.backlog_age.as_secs(),
                    condensed_logs: stats.condensed_logs,
                    indexed_cards: stats.indexed_cards,
                    broken: stats.broken,
                }
            }
            Storage::Cql(store) => {
                let waiting = u64::try_from(store.stats().waiting_progress_rows).unwrap_or(u64::MAX);
                StorageStats { backlog_rows: waiting, ..StorageStats::default() }
            }
        }
    }
}

impl Storage {
    /// Marks cards of a learner to be folded again from the log by whoever loads them next. Returns how many were marked:
    /// in a cluster a card that no entry is about cannot be.
    ///
    /// # Errors
    /// The store's; some may be marked.
    pub async fn mark_for_refold(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Vec<CardId>,
    ) -> Result<usize, StoreError> {
        match self {
            Storage::Embedded(store) => store.mark_for_refold(user, deck, &cards).await,
            Storage::Cql(store) => store.mark_for_refold(user, deck, &cards).await,
        }
    }
}

/// The server's clocks, as the cluster's store wants them: ticks are those of the node's beats.
pub(super) struct StoreClock(pub(super) Arc<ServerClock>);

impl cql::Clock for StoreClock {
    fn tick_ms(&self) -> u64 {
        self.0.now().tick_ms
    }

    fn wall_ms(&self) -> i64 {
        self.0.now().wall_ms
    }
}
