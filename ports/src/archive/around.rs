//! What stands around study, record by record: feeds of events, webhooks, live lessons and their reports, small records.
//! Lists come as [`archive`](super) says.

use super::{ReadAll, WriteAll};
use crate::error::StoreError;
use crate::events::{Event, EventId, EventPage, Feed};
use crate::lessons::Holder;
use crate::papers::{Paper, PaperKey};
use crate::webhooks::{Attempt, HookId, WebhookRecord};
use domain::ids::{ClassId, LessonId, RunId};
use domain::lesson::Record;
use domain::lesson::report::Report;

/// Who holds what has come from another store: no process is called so.
pub const NOBODY: RunId = RunId::from_u128(0);

/// A feed, without its events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeedKept {
    /// Whose it is.
    pub feed: Feed,
    /// The newest id that was given in it, whether or not its event is still there: the next is higher.
    pub last: EventId,
}

/// A webhook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebhookKept {
    /// The record at its revision; no process delivers it.
    pub record: WebhookRecord,
    /// Its newest attempts.
    pub attempts: Vec<Attempt>,
}

impl WebhookKept {
    /// What is told of a webhook: who delivers it is not.
    pub fn new(record: WebhookRecord, attempts: Vec<Attempt>) -> WebhookKept {
        WebhookKept { record: WebhookRecord { holder: None, ..record }, attempts }
    }
}

/// The live lesson of a class. Who holds it is not told: a process that takes it goes on from the record.
#[derive(Clone, PartialEq, Debug)]
pub struct LessonKept {
    /// How often the class changed hands: the next who takes it has a higher epoch.
    pub epoch: u64,
    /// The record.
    pub record: Record,
}

impl LessonKept {
    /// As whom a store keeps it until somebody takes it.
    pub const fn holder(&self) -> Holder {
        Holder { run: NOBODY, epoch: self.epoch }
    }
}

/// One thing, as it is carried.
#[derive(Clone, Debug)]
pub enum Around {
    /// A feed.
    Feed(FeedKept),
    /// Events of a feed, oldest first.
    Events(Feed, Vec<Event>),
    /// A webhook.
    Webhook(WebhookKept),
    /// A class's live lesson.
    Lesson(LessonKept),
    /// The report of a lesson that is over.
    Report(Report),
    /// Small records.
    Papers(Vec<Paper>),
}

/// Reads what stands around study.
pub trait ReadAround: ReadAll {
    /// Feeds of events, those without events too.
    fn feeds(&self, after: Option<Feed>) -> impl Future<Output = Result<Vec<FeedKept>, StoreError>>;

    /// Events of a feed, oldest first; those of kinds that this program does not know are left out.
    fn events_of(
        &self,
        feed: Feed,
        after: Option<EventId>,
    ) -> impl Future<Output = Result<EventPage, StoreError>>;

    /// Webhooks of anybody.
    fn webhooks(&self, after: Option<HookId>) -> impl Future<Output = Result<Vec<WebhookKept>, StoreError>>;

    /// Classes that ever had a lesson.
    fn taught(&self, after: Option<ClassId>) -> impl Future<Output = Result<Vec<ClassId>, StoreError>>;

    /// The live lesson of a class.
    fn lesson(&self, class: ClassId) -> impl Future<Output = Result<Option<LessonKept>, StoreError>>;

    /// Lessons that have a report.
    fn reported(
        &self,
        after: Option<(ClassId, LessonId)>,
    ) -> impl Future<Output = Result<Vec<(ClassId, LessonId)>, StoreError>>;

    /// The report of a lesson.
    fn report_of(
        &self,
        lesson: (ClassId, LessonId),
    ) -> impl Future<Output = Result<Option<Report>, StoreError>>;

    /// Small records. One of a kind that this program does not know cannot be read: a newer program wrote it.
    fn all_papers(&self, after: Option<PaperKey>) -> impl Future<Output = Result<Vec<Paper>, StoreError>>;
}

/// Fills a store with what stands around study, as [`WriteAll`] does with everything else.
pub trait WriteAround: WriteAll<Stored: ReadAround> {
    /// Stores it as it is: ids, revisions and epochs stay.
    fn put_around(&self, what: Around) -> impl Future<Output = Result<(), StoreError>>;
}
