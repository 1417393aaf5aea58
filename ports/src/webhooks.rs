//! The cold port for webhooks: who wants to be sent events, where to, how far that is, and what became of the last
//! attempts.

use crate::Boxed;
use crate::error::StoreError;
use crate::events::{EventId, EventKind, Feed};
use domain::ids::{ClassId, OrgId, RunId, UserId, Uuid};

/// Attempts of one webhook that are kept; older ones go.
pub const ATTEMPTS_KEPT: usize = 100;

/// A webhook: a UUIDv7.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct HookId(pub Uuid);

/// Whether a webhook is sent anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum HookState {
    /// It is.
    Active,
    /// Not as long as its owner says so; what happens meanwhile waits.
    Paused,
    /// Not any more, until somebody says so again: it failed too often, or its owner may no longer see what it is about.
    Disabled,
}

impl HookState {
    const ALL: [HookState; 3] = [HookState::Active, HookState::Paused, HookState::Disabled];

    /// The state as a word: what stores keep and what people read.
    pub const fn word(self) -> &'static str {
        match self {
            HookState::Active => "active",
            HookState::Paused => "paused",
            HookState::Disabled => "disabled",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn of_word(word: &str) -> Option<HookState> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A secret that was replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OldSecret {
    /// The secret.
    pub secret: Vec<u8>,
    /// Until when deliveries are signed with it as well, Unix milliseconds.
    pub until_ms: i64,
}

/// A webhook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebhookRecord {
    /// The webhook.
    pub id: HookId,
    /// Who made it: it is sent what they may see.
    pub owner: UserId,
    /// Their organisation.
    pub org: Option<OrgId>,
    /// Which feed it is sent: the organisation's, or what concerns classes in its owner's.
    pub feed: Feed,
    /// Of the owner's classes this one alone.
    pub class: Option<ClassId>,
    /// Where to.
    pub url: String,
    /// What it is for, for people.
    pub description: String,
    /// Which kinds; all of them where none is named.
    pub kinds: Vec<EventKind>,
    /// What deliveries are signed with.
    pub secret: Vec<u8>,
    /// Secrets that it replaced, newest first.
    pub old_secrets: Vec<OldSecret>,
    /// Whether it is sent anything.
    pub state: HookState,
    /// Why it is disabled: a word and a sentence; empty otherwise.
    pub reason: String,
    /// Up to where the feed was delivered.
    pub position: Option<EventId>,
    /// Attempts of the next event that failed.
    pub failures: u32,
    /// When the next attempt is due, Unix milliseconds.
    pub next_try_ms: i64,
    /// The process that delivers it.
    pub holder: Option<RunId>,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// When it was last changed by somebody.
    pub updated_ms: i64,
    /// Raised with each change; the store assigns it, from 1.
    pub revision: u64,
}

impl WebhookRecord {
    /// What is stored when this is put over `kept` by somebody who knew that revision of it: every store's rule. Whose
    /// it is, and of which feed, stays as it was at first.
    ///
    /// # Errors
    /// [`WebhooksError::Changed`]: another revision is kept, or none, or one where there should be none.
    pub fn over(
        self,
        kept: Option<&WebhookRecord>,
        if_revision: Option<u64>,
    ) -> Result<WebhookRecord, WebhooksError> {
        if kept.map(|kept| kept.revision) != if_revision {
            return Err(WebhooksError::Changed);
        }
        let (owner, org, feed) =
            kept.map_or((self.owner, self.org, self.feed), |kept| (kept.owner, kept.org, kept.feed));
        Ok(WebhookRecord { owner, org, feed, revision: if_revision.unwrap_or(0) + 1, ..self })
    }
}

/// One attempt to deliver an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// The attempt: a UUIDv7, so that newer ones have higher ids.
    pub id: Uuid,
    /// What was sent, as `webhook-id` says it.
    pub message: Uuid,
    /// The kind of the event, as a word.
    pub kind: String,
    /// The how-manieth attempt of this event it was, from 1.
    pub number: u32,
    /// When it began, Unix milliseconds.
    pub at_ms: i64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    /// Why it failed; empty where it did not.
    pub error: String,
}

/// Why a webhook was not stored or read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WebhooksError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record is not, or no longer, of the revision that the change was based on.
    #[error("the webhook was changed meanwhile")]
    Changed,
}

/// Webhooks. What a function has returned is durable.
pub trait Webhooks: Send + Sync + 'static {
    /// Stores a new record (`if_revision` is `None`) or a change of the one of that revision, and returns the revision
    /// it has now. `revision` in the record is not looked at; `id`, `owner`, `org` and `feed` never change.
    ///
    /// `Changed`: the webhook is known already, or another wrote meanwhile, or there is no such webhook.
    fn put_webhook(
        &self,
        record: WebhookRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, WebhooksError>>;

    /// Removes a webhook and its attempts. One that is not there is removed already.
    fn remove_webhook(&self, id: HookId) -> Boxed<'_, Result<(), WebhooksError>>;

    /// One webhook.
    fn webhook(&self, id: HookId) -> Boxed<'_, Result<Option<WebhookRecord>, WebhooksError>>;

    /// Those that a person made ([`Feed::Person`]), or that people of an organisation made ([`Feed::Org`]), by id; those
    /// after this one, at most `limit`.
    fn webhooks_of(
        &self,
        whose: Feed,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>>;

    /// Webhooks of anybody that are active, by id; those after this one, at most `limit`.
    fn active_webhooks(
        &self,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>>;

    /// Notes an attempt; all but the newest [`ATTEMPTS_KEPT`] may go.
    fn note_attempt(&self, id: HookId, attempt: Attempt) -> Boxed<'_, Result<(), WebhooksError>>;

    /// The newest attempts of a webhook, newest first, at most `limit`.
    fn attempts(&self, id: HookId, limit: usize) -> Boxed<'_, Result<Vec<Attempt>, WebhooksError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_states_read_back() {
        for state in HookState::ALL {
            assert_eq!(HookState::of_word(state.word()), Some(state));
        }
        assert_eq!(HookState::of_word("asleep"), None);
    }
}
