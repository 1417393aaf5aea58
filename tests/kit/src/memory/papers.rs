//! Small records in memory.

use super::MemoryStore;
use domain::ids::Uuid;
use ports::papers::{PAPERS_PAGE_MAX, judge_paper};
use ports::{Boxed, Paper, PaperKey, PaperKind, Papers, PapersError};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Tray(BTreeMap<PaperKey, Paper>);

impl Papers for MemoryStore {
    fn put_paper(
        &self,
        key: PaperKey,
        body: Vec<u8>,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, PapersError>> {
        Box::pin(async move {
            judge_paper(&body)?;
            let tray = &mut self.state().papers.0;
            if tray.get(&key).map(|kept| kept.revision) != if_revision {
                return Err(PapersError::Changed);
            }
            let revision = if_revision.map_or(1, |revision| revision + 1);
            tray.insert(key, Paper { key, body, revision });
            Ok(revision)
        })
    }

    fn remove_paper(&self, key: PaperKey) -> Boxed<'_, Result<(), PapersError>> {
        Box::pin(async move {
            self.state().papers.0.remove(&key);
            Ok(())
        })
    }

    fn paper(&self, key: PaperKey) -> Boxed<'_, Result<Option<Paper>, PapersError>> {
        Box::pin(async move { Ok(self.state().papers.0.get(&key).cloned()) })
    }

    fn papers(
        &self,
        of: Uuid,
        kind: PaperKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Paper>, PapersError>> {
        Box::pin(async move {
            let state = self.state();
            let own = state.papers.0.values().filter(|paper| (paper.key.of, paper.key.kind) == (of, kind));
            let later = own.filter(|paper| after.is_none_or(|after| paper.key.id > after));
            Ok(later.take(limit.min(PAPERS_PAGE_MAX)).cloned().collect())
        })
    }
}
