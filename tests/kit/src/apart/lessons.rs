//! Lessons and small records of a view: classes, and what records belong to, are others than in any other view.

use super::Apart;
use domain::ids::{ClassId, LessonId, RunId, UserId, Uuid};
use domain::lesson::Record;
use domain::lesson::report::Report;
use ports::{
    Boxed, Holder, Lessons, LessonsError, Paper, PaperKey, PaperKind, Papers, PapersError, ReportHead, Taken,
};
use std::sync::Arc;

/// Bits of an id that count its number within a view; no test has more classes.
const NUMBER_BITS: u32 = 48;

impl<S> Apart<S> {
    fn lesson_record(&self, mut record: Record) -> Record {
        record.document.class = self.class(record.document.class);
        record
    }

    fn paper_key(&self, key: PaperKey) -> PaperKey {
        PaperKey { of: self.user(UserId(key.of)).0, ..key }
    }

    fn renamed(&self, paper: Paper) -> Paper {
        Paper { key: self.paper_key(paper.key), ..paper }
    }
}

impl<S: Lessons> Lessons for Apart<S> {
    fn holder(&self, class: ClassId) -> Boxed<'_, Result<Option<Holder>, LessonsError>> {
        self.store.holder(self.class(class))
    }

    fn take(
        &self,
        class: ClassId,
        expected: Option<Holder>,
        run: RunId,
    ) -> Boxed<'_, Result<Option<Taken>, LessonsError>> {
        Box::pin(async move {
            let taken = self.store.take(self.class(class), expected, run).await?;
            Ok(taken.map(|taken| Taken { record: self.lesson_record(taken.record), ..taken }))
        })
    }

    fn store(&self, record: Arc<Record>, holder: Holder) -> Boxed<'_, Result<(), LessonsError>> {
        self.store.store(Arc::new(self.lesson_record((*record).clone())), holder)
    }

    fn record(&self, class: ClassId) -> Boxed<'_, Result<Option<Record>, LessonsError>> {
        Box::pin(async move {
            let found = self.store.record(self.class(class)).await?;
            Ok(found.map(|record| self.lesson_record(record)))
        })
    }

    fn unfinished(&self) -> Boxed<'_, Result<Vec<ClassId>, LessonsError>> {
        Box::pin(async move {
            // Classes of other views are anybody's too: they are left out.
            let found = self.store.unfinished().await?;
            let renamed = found.into_iter().map(|class| self.class(class));
            Ok(renamed.filter(|class| class.0.as_u128() >> NUMBER_BITS == 0).collect())
        })
    }

    fn keep_report(&self, report: Arc<Report>) -> Boxed<'_, Result<(), LessonsError>> {
        let class = self.class(report.class);
        self.store.keep_report(Arc::new(Report { class, ..(*report).clone() }))
    }

    fn report(&self, class: ClassId, lesson: LessonId) -> Boxed<'_, Result<Option<Report>, LessonsError>> {
        Box::pin(async move {
            let found = self.store.report(self.class(class), lesson).await?;
            Ok(found.map(|report| Report { class, ..report }))
        })
    }

    fn reports(
        &self,
        class: ClassId,
        before: Option<LessonId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ReportHead>, LessonsError>> {
        self.store.reports(self.class(class), before, limit)
    }
}

impl<S: Papers> Papers for Apart<S> {
    fn put_paper(
        &self,
        key: PaperKey,
        body: Vec<u8>,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, PapersError>> {
        self.store.put_paper(self.paper_key(key), body, if_revision)
    }

    fn remove_paper(&self, key: PaperKey) -> Boxed<'_, Result<(), PapersError>> {
        self.store.remove_paper(self.paper_key(key))
    }

    fn paper(&self, key: PaperKey) -> Boxed<'_, Result<Option<Paper>, PapersError>> {
        Box::pin(async move {
            let found = self.store.paper(self.paper_key(key)).await?;
            Ok(found.map(|paper| self.renamed(paper)))
        })
    }

    fn papers_named(&self, keys: Vec<PaperKey>) -> Boxed<'_, Result<Vec<Paper>, PapersError>> {
        Box::pin(async move {
            let keys = keys.into_iter().map(|key| self.paper_key(key)).collect();
            let found = self.store.papers_named(keys).await?;
            Ok(found.into_iter().map(|paper| self.renamed(paper)).collect())
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
            let found = self.store.papers(self.user(UserId(of)).0, kind, after, limit).await?;
            Ok(found.into_iter().map(|paper| self.renamed(paper)).collect())
        })
    }
}
