//! The cold port of live lessons: the record of each class's lesson behind the fence of its holder, and the reports of
//! those that are over. A record is stored whole at each change, some times a minute; no learner's way waits for it.

use crate::Boxed;
use crate::error::StoreError;
use domain::ids::{ClassId, LessonId, RunId};
use domain::lesson::Record;
use domain::lesson::report::Report;
use std::sync::Arc;

/// Lessons that are listed at once.
pub const LESSONS_LISTED: usize = 10_000;

/// Which node has a class, and how often that changed. A record is stored by its holder alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holder {
    /// The node's life.
    pub run: RunId,
    /// Rises with each holder, from 1.
    pub epoch: u64,
}

/// Whether a class's lesson is on, or over and not reported, or owes something that was accepted.
pub fn is_unfinished(record: &Record) -> bool {
    record.is_on() || !record.reported || !record.accepting.is_empty()
}

/// What the head of a report says; `None` if it names no lesson.
pub fn head_of(report: &Report) -> Option<ReportHead> {
    Some(ReportHead {
        lesson: report.lesson?,
        opened_ms: report.opened_ms,
        closed_ms: report.closed_ms,
        students: report.totals.students,
        answered: report.totals.answered,
        correct: report.totals.correct,
    })
}

/// A class whose lesson this process has taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// How it holds the class.
    pub holder: Holder,
    /// The record as its last holder left it; a new one if the class never had a lesson.
    pub record: Record,
}

/// A report that is kept, as a list shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportHead {
    /// The lesson.
    pub lesson: LessonId,
    /// When it began, Unix milliseconds.
    pub opened_ms: i64,
    /// When it ended, Unix milliseconds.
    pub closed_ms: i64,
    /// Students of whom it tells.
    pub students: u32,
    /// Answers.
    pub answered: u64,
    /// Correct ones.
    pub correct: u64,
}

/// Why a record was not stored, or not read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LessonsError {
    /// The store failed; what became of a change is not known.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The class has another holder.
    #[error("the class has another holder")]
    Fenced,
}

/// Records and reports of live lessons.
pub trait Lessons: Send + Sync + 'static {
    /// Who holds a class, after all changes that have taken effect; `None` if nobody ever did.
    fn holder(&self, class: ClassId) -> Boxed<'_, Result<Option<Holder>, LessonsError>>;

    /// Takes a class for this run, if its holder is still as expected: the epoch rises by one. `None` if it is not. An
    /// error leaves the outcome unknown: ask for the holder.
    fn take(
        &self,
        class: ClassId,
        expected: Option<Holder>,
        run: RunId,
    ) -> Boxed<'_, Result<Option<Taken>, LessonsError>>;

    /// Stores a record, if `holder` still holds its class. Storing the same again changes nothing, and neither does an
    /// older one (by its document's version) that comes late. After a `Store` error it may have been stored, now or later.
    fn store(&self, record: Arc<Record>, holder: Holder) -> Boxed<'_, Result<(), LessonsError>>;

    /// The record of a class, by anybody; `None` if it never had a lesson.
    fn record(&self, class: ClassId) -> Boxed<'_, Result<Option<Record>, LessonsError>>;

    /// Classes whose lesson is on, or over and not reported, or owes something that was accepted: at most
    /// [`LESSONS_LISTED`] of them.
    fn unfinished(&self) -> Boxed<'_, Result<Vec<ClassId>, LessonsError>>;

    /// Keeps the report of a lesson that is over; the first one stays, and doing so again changes nothing. One that names
    /// no lesson is refused as invalid.
    fn keep_report(&self, report: Arc<Report>) -> Boxed<'_, Result<(), LessonsError>>;

    /// The report of a lesson of a class.
    fn report(&self, class: ClassId, lesson: LessonId) -> Boxed<'_, Result<Option<Report>, LessonsError>>;

    /// Reports of a class, the lesson that began last first, those behind `before` if it is given; at most `limit`. None
    /// are behind a lesson that has no report.
    fn reports(
        &self,
        class: ClassId,
        before: Option<LessonId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ReportHead>, LessonsError>>;
}
