//! Webhooks on the wire.

use super::line;
use crate::http::Problem;
use crate::webhooks::limits::DESCRIPTION_BYTES_MAX;
use crate::webhooks::{Reason, Target, secret_text};
use domain::ids::Uuid;
use ports::{Attempt, EventKind, Feed, HookState, WebhookRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a webhook is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum Scope {
    /// What happens in the organisation; for its administrators.
    Organisation,
    /// What happens in the classes that its owner runs.
    Classes,
}

/// A new webhook.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct HookIn {
    /// An https address of the public network.
    pub(in crate::http) url: String,
    /// What it is for, for people.
    #[serde(default)]
    pub(in crate::http) description: String,
    /// Which kinds of events; all of them unless some are named.
    #[serde(default)]
    pub(in crate::http) kinds: Vec<String>,
    /// `organisation` for administrators and `classes` for teachers, unless it is named.
    pub(in crate::http) scope: Option<Scope>,
    /// Of one's classes this one alone.
    pub(in crate::http) class_id: Option<Uuid>,
}

/// A change of a webhook.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(in crate::http) struct HookChangeIn {
    url: Option<String>,
    description: Option<String>,
    kinds: Option<Vec<String>>,
    /// `active` also has one go on that was disabled, with what it was not sent; `paused` has it wait.
    state: Option<Wanted>,
}

/// The states that somebody may want.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Active,
    Paused,
}

/// A webhook.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct HookOut {
    webhook_id: Uuid,
    /// Who made it.
    owner_id: Uuid,
    url: String,
    description: String,
    scope: Scope,
    /// The class that it is about alone.
    class_id: Option<Uuid>,
    /// The kinds of events; empty: all.
    kinds: Vec<&'static str>,
    /// `active`, `paused` or `disabled`.
    state: &'static str,
    /// Why it is disabled: `failing`, `gone` or `not_allowed`.
    reason: Option<String>,
    /// The same for people.
    detail: Option<&'static str>,
    /// Attempts of the next event that failed.
    failures: u32,
    /// When the next attempt of it is due, Unix milliseconds.
    next_try_at: Option<i64>,
    /// The event up to which everything was delivered.
    delivered_to: Option<Uuid>,
    /// Until when deliveries are signed with a secret that was replaced as well, Unix milliseconds.
    old_secret_until: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

/// A webhook that has a new secret.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct NewHookOut {
    #[serde(flatten)]
    hook: HookOut,
    /// What deliveries are signed with; it is shown this once.
    secret: String,
}

/// An attempt to deliver.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct AttemptOut {
    delivery_id: Uuid,
    /// `webhook-id` of what was sent: the same in each attempt of one event.
    message_id: Uuid,
    kind: String,
    /// The how-manieth attempt of this event, from 1.
    attempt: u32,
    at: i64,
    took_ms: u64,
    /// What the receiver answered, if it did.
    status: Option<u16>,
    delivered: bool,
    /// Why it failed.
    error: Option<String>,
}

impl HookChangeIn {
    /// Applies the change.
    pub(in crate::http) fn apply(
        &self,
        hook: &mut WebhookRecord,
        allow_loopback: bool,
    ) -> Result<(), Problem> {
        if let Some(url) = &self.url {
            hook.url = address(url, allow_loopback)?;
        }
        if let Some(text) = &self.description {
            hook.description = description(text)?;
        }
        if let Some(names) = &self.kinds {
            hook.kinds = kinds(names)?;
        }
        match self.state {
            None => {}
            Some(Wanted::Paused) => hook.state = HookState::Paused,
            Some(Wanted::Active) => {
                hook.state = HookState::Active;
                hook.reason = String::new();
                (hook.failures, hook.next_try_ms) = (0, 0);
            }
        }
        Ok(())
    }
}

/// An address that a webhook may have, as it is understood.
pub(in crate::http) fn address(text: &str, allow_loopback: bool) -> Result<String, Problem> {
    Target::written(text, allow_loopback).map_err(|error| Problem::invalid(format!("{error}.")))
}

/// What a webhook is for: a line, or nothing.
pub(in crate::http) fn description(text: &str) -> Result<String, Problem> {
    if text.is_empty() { Ok(String::new()) } else { line("description", text, DESCRIPTION_BYTES_MAX) }
}

/// Kinds by their words, each once.
pub(in crate::http) fn kinds(names: &[String]) -> Result<Vec<EventKind>, Problem> {
    let unknown = || {
        let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.word()).collect();
        Problem::invalid(format!("`kinds` are of these: {}.", known.join(", ")))
    };
    let mut kinds: Vec<EventKind> =
        names.iter().map(|name| EventKind::of_word(name).ok_or_else(unknown)).collect::<Result<_, _>>()?;
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}

impl From<WebhookRecord> for HookOut {
    fn from(hook: WebhookRecord) -> HookOut {
        let reason = Reason::of_word(&hook.reason).filter(|_| hook.state == HookState::Disabled);
        HookOut {
            webhook_id: hook.id.0,
            owner_id: hook.owner.0,
            url: hook.url,
            description: hook.description,
            scope: match hook.feed {
                Feed::Org(_) => Scope::Organisation,
                Feed::Person(_) => Scope::Classes,
            },
            class_id: hook.class.map(|class| class.0),
            kinds: hook.kinds.iter().map(|kind| kind.word()).collect(),
            state: hook.state.word(),
            reason: reason.map(|reason| reason.word().to_owned()),
            detail: reason.map(Reason::sentence),
            failures: hook.failures,
            next_try_at: Some(hook.next_try_ms).filter(|_| hook.failures > 0),
            delivered_to: hook.position.map(|position| position.uuid()),
            old_secret_until: hook.old_secrets.first().map(|old| old.until_ms),
            created_at: hook.created_ms,
            updated_at: hook.updated_ms,
        }
    }
}

impl From<WebhookRecord> for NewHookOut {
    fn from(hook: WebhookRecord) -> NewHookOut {
        let secret = secret_text(&hook.secret);
        NewHookOut { hook: hook.into(), secret }
    }
}

impl From<Attempt> for AttemptOut {
    fn from(attempt: Attempt) -> AttemptOut {
        AttemptOut {
            delivery_id: attempt.id,
            message_id: attempt.message,
            kind: attempt.kind,
            attempt: attempt.number,
            at: attempt.at_ms,
            took_ms: attempt.took_ms,
            status: attempt.status,
            delivered: attempt.error.is_empty(),
            error: Some(attempt.error).filter(|error| !error.is_empty()),
        }
    }
}
