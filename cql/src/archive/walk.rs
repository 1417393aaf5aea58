//! Everything that is only read: tables in the order of tokens.

use super::ArchiveStatements;
use crate::CqlStore;
use crate::client::Answer;
use crate::error::OpenError;
use crate::{imports, media, notes, read};
use bytes::Bytes;
use domain::entry::LogEntry;
use domain::ids::{ClassId, DeckId, EntryId, JobId, NoteId, UserId, Uuid};
use domain::state::FoldParams;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::archive::{ClassKept, PAGE, PersonKept, ReadAll, RequestKept};
use ports::library::RequestDigest;
use ports::{
    Cause, DeckContent, ImportRecord, Library, LibraryError, LogRange, MediaDigest, MediaRecord, NoteRecord,
    NoteTypeRecord, Progress, Quarantined, RefusedRow, StoreError,
};
use scylla::statement::prepared::PreparedStatement;
use std::sync::Arc;

/// A keyspace that is read whole. Whether others serve it meanwhile is theirs.
#[derive(Clone)]
pub struct Walk {
    pub(super) store: CqlStore,
    pub(super) statements: Arc<ArchiveStatements>,
}

impl Walk {
    /// Over an open store.
    ///
    /// # Errors
    /// A statement cannot be prepared.
    pub async fn over(store: &CqlStore) -> Result<Walk, OpenError> {
        let statements = Arc::new(ArchiveStatements::prepare(store.client()).await?);
        Ok(Walk { store: store.clone(), statements })
    }

    /// A page: from the first row, or behind this key.
    pub(super) async fn page<R: Answer>(
        &self,
        (first, behind): (&PreparedStatement, &PreparedStatement),
        after: Option<Uuid>,
    ) -> Result<Vec<R>, StoreError> {
        let limit = i32::try_from(PAGE).unwrap_or(i32::MAX);
        match after {
            None => self.store.client().read(first, (limit,)).await,
            Some(after) => self.store.client().read(behind, (after, limit)).await,
        }
    }

    pub(super) async fn ids(
        &self,
        statements: (&PreparedStatement, &PreparedStatement),
        after: Option<Uuid>,
    ) -> Result<Vec<Uuid>, StoreError> {
        Ok(self.page::<(Uuid,)>(statements, after).await?.into_iter().map(|(id,)| id).collect())
    }

    pub(super) fn at_once(&self) -> usize {
        self.store.client().options().reads_at_once
    }
}

impl ReadAll for Walk {
    async fn decks(&self, after: Option<DeckId>) -> Result<Vec<DeckId>, StoreError> {
        let of = (&self.statements.decks, &self.statements.decks_after);
        Ok(self.ids(of, after.map(|id| id.0)).await?.into_iter().map(DeckId).collect())
    }

    async fn deck(&self, id: DeckId) -> Result<Option<DeckContent>, StoreError> {
        self.store.content(id).await.map_err(of_library)
    }

    async fn params(&self, deck: DeckId) -> Result<Option<FoldParams>, StoreError> {
        match Library::deck(&self.store, deck).await {
            Ok(deck) => Ok(deck.map(|deck| deck.settings.fold_params())),
            Err(error) => Err(of_library(error)),
        }
    }

