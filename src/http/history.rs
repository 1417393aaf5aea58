//! `/history`: the learner's own log, as pages of JSON, or as a whole as CSV.

use crate::http::days::day;
use crate::http::outlook::{HistoryItem, HistoryQuery};
use crate::http::paging::{cursor, limit, place};
use crate::http::{App, Caller, Problem};
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::ids::{DeckId, EntryId, UserId, Uuid};
use futures_util::stream::try_unfold;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Entries that a piece of the CSV is made of.
const CSV_PIECE: usize = 500;

/// Which part of the log.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Query {
    /// Only entries about cards of this deck.
    deck_id: Option<Uuid>,
    /// The first study day, `YYYY-MM-DD`.
    #[schemars(with = "Option<super::dto::DayText>")]
    from: Option<String>,
    /// The last study day.
    #[schemars(with = "Option<super::dto::DayText>")]
    to: Option<String>,
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    cursor: Option<String>,
    /// `csv` for all of it as a table; so does `Accept: text/csv`.
    format: Option<Format>,
}

/// How the log is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    Json,
    Csv,
}

/// Where the next page begins.
#[derive(Serialize, Deserialize)]
struct Place {
    after: Uuid,
}

/// A page of the log.
#[derive(Serialize, JsonSchema)]
pub(super) struct HistoryOut {
    /// Oldest first.
    items: Vec<HistoryItem>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
}

/// `GET /history`: study days from `from` to `to`, both included, oldest first. A page may hold fewer items than asked
/// for and still have a `next`.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
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
    if is_table(&request, query.format) {
        return Ok(table(app, caller.user, HistoryQuery { limit: CSV_PIECE, ..wanted }));
    }
    let page = app.study.history(caller.user, wanted).await?;
    let next = page.next.and_then(|after| cursor(&Place { after: after.0 }));
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(HistoryOut { items: page.items, next }))
}

fn is_table(request: &HttpRequest, format: Option<Format>) -> bool {
    match format {
        Some(Format::Csv) => true,
        Some(Format::Json) => false,
        None => {
            let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
            accepts.is_some_and(|types| types.trim_start().to_ascii_lowercase().starts_with("text/csv"))
        }
    }
}

/// The log from here on as CSV, written as it is read: memory stays flat however long it is. Every field is a number, a
/// word of ours, a day or a UUID, so that none can be taken for a formula.
fn table(app: web::Data<App>, who: UserId, query: HistoryQuery) -> HttpResponse {
    let pieces = try_unfold((Some(query), true), move |(query, is_first)| {
        let app = app.clone();
        async move {
            let Some(query) = query else { return Ok(None) };
            let page = app.study.history(who, query).await.map_err(Problem::from)?;
            let next = page.next.map(|after| HistoryQuery { after: Some(after), ..query });
            let text = csv(&page.items, is_first)?;
            Ok::<_, Problem>(Some((Bytes::from(text), (next, false))))
        }
    });
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"history.csv\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(pieces))
}

const COLUMNS: [&str; 13] = [
    "id",
    "kind",
    "counted_as",
    "undone",
    "deck_id",
    "card_id",
    "grade",
    "at",
    "day",
    "utc_offset_min",
    "elapsed_ms",
    "mode",
    "sitting",
];

fn csv(items: &[HistoryItem], with_head: bool) -> Result<Vec<u8>, Problem> {
    let failed = |what: &dyn std::fmt::Display| {
        tracing::error!(%what, "a table could not be written");
        Problem::internal()
    };
    let mut table = csv::Writer::from_writer(Vec::new());
    if with_head {
        table.write_record(COLUMNS).map_err(|error| failed(&error))?;
    }
    for item in items {
        let value = serde_json::to_value(item).map_err(|error| failed(&error))?;
        let field = |name: &&str| match value.get(name) {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        table.write_record(COLUMNS.iter().map(field)).map_err(|error| failed(&error))?;
    }
    table.into_inner().map_err(|error| failed(&error))
}
