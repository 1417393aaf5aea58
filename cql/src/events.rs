//! Feeds of events: the cold port. Numbers of a feed have no gap, and each is taken by a conditional insert after the one
//! before it was read serially: that is what lets a reader go on from any event without missing one.

use crate::CqlStore;
use crate::decide::{Verdict, decide};
use crate::log::unreadable;
use crate::statements::statements;
use crate::task::owned;
use domain::ids::{ClassId, DeckId, JobId, OrgId, UserId, Uuid};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::events::{EVENT_DATA_BYTES_MAX, EVENTS_KEPT_MS, EVENTS_PAGE_MAX};
use ports::{Boxed, Cause, Event, EventId, EventKind, EventPage, Events, Feed, Happening, StoreError, Told};
use scylla::DeserializeRow;
use std::collections::BTreeMap;

statements! {
    /// What is said to the tables of events in schema/0007_events.cql. A row lives for 35 days.
    EventStatements {
        end: Read = "SELECT last FROM event_feeds WHERE feed = ?";
        note_end: Write = "INSERT INTO event_feeds (feed, last) VALUES (?, ?) USING TIMESTAMP ?";
        newest: ReadSerial = "SELECT id FROM events WHERE feed = ? AND bucket = ? ORDER BY number DESC LIMIT 1";
        mark: ReadSerial = "SELECT mark FROM events WHERE feed = ? AND bucket = ? AND number = ?";
        append: Decide = "INSERT INTO events (feed, bucket, number, id, mark, kind, at_ms, through, also, user, class,
            deck, job, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS USING TTL 3024000";
        page: Read = "SELECT id, kind, at_ms, through, also, user, class, deck, job, data FROM events
            WHERE feed = ? AND bucket = ? AND number > ? LIMIT ?";
        some: Read = "SELECT number FROM events WHERE feed = ? AND bucket = ? LIMIT 1";
    }
}

/// Numbers of a partition.
const NUMBERS_A_BUCKET: u64 = 1_024;
/// Tries of an append that others were faster with; each of them has appended an event then.
const TRIES: usize = 256;

#[derive(DeserializeRow)]
struct Row {
    id: Vec<u8>,
    kind: String,
    at_ms: i64,
    through: Option<Uuid>,
    also: Option<Uuid>,
    user: Option<Uuid>,
    class: Option<Uuid>,
    deck: Option<Uuid>,
    job: Option<Uuid>,
    data: String,
}

impl Events for CqlStore {
    fn append_events(&self, told: Vec<Told>, now_ms: i64) -> Boxed<'_, Result<(), StoreError>> {
        let store = self.clone();
        Box::pin(owned(async move {
            if told.iter().any(|told| told.what.data.len() > EVENT_DATA_BYTES_MAX) {
                return Err(StoreError::new(Cause::Invalid, "an event says too much"));
            }
            let mut by_feed: BTreeMap<Feed, Vec<Told>> = BTreeMap::new();
            for told in told {
                by_feed.entry(told.feed).or_default().push(told);
            }
            let at_once = store.client().options().edit_writes_at_once;
            let appends = by_feed.into_iter().map(|(feed, told)| append_all(&store, feed, told, now_ms));
            stream::iter(appends.collect::<Vec<_>>()).buffer_unordered(at_once).try_collect::<()>().await
        }))
    }

    fn events(
        &self,
        feed: Feed,
        after: Option<EventId>,
        limit: usize,
    ) -> Boxed<'_, Result<EventPage, StoreError>> {
        Box::pin(page(self, feed, after, limit.min(EVENTS_PAGE_MAX)))
    }

    fn last_event(&self, feed: Feed) -> Boxed<'_, Result<Option<EventId>, StoreError>> {
        Box::pin(async move {
            let Some(end) = end(self, &feed).await? else { return Ok(None) };
            match newest(self, &feed, end.number()).await? {
                Some(last) => Ok(Some(last)),
                // All are gone; or this one has not come yet, and whoever goes on from before it will see it.
                None => Ok(end.before()),
            }
        })
    }

    /// Rows go by themselves.
    fn forget_events(&self, _: i64, _: usize) -> Boxed<'_, Result<usize, StoreError>> {
        Box::pin(async { Ok(0) })
    }
}

/// The partition of a number.
pub(crate) fn bucket_of(number: u64) -> u64 {
    number / NUMBERS_A_BUCKET
}

/// The newest id that somebody set out to append.
async fn end(store: &CqlStore, feed: &Feed) -> Result<Option<EventId>, StoreError> {
    let row: Option<(Vec<u8>,)> =
        store.client().read_one(&store.events_said().end, (&feed.key()[..],)).await?;
    row.map(|(id,)| id_of(&id)).transpose()
}

fn id_of(bytes: &[u8]) -> Result<EventId, StoreError> {
    EventId::of_bytes(bytes).ok_or_else(|| unreadable(&"what lies there is no event's id"))
}

/// The newest event that is there; no number is higher than `end`, and at most the last one is not there yet.
async fn newest(store: &CqlStore, feed: &Feed, end: u64) -> Result<Option<EventId>, StoreError> {
    let last = bucket_of(end);
    for bucket in [Some(last), last.checked_sub(1)].into_iter().flatten() {
        let key = (&feed.key()[..], bucket.cast_signed());
        let row: Option<(Vec<u8>,)> = store.client().read_one(&store.events_said().newest, key).await?;
        if let Some((id,)) = row {
            return id_of(&id).map(Some);
        }
    }
    Ok(None)
}

