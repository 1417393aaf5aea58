//! Live lessons in memory.

use super::MemoryStore;
use domain::ids::{ClassId, LessonId, RunId};
use domain::lesson::Record;
use domain::lesson::report::Report;
use ports::lessons::{LESSONS_LISTED, head_of, is_unfinished};
use ports::{Boxed, Cause, Holder, Lessons, LessonsError, ReportHead, StoreError, Taken};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct Taught {
    lessons: BTreeMap<ClassId, (Holder, Record)>,
    reports: BTreeMap<(ClassId, LessonId), Arc<Report>>,
}

impl Taught {
    fn holder(&self, class: ClassId) -> Option<Holder> {
        self.lessons.get(&class).map(|(holder, _)| *holder)
    }

    fn heads(&self, class: ClassId, before: Option<LessonId>, limit: usize) -> Vec<ReportHead> {
        let of_class = self.reports.iter().filter(|((of, _), _)| *of == class);
        let mut heads: Vec<ReportHead> = of_class.filter_map(|(_, report)| head_of(report)).collect();
        heads.sort_by_key(|head| std::cmp::Reverse((head.opened_ms, head.lesson)));
        let behind = match before {
            None => 0,
            Some(before) => {
                heads.iter().position(|head| head.lesson == before).map_or(heads.len(), |at| at + 1)
            }
        };
        heads.into_iter().skip(behind).take(limit).collect()
    }
}

impl Lessons for MemoryStore {
    fn holder(&self, class: ClassId) -> Boxed<'_, Result<Option<Holder>, LessonsError>> {
        Box::pin(async move { Ok(self.state().lessons.holder(class)) })
    }

    fn take(
        &self,
        class: ClassId,
        expected: Option<Holder>,
        run: RunId,
    ) -> Boxed<'_, Result<Option<Taken>, LessonsError>> {
        Box::pin(async move {
            let taught = &mut self.state().lessons;
            if taught.holder(class) != expected {
                return Ok(None);
            }
            let holder = Holder { run, epoch: expected.map_or(1, |expected| expected.epoch + 1) };
            let new = || (holder, Record::new(class));
            let (kept, record) = taught.lessons.entry(class).or_insert_with(new);
            *kept = holder;
            Ok(Some(Taken { holder, record: record.clone() }))
        })
    }

    fn store(&self, record: Arc<Record>, holder: Holder) -> Boxed<'_, Result<(), LessonsError>> {
        Box::pin(async move {
            let taught = &mut self.state().lessons;
            match taught.lessons.get_mut(&record.document.class) {
                Some((by, kept)) if *by == holder => {
                    if kept.document.version <= record.document.version {
                        *kept = (*record).clone();
                    }
                    Ok(())
                }
                Some(_) | None => Err(LessonsError::Fenced),
            }
        })
    }

    fn record(&self, class: ClassId) -> Boxed<'_, Result<Option<Record>, LessonsError>> {
        Box::pin(
            async move { Ok(self.state().lessons.lessons.get(&class).map(|(_, record)| record.clone())) },
        )
    }

    fn unfinished(&self) -> Boxed<'_, Result<Vec<ClassId>, LessonsError>> {
        Box::pin(async move {
            let state = self.state();
            let owing = state.lessons.lessons.iter().filter(|(_, (_, record))| is_unfinished(record));
            Ok(owing.map(|(class, _)| *class).take(LESSONS_LISTED).collect())
        })
    }

    fn keep_report(&self, report: Arc<Report>) -> Boxed<'_, Result<(), LessonsError>> {
        Box::pin(async move {
            let invalid = || StoreError::new(Cause::Invalid, "a report names no lesson");
            let lesson = report.lesson.ok_or_else(invalid)?;
            self.state().lessons.reports.entry((report.class, lesson)).or_insert(report);
            Ok(())
        })
    }

    fn report(&self, class: ClassId, lesson: LessonId) -> Boxed<'_, Result<Option<Report>, LessonsError>> {
        Box::pin(async move {
            Ok(self.state().lessons.reports.get(&(class, lesson)).map(|report| (**report).clone()))
        })
    }

    fn reports(
        &self,
        class: ClassId,
        before: Option<LessonId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ReportHead>, LessonsError>> {
        Box::pin(async move { Ok(self.state().lessons.heads(class, before, limit)) })
    }
}
