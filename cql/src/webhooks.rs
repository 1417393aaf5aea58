//! Webhooks: the cold port. A webhook's row is changed by comparison alone; what points to it is written before it and
//! looked up before it is believed.

mod record;

use crate::CqlStore;
use crate::decide::{Verdict, decide};
use crate::log::unreadable;
use crate::statements::statements;
use crate::task::owned;
use domain::ids::Uuid;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::webhooks::ATTEMPTS_KEPT;
use ports::{
    Attempt, Boxed, Cause, Feed, HookId, HookState, StoreError, WebhookRecord, Webhooks, WebhooksError,
};
use record::{AttemptRow, Row, Stored, body_of};

statements! {
    /// What is said to the tables of webhooks in schema/0007_events.cql. An attempt lives for 30 days.
    WebhookStatements {
        webhook: Read = "SELECT id, secret, body, revision, last FROM webhooks WHERE id = ?";
        webhook_decided: ReadSerial = "SELECT id, secret, body, revision, last FROM webhooks WHERE id = ?";
        make: Decide = "INSERT INTO webhooks (id, secret, body, revision, last) VALUES (?, ?, ?, ?, ?) IF NOT EXISTS";
        change: Decide = "UPDATE webhooks SET secret = ?, body = ?, revision = ?, last = ? WHERE id = ?
            IF revision = ?";
        remove: Decide = "DELETE FROM webhooks WHERE id = ? IF EXISTS";
        point_to: Write = "INSERT INTO webhooks_by_owner (whose, id) VALUES (?, ?) USING TIMESTAMP 1";
        point_away: Write = "DELETE FROM webhooks_by_owner USING TIMESTAMP 2 WHERE whose = ? AND id = ?";
        pointed_to: Read = "SELECT id FROM webhooks_by_owner WHERE whose = ? AND id > ? LIMIT ?";
        begin: Write = "INSERT INTO webhooks_active (part, id) VALUES (0, ?) USING TIMESTAMP ?";
        end: Write = "DELETE FROM webhooks_active USING TIMESTAMP ? WHERE part = 0 AND id = ?";
        active: Read = "SELECT id FROM webhooks_active WHERE part = 0 AND id > ? LIMIT ?";
        note_attempt: Write = "INSERT INTO webhook_attempts (hook, id, message, kind, number, at_ms, took_ms, status,
            error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL 2592000";
        kept_attempts: Read = "SELECT id FROM webhook_attempts WHERE hook = ? LIMIT ?";
        forget_older: Write = "DELETE FROM webhook_attempts USING TIMESTAMP ? WHERE hook = ? AND id < ?";
        forget_attempts: Write = "DELETE FROM webhook_attempts USING TIMESTAMP ? WHERE hook = ?";
        attempts: Read = "SELECT id, message, kind, number, at_ms, took_ms, status, error FROM webhook_attempts
            WHERE hook = ? LIMIT ?";
    }
}

/// Rows of a page, where what they point to is looked up before it counts.
const PAGE: usize = 256;
/// After one attempt of so many, by its id, those that are too many are forgotten: a partition holds little more than
/// are kept, and not each attempt leaves a tombstone.
const FORGOTTEN_ONE_IN: u128 = 64;

impl Webhooks for CqlStore {
    fn put_webhook(
        &self,
        record: WebhookRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, WebhooksError>> {
        let store = self.clone();
        Box::pin(owned(async move { put(&store, record, if_revision).await }))
    }

    fn remove_webhook(&self, id: HookId) -> Boxed<'_, Result<(), WebhooksError>> {
        let store = self.clone();
        Box::pin(owned(async move { Ok(remove(&store, id).await?) }))
    }

