//! `/decks/import`, `/decks/{deck_id}/import`, `/imports/rejected`: a file that streams through the parser and becomes visible as a whole.

use crate::http::access::{Need, allowed, deck_to_edit};
use crate::http::body::{check_length, check_type, too_large};
use crate::http::decks::room_for_a_deck;
use crate::http::dto::deck::DeckIn;
use crate::http::keys::Key;
use crate::http::limits::{IMPORT_PIECE_WITHIN_MS, IMPORT_WITHIN_MS};
use crate::http::turns::Turn;
use crate::http::{App, Caller, Code, Problem};
use crate::import::limits::{FILE_BYTES_MAX, REPORTED_MAX};
use crate::import::{
    Delimiter, Dialect, Fault, ImportError, ImportOptions, ImportReport, Remark, import_deck, read_table,
    rejected_rows,
};
use crate::jobs::limits::{UPLOAD_PIECE_WITHIN_MS, UPLOAD_WITHIN_MS};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::{self, Bytes, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use domain::ids::{DeckId, Uuid};
use futures_util::{Stream, StreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// How to read the file where it is not to be found out.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ImportQuery {
    delimiter: Option<String>,
    header: Option<bool>,
    #[serde(default)]
    dry_run: bool,
}

/// The same with the name of the deck that is to be made.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct NewDeckQuery {
    title: String,
    delimiter: Option<String>,
    header: Option<bool>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ImportOut {
    /// The deck; null where none was made.
    deck_id: Option<Uuid>,
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
#[derive(Serialize, JsonSchema)]
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
    let deck = deck_to_edit(&app, &caller, DeckId(*path)).await?.id;
    let options = options(&request, &query)?;
    let _place = place(&app, &caller)?;
    let upload = Upload::default();
    let report = import_deck(&*app.library, deck, upload.pieces(payload), options, app.clock.wall_ms());
    let report = report.await.map_err(|error| upload.problem(error))?;
    if !report.dry_run && report.added + report.updated > 0 {
        app.study.deck_changed(deck);
    }
    Ok(HttpResponse::Ok().json(ImportOut::of(Some(deck), &report)))
}

/// `POST /decks/import?title=…`: a file becomes a deck. Only a file that holds a card makes one.
pub(super) async fn import_new(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<NewDeckQuery>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    allowed(&caller, Need::MakeDeck)?;
    let NewDeckQuery { title, delimiter, header, dry_run } = query.into_inner();
    let key = Key::of(&request, &caller)?;
    let now_ms = app.clock.wall_ms();
    let deck = DeckIn::titled(title).record(DeckId(key.id("deck", 0)), &caller, now_ms)?;
    let options = options(&request, &ImportQuery { delimiter, header, dry_run })?;
    let _place = place(&app, &caller)?;
    let upload = Upload::default();
    let digest = Rc::new(RefCell::new(Sha256::new()));
    let file = upload.pieces(payload).inspect(noting(key.is_given() && !dry_run, &digest));
    let table =
        read_table(file, options.dialect, REPORTED_MAX).await.map_err(|error| upload.problem(error))?;
    if !dry_run {
        let digest = digest.borrow().clone().finalize();
        key.take_with(&app, &digest).await?;
    }
    // What a request with the same key made is imported into once more: the same file again changes nothing.
    if key.is_given() && app.library.deck(deck.id).await?.is_some() {
        let made = deck_to_edit(&app, &caller, deck.id).await?;
        let report = table.into_deck(&*app.library, made.id, dry_run, now_ms).await?;
        app.study.deck_changed(made.id);
        return Ok(HttpResponse::Ok().json(ImportOut::of(Some(made.id), &report)));
    }
    room_for_a_deck(&app, &caller).await?;
    let (made, report) = table.into_new_deck(&*app.library, deck, dry_run, now_ms).await?;
    let Some(made) = made else { return Ok(HttpResponse::Ok().json(ImportOut::of(None, &report))) };
    app.study.access_changed(caller.user.into());
    app.study.deck_changed(made.id);
    Ok(HttpResponse::Created()
        .insert_header(("location", format!("/api/v1/decks/{}", made.id)))
        .json(ImportOut::of(Some(made.id), &report)))
}

/// `POST /imports/rejected`: the rows of a file that would make no card, as CSV. It touches no deck.
pub(super) async fn rejected(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<ImportQuery>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    allowed(&caller, Need::Account)?;
    let ImportOptions { dialect, dry_run: _ } = options(&request, &query)?;
    let _place = place(&app, &caller)?;
    let upload = Upload::default();
    let table = rejected_rows(upload.pieces(payload), dialect).await;
    let table = table.map_err(|error| upload.problem(error))?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"rejected.csv\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        // By the mark at its beginning spreadsheets know that it is UTF-8; an import leaves it out.
        .body(format!("\u{feff}{}", table.into_csv())))
}

/// Feeds what comes of a file to a digest, where it is wanted.
fn noting(wanted: bool, digest: &Rc<RefCell<Sha256>>) -> impl Fn(&Result<Bytes, String>) + use<> {
    let digest = digest.clone();
    move |piece| {
        if let (true, Ok(piece)) = (wanted, piece) {
            digest.borrow_mut().update(piece);
        }
    }
}

