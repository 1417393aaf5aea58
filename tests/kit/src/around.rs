//! What stands around study, put into a store; and what has to hold of a store into which it was moved.

use crate::contract_events::{happening, told};
use crate::contract_lessons::{record, report};
use crate::contract_webhooks::{self, attempt, hook};
use crate::rows::user;
use domain::ids::{ClassId, OrgId, RunId, Uuid};
use domain::lesson::{LessonState, Record};
use ports::archive::{Around, NOBODY};
use ports::webhooks::ATTEMPTS_KEPT;
use ports::{
    Event, EventId, Events, Feed, Holder, HookState, Lessons, Paper, PaperKey, PaperKind, Papers, Told,
    WebhookRecord, Webhooks,
};

/// The longest feed.
pub const LONG: Feed = Feed::Org(OrgId::from_u128(0x0190_0000_0000_7000_8990_0000_0000_0001));
/// The class whose lesson is on, and the one whose lesson is over.
const CLASSES: [u128; 2] = [41, 42];

fn run(n: u128) -> RunId {
    RunId::from_u128(n)
}

fn paper_key(n: u128, kind: PaperKind) -> PaperKey {
    PaperKey { of: Uuid::from_u128(n % 3), kind, id: Uuid::from_u128(n) }
}

/// The events of the longest feed as they were appended there.
fn long_feed(now_ms: i64, events: u64) -> Vec<Event> {
    let mut last = None;
    let mut next = |n: u64| {
        let id = EventId::next(&LONG, last, now_ms);
        last = Some(id);
        Event { id, through: None, also: None, what: happening(n) }
    };
    (0..events).map(&mut next).collect()
}

/// Puts into a store what no server acts on: a feed of so many events, webhooks that are not active, with attempts; a lesson that is over,
/// reports; small records of all kinds, some of them changed.
pub async fn fill_quiet<S: Events + Webhooks + Lessons + Papers>(store: &S, now_ms: i64, events: u64) {
    let class = ClassId::from_u128(CLASSES[1]);
    let all = (0..events).map(|n| told(LONG, n)).collect();
    store.append_events(all, now_ms).await.unwrap();
    let (through, also) = (Some(class), Some(OrgId::from_u128(3)));
    let told = Told { through, also, ..told(Feed::Person(user(1)), 9) };
    store.append_events(vec![told], now_ms).await.unwrap();
    put_hook(store, 1, HookState::Paused, now_ms).await;
    put_hook(store, 2, HookState::Disabled, now_ms).await;
    let mut over = record(CLASSES[1], 30);
    over.document.state = LessonState::Closed;
    (over.closed_ms, over.reported, over.accepting) = (Some(now_ms), true, Vec::new());
    put_lesson(store, over, now_ms).await;
    for (n, kind) in (0..40).zip(PaperKind::ALL.into_iter().cycle()) {
        let key = paper_key(n, kind);
        let revision = store.put_paper(key, vec![n as u8, 0, 255], None).await.unwrap();
        if n % 2 == 0 {
            store.put_paper(key, vec![n as u8; 300], Some(revision)).await.unwrap();
        }
    }
}

/// Puts into a store what [`fill_quiet`] does, and a feed whose events are old, a webhook that is delivered, and a lesson
/// that is on and held.
pub async fn fill<S: Events + Webhooks + Lessons + Papers>(store: &S, now_ms: i64, events: u64) {
    fill_quiet(store, now_ms, events).await;
    let old = (0..3).map(|n| told(Feed::Person(user(2)), n)).collect();
    store.append_events(old, now_ms - 40 * 86_400_000).await.unwrap();
    put_hook(store, 0, HookState::Active, now_ms).await;
    put_lesson(store, record(CLASSES[0], 30), now_ms).await;
}

/// A webhook that somebody delivers, at its second revision, with more attempts than are kept.
async fn put_hook(store: &impl Webhooks, n: u64, state: HookState, now_ms: i64) {
    let new = WebhookRecord { state, ..contract_webhooks::record(n) };
    store.put_webhook(new.clone(), None).await.unwrap();
    let (position, holder) = (long_feed(now_ms, 70).last().map(|event| event.id), Some(run(5)));
    store.put_webhook(WebhookRecord { position, holder, failures: 3, ..new }, Some(1)).await.unwrap();
    for tried in 0..ATTEMPTS_KEPT as u64 + 2 {
        store.note_attempt(hook(n), attempt(tried)).await.unwrap();
    }
}

