//! `/history`: the learner's own log, as pages of JSON, or as a whole as CSV.

use crate::http::days::day;
use crate::http::outlook::{HistoryItem, HistoryQuery, HistoryWalk, ItemKind};
use crate::http::paging::{cursor, limit, place};
use crate::http::turns::Turn;
use crate::http::{App, Caller, Problem};
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::ids::{DeckId, EntryId, UserId, Uuid};
use futures_util::stream::try_unfold;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
        let turn = app.exporting.begin(caller.user)?;
        return Ok(table(app, caller.user, wanted, turn));
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

/// The log from here on as CSV, written as it is read: of what was written nothing is kept but what the entries that come are folded
/// with ([`HistoryWalk`]). Every field is a number, a word of ours, a day or a UUID, so that none can be taken for a formula.
fn table(app: web::Data<App>, who: UserId, query: HistoryQuery, turn: Turn) -> HttpResponse {
    let walk = HistoryWalk::default();
    let pieces = try_unfold((walk, true, turn), move |(mut walk, is_first, turn)| {
        let app = app.clone();
        async move {
            let items = app.study.history_walk(who, query, &mut walk).await.map_err(Problem::from)?;
            if items.is_empty() && !is_first {
                return Ok(None);
            }
            let text = csv(&items, is_first)?;
            Ok::<_, Problem>(Some((Bytes::from(text), (walk, false, turn))))
        }
    });
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"history.csv\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(pieces))
}

/// A row of the table.
#[derive(Serialize)]
struct Row {
    id: Uuid,
    kind: ItemKind,
    counted_as: Option<&'static str>,
    undone: bool,
    deck_id: Option<Uuid>,
    card_id: Option<Uuid>,
    grade: Option<u8>,
    at: i64,
    day: Option<String>,
    utc_offset_min: i16,
    elapsed_ms: Option<u32>,
    mode: Option<&'static str>,
    sitting: Option<Uuid>,
    early: Option<bool>,
    told: Option<bool>,
    confidence: Option<&'static str>,
}

const COLUMNS: [&str; 16] = [
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
    "early",
    "told",
    "confidence",
];

impl Row {
    fn of(item: &HistoryItem) -> Row {
        let answer = item.answer.as_ref();
        Row {
            id: item.id,
            kind: item.kind,
            counted_as: item.counted_as,
            undone: item.undone,
            deck_id: item.deck_id,
            card_id: item.card_id,
            grade: item.grade,
            at: item.at,
            day: item.day.map(|day| day.to_string()),
            utc_offset_min: item.utc_offset_min,
            elapsed_ms: answer.map(|answer| answer.elapsed_ms),
            mode: answer.map(|answer| answer.mode),
            sitting: answer.and_then(|answer| answer.sitting),
            early: answer.map(|answer| answer.early),
            told: answer.map(|answer| answer.told),
            confidence: answer.and_then(|answer| answer.confidence),
        }
    }
}

fn csv(items: &[HistoryItem], with_head: bool) -> Result<Vec<u8>, Problem> {
    let failed = |what: &dyn std::fmt::Display| {
        tracing::error!(%what, "a table could not be written");
        Problem::internal()
    };
    let mut table = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    if with_head {
        table.write_record(COLUMNS).map_err(|error| failed(&error))?;
    }
    for item in items {
        table.serialize(Row::of(item)).map_err(|error| failed(&error))?;
    }
    table.into_inner().map_err(|error| failed(&error))
}
