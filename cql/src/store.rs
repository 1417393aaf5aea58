//! The store's handle: opening, owning learners, and the hot port.

use crate::address::Address;
use crate::append;
use crate::archive::{Unfinished, unfinished_copy};
use crate::behind::{self, Behind};
use crate::caches::{CacheTables, as_progress};
use crate::client::Client;
use crate::error::OpenError;
use crate::events::EventStatements;
use crate::figures::{RequestFigures, RequestKind};
use crate::imports::ImportStatements;
use crate::lanes::Lanes;
use crate::lessons::LessonStatements;
use crate::library::LibraryStatements;
use crate::log::Log;
use crate::media::MediaStatements;
use crate::migrate;
use crate::notes::NoteStatements;
use crate::options::Options;
use crate::owners::Owners;
use crate::papers::PaperStatements;
use crate::people::PeopleStatements;
use crate::read;
use crate::statements::statements;
use crate::task::owned;
use crate::tenure::{Tenure, Tenures};
use crate::webhooks::WebhookStatements;
use domain::answers::Answers;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use domain::owner::Beat;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::reviews::{Shape, only_of_jobs};
use ports::{LearnerLog, LogRange, Progress, Quarantined, ReviewStore, Row, RowOutcome, StoreError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

statements! {
    /// What concerns neither the log nor its caches.
    OtherStatements {
        quarantine: Write = "INSERT INTO quarantine (user, id, at_ms, reason, raw) VALUES (?, ?, ?, ?, ?)
            USING TIMESTAMP ?";
    }
}

/// The CQL store. Clones are handles of one store.
#[derive(Clone)]
pub struct CqlStore {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) client: Client,
    pub(crate) options: Options,
    pub(crate) log: Log,
    pub(crate) caches: CacheTables,
    other: OtherStatements,
    owners: Owners,
    library: LibraryStatements,
    people: PeopleStatements,
    imports: ImportStatements,
    media: MediaStatements,
    notes: NoteStatements,
    events: EventStatements,
    webhooks: WebhookStatements,
    lessons: LessonStatements,
    papers: PaperStatements,
    pub(crate) tenures: Tenures,
    pub(crate) behind: Behind,
    pub(crate) lanes: Lanes,
    pub(crate) beat: Mutex<Option<Beat>>,
    last_stamp_us: AtomicI64,
}