    fn webhook(&self, id: HookId) -> Boxed<'_, Result<Option<WebhookRecord>, WebhooksError>> {
        Box::pin(async move { Ok(read(self, id).await?) })
    }

    fn webhooks_of(
        &self,
        whose: Feed,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>> {
        Box::pin(async move {
            let (mut found, mut after) = (Vec::new(), after);
            while found.len() < limit {
                let key = (&whose.key()[..], place(after.as_ref()), PAGE as i32);
                let rows: Vec<(Vec<u8>,)> = self.client().read(&self.hooks_said().pointed_to, key).await?;
                let ids = ids_of(rows)?;
                let Some(last) = ids.last() else { break };
                after = Some(*last);
                found.extend(read_all(self, ids).await?);
            }
            found.truncate(limit);
            Ok(found)
        })
    }

    fn active_webhooks(
        &self,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>> {
        Box::pin(async move {
            let (mut found, mut after) = (Vec::new(), after);
            while found.len() < limit {
                let key = (place(after.as_ref()), PAGE as i32);
                let rows: Vec<(Vec<u8>,)> = self.client().read(&self.hooks_said().active, key).await?;
                let ids = ids_of(rows)?;
                let Some(last) = ids.last() else { break };
                after = Some(*last);
                let records = read_all(self, ids).await?;
                found.extend(records.into_iter().filter(|record| record.state == HookState::Active));
            }
            found.truncate(limit);
            Ok(found)
        })
    }

    fn note_attempt(&self, id: HookId, attempt: Attempt) -> Boxed<'_, Result<(), WebhooksError>> {
        Box::pin(async move {
            let values = (
                id.0,
                &attempt.id.as_bytes()[..],
                attempt.message,
                attempt.kind.as_str(),
                attempt.number.cast_signed(),
                attempt.at_ms,
                attempt.took_ms.cast_signed(),
                attempt.status.map(i32::from),
                attempt.error.as_str(),
                self.next_stamp_us(),
            );
            self.client().write(&self.hooks_said().note_attempt, values).await?;
            if attempt.id.as_u128().is_multiple_of(FORGOTTEN_ONE_IN) {
                forget_older(self, id).await?;
            }
            Ok(())
        })
    }

    fn attempts(&self, id: HookId, limit: usize) -> Boxed<'_, Result<Vec<Attempt>, WebhooksError>> {
        Box::pin(async move {
            let limit = i32::try_from(limit.min(ATTEMPTS_KEPT)).unwrap_or(i32::MAX);
            let rows: Vec<AttemptRow> =
                self.client().read(&self.hooks_said().attempts, (id.0, limit)).await?;
            Ok(rows.into_iter().map(AttemptRow::attempt).collect::<Result<_, _>>()?)
        })
    }
}

/// Lets attempts go that are too many.
async fn forget_older(store: &CqlStore, hook: HookId) -> Result<(), StoreError> {
    let (client, said) = (store.client(), store.hooks_said());
    let kept: Vec<(Vec<u8>,)> = client.read(&said.kept_attempts, (hook.0, ATTEMPTS_KEPT as i32)).await?;
    match kept.last() {
        Some((oldest,)) if kept.len() >= ATTEMPTS_KEPT => {
            client.write(&said.forget_older, (store.next_stamp_us(), hook.0, &oldest[..])).await
        }
        Some(_) | None => Ok(()),
    }
}

/// Behind this id, in the order of blobs.
fn place(after: Option<&HookId>) -> &[u8] {
    after.map_or(&[][..], |after| &after.0.as_bytes()[..])
}

fn ids_of(rows: Vec<(Vec<u8>,)>) -> Result<Vec<HookId>, StoreError> {
    let id = |(blob,): &(Vec<u8>,)| Uuid::from_slice(blob).map(HookId).map_err(|error| unreadable(&error));
    rows.iter().map(id).collect()
}

async fn read(store: &CqlStore, id: HookId) -> Result<Option<WebhookRecord>, StoreError> {
    let row = store.client().read_one::<Row>(&store.hooks_said().webhook, (id.0,)).await?;
    Ok(row.map(Stored::of_row).transpose()?.map(|stored| stored.record))
}

async fn read_decided(store: &CqlStore, id: HookId) -> Result<Option<Stored>, StoreError> {
    let row = store.client().read_one::<Row>(&store.hooks_said().webhook_decided, (id.0,)).await?;
    row.map(Stored::of_row).transpose()
}

