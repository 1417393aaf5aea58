//! One turn of a webhook: the next events that it wants, one after another, until there is none, one fails, or others have
//! their turn.

use super::client::{Answer, Message, SendError};
use super::limits::{
    CHANGE_TRIES, DELIVERIES_IN_A_TURN, ERROR_BYTES_MAX, EVENTS_LOOKED_AT, HELD_ELSEWHERE_MS, STORE_AWAY_MS,
};
use super::machine::{Next, Outcome, Reason, Turn};
use super::secrets;
use super::sign::signature;
use super::target::Target;
use super::{Inner, Undelivered};
use crate::clock::real_ms;
use crate::http::{Caller, EventOut};
use crate::teaching::all_run;
use bytes::Bytes;
use jiff::Timestamp;
use ports::{Attempt, Event, Feed, Happening, HookId, HookState, WebhookRecord, WebhooksError};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What a test is called.
const TEST: &str = "webhook.test";

/// When a webhook is to be looked at again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    /// When something happens in its feed.
    AtNews,
    /// After so long.
    After(Duration),
    /// Not any more, unless it is found again.
    Never,
}

impl Inner {
    /// One turn.
    pub(super) async fn turn(&self, id: HookId) -> Look {
        let began = Instant::now();
        for _ in 0..DELIVERIES_IN_A_TURN {
            if self.is_stopping.load(Ordering::Acquire) {
                return Look::AtNews;
            }
            match self.one(id).await {
                // A slow receiver has its place no longer than others wait for one.
                Ok(None) if began.elapsed() >= self.turn_within => return Look::After(Duration::ZERO),
                Ok(None) => {}
                Ok(Some(look)) => return look,
                Err(Undelivered::Webhooks(WebhooksError::Changed)) => return Look::After(Duration::ZERO),
                Err(error) => {
                    tracing::debug!(%error, "a webhook waits for the store");
                    return Look::After(Duration::from_millis(STORE_AWAY_MS));
                }
            }
        }
        Look::After(Duration::ZERO)
    }

    /// The next delivery; says when to look again where there is none now.
    async fn one(&self, id: HookId) -> Result<Option<Look>, Undelivered> {
        let Some(hook) = self.store.webhook(id).await? else { return Ok(Some(Look::Never)) };
        let now_ms = self.clock.wall_ms();
        match self.policy.turn(&hook, self.holders.me(), |run| self.holders.is_alive(run), now_ms) {
            Turn::Rests => return Ok(Some(Look::Never)),
            Turn::Elsewhere => return Ok(Some(Look::After(Duration::from_millis(HELD_ELSEWHERE_MS)))),
            Turn::Claim => {
                let revision = hook.revision;
                let claimed = WebhookRecord { holder: self.holders.me(), ..hook };
                self.store.put_webhook(claimed, Some(revision)).await?;
                return Ok(None);
            }
            Turn::Ours(0) => {}
            Turn::Ours(rest_ms) => return Ok(Some(Look::After(Duration::from_millis(rest_ms)))),
        }
        let Some(sight) = self.sight(&hook).await? else {
            return self.disable(hook, Reason::NotAllowed).await.map(Some);
        };
        let page = self.events.page(hook.feed, hook.position, EVENTS_LOOKED_AT).await?;
        let wanted = page.events.into_iter().find(|event| sight.wants(&hook, event));
        let Some(event) = wanted else {
            if !page.has_more {
                return Ok(Some(Look::AtNews));
            }
            let revision = hook.revision;
            let moved = WebhookRecord { position: page.reached, ..hook };
            self.store.put_webhook(moved, Some(revision)).await?;
            return Ok(None);
        };
        self.deliver(hook, &event).await
    }

    /// One attempt, and what comes of it: first what keeps an event from being sent again, then what its owner may read.
    async fn deliver(&self, hook: WebhookRecord, event: &Event) -> Result<Option<Look>, Undelivered> {
        let id = hook.id;
        let shown = EventOut::of(event.id, &event.what);
        let body = body_of(event.what.kind.word(), event.what.at_ms, &shown);
        let number = hook.failures.saturating_add(1);
        let (attempt, outcome) =
            self.attempt(&hook, (event.id.uuid(), event.what.kind.word()), number, body).await;
        let look = self.come_of(hook, event, outcome).await;
        self.keep(id, attempt).await;
        look
    }

    async fn come_of(
        &self,
        hook: WebhookRecord,
        event: &Event,
        outcome: Outcome,
    ) -> Result<Option<Look>, Undelivered> {
        let dice = Uuid::new_v4().as_u64_pair().0;
        match self.policy.after(hook.failures, outcome, self.clock.wall_ms(), dice) {
            Next::GoOn => {
                let change = |now: &mut WebhookRecord| {
                    (now.position, now.failures, now.next_try_ms) = (Some(event.id), 0, 0);
                };
                self.note(hook, change).await.map(|goes_on| (!goes_on).then_some(Look::After(Duration::ZERO)))
            }
            Next::Again { failures, at_ms } => {
                let change = |now: &mut WebhookRecord| (now.failures, now.next_try_ms) = (failures, at_ms);
                self.note(hook, change).await?;
                let rest = u64::try_from(at_ms.saturating_sub(self.clock.wall_ms())).unwrap_or(0);
                Ok(Some(Look::After(Duration::from_millis(rest))))
            }
            Next::Disable(reason) => self.disable(hook, reason).await.map(Some),
        }
    }

    /// Keeps an attempt for its owner to read; what cannot be kept holds nothing up.
    async fn keep(&self, id: HookId, attempt: Attempt) {
        if let Err(error) = self.store.note_attempt(id, attempt).await {
            tracing::warn!(hook = %id.0, %error, "an attempt of a webhook is in no list");
        }
    }

