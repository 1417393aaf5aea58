//! `GET /events`: what happened to somebody, their classes and their organisation; as pages, waiting for news or not, and
//! as server-sent events (`stream`).

mod stream;

use crate::events::limits::WAIT_S_MAX;
use crate::events::{Place, Reader};
use crate::http::dto::event::{EventOut, kinds};
use crate::http::paging::{cursor, limit, place};
use crate::http::{App, Caller, Problem};
use crate::teaching::all_run;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL};
use actix_web::{HttpRequest, HttpResponse, web};
use ports::EventKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// In place of a cursor: only what happens from now on.
const NOW: &str = "now";

/// Which events.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct EventsQuery {
    /// Where to go on, as `next` of the page before or the `id` of a server-sent event said; `now` for what happens from
    /// now on. Without it everything that is kept is shown.
    after: Option<String>,
    /// Events of a page.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    /// Only these kinds, with commas between.
    kind: Option<String>,
    /// How many seconds to wait for an event where there is none.
    #[schemars(range(min = 0, max = 30))]
    wait: Option<u64>,
}

/// A page of events.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EventsOut {
    /// Oldest first.
    items: Vec<EventOut>,
    /// Where to go on: `after` of the next request, also where there is nothing yet.
    next: String,
    /// Whether more is there at once.
    has_more: bool,
}

/// What is asked for, checked.
struct Asked {
    place: Option<Place>,
    kinds: Vec<EventKind>,
    limit: usize,
    wait: Duration,
}

impl Asked {
    fn of(query: &EventsQuery, after: Option<&str>) -> Result<Asked, Problem> {
        let place = match after.or(query.after.as_deref()) {
            None => Some(Place::default()),
            Some(NOW) => None,
            Some(text) => Some(place_of(text)?),
        };
        let kinds = query.kind.as_deref().map_or(Some(Vec::new()), kinds).ok_or_else(|| {
            let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.word()).collect();
            Problem::invalid(format!("`kind` names kinds with commas between: {}.", known.join(", ")))
        })?;
        let wait = query.wait.unwrap_or(0);
        if wait > WAIT_S_MAX {
            return Err(Problem::invalid(format!("`wait` is 0 to {WAIT_S_MAX} seconds.")));
        }
        Ok(Asked { place, kinds, limit: limit(query.limit)?, wait: Duration::from_secs(wait) })
    }
}

fn place_of(text: &str) -> Result<Place, Problem> {
    let fault = || Problem::invalid("`after` is not one that this feed gave.");
    place::<Place>(text).ok().filter(Place::is_sound).ok_or_else(fault)
}

/// `GET /events?after&limit&kind&wait`
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<EventsQuery>,
) -> Result<HttpResponse, Problem> {
    if wants_stream(&request) {
        let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok());
        let asked = Asked::of(&query, last.filter(|last| !last.is_empty()))?;
        return stream::open(&app, caller, asked).await;
    }
    let asked = Asked::of(&query, None)?;
    let turn = if asked.wait.is_zero() { None } else { Some(app.watching.begin(caller.user)?) };
    let until = Instant::now() + asked.wait;
    let mut watch = app.events.watch();
    let mut reader = reader_of(&app, &caller).await?;
    let mut place = match asked.place {
        Some(place) => place,
        None => app.events.end_for(&reader).await?,
    };
    loop {
        let shown = app.events.read(&reader, place, &asked.kinds, asked.limit).await?;
        let left = until.saturating_duration_since(Instant::now());
        if !shown.events.is_empty() || shown.has_more || left.is_zero() {
            drop(turn);
            let items = shown.events.iter().map(|(event, _)| EventOut::of(event.id, &event.what)).collect();
            let next = cursor(&shown.place).ok_or_else(Problem::internal)?;
            let out = EventsOut { items, next, has_more: shown.has_more };
            return Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(out));
        }
        place = shown.place;
        watch.news_of(&reader.feeds(), left).await;
        reader = reader_now(&app, &caller).await?;
    }
}

fn wants_stream(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|media| {
        media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("text/event-stream"))
    })
}

/// What somebody may see of feeds.
///
/// # Errors
/// The store's.
pub(super) async fn reader_of(app: &App, caller: &Caller) -> Result<Reader, Problem> {
    let runs = all_run(app.people.as_ref(), app.papers.as_ref(), caller).await?;
    let administers = caller.org.filter(|org| caller.administers(Some(*org)));
    Ok(Reader { user: caller.user, administers, runs })
}

/// The same some time after the token was looked at: what the person is no longer is not seen.
async fn reader_now(app: &App, caller: &Caller) -> Result<Reader, Problem> {
    if !caller.may_teach() {
        return reader_of(app, caller).await;
    }
    let person = app.people.person(caller.user).await?.ok_or_else(Problem::not_found)?;
    let now = Caller { user: caller.user, role: person.role, org: person.org };
    let is_still = now.administers(caller.org) || !caller.administers(caller.org);
    let caller = if is_still { caller } else { &now };
    if !now.may_teach() {
        return reader_of(app, &now).await;
    }
    reader_of(app, caller).await
}