/// Webhooks in the order asked for; those that are not there are left out, and those that a newer node wrote in a way
/// that this one cannot read: that node delivers to them.
async fn read_all(store: &CqlStore, ids: Vec<HookId>) -> Result<Vec<WebhookRecord>, StoreError> {
    let reads = stream::iter(ids).map(|id| async move {
        let row = store.client().read_one::<Row>(&store.hooks_said().webhook, (id.0,)).await?;
        Ok::<_, StoreError>(row.and_then(|row| Stored::of_row(row).ok()).map(|stored| stored.record))
    });
    let found: Vec<Option<WebhookRecord>> =
        reads.buffered(store.client().options().reads_at_once).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Whose lists a webhook is in.
fn owners(record: &WebhookRecord) -> impl Iterator<Item = Feed> {
    [Feed::Person(record.owner)].into_iter().chain(record.org.map(Feed::Org))
}

async fn put(
    store: &CqlStore,
    record: WebhookRecord,
    if_revision: Option<u64>,
) -> Result<u64, WebhooksError> {
    let kept = read_decided(store, record.id).await?.map(|stored| stored.record);
    let record = record.over(kept.as_ref(), if_revision)?;
    if write(store, &record, if_revision).await? { Ok(record.revision) } else { Err(WebhooksError::Changed) }
}

/// Stores a record as it is, on top of what is there.
pub(crate) async fn fill(store: &CqlStore, record: &WebhookRecord) -> Result<(), StoreError> {
    let kept = read_decided(store, record.id).await?.map(|stored| stored.record);
    if kept.as_ref() == Some(record) {
        return Ok(());
    }
    match write(store, record, kept.map(|kept| kept.revision)).await? {
        true => Ok(()),
        false => Err(StoreError::new(Cause::Overloaded, "a webhook is changed while it is copied")),
    }
}

/// Puts a record in place of the one of that revision, or where there is none: whether it was.
async fn write(
    store: &CqlStore,
    record: &WebhookRecord,
    if_revision: Option<u64>,
) -> Result<bool, StoreError> {
    let (client, said) = (store.client(), store.hooks_said());
    let (id, at) = (record.id, record.revision.cast_signed().saturating_mul(2));
    let (blob, is_active) = (&id.0.as_bytes()[..], record.state == HookState::Active);
    if if_revision.is_none() {
        for whose in owners(record) {
            client.write(&said.point_to, (&whose.key()[..], blob)).await?;
        }
    }
    if is_active {
        client.write(&said.begin, (blob, at)).await?;
    }
    let last = uuid::Uuid::new_v4();
    let (secret, body, revision) = (&record.secret[..], body_of(record)?, record.revision.cast_signed());
    let settle = || settled(store, id, last, if_revision);
    let done = match if_revision {
        None => decide(client, &said.make, &(id.0, secret, body, revision, last), settle).await?,
        Some(based_on) => {
            let values = (secret, body, revision, last, id.0, based_on.cast_signed());
            decide(client, &said.change, &values, settle).await?
        }
    };
    if done && !is_active {
        client.write(&said.end, (at.saturating_add(1), blob)).await?;
    }
    Ok(done)
}

async fn remove(store: &CqlStore, id: HookId) -> Result<(), StoreError> {
    let Some(Stored { record, .. }) = read_decided(store, id).await? else { return Ok(()) };
    let (client, said, blob) = (store.client(), store.hooks_said(), &id.0.as_bytes()[..]);
    let gone = || async {
        let is_there = read_decided(store, id).await?.is_some();
        Ok(if is_there { Verdict::Again } else { Verdict::Done })
    };
    decide(client, &said.remove, &(id.0,), gone).await?;
    for whose in owners(&record) {
        client.write(&said.point_away, (&whose.key()[..], blob)).await?;
    }
    // Later than any change that was under way.
    let at = record.revision.cast_signed().saturating_add(1_000).saturating_mul(2);
    client.write(&said.end, (at, blob)).await?;
    client.write(&said.forget_attempts, (store.next_stamp_us(), id.0)).await
}

/// What became of a change whose answer was lost.
async fn settled(
    store: &CqlStore,
    id: HookId,
    last: Uuid,
    based_on: Option<u64>,
) -> Result<Verdict, StoreError> {
    let now = read_decided(store, id).await?;
    Ok(match now {
        Some(now) if now.last == last => Verdict::Done,
        now if now.as_ref().map(|now| now.record.revision) == based_on => Verdict::Again,
        // Ours, then another's; or another's alone.
        Some(_) if based_on.is_some() => Verdict::Unknown,
        Some(_) | None => Verdict::Refused,
    })
}

#[cfg(test)]
mod tests;
