//! What imports brought besides cards and entries: notes, media files, jobs. One walk serves the copying and the counting.

use super::pages::pages;
use super::tally::Tally;
use bytes::Bytes;
use domain::ids::{DeckId, JobId};
use futures_util::TryStreamExt;
use ports::archive::{ReadAll, WriteAll};
use ports::{ImportRecord, MediaDigest, MediaRecord, NoteRecord, NoteTypeRecord, RefusedRow, StoreError};
use std::pin::pin;

/// Where what was read goes.
pub(super) trait Takes {
    /// Why it could not be taken, or read.
    type Error;

    /// The source could not be read.
    fn unread(error: StoreError) -> Self::Error;
    /// Note types of a deck.
    async fn note_types(&self, deck: DeckId, types: Vec<NoteTypeRecord>) -> Result<(), Self::Error>;
    /// Notes of a deck.
    async fn notes(&self, deck: DeckId, notes: Vec<NoteRecord>) -> Result<(), Self::Error>;
    /// Names by which a deck knows media files.
    async fn media_names(&self, deck: DeckId, names: Vec<(String, MediaDigest)>) -> Result<(), Self::Error>;
    /// A media file.
    async fn media(&self, record: MediaRecord, content: Bytes) -> Result<(), Self::Error>;
    /// An import job.
    async fn import(&self, record: ImportRecord) -> Result<(), Self::Error>;
    /// Rows of a job that did not come in.
    async fn refused(&self, job: JobId, rows: Vec<RefusedRow>) -> Result<(), Self::Error>;
}

/// What is only counted.
pub(super) struct Counted;

impl Takes for Counted {
    type Error = StoreError;

    fn unread(error: StoreError) -> StoreError {
        error
    }

    async fn note_types(&self, _: DeckId, _: Vec<NoteTypeRecord>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn notes(&self, _: DeckId, _: Vec<NoteRecord>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn media_names(&self, _: DeckId, _: Vec<(String, MediaDigest)>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn media(&self, _: MediaRecord, _: Bytes) -> Result<(), StoreError> {
        Ok(())
    }

    async fn import(&self, _: ImportRecord) -> Result<(), StoreError> {
        Ok(())
    }

    async fn refused(&self, _: JobId, _: Vec<RefusedRow>) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What goes into another store.
pub(super) struct Filled<'a, To>(pub(super) &'a To);

impl<To: WriteAll> Takes for Filled<'_, To> {
    type Error = super::CopyError;

    fn unread(error: StoreError) -> super::CopyError {
        super::CopyError::Read(error)
    }

    async fn note_types(&self, deck: DeckId, types: Vec<NoteTypeRecord>) -> Result<(), Self::Error> {
        self.0.put_note_types(deck, types).await.map_err(super::CopyError::Write)
    }

    async fn notes(&self, deck: DeckId, notes: Vec<NoteRecord>) -> Result<(), Self::Error> {
        self.0.put_notes(deck, notes).await.map_err(super::CopyError::Write)
    }

    async fn media_names(&self, deck: DeckId, names: Vec<(String, MediaDigest)>) -> Result<(), Self::Error> {
        self.0.put_media_names(deck, names).await.map_err(super::CopyError::Write)
    }

    async fn media(&self, record: MediaRecord, content: Bytes) -> Result<(), Self::Error> {
        self.0.put_media(record, content).await.map_err(super::CopyError::Write)
    }

    async fn import(&self, record: ImportRecord) -> Result<(), Self::Error> {
        self.0.put_import(record).await.map_err(super::CopyError::Write)
    }

    async fn refused(&self, job: JobId, rows: Vec<RefusedRow>) -> Result<(), Self::Error> {
        self.0.put_refused(job, rows).await.map_err(super::CopyError::Write)
    }
}

/// What belongs to a deck beside its cards.
pub(super) async fn of_deck<From: ReadAll, To: Takes>(
    from: &From,
    to: &To,
    deck: DeckId,
    tally: &mut Tally,
) -> Result<(), To::Error> {
    let types = from.note_types(deck).await.map_err(To::unread)?;
    tally.note_types(&types);
    if !types.is_empty() {
        to.note_types(deck, types).await?;
    }
    let mut pages_of_notes = pin!(pages(|after| from.notes(deck, after), |note| note.id));
    while let Some(notes) = pages_of_notes.try_next().await.map_err(To::unread)? {
        tally.notes(&notes);
        to.notes(deck, notes).await?;
    }
    let mut pages_of_names = pin!(pages(|after| from.media_names(deck, after), |(name, _)| name.clone()));
    while let Some(names) = pages_of_names.try_next().await.map_err(To::unread)? {
        tally.media_names(deck, &names);
        to.media_names(deck, names).await?;
    }
    Ok(())
}

/// Media files, one in memory at a time.
pub(super) async fn media<From: ReadAll, To: Takes>(
    from: &From,
    to: &To,
    tally: &mut Tally,
) -> Result<(), To::Error> {
    let mut pages = pin!(pages(|after| from.media(after), |record| record.digest));
    while let Some(records) = pages.try_next().await.map_err(To::unread)? {
        for record in records {
            let content = from.media_content(&record).await.map_err(To::unread)?;
            tally.media(&record, &content);
            to.media(record, content).await?;
        }
    }
    Ok(())
}

/// Import jobs and what they refused.
pub(super) async fn imports<From: ReadAll, To: Takes>(
    from: &From,
    to: &To,
    tally: &mut Tally,
) -> Result<(), To::Error> {
    let mut pages = pin!(pages(|after| from.imports(after), |record| record.job));
    while let Some(records) = pages.try_next().await.map_err(To::unread)? {
        for record in records {
            let job = record.job;
            tally.import(&record);
            to.import(record).await?;
            refused(from, to, job, tally).await?;
        }
    }
    Ok(())
}

async fn refused<From: ReadAll, To: Takes>(
    from: &From,
    to: &To,
    job: JobId,
    tally: &mut Tally,
) -> Result<(), To::Error> {
    let mut from_number = 0;
    loop {
        let rows = from.refused(job, from_number).await.map_err(To::unread)?;
        let Some(last) = rows.last() else { return Ok(()) };
        from_number = last.number.saturating_add(1);
        tally.refused(job, &rows);
        to.refused(job, rows).await?;
    }
}
