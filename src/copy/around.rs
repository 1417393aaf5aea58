//! What stands around study: events, webhooks, lessons, small records. One walk serves the copying and the counting.

use super::pages::pages;
use super::tally::Tally;
use futures_util::TryStreamExt;
use ports::StoreError;
use ports::archive::{Around, ReadAround, WriteAround};
use ports::events::EVENTS_KEPT_MS;
use ports::{EventPage, Feed};
use std::pin::pin;

/// Where what was read goes.
pub(super) trait TakesAround {
    /// Why it could not be taken, or read.
    type Error;

    /// The source could not be read.
    fn unread(error: StoreError) -> Self::Error;
    /// One thing.
    async fn take(&self, what: Around) -> Result<(), Self::Error>;
}

impl TakesAround for super::brought::Counted {
    type Error = StoreError;

    fn unread(error: StoreError) -> StoreError {
        error
    }

    async fn take(&self, _: Around) -> Result<(), StoreError> {
        Ok(())
    }
}

impl<To: WriteAround> TakesAround for super::brought::Filled<'_, To> {
    type Error = super::CopyError;

    fn unread(error: StoreError) -> super::CopyError {
        super::CopyError::Read(error)
    }

    async fn take(&self, what: Around) -> Result<(), super::CopyError> {
        self.0.put_around(what).await.map_err(super::CopyError::Write)
    }
}

async fn took<To: TakesAround>(to: &To, what: Around, tally: &mut Tally) -> Result<(), To::Error> {
    tally.around(&what);
    to.take(what).await
}

/// Everything of it. Events that are older than they are promised to be kept at `now_ms` are left out: a store forgets
/// them when it comes to it.
pub(super) async fn all<From: ReadAround, To: TakesAround>(
    from: &From,
    to: &To,
    now_ms: i64,
    tally: &mut Tally,
) -> Result<(), To::Error> {
    feeds(from, to, now_ms, tally).await?;
    let mut webhooks = pin!(pages(|after| from.webhooks(after), |kept| kept.record.id));
    while let Some(page) = webhooks.try_next().await.map_err(To::unread)? {
        for kept in page {
            took(to, Around::Webhook(kept), tally).await?;
        }
    }
    lessons(from, to, tally).await?;
    let mut papers = pin!(pages(|after| from.all_papers(after), |paper| paper.key));
    while let Some(page) = papers.try_next().await.map_err(To::unread)? {
        took(to, Around::Papers(page), tally).await?;
    }
    Ok(())
}

async fn feeds<From: ReadAround, To: TakesAround>(
    from: &From,
    to: &To,
    now_ms: i64,
    tally: &mut Tally,
) -> Result<(), To::Error> {
    let mut feeds = pin!(pages(|after| from.feeds(after), |kept| kept.feed));
    while let Some(page) = feeds.try_next().await.map_err(To::unread)? {
        for kept in page {
            events(from, to, kept.feed, now_ms, tally).await?;
            took(to, Around::Feed(kept), tally).await?;
        }
    }
    Ok(())
}

async fn events<From: ReadAround, To: TakesAround>(
    from: &From,
    to: &To,
    feed: Feed,
    now_ms: i64,
    tally: &mut Tally,
) -> Result<(), To::Error> {
    let kept_from_ms = now_ms.saturating_sub(EVENTS_KEPT_MS);
    let mut after = None;
    loop {
        let page = from.events_of(feed, after).await.map_err(To::unread)?;
        let EventPage { mut events, reached, has_more } = page;
        events.retain(|event| event.id.at_ms() >= kept_from_ms);
        if !events.is_empty() {
            took(to, Around::Events(feed, events), tally).await?;
        }
        if !has_more {
            return Ok(());
        }
        after = reached;
    }
}

/// One record, and one report, in memory at a time: those of large classes are large.
async fn lessons<From: ReadAround, To: TakesAround>(
    from: &From,
    to: &To,
    tally: &mut Tally,
) -> Result<(), To::Error> {
    let mut taught = pin!(pages(|after| from.taught(after), |class| *class));
    while let Some(page) = taught.try_next().await.map_err(To::unread)? {
        for class in page {
            if let Some(kept) = from.lesson(class).await.map_err(To::unread)? {
                took(to, Around::Lesson(kept), tally).await?;
            }
        }
    }
    let mut reported = pin!(pages(|after| from.reported(after), |lesson| *lesson));
    while let Some(page) = reported.try_next().await.map_err(To::unread)? {
        for lesson in page {
            if let Some(report) = from.report_of(lesson).await.map_err(To::unread)? {
                took(to, Around::Report(report), tally).await?;
            }
        }
    }
    Ok(())
}