/// How to read the file, once it is known that it can be read at all.
fn options(request: &HttpRequest, query: &ImportQuery) -> Result<ImportOptions, Problem> {
    check_type(request, is_table, "text/csv")?;
    check_length(request, usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX))?;
    let dialect = Dialect { delimiter: delimiter(request, query)?, header: query.header };
    Ok(ImportOptions { dialect, dry_run: query.dry_run })
}

/// A place among the imports that run at once, one a person.
fn place(app: &App, caller: &Caller) -> Result<(Turn, OwnedSemaphorePermit), Problem> {
    let turn = app.importing.begin(caller.user)?;
    let busy = |_| Problem::unavailable("Other imports are running; try again in a moment.");
    Ok((turn, app.imports.clone().try_acquire_owned().map_err(busy)?))
}

impl ImportOut {
    fn of(deck: Option<DeckId>, report: &ImportReport) -> ImportOut {
        ImportOut {
            deck_id: deck.map(|deck| deck.0),
            added: report.added,
            updated: report.updated,
            unchanged: report.unchanged,
            rejected: report.rejected.listed.iter().map(RemarkOut::from).collect(),
            rejected_total: report.rejected.total,
            changed: report.changed.listed.iter().map(RemarkOut::from).collect(),
            changed_total: report.changed.total,
            dry_run: report.dry_run,
        }
    }
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

/// A file on its way. A sender that stops, or is too slow as a whole, is not waited for.
pub(super) struct Upload {
    piece_within: Duration,
    whole_within: Duration,
    late: Rc<Cell<bool>>,
}

impl Default for Upload {
    fn default() -> Upload {
        Upload {
            piece_within: Duration::from_millis(IMPORT_PIECE_WITHIN_MS),
            whole_within: Duration::from_millis(IMPORT_WITHIN_MS),
            late: Rc::default(),
        }
    }
}

impl Upload {
    /// For the file of a job, which may be long.
    pub(super) fn of_a_job() -> Upload {
        Upload {
            piece_within: Duration::from_millis(UPLOAD_PIECE_WITHIN_MS),
            whole_within: Duration::from_millis(UPLOAD_WITHIN_MS),
            late: Rc::default(),
        }
    }

    /// The body, piece by piece, as fast as it is taken.
    pub(super) fn pieces<E: Display>(
        &self,
        payload: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> impl Stream<Item = Result<Bytes, String>> {
        let until = Instant::now() + self.whole_within;
        let (within, late) = (self.piece_within, self.late.clone());
        stream::unfold(Some(payload), move |payload| {
            let late = late.clone();
            async move {
                let mut payload = payload?;
                let within = within.min(until.saturating_duration_since(Instant::now()));
                match actix_web::rt::time::timeout(within, payload.next()).await {
                    Ok(Some(Ok(piece))) => Some((Ok(piece), Some(payload))),
                    Ok(Some(Err(error))) => Some((Err(error.to_string()), None)),
                    Ok(None) => None,
                    Err(_) => {
                        late.set(true);
                        Some((Err("the file did not arrive in time".to_owned()), None))
                    }
                }
            }
        })
    }

    /// That it was too late, if it was.
    pub(super) fn late(&self) -> Option<Problem> {
        let late = || Problem::new(Code::TooSlow, "Nothing was imported: the file did not arrive in time.");
        self.late.get().then(late)
    }

    /// Why nothing was imported.
    fn problem(&self, error: ImportError) -> Problem {
        self.late().unwrap_or_else(|| error.into())
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Problem {
        match error {
            ImportError::File(fault) => match fault.fault {
                Fault::FileTooLong => {
                    too_large(usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX)).with("line", fault.line)
                }
                Fault::LongerThan { bytes_max } => {
                    too_large(usize::try_from(bytes_max).unwrap_or(usize::MAX)).with("line", fault.line)
                }
                Fault::UnclosedQuote
                | Fault::Encoding
                | Fault::NotText
                | Fault::NoHeader
                | Fault::TooManyRows
                | Fault::MoreRowsThan { .. }
                | Fault::NamesMoreThan { .. } => {
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(upload: &Upload, body: impl Stream<Item = Result<Bytes, String>> + Unpin) -> Code {
        let outcome = rejected_rows(upload.pieces(body), Dialect::default()).await;
        upload.problem(outcome.unwrap_err()).code()
    }

    #[actix_web::test]
    async fn a_file_that_stops_or_drips_is_too_slow_and_one_that_breaks_off_is_malformed() {
        let soon = Duration::from_millis(5);
        let row = || Ok(Bytes::from_static(b"a,b\n"));
        let stops = Upload { piece_within: soon, ..Upload::default() };
        assert_eq!(told(&stops, stream::iter([row()]).chain(stream::pending())).await, Code::TooSlow);
        let drips = Upload { whole_within: soon, ..Upload::default() };
        let drip = stream::repeat_with(row).then(async |row| {
            actix_web::rt::time::sleep(Duration::from_millis(1)).await;
            row
        });
        assert_eq!(told(&drips, Box::pin(drip)).await, Code::TooSlow);
        let breaks = stream::iter([row(), Err("gone".to_owned())]);
        assert_eq!(told(&Upload::default(), breaks).await, Code::Malformed);
    }
}