/// A lesson whose class has changed hands, with reports of three before it.
async fn put_lesson(store: &impl Lessons, record: Record, now_ms: i64) {
    let class = record.document.class;
    let taken = store.take(class, None, run(7)).await.unwrap().unwrap();
    let again = store.take(class, Some(taken.holder), run(8)).await.unwrap().unwrap();
    store.store(record.into(), again.holder).await.unwrap();
    let of = class.0.as_u128();
    for lesson in 0..3 {
        store.keep_report(report(of, of * 10 + lesson, now_ms + lesson as i64).into()).await.unwrap();
    }
}

/// What has to hold of a store into which [`fill`] was moved: whoever held something holds it no more, and everything goes
/// on from where it was.
pub async fn goes_on<S: Events + Webhooks + Lessons + Papers>(store: &S, now_ms: i64, events: u64) {
    let long = long_feed(now_ms, events);
    let behind = long.get(long.len() - 3).map(|event| event.id);
    store.append_events(vec![told(LONG, 9)], now_ms - 5).await.unwrap();
    let page = store.events(LONG, behind, 9).await.unwrap();
    let numbers: Vec<u64> = page.events.iter().map(|event| event.id.number()).collect();
    assert_eq!(numbers, [events - 1, events, events + 1], "no number is given twice");
    let old = Feed::Person(user(2));
    store.append_events(vec![told(old, 9)], now_ms).await.unwrap();
    let first = store.events(old, None, 9).await.unwrap().events.pop().unwrap();
    assert!(first.id.number() > 3, "nor one whose event is gone");

    let active = store.active_webhooks(None, 9).await.unwrap();
    let delivered =
        active.iter().map(|record| (record.id, record.holder, record.position.map(EventId::number)));
    assert_eq!(delivered.collect::<Vec<_>>(), [(hook(0), None, Some(70))]);
    assert_eq!(store.webhooks_of(Feed::Person(user(1)), None, 9).await.unwrap().len(), 3);
    assert_eq!(store.put_webhook(active[0].clone(), Some(2)).await, Ok(3));
    let newest: Vec<_> = (2..ATTEMPTS_KEPT as u64 + 2).rev().map(attempt).collect();
    assert_eq!(store.attempts(hook(0), ATTEMPTS_KEPT).await, Ok(newest));

    let on = ClassId::from_u128(CLASSES[0]);
    assert_eq!(store.unfinished().await, Ok(vec![on]));
    let holder = store.holder(on).await.unwrap();
    assert_eq!(holder, Some(Holder { run: NOBODY, epoch: 2 }), "whoever had it has it no more");
    let taken = store.take(on, holder, run(9)).await.unwrap().unwrap();
    assert_eq!((taken.record, taken.holder.epoch), (record(CLASSES[0], 30), 3));
    assert_eq!(store.reports(on, None, 9).await.unwrap().len(), 3);

    let of: Vec<Paper> = store.papers(Uuid::from_u128(0), PaperKind::Teacher, None, 99).await.unwrap();
    assert_eq!(of.iter().map(|paper| paper.revision).collect::<Vec<_>>(), [2, 2], "0 and 24");
    assert_eq!(store.put_paper(of[0].key, vec![1], Some(2)).await, Ok(3));
    store.remove_paper(of[1].key).await.unwrap();
    assert_eq!(store.paper(of[1].key).await, Ok(None));
}

/// Without the last of something of which there are several; nothing, where it is one thing.
pub fn less(what: Around) -> Option<Around> {
    match what {
        Around::Feed(_) | Around::Lesson(_) | Around::Report(_) => None,
        Around::Webhook(mut kept) => {
            kept.attempts.pop();
            Some(Around::Webhook(kept))
        }
        Around::Events(feed, mut events) => {
            events.pop();
            Some(Around::Events(feed, events))
        }
        Around::Papers(mut papers) => {
            papers.pop();
            Some(Around::Papers(papers))
        }
    }
}