impl Inner {
    pub(crate) fn last_beat(&self) -> Option<Beat> {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Figures of the store, for metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stats {
    /// Learners that this process owns.
    pub owned_learners: usize,
    /// Progress rows that wait to be written.
    pub waiting_progress_rows: usize,
    /// Learners whose rows are on their way; at most `options.lanes`.
    pub busy_lanes: usize,
    /// Rows that were written into inboxes.
    pub inbox_noted: u64,
    /// Rows that were removed from inboxes.
    pub inbox_cleared: u64,
    /// Nobody answers: attempts fail, one after another.
    pub is_away: bool,
    /// What was counted of requests, in the order of [`RequestKind::ALL`].
    pub requests: [RequestFigures; RequestKind::ALL.len()],
}

impl CqlStore {
    /// Connects, checks the schema and prepares all statements.
    ///
    /// # Errors
    /// [`OpenError`]: no connection, or the schema is not the one that this program needs.
    pub async fn open(address: &Address, options: &Options) -> Result<Self, OpenError> {
        match Box::pin(Self::open_marked(address, options)).await? {
            (store, None) => Ok(store),
            (_, Some(Unfinished { from, .. })) => {
                Err(OpenError::CopyUnfinished { keyspace: address.keyspace.clone(), from })
            }
        }
    }

    /// The same, and the mark of an unfinished copy into the keyspace.
    pub(crate) async fn open_marked(
        address: &Address,
        options: &Options,
    ) -> Result<(Self, Option<Unfinished>), OpenError> {
        let client = Client::connect(address, options, false).await?;
        migrate::judge(&client, address).await?;
        let found = migrate::check(&client, &address.keyspace).await?;
        if !found.missing.is_empty() {
            let keyspace = address.keyspace.clone();
            return Err(OpenError::SchemaBehind { keyspace, missing: found.missing });
        }
        let unfinished = unfinished_copy(&client).await?;
        // Each on the heap: together they would take much of a small stack.
        let (
            log,
            caches,
            owners,
            other,
            library,
            people,
            imports,
            media,
            notes,
            events,
            webhooks,
            lessons,
            papers,
        ) = tokio::try_join!(
            Box::pin(Log::open(&client)),
            Box::pin(CacheTables::open(&client)),
            Box::pin(Owners::open(&client)),
            Box::pin(OtherStatements::prepare(&client)),
            Box::pin(LibraryStatements::prepare(&client)),
            Box::pin(PeopleStatements::prepare(&client)),
            Box::pin(ImportStatements::prepare(&client)),
            Box::pin(MediaStatements::prepare(&client)),
            Box::pin(NoteStatements::prepare(&client)),
            Box::pin(EventStatements::prepare(&client)),
            Box::pin(WebhookStatements::prepare(&client)),
            Box::pin(LessonStatements::prepare(&client)),
            Box::pin(PaperStatements::prepare(&client))
        )?;
        let inner = Arc::new(Inner {
            client,
            options: options.clone(),
            log,
            caches,
            other,
            owners,
            library,
            people,
            imports,
            media,
            notes,
            events,
            webhooks,
            lessons,
            papers,
            tenures: Tenures::default(),
            behind: Behind::new(options),
            lanes: Lanes::new(options.lanes),
            beat: Mutex::default(),
            last_stamp_us: AtomicI64::new(0),
        });
        tokio::spawn(behind::run(Arc::downgrade(&inner), options.behind_look_ms));
        Ok((Self { inner }, unfinished))
    }

    /// Who owns whom, and who is alive.
    pub fn owners(&self) -> &Owners {
        &self.inner.owners
    }

    /// Figures of the store.
    pub fn stats(&self) -> Stats {
        let figures = self.inner.client.figures();
        let (inbox_noted, inbox_cleared) = figures.inbox();
        Stats {
            owned_learners: self.inner.tenures.len(),
            waiting_progress_rows: self.inner.behind.rows(),
            busy_lanes: self.inner.lanes.busy_count(),
            inbox_noted,
            inbox_cleared,
            is_away: figures.is_away(),
            requests: figures.requests(),
        }
    }

    /// The write timestamp of a change that replaces what was there, in microseconds: the time, and later than that of
    /// every change of this process before.
    pub(crate) fn next_stamp_us(&self) -> i64 {
        let now_us = self.inner.options.clock.wall_ms().saturating_mul(1_000);
        let later = |last: i64| now_us.max(last.saturating_add(1));
        let last = self
            .inner
            .last_stamp_us
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(later(last)));
        later(last.unwrap_or(now_us))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn library(&self) -> &LibraryStatements {
        &self.inner.library
    }

    pub(crate) fn people(&self) -> &PeopleStatements {
        &self.inner.people
    }

    pub(crate) fn imports(&self) -> &ImportStatements {
        &self.inner.imports
    }

    pub(crate) fn media_statements(&self) -> &MediaStatements {
        &self.inner.media
    }

    pub(crate) fn notes_statements(&self) -> &NoteStatements {
        &self.inner.notes
    }

    pub(crate) fn events_said(&self) -> &EventStatements {
        &self.inner.events
    }

    pub(crate) fn lessons_said(&self) -> &LessonStatements {
        &self.inner.lessons
    }

    pub(crate) fn papers_said(&self) -> &PaperStatements {
        &self.inner.papers
    }

    pub(crate) fn hooks_said(&self) -> &WebhookStatements {
        &self.inner.webhooks
    }
}

impl ReviewStore for CqlStore {
    fn shape(&self) -> Shape {
        let options = &self.inner.options;
        Shape::PerLearner { lanes: options.lanes, rows_max: options.batch_rows_max }
    }

    async fn append(&self, rows: Arc<[Row]>) -> Vec<RowOutcome> {
        append::append(&self.inner, &rows).await
    }

    async fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        only_of_jobs(&entries)?;
        let inner = Arc::clone(&self.inner);
        owned(async move { append::append_import(&inner, user, entries).await }).await
    }

    async fn load(&self, user: UserId) -> Result<LearnerLog, StoreError> {
        read::load(&self.inner, user).await
    }

    async fn progress(&self, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
        read::progress(&self.inner, user, deck).await
    }

    async fn progress_of(
        &self,
        user: UserId,
        decks: Option<Vec<DeckId>>,
    ) -> Result<Vec<Progress>, StoreError> {
        let decks = match decks {
            Some(decks) => decks,
            None => self.load(user).await?.decks,
        };
        let reads = stream::iter(decks).map(|deck| read::progress(&self.inner, user, deck));
        let rows: Vec<Vec<Progress>> =
            reads.buffered(self.client().options().reads_at_once).try_collect().await?;
        Ok(rows.into_iter().flatten().collect())
    }

    async fn survey<T: Send + 'static>(
        &self,
        users: Vec<UserId>,
        from: EntryId,
        entries_max: usize,
        sum: impl Fn(UserId, Answers) -> T + Send + Sync + 'static,
    ) -> Result<Vec<T>, StoreError> {
        let range = LogRange { from, before: None, newest_first: true, limit: entries_max };
        let read = async |user| Ok::<_, StoreError>(sum(user, Answers::of(&self.log(user, range).await?)));
        stream::iter(users).map(read).buffered(crate::options::SURVEYED_AT_ONCE).try_collect().await
    }

