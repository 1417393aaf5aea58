//! What every store of webhooks has to keep.

#![allow(missing_docs, reason = "the name of a function is the promise")]

use crate::rows::{START_MS, user};
use domain::ids::{ClassId, OrgId, RunId, Uuid};
use ports::webhooks::ATTEMPTS_KEPT;
use ports::{
    Attempt, Cause, EventId, EventKind, Feed, HookId, HookState, OldSecret, WebhookRecord, Webhooks,
    WebhooksError,
};

/// Makes a test of each promise about webhooks: see [`store_contract!`](crate::store_contract).
#[macro_export]
macro_rules! webhooks_contract {
    ($make:expr) => {
        $crate::contract!($make; $crate::contract_webhooks;
            a_webhook_is_read_as_it_was_stored,
            a_webhook_changes_only_from_the_revision_it_was_read_at,
            of_two_who_change_a_webhook_at_once_one_does,
            webhooks_are_found_by_their_owner_and_organisation_in_pages,
            those_that_are_active_are_found_in_pages,
            a_removed_webhook_is_gone_with_its_attempts,
            the_newest_attempts_are_kept,
        );
    };
}

/// The n-th webhook's id.
pub fn hook(n: u64) -> HookId {
    HookId(Uuid::from_u128(0x0190_0000_0000_7000_8700_0000_0000_0000 + u128::from(n)))
}

fn org(n: u64) -> OrgId {
    OrgId(user(90 + n).0)
}

/// A webhook of person 1 in organisation 1.
pub fn record(n: u64) -> WebhookRecord {
    WebhookRecord {
        id: hook(n),
        owner: user(1),
        org: Some(org(1)),
        feed: Feed::Person(user(1)),
        class: None,
        url: "https://example.org/hook".to_owned(),
        description: String::new(),
        kinds: vec![],
        secret: vec![n as u8; 24],
        old_secrets: vec![],
        state: HookState::Active,
        reason: String::new(),
        position: None,
        failures: 0,
        next_try_ms: 0,
        holder: None,
        created_ms: START_MS,
        updated_ms: START_MS,
        revision: 0,
    }
}

/// The n-th attempt of a webhook.
pub fn attempt(n: u64) -> Attempt {
    Attempt {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8800_0000_0000_0000 + u128::from(n)),
        message: Uuid::from_u128(u128::from(n) + 1),
        kind: EventKind::DeckChanged.word().to_owned(),
        number: n as u32 + 1,
        at_ms: START_MS + n as i64,
        took_ms: 12,
        status: n.is_multiple_of(2).then_some(500),
        error: format!("“{n}”; naïve"),
    }
}

fn ids(records: &[WebhookRecord]) -> Vec<HookId> {
    records.iter().map(|record| record.id).collect()
}

async fn put(store: &impl Webhooks, record: WebhookRecord) {
    assert_eq!(store.put_webhook(record, None).await, Ok(1));
}

pub async fn a_webhook_is_read_as_it_was_stored(store: &impl Webhooks) {
    assert_eq!(store.webhook(hook(1)).await, Ok(None));
    let feed = Feed::Org(org(1));
    let asked = WebhookRecord {
        feed,
        class: Some(ClassId::from_u128(5)),
        url: "https://example.org/a?b=c&d=“e”".to_owned(),
        description: "Für die 7b".to_owned(),
        kinds: vec![EventKind::ImportFinished, EventKind::SittingEnded],
        secret: (0..=255).collect(),
        old_secrets: vec![
            OldSecret { secret: (0..=255).rev().collect(), until_ms: START_MS + 5 },
            OldSecret { secret: vec![], until_ms: -1 },
        ],
        state: HookState::Disabled,
        reason: "gone: it is not there any more".to_owned(),
        position: Some(EventId::next(&feed, None, START_MS)),
        failures: 7,
        next_try_ms: START_MS + 77,
        holder: Some(RunId::from_u128(9)),
        updated_ms: START_MS + 9,
        revision: 77,
        ..record(1)
    };
    put(store, asked.clone()).await;
    assert_eq!(store.webhook(hook(1)).await, Ok(Some(WebhookRecord { revision: 1, ..asked })));
    let bare = WebhookRecord { org: None, ..record(2) };
    put(store, bare.clone()).await;
    assert_eq!(store.webhook(hook(2)).await, Ok(Some(WebhookRecord { revision: 1, ..bare })));
}

pub async fn a_webhook_changes_only_from_the_revision_it_was_read_at(store: &impl Webhooks) {
    let first = record(1);
    assert_eq!(store.put_webhook(first.clone(), Some(1)).await, Err(WebhooksError::Changed));
    put(store, first.clone()).await;
    assert_eq!(store.put_webhook(first.clone(), None).await, Err(WebhooksError::Changed));
    let other = WebhookRecord {
        owner: user(2),
        org: None,
        feed: Feed::Org(org(3)),
        url: "https://example.org/2".to_owned(),
        failures: 1,
        ..first.clone()
    };
    assert_eq!(store.put_webhook(other, Some(1)).await, Ok(2));
    assert_eq!(store.put_webhook(first.clone(), Some(1)).await, Err(WebhooksError::Changed));
    let expected =
        WebhookRecord { url: "https://example.org/2".to_owned(), failures: 1, revision: 2, ..first };
    assert_eq!(store.webhook(hook(1)).await, Ok(Some(expected)));
}