    /// Notes what came of an attempt, whatever its owner changed meanwhile; `false` if it is another node's now, or was
    /// begun anew.
    async fn note(
        &self,
        attempted: WebhookRecord,
        change: impl Fn(&mut WebhookRecord),
    ) -> Result<bool, Undelivered> {
        let (held, position) = (attempted.holder, attempted.position);
        let mut now = attempted;
        for _ in 0..CHANGE_TRIES {
            if now.holder != held || now.position != position {
                return Ok(false);
            }
            let revision = now.revision;
            change(&mut now);
            secrets::forget(&mut now, self.clock.wall_ms());
            match self.store.put_webhook(now.clone(), Some(revision)).await {
                Ok(_) => return Ok(true),
                Err(WebhooksError::Changed) => {}
                Err(error) => return Err(error.into()),
            }
            match self.store.webhook(now.id).await? {
                Some(stored) => now = stored,
                None => return Ok(false),
            }
        }
        Err(WebhooksError::Changed.into())
    }

    async fn disable(&self, hook: WebhookRecord, reason: Reason) -> Result<Look, Undelivered> {
        tracing::info!(hook = %hook.id.0, reason = reason.word(), "a webhook is disabled");
        self.note(hook, |now| {
            now.state = HookState::Disabled;
            reason.word().clone_into(&mut now.reason);
        })
        .await?;
        Ok(Look::Never)
    }

    /// What a webhook may be sent now; `None` if its owner may not have it any more.
    async fn sight(&self, hook: &WebhookRecord) -> Result<Option<Sight>, Undelivered> {
        let Some(person) = self.people.person(hook.owner).await? else { return Ok(None) };
        let caller = Caller { user: person.id, role: person.role, org: person.org };
        match hook.feed {
            Feed::Org(org) => Ok(caller.administers(Some(org)).then_some(Sight::Everything)),
            Feed::Person(_) if !caller.may_teach() => Ok(None),
            Feed::Person(_) => {
                let runs = all_run(self.people.as_ref(), self.papers.as_ref(), &caller).await?;
                Ok(Some(Sight::Classes(runs.into_iter().collect())))
            }
        }
    }

    /// Sends one message and says what came of it.
    async fn attempt(
        &self,
        hook: &WebhookRecord,
        (message, kind): (Uuid, &str),
        number: u32,
        body: Bytes,
    ) -> (Attempt, Outcome) {
        let (began, id) = (Instant::now(), message.to_string());
        // Receivers compare it with their own clock.
        let timestamp_s = real_ms() / 1_000;
        let secrets = secrets::signing(hook, self.clock.wall_ms());
        let signature = signature(secrets, &id, timestamp_s, &body);
        let message_out = Message { id, timestamp_s, signature, body };
        let sent = match Target::of(&hook.url, self.allow_loopback) {
            Ok(target) => self.client.send(&target, message_out).await,
            // It was allowed once: with the developer's flag.
            Err(_) => Err(SendError::NotPublic),
        };
        let (status, error, outcome) = match sent {
            Ok(Answer { status: status @ 200..300, .. }) => (Some(status), String::new(), Outcome::Delivered),
            Ok(Answer { status: 410, .. }) => {
                (Some(410), "the receiver answered 410".to_owned(), Outcome::Gone)
            }
            Ok(Answer { status, retry_after_ms }) => {
                let error = format!("the receiver answered {status}");
                (Some(status), error, Outcome::Failed(retry_after_ms))
            }
            Err(error) => (None, cut(error.to_string()), Outcome::Failed(None)),
        };
        self.figures.attempted(outcome == Outcome::Delivered);
        let attempt = Attempt {
            id: Uuid::now_v7(),
            message,
            kind: kind.to_owned(),
            number,
            at_ms: self.clock.wall_ms(),
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            status,
            error,
        };
        (attempt, outcome)
    }

    /// Sends a test, once.
    pub(super) async fn test(&self, hook: &WebhookRecord) -> Attempt {
        let at_ms = self.clock.wall_ms();
        let what = Happening {
            // Not shown: what is sent says itself what it is.
            kind: ports::EventKind::DeckChanged,
            at_ms,
            user: Some(hook.owner),
            class: hook.class,
            deck: None,
            job: None,
            data: json!({ "webhook_id": hook.id.0 }).to_string(),
        };
        let id = Uuid::now_v7();
        let body = body_of(TEST, at_ms, &EventOut::numbered(id, TEST, &what));
        let (attempt, _) = self.attempt(hook, (id, TEST), 1, body).await;
        self.keep(hook.id, attempt.clone()).await;
        attempt
    }
}

/// What a webhook may be sent.
enum Sight {
    /// All of its feed.
    Everything,
    /// What came through these classes.
    Classes(Vec<domain::ids::ClassId>),
}

impl Sight {
    fn wants(&self, hook: &WebhookRecord, event: &Event) -> bool {
        let is_seen = match self {
            Sight::Everything => true,
            Sight::Classes(run) => event
                .through
                .is_some_and(|class| run.contains(&class) && hook.class.is_none_or(|wanted| wanted == class)),
        };
        is_seen && (hook.kinds.is_empty() || hook.kinds.contains(&event.what.kind))
    }
}

/// The body of a message: type, time and data, as the specification of webhooks has it.
fn body_of(kind: &str, at_ms: i64, shown: &EventOut) -> Bytes {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default().to_string();
    Bytes::from(json!({ "type": kind, "timestamp": at, "data": shown }).to_string())
}

fn cut(mut text: String) -> String {
    let end = (0..=ERROR_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
    text
}