    async fn entries(&self, user: UserId, ids: Vec<EntryId>) -> Result<Vec<LogEntry>, StoreError> {
        let found = self.inner.log.by_ids(user, ids).await?;
        Ok(found.into_iter().map(|row| row.entry).collect())
    }

    async fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Option<Vec<CardId>>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let found = match cards {
            Some(cards) => self.inner.log.by_cards(user, &cards.into_iter().collect::<BTreeSet<_>>()).await?,
            None => read::deck_log(&self.inner, user, deck).await?,
        };
        Ok(found.into_iter().map(|row| row.entry).collect())
    }

    async fn log(&self, user: UserId, range: LogRange) -> Result<Vec<LogEntry>, StoreError> {
        let found = self.inner.log.range(user, &range).await?;
        Ok(found.into_iter().map(|row| row.entry).collect())
    }

    async fn quarantine(&self, what: Quarantined) -> Result<(), StoreError> {
        let at_us = what.at_ms.saturating_mul(1_000);
        let values = (what.user.0, *what.id.bytes(), what.at_ms, what.reason, what.raw, at_us);
        self.inner.client.write(&self.inner.other.quarantine, values).await
    }

    /// The driver opens its connections again by itself.
    async fn reopen(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The overlay of what is not written yet over what is stored.
pub(crate) fn overlaid(stored: Vec<Progress>, newer: Vec<Progress>) -> Vec<Progress> {
    let replaced: BTreeSet<CardId> = newer.iter().map(|row| row.card).collect();
    let kept = stored.into_iter().filter(|row| !replaced.contains(&row.card));
    kept.chain(newer).collect()
}

/// What waits of a deck's progress.
pub(crate) fn waiting(tenure: &Tenure, deck: DeckId) -> Vec<Progress> {
    let held = tenure.held();
    let newest = held.caches.newest_of(deck);
    newest.into_iter().map(|((deck, card), cached)| as_progress(deck, card, cached)).collect()
}