pub async fn of_two_who_change_a_webhook_at_once_one_does(store: &impl Webhooks) {
    put(store, record(1)).await;
    for revision in 1..6 {
        let by = |n| WebhookRecord { holder: Some(RunId::from_u128(n)), ..record(1) };
        let (one, other) =
            tokio::join!(store.put_webhook(by(1), Some(revision)), store.put_webhook(by(2), Some(revision)));
        let holder = store.webhook(hook(1)).await.unwrap().unwrap().holder;
        // Whose answer was lost may not know what became of it; nobody is told what is not so.
        let lost = |error: &WebhooksError| match error {
            WebhooksError::Changed => true,
            WebhooksError::Store(error) => error.cause == Cause::Timeout,
        };
        match (one, other) {
            (Ok(_), Err(error)) if lost(&error) => assert_eq!(holder, Some(RunId::from_u128(1))),
            (Err(error), Ok(_)) if lost(&error) => assert_eq!(holder, Some(RunId::from_u128(2))),
            both => panic!("{both:?}"),
        }
    }
}

pub async fn webhooks_are_found_by_their_owner_and_organisation_in_pages(store: &impl Webhooks) {
    for n in [3, 1, 5, 2, 4] {
        put(store, record(n)).await;
    }
    put(store, WebhookRecord { owner: user(2), ..record(6) }).await;
    put(store, WebhookRecord { org: None, ..record(7) }).await;
    let read = async |whose, after: Option<u64>, limit| {
        ids(&store.webhooks_of(whose, after.map(hook), limit).await.unwrap())
    };
    let (person, school) = (Feed::Person(user(1)), Feed::Org(org(1)));
    assert_eq!(read(person, None, 9).await, [1, 2, 3, 4, 5, 7].map(hook));
    assert_eq!(read(person, Some(2), 2).await, [3, 4].map(hook));
    assert_eq!(read(school, None, 9).await, [1, 2, 3, 4, 5, 6].map(hook));
    assert_eq!(read(school, Some(6), 9).await, []);
    assert_eq!(read(Feed::Org(org(2)), None, 9).await, []);
}

pub async fn those_that_are_active_are_found_in_pages(store: &impl Webhooks) {
    for n in 1..6 {
        put(store, WebhookRecord { owner: user(n), ..record(n) }).await;
    }
    let read =
        async |after: Option<u64>, limit| ids(&store.active_webhooks(after.map(hook), limit).await.unwrap());
    assert_eq!(read(None, 9).await, [1, 2, 3, 4, 5].map(hook));
    for (revision, state) in (1..).zip([HookState::Paused, HookState::Disabled, HookState::Active]) {
        store.put_webhook(WebhookRecord { state, ..record(3) }, Some(revision)).await.unwrap();
        let expected: Vec<HookId> = match state {
            HookState::Active => [1, 2, 3, 4, 5].map(hook).into(),
            HookState::Paused | HookState::Disabled => [1, 2, 4, 5].map(hook).into(),
        };
        assert_eq!(read(None, 9).await, expected, "{state:?}");
    }
    assert_eq!(read(Some(2), 2).await, [3, 4].map(hook));
}

pub async fn a_removed_webhook_is_gone_with_its_attempts(store: &impl Webhooks) {
    put(store, record(1)).await;
    put(store, record(2)).await;
    store.note_attempt(hook(1), attempt(1)).await.unwrap();
    store.note_attempt(hook(2), attempt(2)).await.unwrap();
    store.remove_webhook(hook(1)).await.unwrap();
    store.remove_webhook(hook(1)).await.unwrap();
    assert_eq!(store.webhook(hook(1)).await, Ok(None));
    assert_eq!(store.attempts(hook(1), 9).await, Ok(vec![]));
    assert_eq!(ids(&store.webhooks_of(Feed::Person(user(1)), None, 9).await.unwrap()), [hook(2)]);
    assert_eq!(ids(&store.webhooks_of(Feed::Org(org(1)), None, 9).await.unwrap()), [hook(2)]);
    assert_eq!(ids(&store.active_webhooks(None, 9).await.unwrap()), [hook(2)]);
    assert_eq!(store.attempts(hook(2), 9).await, Ok(vec![attempt(2)]));
    assert_eq!(store.put_webhook(record(1), Some(1)).await, Err(WebhooksError::Changed));
}

pub async fn the_newest_attempts_are_kept(store: &impl Webhooks) {
    put(store, record(1)).await;
    let many = ATTEMPTS_KEPT as u64 + 5;
    for n in 0..many {
        store.note_attempt(hook(1), attempt(n)).await.unwrap();
    }
    let read = store.attempts(hook(1), 3).await.unwrap();
    assert_eq!(read, [many - 1, many - 2, many - 3].map(attempt));
    let all = store.attempts(hook(1), usize::MAX).await.unwrap();
    assert_eq!(all, (5..many).rev().map(attempt).collect::<Vec<_>>());
}
