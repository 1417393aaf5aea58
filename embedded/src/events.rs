//! Feeds of events in `main.db`: the cold port. The desk writes one after another, so whoever sees an event sees all
//! that came before it.

use crate::error::{During, unreadable};
use crate::imports::most;
use crate::rows::maybe_id;
use crate::store::EmbeddedStore;
use domain::ids::{ClassId, DeckId, JobId, OrgId, UserId};
use ports::events::{EVENT_DATA_BYTES_MAX, EVENTS_PAGE_MAX};
use ports::{Boxed, Cause, Event, EventId, EventKind, EventPage, Events, Feed, Happening, StoreError, Told};
use rusqlite::{Connection, OptionalExtension, Row, params};

impl Events for EmbeddedStore {
    fn append_events(&self, told: Vec<Told>, now_ms: i64) -> Boxed<'_, Result<(), StoreError>> {
        Box::pin(async move {
            if told.iter().any(|told| told.what.data.len() > EVENT_DATA_BYTES_MAX) {
                return Err(StoreError::new(Cause::Invalid, "an event says too much"));
            }
            self.write(move |main| told.iter().try_for_each(|told| append(main, told, now_ms))).await
        })
    }

    fn events(
        &self,
        feed: Feed,
        after: Option<EventId>,
        limit: usize,
    ) -> Boxed<'_, Result<EventPage, StoreError>> {
        Box::pin(self.read_main(move |main| page(main, &feed, after, limit.min(EVENTS_PAGE_MAX))))
    }

    fn last_event(&self, feed: Feed) -> Boxed<'_, Result<Option<EventId>, StoreError>> {
        Box::pin(self.read_main(move |main| last(main, &feed)))
    }

    fn forget_events(&self, before_ms: i64, most: usize) -> Boxed<'_, Result<usize, StoreError>> {
        Box::pin(self.write(move |main| forget(main, before_ms, most)))
    }
}

fn append(main: &Connection, told: &Told, now_ms: i64) -> Result<(), StoreError> {
    let id = EventId::next(&told.feed, last(main, &told.feed)?, now_ms);
    let event = Event { id, through: told.through, also: told.also, what: told.what.clone() };
    put_end(main, &told.feed, id).and_then(|()| put(main, &told.feed, &event)).during("store an event")
}

/// Notes where a feed ends.
pub(crate) fn put_end(main: &Connection, feed: &Feed, last: EventId) -> rusqlite::Result<()> {
    main.prepare_cached("INSERT OR REPLACE INTO event_feeds VALUES (?1, ?2)")?
        .execute((&feed.key()[..], &last.bytes()[..]))?;
    Ok(())
}

/// Writes an event at its place.
pub(crate) fn put(main: &Connection, feed: &Feed, event: &Event) -> rusqlite::Result<()> {
    let Event { id, through, also, what } = event;
    main.prepare_cached(
        "INSERT OR REPLACE INTO events
             (feed, id, kept_ms, kind, at_ms, through, also, user, class, deck, job, data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        &feed.key()[..],
        &id.bytes()[..],
        id.at_ms(),
        what.kind.word(),
        what.at_ms,
        through.as_ref().map(|class| &class.bytes()[..]),
        also.as_ref().map(|org| &org.bytes()[..]),
        what.user.as_ref().map(|user| &user.bytes()[..]),
        what.class.as_ref().map(|class| &class.bytes()[..]),
        what.deck.as_ref().map(|deck| &deck.bytes()[..]),
        what.job.as_ref().map(|job| &job.bytes()[..]),
        what.data,
    ])?;
    Ok(())
}

fn last(main: &Connection, feed: &Feed) -> Result<Option<EventId>, StoreError> {
    let read = || {
        main.prepare_cached("SELECT last FROM event_feeds WHERE feed = ?1")?
            .query_row([&feed.key()[..]], |row| row.get::<_, Vec<u8>>(0))
            .optional()
    };
    let stored = read().during("read the end of a feed")?;
    stored.map(|bytes| id_of(&bytes)).transpose()
}

fn id_of(bytes: &[u8]) -> Result<EventId, StoreError> {
    EventId::of_bytes(bytes).ok_or_else(|| unreadable("read an event", "what lies there is no id"))
}

/// Events of a feed behind this one.
pub(crate) fn page(
    main: &Connection,
    feed: &Feed,
    after: Option<EventId>,
    limit: usize,
) -> Result<EventPage, StoreError> {
    let read = || {
        let mut select = main.prepare_cached(
            "SELECT id, kind, at_ms, through, also, user, class, deck, job, data FROM events
             WHERE feed = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        )?;
        let after = after.as_ref().map_or(&[][..], |after| &after.bytes()[..]);
        // One more says that there is more.
        let rows = select.query_map(params![&feed.key()[..], after, most(limit + 1)], of_row)?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    let mut rows = read().during("read events")?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let mut page = EventPage { events: Vec::with_capacity(rows.len()), reached: after, has_more };
    for row in rows {
        let id = id_of(&row.id)?;
        page.reached = Some(id);
        // A kind that a newer program told of is not told on.
        let Some(kind) = EventKind::of_word(&row.kind) else { continue };
        page.events.push(row.event(id, kind));
    }
    Ok(page)
}

/// An event as it lies in the table.
struct Stored {
    id: Vec<u8>,
    kind: String,
    at_ms: i64,
    /// Through, also, user, class, deck, job.
    ids: [Option<[u8; 16]>; 6],
    data: String,
}

impl Stored {
    fn event(self, id: EventId, kind: EventKind) -> Event {
        let [through, also, user, class, deck, job] = self.ids;
        let what = Happening {
            kind,
            at_ms: self.at_ms,
            user: user.map(UserId::from_bytes),
            class: class.map(ClassId::from_bytes),
            deck: deck.map(DeckId::from_bytes),
            job: job.map(JobId::from_bytes),
            data: self.data,
        };
        let (through, also) = (through.map(ClassId::from_bytes), also.map(OrgId::from_bytes));
        Event { id, through, also, what }
    }
}

fn of_row(row: &Row) -> rusqlite::Result<Stored> {
    let at = |column| maybe_id(row, column);
    let ids = [at(3)?, at(4)?, at(5)?, at(6)?, at(7)?, at(8)?];
    Ok(Stored { id: row.get(0)?, kind: row.get(1)?, at_ms: row.get(2)?, ids, data: row.get(9)? })
}

fn forget(main: &Connection, before_ms: i64, most_rows: usize) -> Result<usize, StoreError> {
    let forget = || {
        main.prepare_cached(
            "DELETE FROM events WHERE (feed, id) IN
             (SELECT feed, id FROM events WHERE kept_ms < ?1 ORDER BY kept_ms LIMIT ?2)",
        )?
        .execute((before_ms, most(most_rows)))
    };
    forget().during("forget events")
}
