//! Feeds of events and webhooks in memory.

use super::MemoryStore;
use ports::events::{EVENT_DATA_BYTES_MAX, EVENTS_PAGE_MAX};
use ports::webhooks::ATTEMPTS_KEPT;
use ports::{
    Attempt, Boxed, Cause, Event, EventId, EventPage, Events, Feed, HookId, HookState, StoreError, Told,
    WebhookRecord, Webhooks, WebhooksError,
};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

#[derive(Default)]
pub(super) struct Feeds {
    events: BTreeMap<(Feed, EventId), Event>,
    last: BTreeMap<Feed, EventId>,
}

impl Feeds {
    fn append(&mut self, told: Told, now_ms: i64) {
        let id = EventId::next(&told.feed, self.last.get(&told.feed).copied(), now_ms);
        let event = Event { id, through: told.through, also: told.also, what: told.what };
        self.events.insert((told.feed, id), event);
        self.last.insert(told.feed, id);
    }

    fn page(&self, feed: Feed, after: Option<EventId>, limit: usize) -> EventPage {
        let limit = limit.min(EVENTS_PAGE_MAX);
        let of_feed = self.events.iter().filter(|((of, _), _)| *of == feed).map(|(_, event)| event);
        let mut newer = of_feed.filter(|event| after.is_none_or(|after| event.id > after));
        let events: Vec<Event> = newer.by_ref().take(limit).cloned().collect();
        let reached = events.last().map(|event| event.id).or(after);
        EventPage { has_more: newer.next().is_some(), reached, events }
    }
}

impl Events for MemoryStore {
    fn append_events(&self, told: Vec<Told>, now_ms: i64) -> Boxed<'_, Result<(), StoreError>> {
        Box::pin(async move {
            if told.iter().any(|told| told.what.data.len() > EVENT_DATA_BYTES_MAX) {
                return Err(StoreError::new(Cause::Invalid, "an event says too much"));
            }
            let mut state = self.state();
            told.into_iter().for_each(|told| state.feeds.append(told, now_ms));
            Ok(())
        })
    }

    fn events(
        &self,
        feed: Feed,
        after: Option<EventId>,
        limit: usize,
    ) -> Boxed<'_, Result<EventPage, StoreError>> {
        Box::pin(async move { Ok(self.state().feeds.page(feed, after, limit)) })
    }

    fn last_event(&self, feed: Feed) -> Boxed<'_, Result<Option<EventId>, StoreError>> {
        Box::pin(async move { Ok(self.state().feeds.last.get(&feed).copied()) })
    }

    fn forget_events(&self, before_ms: i64, most: usize) -> Boxed<'_, Result<usize, StoreError>> {
        Box::pin(async move {
            let mut state = self.state();
            let old = state.feeds.events.keys().filter(|(_, id)| id.at_ms() < before_ms);
            let old: Vec<(Feed, EventId)> = old.take(most).copied().collect();
            old.iter().for_each(|key| drop(state.feeds.events.remove(key)));
            Ok(old.len())
        })
    }
}

#[derive(Default)]
pub(super) struct Hooks {
    records: BTreeMap<HookId, WebhookRecord>,
    attempts: BTreeMap<HookId, Vec<Attempt>>,
}

impl Hooks {
    fn some(
        &self,
        after: Option<HookId>,
        limit: usize,
        wanted: impl Fn(&WebhookRecord) -> bool,
    ) -> Vec<WebhookRecord> {
        let later = self.records.range((after.map_or(Unbounded, Excluded), Unbounded));
        later.map(|(_, record)| record).filter(|record| wanted(record)).take(limit).cloned().collect()
    }
}

impl Webhooks for MemoryStore {
    fn put_webhook(
        &self,
        record: WebhookRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, WebhooksError>> {
        Box::pin(async move {
            let mut state = self.state();
            let id = record.id;
            let record = record.over(state.hooks.records.get(&id), if_revision)?;
            let revision = record.revision;
            state.hooks.records.insert(record.id, record);
            Ok(revision)
        })
    }

    fn remove_webhook(&self, id: HookId) -> Boxed<'_, Result<(), WebhooksError>> {
        Box::pin(async move {
            let mut state = self.state();
            state.hooks.records.remove(&id);
            state.hooks.attempts.remove(&id);
            Ok(())
        })
    }

    fn webhook(&self, id: HookId) -> Boxed<'_, Result<Option<WebhookRecord>, WebhooksError>> {
        Box::pin(async move { Ok(self.state().hooks.records.get(&id).cloned()) })
    }

    fn webhooks_of(
        &self,
        whose: Feed,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>> {
        Box::pin(async move {
            Ok(self.state().hooks.some(after, limit, |record| match whose {
                Feed::Person(user) => record.owner == user,
                Feed::Org(org) => record.org == Some(org),
            }))
        })
    }

    fn active_webhooks(
        &self,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>> {
        Box::pin(async move {
            Ok(self.state().hooks.some(after, limit, |record| record.state == HookState::Active))
        })
    }

    fn note_attempt(&self, id: HookId, attempt: Attempt) -> Boxed<'_, Result<(), WebhooksError>> {
        Box::pin(async move {
            let mut state = self.state();
            let attempts = state.hooks.attempts.entry(id).or_default();
            attempts.retain(|known| known.id != attempt.id);
            attempts.push(attempt);
            attempts.sort_by_key(|known| std::cmp::Reverse(known.id));
            attempts.truncate(ATTEMPTS_KEPT);
            Ok(())
        })
    }

    fn attempts(&self, id: HookId, limit: usize) -> Boxed<'_, Result<Vec<Attempt>, WebhooksError>> {
        Box::pin(async move {
            let state = self.state();
            let all = state.hooks.attempts.get(&id).into_iter().flatten();
            Ok(all.take(limit).cloned().collect())
        })
    }
}