async fn append_all(store: &CqlStore, feed: Feed, told: Vec<Told>, now_ms: i64) -> Result<(), StoreError> {
    let mut last = None;
    for told in told {
        last = Some(append(store, feed, &told, last, now_ms).await?);
    }
    Ok(())
}

/// Appends one event behind the last one, which may be known.
async fn append(
    store: &CqlStore,
    feed: Feed,
    told: &Told,
    mut last: Option<EventId>,
    now_ms: i64,
) -> Result<EventId, StoreError> {
    for _ in 0..TRIES {
        let before = match last.take() {
            Some(last) => Some(last),
            None => before(store, &feed, now_ms).await?,
        };
        let id = EventId::next(&feed, before, now_ms);
        note_end(store, &feed, id).await?;
        if insert(store, &feed, id, told).await? {
            return Ok(id);
        }
        // Others were faster: theirs is read before the next number is taken.
    }
    Err(StoreError::new(Cause::Overloaded, "too many append to one feed"))
}

/// Notes that somebody sets out to append this one.
pub(crate) async fn note_end(store: &CqlStore, feed: &Feed, id: EventId) -> Result<(), StoreError> {
    let noted = (&feed.key()[..], &id.bytes()[..], id.number().cast_signed());
    store.client().write(&store.events_said().note_end, noted).await
}

/// Behind what the next event comes.
async fn before(store: &CqlStore, feed: &Feed, now_ms: i64) -> Result<Option<EventId>, StoreError> {
    let Some(end) = end(store, feed).await? else { return Ok(None) };
    if let Some(last) = newest(store, feed, end.number()).await? {
        return Ok(Some(last));
    }
    // Nothing is there. What somebody set out to append of late has not come yet, and its number is still to be taken; if
    // it is long ago all may have been there and gone, and the number is never taken again.
    let is_long_ago = now_ms.saturating_sub(end.at_ms()) >= EVENTS_KEPT_MS;
    Ok(if is_long_ago { Some(end) } else { end.before() })
}

/// Takes the number, unless it is taken.
async fn insert(store: &CqlStore, feed: &Feed, id: EventId, told: &Told) -> Result<bool, StoreError> {
    let (said, what, mark) = (store.events_said(), &told.what, uuid::Uuid::new_v4());
    let (key, number) = (feed.key(), id.number());
    let values = (
        &key[..],
        bucket_of(number).cast_signed(),
        number.cast_signed(),
        &id.bytes()[..],
        mark,
        what.kind.word(),
        what.at_ms,
        told.through.map(|class| class.0),
        told.also.map(|org| org.0),
        what.user.map(|user| user.0),
        what.class.map(|class| class.0),
        what.deck.map(|deck| deck.0),
        what.job.map(|job| job.0),
        what.data.as_str(),
    );
    decide(store.client(), &said.append, &values, || settled(store, feed, number, mark)).await
}

/// What became of an insert whose answer was lost.
async fn settled(store: &CqlStore, feed: &Feed, number: u64, mark: Uuid) -> Result<Verdict, StoreError> {
    let key = (&feed.key()[..], bucket_of(number).cast_signed(), number.cast_signed());
    let row: Option<(Uuid,)> = store.client().read_one(&store.events_said().mark, key).await?;
    Ok(match row {
        Some((theirs,)) if theirs == mark => Verdict::Done,
        Some(_) => Verdict::Refused,
        None => Verdict::Again,
    })
}

async fn page(
    store: &CqlStore,
    feed: Feed,
    after: Option<EventId>,
    limit: usize,
) -> Result<EventPage, StoreError> {
    let mut page = EventPage { events: Vec::new(), reached: after, has_more: false };
    let Some(end) = end(store, &feed).await? else { return Ok(page) };
    let after = after.map_or(0, EventId::number);
    let (first, last) = (bucket_of(after.saturating_add(1)), bucket_of(end.number()));
    let mut read = 0;
    for bucket in first_living(store, &feed, first, last).await?..=last {
        // One more says that there is more.
        let left = i32::try_from(limit.saturating_add(1) - read).unwrap_or(i32::MAX);
        let key = (&feed.key()[..], bucket.cast_signed(), after.cast_signed(), left);
        let rows: Vec<Row> = store.client().read(&store.events_said().page, key).await?;
        for row in rows {
            if read == limit {
                page.has_more = true;
                return Ok(page);
            }
            read += 1;
            let id = id_of(&row.id)?;
            page.reached = Some(id);
            // A kind that a newer node told of is not told on by this one.
            page.events.extend(EventKind::of_word(&row.kind).map(|kind| event(id, kind, row)));
        }
    }
    Ok(page)
}

fn event(id: EventId, kind: EventKind, row: Row) -> Event {
    let what = Happening {
        kind,
        at_ms: row.at_ms,
        user: row.user.map(UserId),
        class: row.class.map(ClassId),
        deck: row.deck.map(DeckId),
        job: row.job.map(JobId),
        data: row.data,
    };
    Event { id, through: row.through.map(ClassId), also: row.also.map(OrgId), what }
}

/// The first partition with rows: they go in the order in which they came, so it is found by halving.
async fn first_living(store: &CqlStore, feed: &Feed, first: u64, last: u64) -> Result<u64, StoreError> {
    let (mut low, mut high) = (first, last);
    while low < high {
        let middle = low.midpoint(high);
        let key = (&feed.key()[..], middle.cast_signed());
        let some: Option<(i64,)> = store.client().read_one(&store.events_said().some, key).await?;
        if some.is_some() {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests;
