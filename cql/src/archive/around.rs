//! What stands around study: feeds, webhooks, lessons, reports and small records, walked and written as they are.

use super::fill::Filling;
use super::walk::Walk;
use crate::decide::{Verdict, decide};
use crate::log::unreadable;
use crate::task::owned;
use crate::{events, lessons, papers, webhooks};
use domain::ids::{ClassId, LessonId, Uuid};
use domain::lesson::report::Report;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::archive::{Around, FeedKept, LessonKept, PAGE, ReadAround, WebhookKept, WriteAround};
use ports::lessons::is_unfinished;
use ports::webhooks::ATTEMPTS_KEPT;
use ports::{
    Event, EventId, EventPage, Events as _, Feed, HookId, Lessons as _, LessonsError, Paper, PaperKey,
    PaperKind, StoreError, Webhooks as _, WebhooksError,
};

/// How long a row of an event lives, in milliseconds: as schema/0007_events.cql says.
const EVENT_LIVES_MS: i64 = 35 * 86_400_000;
/// Rows of a page.
const LIMIT: i32 = PAGE as i32;

impl ReadAround for Walk {
    async fn feeds(&self, after: Option<Feed>) -> Result<Vec<FeedKept>, StoreError> {
        let (client, said) = (self.store.client(), &self.statements);
        let rows: Vec<(Vec<u8>, Vec<u8>)> = match after {
            None => client.read(&said.feeds, (LIMIT,)).await?,
            Some(after) => client.read(&said.feeds_after, (&after.key()[..], LIMIT)).await?,
        };
        let kept = |(feed, last): (Vec<u8>, Vec<u8>)| {
            let bad = || unreadable(&"a feed's key or its end is none");
            let (feed, last) = Feed::of_key(&feed).zip(EventId::of_bytes(&last)).ok_or_else(bad)?;
            Ok(FeedKept { feed, last })
        };
        rows.into_iter().map(kept).collect()
    }

    async fn events_of(&self, feed: Feed, after: Option<EventId>) -> Result<EventPage, StoreError> {
        self.store.events(feed, after, PAGE).await
    }

    async fn webhooks(&self, after: Option<HookId>) -> Result<Vec<WebhookKept>, StoreError> {
        let of = (&self.statements.webhooks, &self.statements.webhooks_after);
        let reads = stream::iter(self.ids(of, after.map(|id| id.0)).await?).map(|id| async move {
            let store = &self.store;
            let both = async {
                let attempts = store.attempts(HookId(id), ATTEMPTS_KEPT).await?;
                Ok((store.webhook(HookId(id)).await?, attempts))
            };
            let (record, attempts) = both.await.map_err(of_webhooks)?;
            Ok::<_, StoreError>(record.map(|record| WebhookKept::new(record, attempts)))
        });
        let found: Vec<Option<WebhookKept>> = reads.buffered(self.at_once()).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn taught(&self, after: Option<ClassId>) -> Result<Vec<ClassId>, StoreError> {
        let of = (&self.statements.lessons, &self.statements.lessons_after);
        Ok(self.ids(of, after.map(|id| id.0)).await?.into_iter().map(ClassId).collect())
    }

    async fn lesson(&self, class: ClassId) -> Result<Option<LessonKept>, StoreError> {
        let decided = lessons::decided(&self.store, class).await?;
        Ok(decided.map(|decided| LessonKept { epoch: decided.holder.epoch, record: decided.record }))
    }

    async fn reported(
        &self,
        after: Option<(ClassId, LessonId)>,
    ) -> Result<Vec<(ClassId, LessonId)>, StoreError> {
        let (client, said) = (self.store.client(), &self.statements);
        let rows: Vec<(Uuid, Uuid)> = match after {
            None => client.read(&said.reported, (LIMIT,)).await?,
            Some((class, lesson)) => client.read(&said.reported_after, (class.0, lesson.0, LIMIT)).await?,
        };
        Ok(rows.into_iter().map(|(class, lesson)| (ClassId(class), LessonId(lesson))).collect())
    }

    async fn report_of(&self, (class, lesson): (ClassId, LessonId)) -> Result<Option<Report>, StoreError> {
        self.store.report(class, lesson).await.map_err(of_lessons)
    }

    async fn all_papers(&self, after: Option<PaperKey>) -> Result<Vec<Paper>, StoreError> {
        type Row = (Uuid, String, Uuid, Vec<u8>, i64);
        let (client, said) = (self.store.client(), &self.statements);
        let rows: Vec<Row> = match after {
            None => client.read(&said.papers, (LIMIT,)).await?,
            Some(key) => client.read(&said.papers_after, (key.of, key.kind.word(), key.id, LIMIT)).await?,
        };
        let paper = |(of, kind, id, body, revision): Row| {
            let unknown = || unreadable(&format!("a record of a kind that is not known: {kind}"));
            let key = PaperKey { of, kind: PaperKind::of_word(&kind).ok_or_else(unknown)?, id };
            Ok(Paper { key, body, revision: revision.cast_unsigned() })
        };
        rows.into_iter().map(paper).collect()
    }
}

fn of_webhooks(error: WebhooksError) -> StoreError {
    match error {
        WebhooksError::Store(error) => error,
        WebhooksError::Changed => StoreError::new(ports::Cause::Invalid, error.to_string()),
    }
}

fn of_lessons(error: LessonsError) -> StoreError {
    match error {
        LessonsError::Store(error) => error,
        LessonsError::Fenced => StoreError::new(ports::Cause::Invalid, error.to_string()),
    }
}

impl WriteAround for Filling {
    async fn put_around(&self, what: Around) -> Result<(), StoreError> {
        match what {
            Around::Feed(FeedKept { feed, last }) => events::note_end(&self.walk.store, &feed, last).await,
            Around::Events(feed, events) => {
                self.each(events, move |filling, event| async move { filling.fill_event(feed, &event).await })
                    .await
            }
            Around::Webhook(WebhookKept { record, attempts }) => {
                let (store, hook) = (&self.walk.store, record.id);
                webhooks::fill(store, &record).await?;
                for attempt in attempts.into_iter().rev() {
                    store.note_attempt(hook, attempt).await.map_err(of_webhooks)?;
                }
                Ok(())
            }
            Around::Lesson(kept) => self.fill_lesson(&kept).await,
            Around::Report(report) => self.walk.store.keep_report(report.into()).await.map_err(of_lessons),
            Around::Papers(papers) => {
                let put = |filling: Filling, paper: Paper| async move {
                    papers::fill(&filling.walk.store, &paper).await
                };
                self.each(papers, put).await
            }
        }
    }
}

impl Filling {
    /// Some at once, to the end even where one fails: no request of the others is dropped half-way.
    async fn each<What, Put, Done>(&self, all: Vec<What>, put: Put) -> Result<(), StoreError>
    where
        What: Send + 'static,
        Put: Fn(Filling, What) -> Done + Send + Sync + 'static,
        Done: Future<Output = Result<(), StoreError>> + Send,
    {
        let (filling, at_once) = (self.clone(), self.walk.store.client().options().edit_writes_at_once);
        owned(async move {
            let puts = stream::iter(all).map(|what| put(filling.clone(), what)).buffer_unordered(at_once);
            let done: Vec<Result<(), StoreError>> = puts.collect().await;
            done.into_iter().collect()
        })
        .await
    }

