//! Events and webhooks of a view: feeds and webhooks are others than in any other view.

use super::Apart;
use domain::ids::{OrgId, UserId, Uuid};
use ports::{
    Attempt, Boxed, EventId, EventPage, Events, Feed, HookId, StoreError, Told, WebhookRecord, Webhooks,
    WebhooksError,
};

/// Bits of an id that count its number within a view; no test has more webhooks.
const NUMBER_BITS: u32 = 48;

impl<S> Apart<S> {
    fn uuid(&self, id: Uuid) -> Uuid {
        self.user(UserId(id)).0
    }

    fn feed(&self, feed: Feed) -> Feed {
        match feed {
            Feed::Person(user) => Feed::Person(self.user(user)),
            Feed::Org(org) => Feed::Org(OrgId(self.uuid(org.0))),
        }
    }

    fn hook(&self, hook: HookId) -> HookId {
        HookId(self.uuid(hook.0))
    }

    fn hook_record(&self, record: WebhookRecord) -> WebhookRecord {
        WebhookRecord {
            id: self.hook(record.id),
            owner: self.user(record.owner),
            org: record.org.map(|org| OrgId(self.uuid(org.0))),
            feed: self.feed(record.feed),
            ..record
        }
    }
}

impl<S: Events> Events for Apart<S> {
    fn append_events(&self, told: Vec<Told>, now_ms: i64) -> Boxed<'_, Result<(), StoreError>> {
        let told = told.into_iter().map(|told| Told { feed: self.feed(told.feed), ..told }).collect();
        self.store.append_events(told, now_ms)
    }

    fn events(
        &self,
        feed: Feed,
        after: Option<EventId>,
        limit: usize,
    ) -> Boxed<'_, Result<EventPage, StoreError>> {
        self.store.events(self.feed(feed), after, limit)
    }

    fn last_event(&self, feed: Feed) -> Boxed<'_, Result<Option<EventId>, StoreError>> {
        self.store.last_event(self.feed(feed))
    }

    fn forget_events(&self, before_ms: i64, most: usize) -> Boxed<'_, Result<usize, StoreError>> {
        self.store.forget_events(before_ms, most)
    }
}

impl<S: Webhooks> Webhooks for Apart<S> {
    fn put_webhook(
        &self,
        record: WebhookRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, WebhooksError>> {
        self.store.put_webhook(self.hook_record(record), if_revision)
    }

    fn remove_webhook(&self, id: HookId) -> Boxed<'_, Result<(), WebhooksError>> {
        self.store.remove_webhook(self.hook(id))
    }

    fn webhook(&self, id: HookId) -> Boxed<'_, Result<Option<WebhookRecord>, WebhooksError>> {
        Box::pin(async move {
            let found = self.store.webhook(self.hook(id)).await?;
            Ok(found.map(|record| self.hook_record(record)))
        })
    }

    fn webhooks_of(
        &self,
        whose: Feed,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>> {
        Box::pin(async move {
            let after = after.map(|after| self.hook(after));
            let found = self.store.webhooks_of(self.feed(whose), after, limit).await?;
            Ok(found.into_iter().map(|record| self.hook_record(record)).collect())
        })
    }

    fn active_webhooks(
        &self,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>> {
        Box::pin(async move {
            // Webhooks of other views are anybody's too: they are left out.
            let own = crate::contract_webhooks::hook(0);
            let family = |hook: HookId| hook.0.as_u128() >> NUMBER_BITS;
            let mut after = after.map(|after| self.hook(after));
            let mut found = Vec::new();
            while found.len() < limit {
                let page = self.store.active_webhooks(after, limit).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                let renamed = page.into_iter().map(|record| self.hook_record(record));
                found.extend(renamed.filter(|record| family(record.id) == family(own)));
            }
            found.truncate(limit);
            Ok(found)
        })
    }

    fn note_attempt(&self, id: HookId, attempt: Attempt) -> Boxed<'_, Result<(), WebhooksError>> {
        self.store.note_attempt(self.hook(id), attempt)
    }

    fn attempts(&self, id: HookId, limit: usize) -> Boxed<'_, Result<Vec<Attempt>, WebhooksError>> {
        self.store.attempts(self.hook(id), limit)
    }
}
