//! The feed as server-sent events. Each has as its id the place behind it, so whoever lost the connection goes on there.

use super::{Asked, reader_now, reader_of};
use crate::events::{Place, Watch};
use crate::http::dto::event::EventOut;
use crate::http::limits::{EVENT_STREAM_MS_MAX, KEEP_ALIVE_EVERY_MS};
use crate::http::paging::cursor;
use crate::http::turns::Turn;
use crate::http::{App, Caller, Problem};
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING};
use actix_web::web::{self, Bytes};
use futures_util::stream;
use ports::{Event, EventKind};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// Events that a stream reads at once.
const EVENTS_AT_ONCE: usize = 50;

/// Somebody who watches their feed.
struct Watching {
    app: web::Data<App>,
    caller: Caller,
    kinds: Vec<EventKind>,
    place: Place,
    watch: Watch,
    read: VecDeque<(Event, Place)>,
    has_more: bool,
    is_opened: bool,
    until: Instant,
    told_at: Instant,
    _turn: Turn,
    _permit: OwnedSemaphorePermit,
}

/// Opens a stream.
///
/// # Errors
/// 429 or 503 where there are too many; the store's.
pub(super) async fn open(
    app: &web::Data<App>,
    caller: Caller,
    asked: Asked,
) -> Result<HttpResponse, Problem> {
    let turn = app.watching.begin(caller.user)?;
    let full = |_| Problem::unavailable("Too many streams are open here; try again in a moment.");
    let permit = app.events.streams().clone().try_acquire_owned().map_err(full)?;
    let watch = app.events.watch();
    let place = match asked.place {
        Some(place) => place,
        None => app.events.end_for(&reader_of(app, &caller).await?).await?,
    };
    let now = Instant::now();
    let watching = Watching {
        app: app.clone(),
        caller,
        kinds: asked.kinds,
        place,
        watch,
        read: VecDeque::new(),
        has_more: true,
        is_opened: false,
        until: now + Duration::from_millis(EVENT_STREAM_MS_MAX),
        told_at: now,
        _turn: turn,
        _permit: permit,
    };
    let events = stream::unfold(watching, async |mut watching| {
        let event = watching.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), watching))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        // Neither a proxy nor our own compression holds events back.
        .insert_header(("x-accel-buffering", "no"))
        .insert_header((CONTENT_ENCODING, "identity"))
        .streaming(Box::pin(events)))
}

impl Watching {
    /// What is sent next; `None` at the end: whoever is still interested asks anew.
    async fn next(&mut self) -> Option<String> {
        if !self.is_opened {
            // Whoever came before anything happened comes back to here.
            self.is_opened = true;
            return Some(format!("id: {}\n: here\n\n", cursor(&self.place)?));
        }
        while Instant::now() < self.until {
            if let Some((event, place)) = self.read.pop_front() {
                self.told_at = Instant::now();
                return event_text(&event, &place);
            }
            if self.has_more {
                self.read_on().await?;
                continue;
            }
            let keep_alive = Duration::from_millis(KEEP_ALIVE_EVERY_MS);
            let silent = self.told_at.elapsed();
            if silent >= keep_alive {
                self.told_at = Instant::now();
                return Some(": still here\n\n".to_owned());
            }
            let rest = self.until.saturating_duration_since(Instant::now());
            let reader_feeds = self.feeds();
            self.watch.news_of(&reader_feeds, (keep_alive - silent).min(rest)).await;
            self.has_more = true;
        }
        None
    }

    fn feeds(&self) -> Vec<ports::Feed> {
        let org = self.caller.org.filter(|org| self.caller.administers(Some(*org)));
        [ports::Feed::Person(self.caller.user)].into_iter().chain(org.map(ports::Feed::Org)).collect()
    }

    /// Reads on; `None` when the store does not answer: the client comes back.
    async fn read_on(&mut self) -> Option<()> {
        let reader = reader_now(&self.app, &self.caller).await.ok()?;
        let read = self.app.events.read(&reader, self.place, &self.kinds, EVENTS_AT_ONCE).await;
        let shown = read.inspect_err(|error| tracing::debug!(%error, "a stream of events ends")).ok()?;
        self.place = shown.place;
        self.has_more = shown.has_more;
        self.read = shown.events.into();
        Some(())
    }
}

fn event_text(event: &Event, place: &Place) -> Option<String> {
    let shown = EventOut::of(event.id, &event.what);
    let data = serde_json::to_string(&shown).ok()?;
    Some(format!("event: {}\nid: {}\ndata: {data}\n\n", event.what.kind.word(), cursor(place)?))
}