    /// It lives as long as it would have where it comes from.
    async fn fill_event(&self, feed: Feed, event: &Event) -> Result<(), StoreError> {
        let age_ms = self.now_ms.saturating_sub(event.id.at_ms()).max(0);
        let lives_s = (EVENT_LIVES_MS - age_ms).max(1_000) / 1_000;
        let (key, number, what) = (feed.key(), event.id.number(), &event.what);
        let values = (
            &key[..],
            events::bucket_of(number).cast_signed(),
            number.cast_signed(),
            &event.id.bytes()[..],
            event.id.uuid(),
            what.kind.word(),
            what.at_ms,
            event.through.map(|class| class.0),
            event.also.map(|org| org.0),
            what.user.map(|user| user.0),
            what.class.map(|class| class.0),
            what.deck.map(|deck| deck.0),
            what.job.map(|job| job.0),
            what.data.as_str(),
            event.id.at_ms().saturating_mul(1_000),
            i32::try_from(lives_s).unwrap_or(i32::MAX),
        );
        self.walk.store.client().write(&self.walk.statements.put_event, values).await
    }

    async fn fill_lesson(&self, kept: &LessonKept) -> Result<(), StoreError> {
        let (store, said) = (&self.walk.store, &self.walk.statements);
        let (record, holder) = (&kept.record, kept.holder());
        let (class, version) = (record.document.class, record.document.version.cast_signed());
        let is_filled = async || {
            let now = lessons::decided(store, class).await?;
            let is_same = |now: &lessons::Decided| now.holder == holder && now.record == *record;
            Ok::<_, StoreError>((now.is_some(), now.as_ref().is_some_and(is_same)))
        };
        let owes = is_unfinished(record);
        if owes {
            lessons::begin(store, record).await?;
        }
        let (is_there, is_same) = is_filled().await?;
        let settle = || async { Ok(if is_filled().await?.1 { Verdict::Done } else { Verdict::Again }) };
        let (mut bytes, epoch) = (Vec::new(), holder.epoch.cast_signed());
        ports::codec::encode_record(record, &mut bytes);
        if !is_there {
            let values = (class.0, holder.run.0, epoch, version, &bytes[..]);
            decide(store.client(), &said.fill_lesson, &values, settle).await?;
        } else if !is_same {
            // Of an earlier try of this copy.
            let values = (holder.run.0, epoch, version, &bytes[..], class.0);
            decide(store.client(), &said.refill_lesson, &values, settle).await?;
        }
        if owes { Ok(()) } else { lessons::end(store, record).await }
    }
}
