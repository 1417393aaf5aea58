//! The store's handle: opening, owning learners, and the hot port.

use crate::address::Address;
use crate::append;
use crate::archive::unfinished_copy;
use crate::behind::{self, Behind};
use crate::caches::{CacheTables, Patience, as_progress};
use crate::client::Client;
use crate::error::OpenError;
use crate::figures::{RequestFigures, RequestKind};
use crate::imports::ImportStatements;
use crate::lanes::Lanes;
use crate::library::LibraryStatements;
use crate::log::Log;
use crate::media::MediaStatements;
use crate::migrate;
use crate::notes::NoteStatements;
use crate::options::Options;
use crate::owners::Owners;
use crate::people::PeopleStatements;
use crate::read;
use crate::statements::statements;
use crate::task::owned;
use crate::tenure::{Held, Tenure, Tenures, read_superset};
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, RunId, UserId};
use domain::owner::{Beat, Epoch, Subject};
use ports::reviews::{Shape, only_of_jobs};
use ports::{
    Boxed, Cause, LearnerLog, LogRange, Progress, Quarantined, ReviewStore, Row, RowOutcome, StoreError,
};
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
    pub(crate) tenures: Tenures,
    pub(crate) behind: Behind,
    pub(crate) lanes: Lanes,
    beat: Mutex<Option<Beat>>,
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
            (_, Some(from)) => Err(OpenError::CopyUnfinished { keyspace: address.keyspace.clone(), from }),
        }
    }

    /// The same, and what an unfinished copy into the keyspace is of.
    pub(crate) async fn open_marked(
        address: &Address,
        options: &Options,
    ) -> Result<(Self, Option<String>), OpenError> {
        let client = Client::connect(address, options, false).await?;
        migrate::judge(&client, address).await?;
        let found = migrate::check(&client, &address.keyspace).await?;
        if !found.missing.is_empty() {
            let keyspace = address.keyspace.clone();
            return Err(OpenError::SchemaBehind { keyspace, missing: found.missing });
        }
        let unfinished = unfinished_copy(&client).await?;
        // Each on the heap: together they would take much of a small stack.
        let (log, caches, owners, other, library, people, imports, media, notes) = tokio::try_join!(
            Box::pin(Log::open(&client)),
            Box::pin(CacheTables::open(&client)),
            Box::pin(Owners::open(&client)),
            Box::pin(OtherStatements::prepare(&client)),
            Box::pin(LibraryStatements::prepare(&client)),
            Box::pin(PeopleStatements::prepare(&client)),
            Box::pin(ImportStatements::prepare(&client)),
            Box::pin(MediaStatements::prepare(&client)),
            Box::pin(NoteStatements::prepare(&client))
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

    /// The newest beat of this process that was applied: an owner without a fresh one names what it acknowledges in the
    /// inbox.
    pub fn beaten(&self, beat: Beat) {
        *self.inner.beat.lock().unwrap_or_else(PoisonError::into_inner) = Some(beat);
    }

    /// This process owns the learner from now on, under this epoch: reads what the caches may lack, and bars former owners
    /// from them. To be called after the claim and before anything is appended or acknowledged.
    ///
    /// # Errors
    /// The store's; the learner is not adopted then.
    pub async fn adopt(&self, user: UserId, run: RunId, epoch: Epoch) -> Result<(), StoreError> {
        let inner = &self.inner;
        let (clock, timing) = (&inner.options.clock, inner.options.timing);
        // First: an entry that the session knows must not be one that the caches may lack unseen.
        let newest = Some(read::newest(inner, user).await?);
        let mut superset = read_superset(&inner.log, &inner.caches, user, (run, epoch), timing).await?;
        // A former owner's last write may have reached too few replicas for a fold to find it. What an import brings is
        // written again by whoever carries the import on.
        superset.rows.retain(|row| row.entry.job.is_none());
        let listed = read::listed(inner, user, std::mem::take(&mut superset.rows));
        let ((), months, decks) = tokio::try_join!(listed, inner.log.months(user), inner.caches.decks(user))?;
        let (months, decks) = (months.into_iter().collect(), decks.into_iter().collect());
        let touched = superset.stale().into_iter().map(|(deck, _)| deck).collect();
        let inbox = superset.inbox;
        let fence = superset.at.log(superset.found, clock.tick_ms(), clock.wall_ms()).ok_or_else(|| {
            StoreError::new(Cause::Invalid, "adopt a learner: this run has lived too long to write caches")
        })?;
        inner.caches.put_checkpoint(user, epoch, fence.checkpoint(), Patience::Long).await?;
        let caches = fence.stored();
        let noted = inbox.into_iter().map(|row| (row.id, row.noted_us)).collect();
        let (share, checkpoint_tick_ms) = (inner.behind.share(), clock.tick_ms());
        let mut held = Held { caches, noted, months, decks, touched, newest, checkpoint_tick_ms, share };
        let dirty = held.count();
        inner.tenures.insert(Arc::new(Tenure::new(user, held)));
        inner.behind.wait(user, dirty, &inner.options);
        Ok(())
    }

    /// Whether this process owns the learner and a write of its caches is under way: it is not released meanwhile.
    pub fn is_writing(&self, user: UserId) -> bool {
        self.inner.tenures.get(user).is_some_and(|tenure| tenure.held().caches.is_writing())
    }

    /// Writes what waits of the learner's caches and its checkpoint, and forgets the learner, whatever came of that: what
    /// is not written the next owner folds from the log. Nothing may be appended for the learner from here on. A tenure
    /// that begins meanwhile stays.
    ///
    /// # Errors
    /// The store's; the learner is forgotten all the same.
    pub async fn release(&self, user: UserId) -> Result<(), StoreError> {
        let Some(tenure) = self.inner.tenures.get(user) else { return Ok(()) };
        let inner = Arc::clone(&self.inner);
        // It may take long, and goes on when nobody waits for it any more.
        owned(async move {
            let flushed = behind::flush(&inner, &tenure, true).await;
            inner.tenures.remove_this(&tenure);
            flushed
        })
        .await
    }

    /// Forgets all learners without writing: this run was declared dead, and others own them.
    pub fn forget_all(&self) {
        drop(self.inner.tenures.drain());
    }

    /// Writes what waits of one learner now.
    ///
    /// # Errors
    /// The store's; it waits on then.
    pub async fn flush(&self, user: UserId) -> Result<(), StoreError> {
        match self.inner.tenures.get(user) {
            Some(tenure) => behind::flush(&self.inner, &tenure, true).await,
            None => Ok(()),
        }
    }

    /// Writes what waits of all learners, as before the process ends. How many learners' could not be written: the next
    /// owner folds that from the log.
    pub async fn flush_all(&self) -> usize {
        behind::flush_all(&self.inner).await
    }

    /// Commands that came again, were found in the log, and were not known to the session: perhaps writes of an owner that
    /// died, which landed after the load. To be awaited before their verdict. Names the cards to fold again.
    ///
    /// # Errors
    /// The store's; then there is no verdict yet.
    pub async fn found_again(&self, user: UserId, entries: &[EntryId]) -> Result<Vec<Subject>, StoreError> {
        read::found_again(&self.inner, user, entries).await
    }

    /// Reads the inbox once more: another has appended something, or may have. Names the cards to fold again.
    ///
    /// # Errors
    /// The store's.
    pub async fn inbox_again(&self, user: UserId) -> Result<Vec<Subject>, StoreError> {
        read::inbox_again(&self.inner, user).await
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
}

impl ports::Tenures for CqlStore {
    fn adopt(&self, user: UserId, run: RunId, epoch: Epoch) -> Boxed<'_, Result<(), StoreError>> {
        Box::pin(CqlStore::adopt(self, user, run, epoch))
    }

    fn release(&self, user: UserId) -> Boxed<'_, Result<(), StoreError>> {
        Box::pin(CqlStore::release(self, user))
    }

    fn flush_all(&self) -> Boxed<'_, usize> {
        Box::pin(CqlStore::flush_all(self))
    }

    fn is_writing(&self, user: UserId) -> bool {
        CqlStore::is_writing(self, user)
    }

    fn forget_all(&self) {
        CqlStore::forget_all(self);
    }

    fn beaten(&self, beat: Beat) {
        CqlStore::beaten(self, beat);
    }

    fn found_again(
        &self,
        user: UserId,
        entries: Vec<EntryId>,
    ) -> Boxed<'_, Result<Vec<Subject>, StoreError>> {
        Box::pin(async move { CqlStore::found_again(self, user, &entries).await })
    }

    fn inbox_again(&self, user: UserId) -> Boxed<'_, Result<Vec<Subject>, StoreError>> {
        Box::pin(CqlStore::inbox_again(self, user))
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
