//! A keyspace that is filled.

use super::walk::Walk;
use crate::CqlStore;
use crate::address::Address;
use crate::error::OpenError;
use crate::options::Options;
use crate::{imports, media, notes};
use bytes::Bytes;
use domain::ids::{DeckId, JobId, UserId, Uuid};
use ports::archive::{ClassKept, Filed, PersonKept, ReadAll, ReadAround, RequestKept, WriteAll};
use ports::{
    DeckContent, ImportRecord, MediaDigest, MediaRecord, NoteRecord, NoteTypeRecord, Progress, Quarantined,
    RefusedRow, ReviewStore, StoreError,
};

/// The step of the write time of caches, in milliseconds: two tries of a copy are at least so far apart.
const CACHE_STEP_MS: i64 = 1_000;

/// Why a keyspace cannot be filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something is in it.
    #[error(
        "the keyspace {0} holds something already: make another one with `studyhall migrate`, and copy into that"
    )]
    NotEmpty(String),
}

/// A keyspace that is being filled. Nobody serves it: it is marked. Clones fill the same.
#[derive(Clone)]
pub struct Filling {
    pub(super) walk: Walk,
    /// When the copy was begun this time, Unix milliseconds: later than every mark of it before.
    pub(super) now_ms: i64,
    /// The write time of caches: below that of every owner, and above that of an earlier try of this copy.
    pub(super) write_time: i64,
}

impl Filling {
    /// Opens a keyspace that is empty or holds an unfinished copy, and marks it.
    ///
    /// # Errors
    /// [`FillError`].
    pub async fn open(
        address: &Address,
        options: &Options,
        from: &str,
        now_ms: i64,
    ) -> Result<Filling, FillError> {
        let (store, unfinished) = CqlStore::open_marked(address, options).await?;
        // An earlier try may have been marked by a clock that was ahead of this one: what is written now is later.
        let now_ms = unfinished
            .as_ref()
            .map_or(now_ms, |before| now_ms.max(before.at_ms.saturating_add(CACHE_STEP_MS)));
        let walk = Walk::over(&store).await?;
        let filling = Filling { walk, now_ms, write_time: now_ms / CACHE_STEP_MS };
        if unfinished.is_none() && !filling.is_empty().await? {
            return Err(FillError::NotEmpty(address.keyspace.clone()));
        }
        let values = (from, now_ms, now_ms.saturating_mul(1_000));
        store.client().write(&filling.walk.statements.begin_copy, values).await?;
        Ok(filling)
    }

    async fn is_empty(&self) -> Result<bool, StoreError> {
        let (client, statements) = (self.walk.store.client(), &self.walk.statements);
        let tables = [&statements.owners, &statements.nodes];
        for table in tables {
            if client.read_one::<(Uuid,)>(table, (1,)).await?.is_some() {
                return Ok(false);
            }
        }
        let walk = &self.walk;
        Ok(walk.decks(None).await?.is_empty()
            && walk.people(None).await?.is_empty()
            && walk.classes(None).await?.is_empty()
            && walk.imports(None).await?.is_empty()
            && walk.media(None).await?.is_empty()
            && walk.learners(None).await?.is_empty()
            && walk.feeds(None).await?.is_empty()
            && walk.webhooks(None).await?.is_empty()
            && walk.taught(None).await?.is_empty()
            && walk.all_papers(None).await?.is_empty())
    }
}

impl WriteAll for Filling {
    type Stored = Walk;

    fn stored(&self) -> &Walk {
        &self.walk
    }

    async fn put_deck(&self, deck: DeckContent) -> Result<(), StoreError> {
        self.fill_deck(&deck).await
    }

    async fn put_person(&self, person: PersonKept) -> Result<(), StoreError> {
        self.fill_person(person).await
    }

    async fn put_class(&self, class: ClassKept) -> Result<(), StoreError> {
        self.fill_class(&class).await
    }

    async fn put_note_types(&self, deck: DeckId, types: Vec<NoteTypeRecord>) -> Result<(), StoreError> {
        notes::put_types(&self.walk.store, deck, &types).await
    }

    async fn put_notes(&self, deck: DeckId, notes: Vec<NoteRecord>) -> Result<(), StoreError> {
        notes::put(&self.walk.store, deck, &notes).await
    }

    async fn put_media_names(
        &self,
        deck: DeckId,
        names: Vec<(String, MediaDigest)>,
    ) -> Result<(), StoreError> {
        media::give(&self.walk.store, deck, names).await
    }

    async fn put_media(&self, record: MediaRecord, content: Bytes) -> Result<(), StoreError> {
        media::put(&self.walk.store, &record, &content).await
    }

    async fn put_import(&self, record: ImportRecord) -> Result<(), StoreError> {
        imports::fill(&self.walk.store, &record).await
    }

    async fn put_refused(&self, job: JobId, rows: Vec<RefusedRow>) -> Result<(), StoreError> {
        imports::put_refused(&self.walk.store, job, rows).await
    }

    async fn put_request(&self, request: RequestKept) -> Result<(), StoreError> {
        self.fill_request(request).await
    }

    async fn put_quarantined(&self, what: Quarantined) -> Result<(), StoreError> {
        self.walk.store.quarantine(what).await
    }

    async fn put_learner(
        &self,
        user: UserId,
        log: &[Filed],
        progress: &[Progress],
    ) -> Result<(), StoreError> {
        self.fill_learner(user, log, progress).await
    }

    /// Each write is durable when it returns.
    async fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn finish(&self) -> Result<(), StoreError> {
        // Later than every mark of this copy, whatever the clocks do; a mark of a later copy is later still.
        let at_us = self.now_ms.saturating_mul(1_000).saturating_add(1);
        self.walk.store.client().write(&self.walk.statements.end_copy, (at_us,)).await
    }
}
