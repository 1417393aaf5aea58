//! Whose turn it is: a webhook in trouble takes nothing from the others, and what cannot be noted holds up nothing.

use super::receiver::{Mood, Receiver};
use super::school::{ORG, School, accepted, options};
use crate::study::server::eventually;
use embedded::EmbeddedStore;
use ports::{Attempt, Boxed, Cause, Feed, HookId, StoreError, WebhookRecord, Webhooks, WebhooksError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use studyhall::webhooks::limits::{DELIVERIES_AT_ONCE, DELIVERIES_IN_A_TURN, STORE_AWAY_MS};
use studyhall::webhooks::{Alone, Dispatcher, DispatcherParts, HookOptions, Resolve};

const FINE: Mood = Mood::Says(200, "");
/// More failures than a test makes.
const MANY: usize = 10_000;

#[test]
fn a_turn_that_lasts_too_long_ends_where_others_wait() {
    let folder = tempfile::tempdir().unwrap();
    let school = School::open(folder.path(), HookOptions { turn_within_ms: 0, ..options(MANY) });
    // Each delivery to it takes as long as one may.
    let (slow, last) = (Receiver::start(Mood::Stalls), Receiver::start(FINE));
    for _ in 0..DELIVERIES_AT_ONCE {
        school.hook(&slow, Feed::Org(ORG));
    }
    let each = DELIVERIES_IN_A_TURN;
    (0..each as u128).for_each(|n| school.happens(n));
    eventually("all places are taken", || slow.calls() >= DELIVERIES_AT_ONCE);
    let came = Instant::now();
    school.hook(&last, Feed::Org(ORG));
    eventually("it has its turn", || !last.got().is_empty());
    let first = last.got()[0].at;
    let between = slow.got().iter().filter(|got| got.at > came && got.at < first).count();
    assert!(between < DELIVERIES_AT_ONCE * each / 2, "{between} came before the first of the last one");
    // Those that are slow are not waited for.
    drop(school);
}

#[test]
fn a_delivery_that_falls_rests_and_takes_nobody_else_with_it() {
    let falls = Arc::new(AtomicUsize::new(0));
    let fallen = falls.clone();
    let resolve: Resolve = Arc::new(move |_, _| {
        fallen.fetch_add(1, Ordering::SeqCst);
        panic!("as the test wants it");
    });
    let folder = tempfile::tempdir().unwrap();
    let school = School::open(folder.path(), HookOptions { resolve, ..options(MANY) });
    let fine = Receiver::start(FINE);
    let falling = school.hook(&fine, Feed::Org(ORG));
    school.change(falling, |hook| hook.url = "https://falls.example.org/".to_owned());
    school.hook(&fine, Feed::Org(ORG));
    let (began, events) = (Instant::now(), 20);
    for n in 0..events {
        school.happens(n);
        eventually("it is there", || accepted(&fine).contains(&n));
    }
    assert_eq!(accepted(&fine), (0..events).collect::<Vec<_>>(), "each once");
    let rests = began.elapsed().as_millis() / u128::from(STORE_AWAY_MS);
    let falls = falls.load(Ordering::SeqCst) as u128;
    assert!((1..=1 + events + rests).contains(&falls), "it fell {falls} times");
    school.close();
}

/// A store that keeps no attempts.
struct Forgetful(EmbeddedStore);

impl Webhooks for Forgetful {
    fn put_webhook(
        &self,
        record: WebhookRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, WebhooksError>> {
        self.0.put_webhook(record, if_revision)
    }

    fn remove_webhook(&self, id: HookId) -> Boxed<'_, Result<(), WebhooksError>> {
        self.0.remove_webhook(id)
    }

    fn webhook(&self, id: HookId) -> Boxed<'_, Result<Option<WebhookRecord>, WebhooksError>> {
        self.0.webhook(id)
    }

    fn webhooks_of(
        &self,
        whose: Feed,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>> {
        self.0.webhooks_of(whose, after, limit)
    }

    fn active_webhooks(
        &self,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>> {
        self.0.active_webhooks(after, limit)
    }

    fn note_attempt(&self, _: HookId, _: Attempt) -> Boxed<'_, Result<(), WebhooksError>> {
        Box::pin(async { Err(StoreError::new(Cause::Timeout, "it keeps no attempts").into()) })
    }

    fn attempts(&self, id: HookId, limit: usize) -> Boxed<'_, Result<Vec<Attempt>, WebhooksError>> {
        self.0.attempts(id, limit)
    }
}

#[test]
fn an_attempt_that_cannot_be_kept_makes_nobody_send_an_event_again() {
    let folder = tempfile::tempdir().unwrap();
    let school = School::open(folder.path(), options(MANY));
    school.runtime.block_on(school.hooks.stop());
    let receiver = Receiver::start(FINE);
    let hook = school.hook(&receiver, Feed::Org(ORG));
    (0..3).for_each(|n| school.happens(n));
    let parts = DispatcherParts {
        store: Arc::new(Forgetful(school.store.clone())),
        events: school.events.clone(),
        people: Arc::new(school.store.clone()),
        papers: Arc::new(school.store.clone()),
        clock: Arc::default(),
        holders: Arc::new(Alone),
        options: options(MANY),
    };
    let hooks = school.runtime.block_on(async { Dispatcher::start(parts).unwrap() });
    eventually("all is there", || accepted(&receiver).contains(&2));
    assert_eq!(accepted(&receiver), [0, 1, 2]);
    let tested = school.runtime.block_on(hooks.test(&school.record(hook))).unwrap();
    assert_eq!(tested.status, Some(200), "its owner is told what came of it all the same");
    school.runtime.block_on(hooks.stop());
    school.close();
}
