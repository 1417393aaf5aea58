//! `/decks/{deck_id}/import`: a file that streams through the parser and becomes visible as a whole.

use crate::http::access::deck_to_edit;
use crate::http::body::{check_length, check_type, too_large};
use crate::http::limits::IMPORT_PIECE_WITHIN_MS;
use crate::http::{App, Caller, Code, Problem};
use crate::import::limits::FILE_BYTES_MAX;
use crate::import::{Delimiter, Dialect, Fault, ImportError, ImportOptions, Remark, import_deck};
use actix_web::web::{self, Bytes, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use domain::ids::{DeckId, Uuid};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How to read the file where it is not to be found out.
#[derive(Debug, Deserialize)]
pub(super) struct ImportQuery {
    delimiter: Option<String>,
    header: Option<bool>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize)]
struct ImportOut {
    added: u64,
    updated: u64,
    unchanged: u64,
    rejected: Vec<RemarkOut>,
    rejected_total: u64,
    changed: Vec<RemarkOut>,
    changed_total: u64,
    dry_run: bool,
}

/// One remark about a row.
#[derive(Serialize)]
struct RemarkOut {
    line: u64,
    column: u32,
    reason: &'static str,
    message: String,
}

impl From<&Remark> for RemarkOut {
    fn from(remark: &Remark) -> RemarkOut {
        RemarkOut {
            line: remark.line,
            column: remark.column,
            reason: remark.reason.code(),
            message: remark.reason.to_string(),
        }
    }
}

/// `POST /decks/{deck_id}/import`
pub(super) async fn import(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
    query: web::Query<ImportQuery>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    check_type(&request, is_table)?;
    check_length(&request, usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX))?;
    let deck = deck_to_edit(&app, &caller, DeckId(*path)).await?.id;
    let dialect = Dialect { delimiter: delimiter(&request, &query)?, header: query.header };
    let busy = |_| Problem::unavailable("Other imports are running; try again in a moment.");
    let _place = app.imports.clone().try_acquire_owned().map_err(busy)?;
    let options = ImportOptions { dialect, dry_run: query.dry_run };
    let report = import_deck(&*app.library, deck, pieces(payload), options, app.clock.wall_ms()).await?;
    if !report.dry_run && report.added + report.updated > 0 {
        app.study.deck_changed(deck);
    }
    Ok(HttpResponse::Ok().json(ImportOut {
        added: report.added,
        updated: report.updated,
        unchanged: report.unchanged,
        rejected: report.rejected.listed.iter().map(RemarkOut::from).collect(),
        rejected_total: report.rejected.total,
        changed: report.changed.listed.iter().map(RemarkOut::from).collect(),
        changed_total: report.changed.total,
        dry_run: report.dry_run,
    }))
}

fn delimiter(request: &HttpRequest, query: &ImportQuery) -> Result<Option<Delimiter>, Problem> {
    let tabs = request.content_type().eq_ignore_ascii_case("text/tab-separated-values");
    let Some(name) = &query.delimiter else { return Ok(tabs.then_some(Delimiter::TAB)) };
    name.parse().map(Some).map_err(|_| {
        Problem::invalid("`delimiter` is tab, comma, semicolon, pipe, or one punctuation character.")
    })
}

/// What browsers call a table of text, depending on what else is installed.
fn is_table(media: &str) -> bool {
    matches!(
        media,
        "text/csv"
            | "text/tab-separated-values"
            | "text/plain"
            | "text/comma-separated-values"
            | "application/csv"
            | "application/vnd.ms-excel"
            | "application/octet-stream"
    )
}

/// The body, piece by piece, as fast as it is taken; a sender that stops is not waited for.
fn pieces(payload: Payload) -> impl Stream<Item = Result<Bytes, String>> {
    let within = Duration::from_millis(IMPORT_PIECE_WITHIN_MS);
    stream::unfold(Some(payload), move |payload| async move {
        let mut payload = payload?;
        match actix_web::rt::time::timeout(within, payload.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(payload))),
            Ok(Some(Err(error))) => Some((Err(error.to_string()), None)),
            Ok(None) => None,
            Err(_) => Some((Err("the file stopped arriving".to_owned()), None)),
        }
    })
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Problem {
        match error {
            ImportError::File(fault) => match fault.fault {
                Fault::FileTooLong => {
                    too_large(usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX)).with("line", fault.line)
                }
                Fault::UnclosedQuote | Fault::Encoding | Fault::NotText | Fault::TooManyRows => {
                    let detail = format!("Nothing was imported: {fault}.");
                    Problem::new(Code::BadFile, detail)
                        .with("line", fault.line)
                        .with("fault", fault.fault.code())
                }
            },
            ImportError::Read(why) => Problem::new(Code::Malformed, format!("Nothing was imported: {why}.")),
            ImportError::Library(error) => error.into(),
            ImportError::GivenUp => Problem::internal(),
        }
    }
}
