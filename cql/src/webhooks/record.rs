//! A webhook and its row.

use crate::log::unreadable;
use domain::ids::{ClassId, OrgId, RunId, UserId, Uuid};
use ports::codec::{kinds_of, kinds_text, old_secrets_of, old_secrets_text};
use ports::{Attempt, EventId, Feed, HookId, HookState, StoreError, WebhookRecord};
use scylla::DeserializeRow;
use serde::{Deserialize, Serialize};

/// A webhook as stored.
pub(super) struct Stored {
    pub(super) record: WebhookRecord,
    /// Who made the newest change.
    pub(super) last: Uuid,
}

#[derive(DeserializeRow)]
pub(super) struct Row {
    id: Uuid,
    secret: Vec<u8>,
    body: String,
    revision: i64,
    last: Uuid,
}

/// What lies in `body`. Names stay; fields that come later have defaults.
#[derive(Serialize, Deserialize)]
struct Body {
    owner: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    /// Whether it is sent an organisation's feed, or a person's; and whose.
    of_org: bool,
    feed: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    url: String,
    description: String,
    kinds: String,
    state: String,
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<String>,
    failures: u32,
    next_try_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
    created_ms: i64,
    updated_ms: i64,
    /// Replaced secrets; without one until the first is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old_secrets: Option<String>,
}

/// The cell of a record.
pub(super) fn body_of(record: &WebhookRecord) -> Result<String, StoreError> {
    let (of_org, feed) = match record.feed {
        Feed::Org(org) => (true, org.0),
        Feed::Person(user) => (false, user.0),
    };
    let body = Body {
        owner: record.owner.to_string(),
        org: record.org.map(|org| org.to_string()),
        of_org,
        feed: feed.to_string(),
        class: record.class.map(|class| class.to_string()),
        url: record.url.clone(),
        description: record.description.clone(),
        kinds: kinds_text(&record.kinds),
        state: record.state.word().to_owned(),
        reason: record.reason.clone(),
        position: record.position.map(|position| position.to_string()),
        failures: record.failures,
        next_try_ms: record.next_try_ms,
        holder: record.holder.map(|run| run.to_string()),
        created_ms: record.created_ms,
        updated_ms: record.updated_ms,
        old_secrets: (!record.old_secrets.is_empty()).then(|| old_secrets_text(&record.old_secrets)),
    };
    serde_json::to_string(&body).map_err(|error| unreadable(&error))
}

fn uuid(text: &str) -> Result<Uuid, StoreError> {
    text.parse().map_err(|error: uuid::Error| unreadable(&error))
}

impl Stored {
    pub(super) fn of_row(row: Row) -> Result<Stored, StoreError> {
        let body: Body = serde_json::from_str(&row.body).map_err(|error| unreadable(&error))?;
        let maybe = |text: Option<&String>| text.map(|text| uuid(text)).transpose();
        let owner = UserId(uuid(&body.owner)?);
        let feed = uuid(&body.feed)?;
        let position = maybe(body.position.as_ref())?
            .map(|id| EventId::of_uuid(id).ok_or_else(|| unreadable(&"a position is no event's id")));
        let record = WebhookRecord {
            id: HookId(row.id),
            owner,
            org: maybe(body.org.as_ref())?.map(OrgId),
            feed: if body.of_org { Feed::Org(OrgId(feed)) } else { Feed::Person(UserId(feed)) },
            class: maybe(body.class.as_ref())?.map(ClassId),
            kinds: kinds_of(&body.kinds).map_err(|error| unreadable(&error))?,
            secret: row.secret,
            old_secrets: old_secrets_of(body.old_secrets.as_deref().unwrap_or("[]"))
                .map_err(|error| unreadable(&error))?,
            state: HookState::of_word(&body.state)
                .ok_or_else(|| unreadable(&"the state of a webhook is unknown"))?,
            position: position.transpose()?,
            holder: maybe(body.holder.as_ref())?.map(RunId),
            url: body.url,
            description: body.description,
            reason: body.reason,
            failures: body.failures,
            next_try_ms: body.next_try_ms,
            created_ms: body.created_ms,
            updated_ms: body.updated_ms,
            revision: u64::try_from(row.revision).map_err(|error| unreadable(&error))?,
        };
        Ok(Stored { record, last: row.last })
    }
}

#[derive(DeserializeRow)]
pub(super) struct AttemptRow {
    id: Vec<u8>,
    message: Uuid,
    kind: String,
    number: i32,
    at_ms: i64,
    took_ms: i64,
    status: Option<i32>,
    error: String,
}

impl AttemptRow {
    pub(super) fn attempt(self) -> Result<Attempt, StoreError> {
        Ok(Attempt {
            id: Uuid::from_slice(&self.id).map_err(|error| unreadable(&error))?,
            message: self.message,
            kind: self.kind,
            number: self.number.cast_unsigned(),
            at_ms: self.at_ms,
            took_ms: self.took_ms.cast_unsigned(),
            status: self.status.and_then(|status| u16::try_from(status).ok()),
            error: self.error,
        })
    }
}
