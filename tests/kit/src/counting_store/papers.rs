//! Small records whose reads are counted with those of a store.

use super::CountingStore;
use domain::ids::Uuid;
use ports::{Boxed, Paper, PaperKey, PaperKind, Papers, PapersError};

/// The records, and the store that counts.
#[derive(Clone)]
pub struct CountingPapers<P, S> {
    inner: P,
    store: CountingStore<S>,
}

impl<S: Clone> CountingStore<S> {
    /// Small records of another store, whose reads are counted with this one's.
    pub fn with_papers<P>(&self, inner: P) -> CountingPapers<P, S> {
        CountingPapers { inner, store: self.clone() }
    }
}

impl<P: Papers, S: Send + Sync + 'static> Papers for CountingPapers<P, S> {
    fn put_paper(
        &self,
        key: PaperKey,
        body: Vec<u8>,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, PapersError>> {
        self.inner.put_paper(key, body, if_revision)
    }

    fn remove_paper(&self, key: PaperKey) -> Boxed<'_, Result<(), PapersError>> {
        self.inner.remove_paper(key)
    }

    fn paper(&self, key: PaperKey) -> Boxed<'_, Result<Option<Paper>, PapersError>> {
        Box::pin(async move {
            self.store.read("paper")?;
            self.inner.paper(key).await
        })
    }

    fn papers_named(&self, keys: Vec<PaperKey>) -> Boxed<'_, Result<Vec<Paper>, PapersError>> {
        Box::pin(async move {
            self.store.read("papers_named")?;
            self.inner.papers_named(keys).await
        })
    }

    fn papers(
        &self,
        of: Uuid,
        kind: PaperKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Paper>, PapersError>> {
        Box::pin(async move {
            self.store.read("papers")?;
            self.inner.papers(of, kind, after, limit).await
        })
    }
}
