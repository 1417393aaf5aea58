//! What stands around study, as rows.

use super::fill::Filling;
use super::read::page;
use crate::error::{During, unreadable};
use crate::offline::Offline;
use crate::rows::id;
use crate::{events, lessons, papers, webhooks};
use domain::ids::{ClassId, LessonId};
use domain::lesson::report::Report;
use ports::archive::{Around, FeedKept, LessonKept, PAGE, ReadAround, WebhookKept, WriteAround};
use ports::webhooks::ATTEMPTS_KEPT;
use ports::{EventId, EventPage, Feed, HookId, Paper, PaperKey, StoreError};
use rusqlite::Connection;

impl ReadAround for Offline {
    async fn feeds(&self, after: Option<Feed>) -> Result<Vec<FeedKept>, StoreError> {
        self.files.ask_main(|main| feeds(main, after))
    }

    async fn events_of(&self, feed: Feed, after: Option<EventId>) -> Result<EventPage, StoreError> {
        self.files.ask_main(|main| events::page(main, &feed, after, PAGE))
    }

    async fn webhooks(&self, after: Option<HookId>) -> Result<Vec<WebhookKept>, StoreError> {
        self.files.ask_main(|main| {
            let records = webhooks::page(main, after, PAGE)?;
            let kept = records.into_iter().map(|record| {
                let attempts = webhooks::attempts(main, record.id, ATTEMPTS_KEPT).during("read attempts")?;
                Ok(WebhookKept::new(record, attempts))
            });
            kept.collect()
        })
    }

    async fn taught(&self, after: Option<ClassId>) -> Result<Vec<ClassId>, StoreError> {
        let sql = "SELECT class FROM lessons WHERE class > ?1 ORDER BY class LIMIT ?2";
        self.files.ask_main(|main| {
            page(main, sql, after.map(|id| *id.bytes()), |row| Ok(ClassId::from_bytes(id(row, 0)?)))
        })
    }

    async fn lesson(&self, class: ClassId) -> Result<Option<LessonKept>, StoreError> {
        self.files.ask_main(|main| {
            let kept = lessons::holder(main, class)?.zip(lessons::record(main, class)?);
            Ok(kept.map(|(holder, record)| LessonKept { epoch: holder.epoch, record }))
        })
    }

    async fn reported(
        &self,
        after: Option<(ClassId, LessonId)>,
    ) -> Result<Vec<(ClassId, LessonId)>, StoreError> {
        self.files
            .ask_main(|main| lessons::reported(main, after, PAGE).during("read the lessons with reports"))
    }

    async fn report_of(&self, (class, lesson): (ClassId, LessonId)) -> Result<Option<Report>, StoreError> {
        self.files.ask_main(|main| lessons::report(main, class, lesson))
    }

    async fn all_papers(&self, after: Option<PaperKey>) -> Result<Vec<Paper>, StoreError> {
        self.files.ask_main(|main| papers::all(main, after, PAGE))
    }
}

fn feeds(main: &Connection, after: Option<Feed>) -> Result<Vec<FeedKept>, StoreError> {
    type Row = (Vec<u8>, Vec<u8>);
    let read = || {
        let sql = "SELECT feed, last FROM event_feeds WHERE feed > ?1 ORDER BY feed LIMIT ?2";
        let mut select = main.prepare_cached(sql)?;
        let after = after.map_or(Vec::new(), |after| after.key().to_vec());
        let rows = select.query_map((after, PAGE as i64), |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<Vec<Row>>>()
    };
    let kept = |(feed, last): &Row| {
        let bad = || unreadable("read a feed", "its key or its end is none");
        let (feed, last) = Feed::of_key(feed).zip(EventId::of_bytes(last)).ok_or_else(bad)?;
        Ok(FeedKept { feed, last })
    };
    read().during("read feeds")?.iter().map(kept).collect()
}

impl WriteAround for Filling {
    async fn put_around(&self, what: Around) -> Result<(), StoreError> {
        match what {
            Around::Feed(FeedKept { feed, last }) => {
                self.write(1, |main| events::put_end(main, &feed, last).during("store a feed"))
            }
            Around::Events(feed, events) => self.write(events.len(), |main| {
                events.iter().try_for_each(|event| events::put(main, &feed, event)).during("store an event")
            }),
            Around::Webhook(WebhookKept { record, attempts }) => self.write(attempts.len(), |main| {
                webhooks::put(main, &record)?;
                // The oldest first: which are too many is seen as they come.
                let mut oldest_first = attempts.iter().rev();
                oldest_first
                    .try_for_each(|attempt| webhooks::note(main, record.id, attempt))
                    .during("note an attempt")
            }),
            Around::Lesson(kept) => self.write(1, |main| lessons::put(main, &kept.record, kept.holder())),
            Around::Report(report) => self.write(1, |main| lessons::keep(main, &report)),
            Around::Papers(papers) => self.write(papers.len(), |main| {
                papers.iter().try_for_each(|paper| papers::write(main, paper)).during("store a record")
            }),
        }
    }
}
