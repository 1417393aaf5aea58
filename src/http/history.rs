//! `/history`: the learner's own log.

use crate::http::outlook::{HistoryItem, HistoryQuery};
use crate::http::paging::{cursor, limit, place};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpResponse, web};
use domain::day::Day;
use domain::ids::{DeckId, EntryId, Uuid};
use serde::{Deserialize, Serialize};

/// Which part of the log.
#[derive(Debug, Deserialize)]
pub(super) struct Query {
    deck_id: Option<Uuid>,
    from: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Where the next page begins.
#[derive(Serialize, Deserialize)]
struct Place {
    after: Uuid,
}

#[derive(Serialize)]
struct HistoryOut {
    items: Vec<HistoryItem>,
    next: Option<String>,
}

/// `GET /history`: study days from `from` to `to`, both included, oldest first. A page may hold fewer items than asked
/// for and still have a `next`.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<Query>,
) -> Result<HttpResponse, Problem> {
    let after = query.cursor.as_deref().map(place::<Place>).transpose()?.map(|place| EntryId(place.after));
    let wanted = HistoryQuery {
        deck: query.deck_id.map(DeckId),
        from: day("from", query.from.as_deref())?,
        to: day("to", query.to.as_deref())?,
        after,
        limit: limit(query.limit)?,
    };
    let page = app.study.history(caller.user, wanted).await?;
    let next = page.next.and_then(|after| cursor(&Place { after: after.0 }));
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(HistoryOut { items: page.items, next }))
}

fn day(name: &str, text: Option<&str>) -> Result<Option<Day>, Problem> {
    let read =
        |text: &str| text.parse().map_err(|_| Problem::invalid(format!("`{name}` is a day: YYYY-MM-DD.")));
    text.map(read).transpose()
}
