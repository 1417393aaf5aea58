//! What imports bring, in a view: jobs, decks and media files are others than in any other view.

use super::Apart;
use bytes::Bytes;
use domain::ids::{DeckId, JobId, NoteId, UserId};
use ports::imports::ImportDigest;
use ports::{
    Boxed, ImportRecord, Imports, ImportsError, Media, MediaDigest, MediaError, MediaRecord, NoteRecord,
    NoteTypeRecord, Notes, NotesError, RefusedRow,
};

/// Bits of an id that count its number within a view; no test has more jobs.
const NUMBER_BITS: u32 = 48;

impl<S> Apart<S> {
    /// What the job is in the store: jobs of one view are neighbours.
    pub fn job(&self, job: JobId) -> JobId {
        JobId(self.user(UserId(job.0)).0)
    }

    fn import_record(&self, record: ImportRecord) -> ImportRecord {
        ImportRecord {
            job: self.job(record.job),
            owner: self.user(record.owner),
            decks: record.decks.iter().map(|deck| self.deck(*deck)).collect(),
            ..record
        }
    }

    /// What the file is called in the store.
    pub fn digest(&self, digest: MediaDigest) -> MediaDigest {
        let mut bytes = digest.0;
        for (byte, view) in bytes.iter_mut().zip(self.view.to_be_bytes()) {
            *byte ^= view;
        }
        MediaDigest(bytes)
    }
}

impl<S: Imports> Imports for Apart<S> {
    fn put_import(
        &self,
        record: ImportRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, ImportsError>> {
        self.store.put_import(self.import_record(record), if_revision)
    }

    fn import(&self, job: JobId) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        Box::pin(async move {
            let found = self.store.import(Apart::job(self, job)).await?;
            Ok(found.map(|record| self.import_record(record)))
        })
    }

    fn imports_of(
        &self,
        owner: UserId,
        before: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        Box::pin(async move {
            let before = before.map(|job| Apart::job(self, job));
            let found = self.store.imports_of(self.user(owner), before, limit).await?;
            Ok(found.into_iter().map(|record| self.import_record(record)).collect())
        })
    }

    fn unfinished(
        &self,
        after: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        Box::pin(async move {
            // Jobs of other views are anybody's too: they are left out.
            let own = JobId(crate::rows::job(0).0);
            let family = |job: JobId| job.0.as_u128() >> NUMBER_BITS;
            let mut after = after.map(|job| Apart::job(self, job));
            let mut found = Vec::new();
            loop {
                let page = self.store.unfinished(after, limit).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.job);
                let renamed = page.into_iter().map(|record| self.import_record(record));
                found.extend(renamed.filter(|record| family(record.job) == family(own)));
            }
            found.truncate(limit);
            Ok(found)
        })
    }

    fn same_import(
        &self,
        owner: UserId,
        digest: ImportDigest,
    ) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        Box::pin(async move {
            let found = self.store.same_import(self.user(owner), digest).await?;
            Ok(found.map(|record| self.import_record(record)))
        })
    }

    fn put_refused(&self, job: JobId, rows: Vec<RefusedRow>) -> Boxed<'_, Result<(), ImportsError>> {
        self.store.put_refused(Apart::job(self, job), rows)
    }

    fn refused(
        &self,
        job: JobId,
        from_number: u64,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RefusedRow>, ImportsError>> {
        self.store.refused(Apart::job(self, job), from_number, limit)
    }
}

impl<S: Media> Media for Apart<S> {
    fn put_media(&self, record: MediaRecord, content: Bytes) -> Boxed<'_, Result<(), MediaError>> {
        let digest = Apart::digest(self, record.digest);
        self.store.put_media(MediaRecord { digest, ..record }, content)
    }

    fn media(&self, digest: MediaDigest) -> Boxed<'_, Result<Option<MediaRecord>, MediaError>> {
        Box::pin(async move {
            let found = self.store.media(Apart::digest(self, digest)).await?;
            Ok(found.map(|record| MediaRecord { digest, ..record }))
        })
    }

    fn read_media(
        &self,
        digest: MediaDigest,
        offset: u64,
        length_max: usize,
    ) -> Boxed<'_, Result<Bytes, MediaError>> {
        self.store.read_media(Apart::digest(self, digest), offset, length_max)
    }

    fn give_media(
        &self,
        deck: DeckId,
        names: Vec<(String, MediaDigest)>,
    ) -> Boxed<'_, Result<(), MediaError>> {
        let names = names.into_iter().map(|(name, digest)| (name, Apart::digest(self, digest)));
        self.store.give_media(Apart::deck(self, deck), names.collect())
    }

    fn media_of(
        &self,
        deck: DeckId,
        after_name: Option<String>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<(String, MediaDigest)>, MediaError>> {
        Box::pin(async move {
            let found = self.store.media_of(Apart::deck(self, deck), after_name, limit).await?;
            Ok(found.into_iter().map(|(name, digest)| (name, Apart::digest(self, digest))).collect())
        })
    }

    fn media_named(&self, deck: DeckId, name: String) -> Boxed<'_, Result<Option<MediaDigest>, MediaError>> {
        Box::pin(async move {
            let found = self.store.media_named(Apart::deck(self, deck), name).await?;
            Ok(found.map(|digest| Apart::digest(self, digest)))
        })
    }

    fn deck_has(&self, deck: DeckId, digest: MediaDigest) -> Boxed<'_, Result<bool, MediaError>> {
        self.store.deck_has(Apart::deck(self, deck), Apart::digest(self, digest))
    }
}

impl<S: Notes> Notes for Apart<S> {
    fn put_note_types(&self, deck: DeckId, types: Vec<NoteTypeRecord>) -> Boxed<'_, Result<(), NotesError>> {
        self.store.put_note_types(Apart::deck(self, deck), types)
    }

    fn put_notes(&self, deck: DeckId, notes: Vec<NoteRecord>) -> Boxed<'_, Result<(), NotesError>> {
        self.store.put_notes(Apart::deck(self, deck), notes)
    }

    fn note_types(&self, deck: DeckId) -> Boxed<'_, Result<Vec<NoteTypeRecord>, NotesError>> {
        Box::pin(async move {
            let found = self.store.note_types(Apart::deck(self, deck)).await?;
            Ok(found.into_iter().map(|of| NoteTypeRecord { deck, ..of }).collect())
        })
    }

    fn notes(
        &self,
        deck: DeckId,
        after: Option<NoteId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<NoteRecord>, NotesError>> {
        Box::pin(async move {
            let found = self.store.notes(Apart::deck(self, deck), after, limit).await?;
            Ok(found.into_iter().map(|note| NoteRecord { deck, ..note }).collect())
        })
    }

    fn notes_of(&self, deck: DeckId, ids: Vec<NoteId>) -> Boxed<'_, Result<Vec<NoteRecord>, NotesError>> {
        Box::pin(async move {
            let found = self.store.notes_of(Apart::deck(self, deck), ids).await?;
            Ok(found.into_iter().map(|note| NoteRecord { deck, ..note }).collect())
        })
    }
}