    async fn people(&self, after: Option<UserId>) -> Result<Vec<PersonKept>, StoreError> {
        let of = (&self.statements.people, &self.statements.people_after);
        let ids = self.ids(of, after.map(|id| id.0)).await?;
        let reads = stream::iter(ids).map(|id| crate::people::kept_person(&self.store, UserId(id)));
        let found: Vec<Option<PersonKept>> = reads.buffered(self.at_once()).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn classes(&self, after: Option<ClassId>) -> Result<Vec<ClassKept>, StoreError> {
        let of = (&self.statements.classes, &self.statements.classes_after);
        let ids = self.ids(of, after.map(|id| id.0)).await?;
        let reads = stream::iter(ids).map(|id| crate::people::kept_class(&self.store, ClassId(id)));
        let found: Vec<Option<ClassKept>> = reads.buffered(self.at_once()).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn note_types(&self, deck: DeckId) -> Result<Vec<NoteTypeRecord>, StoreError> {
        notes::types(&self.store, deck).await
    }

    async fn notes(&self, deck: DeckId, after: Option<NoteId>) -> Result<Vec<NoteRecord>, StoreError> {
        notes::page(&self.store, deck, after, PAGE).await
    }

    async fn media_names(
        &self,
        deck: DeckId,
        after: Option<String>,
    ) -> Result<Vec<(String, MediaDigest)>, StoreError> {
        media::names(&self.store, deck, after, PAGE).await
    }

    async fn media(&self, after: Option<MediaDigest>) -> Result<Vec<MediaRecord>, StoreError> {
        let (client, said) = (self.store.client(), self.store.media_statements());
        let limit = i32::try_from(PAGE).unwrap_or(i32::MAX);
        let rows: Vec<media::Row> = match after {
            None => client.read(&said.all_media, (limit,)).await?,
            Some(after) => client.read(&said.all_media_after, (&after.0[..], limit)).await?,
        };
        rows.into_iter().map(media::of_row).collect()
    }

    async fn media_content(&self, record: &MediaRecord) -> Result<Bytes, StoreError> {
        let length = usize::try_from(record.bytes).unwrap_or(usize::MAX);
        media::content(&self.store, record.digest, 0, length).await
    }

    async fn imports(&self, after: Option<JobId>) -> Result<Vec<ImportRecord>, StoreError> {
        let of = (&self.statements.imports, &self.statements.imports_after);
        let ids = self.ids(of, after.map(|id| id.0)).await?;
        let reads = stream::iter(ids).map(|id| imports::read(&self.store, JobId(id)));
        let found: Vec<Option<ImportRecord>> = reads.buffered(self.at_once()).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn refused(&self, job: JobId, from_number: u64) -> Result<Vec<RefusedRow>, StoreError> {
        imports::refused(&self.store, job, from_number, PAGE).await
    }

    async fn requests(&self, after: Option<Uuid>) -> Result<Vec<RequestKept>, StoreError> {
        let of = (&self.statements.requests, &self.statements.requests_after);
        let rows: Vec<(Uuid, Vec<u8>, i64)> = self.page(of, after).await?;
        let kept = |(key, asks, at_ms): (Uuid, Vec<u8>, i64)| {
            let asks = RequestDigest::try_from(asks)
                .map_err(|_| StoreError::new(Cause::Invalid, "a request's digest has another length"))?;
            Ok(RequestKept { key, asks, at_ms })
        };
        rows.into_iter().map(kept).collect()
    }

    async fn quarantined(&self, after: Option<UserId>) -> Result<Vec<Quarantined>, StoreError> {
        let of = (&self.statements.quarantined, &self.statements.quarantined_after);
        let mut found = Vec::new();
        for user in self.ids(of, after.map(|id| id.0)).await? {
            let rows: Vec<(Vec<u8>, i64, String, Vec<u8>)> =
                self.store.client().read(&self.statements.quarantine_of, (user,)).await?;
            for (id, at_ms, reason, raw) in rows {
                let id = crate::log::entry_id(&id)?;
                found.push(Quarantined { user: UserId(user), id, at_ms, reason, raw });
            }
        }
        Ok(found)
    }

    async fn learners(&self, after: Option<UserId>) -> Result<Vec<UserId>, StoreError> {
        let of = (&self.statements.learners, &self.statements.learners_after);
        Ok(self.ids(of, after.map(|id| id.0)).await?.into_iter().map(UserId).collect())
    }

    async fn log(&self, user: UserId) -> Result<Vec<LogEntry>, StoreError> {
        let all = LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: usize::MAX };
        let found = self.store.inner.log.range(user, &all).await?;
        Ok(found.into_iter().map(|row| row.entry).collect())
    }

    async fn newest(&self, user: UserId) -> Result<Option<EntryId>, StoreError> {
        let one = LogRange { from: EntryId::MIN, before: None, newest_first: true, limit: 1 };
        Ok(self.store.inner.log.range(user, &one).await?.first().map(|row| row.entry.id))
    }

    async fn progress(&self, user: UserId) -> Result<Vec<Progress>, StoreError> {
        read::all_progress(&self.store.inner, user).await
    }
}

fn of_library(error: LibraryError) -> StoreError {
    match error {
        LibraryError::Store(error) => error,
        LibraryError::NoSuchDeck | LibraryError::Changed | LibraryError::TooManyCards => {
            StoreError::new(Cause::Invalid, error.to_string())
        }
    }
}
