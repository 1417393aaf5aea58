//! `/decks/{deck_id}/import`: a file that streams through the parser and becomes visible as a whole.

use crate::http::access::deck_to_edit;
use crate::http::body::{check_length, check_type, too_large};
use crate::http::limits::{IMPORT_PIECE_WITHIN_MS, IMPORT_PIECES_WAITING};
use crate::http::{App, Caller, Code, Problem};
use crate::import::limits::FILE_BYTES_MAX;
use crate::import::{CommitError, FileFault, Importer, Options, Parsed, Rejected, commit, delimiter_named};
use actix_web::web::{self, Bytes, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use domain::ids::{DeckId, Uuid};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How to read the file where it is not to be found out.
#[derive(Debug, Deserialize)]
pub(super) struct ImportQuery {
    delimiter: Option<String>,
    header: Option<bool>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize)]
struct ImportOut<'a> {
    added: usize,
    updated: usize,
    unchanged: usize,
    rejected: &'a [Rejected],
    rejected_total: usize,
    dry_run: bool,
    encoding: &'static str,
    delimiter: char,
    header: bool,
    ignored_columns: &'a [String],
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
    check_length(&request, FILE_BYTES_MAX)?;
    let deck = deck_to_edit(&app, &caller, DeckId(*path)).await?.id;
    let options = options(&request, &query)?;
    let busy = |_| Problem::unavailable("Other imports are running; try again in a moment.");
    let _place = app.imports.clone().try_acquire_owned().map_err(busy)?;
    let parsed = Arc::new(parse(payload, options).await?);
    let outcome = commit(&*app.library, deck, &parsed, query.dry_run, app.clock.wall_ms()).await?;
    if !query.dry_run && outcome.added + outcome.updated > 0 {
        app.study.deck_changed(deck);
    }
    Ok(HttpResponse::Ok().json(ImportOut {
        added: outcome.added,
        updated: outcome.updated,
        unchanged: outcome.unchanged,
        rejected: &parsed.rejected,
        rejected_total: parsed.rejected_total,
        dry_run: query.dry_run,
        encoding: parsed.encoding.name(),
        delimiter: char::from(parsed.delimiter),
        header: parsed.header,
        ignored_columns: &parsed.ignored_columns,
    }))
}

fn options(request: &HttpRequest, query: &ImportQuery) -> Result<Options, Problem> {
    let named = |name: &String| {
        delimiter_named(name).ok_or_else(|| {
            Problem::invalid("`delimiter` is tab, comma, semicolon, pipe, or one punctuation character.")
        })
    };
    let delimiter = query.delimiter.as_ref().map(named).transpose()?;
    let tabs = request.content_type().eq_ignore_ascii_case("text/tab-separated-values");
    Ok(Options { delimiter, header: query.header, delimiter_otherwise: tabs.then_some(b'\t') })
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

/// Parses on a thread of its own, because a large piece takes longer than others should wait. The body is read only as
/// fast as the parser takes it.
async fn parse(mut payload: Payload, options: Options) -> Result<Parsed, Problem> {
    let (pieces, mut arrived) = mpsc::channel::<Bytes>(IMPORT_PIECES_WAITING);
    // Whether the body is whole is known only here: a sender that is dropped early must not look like its end.
    let (whole, is_whole) = tokio::sync::oneshot::channel::<()>();
    let parser = tokio::task::spawn_blocking(move || {
        let mut importer = Importer::new(options);
        while let Some(piece) = arrived.blocking_recv() {
            importer.feed(&piece)?;
        }
        if is_whole.blocking_recv().is_err() {
            return Ok(None);
        }
        importer.finish().map(Some)
    });
    let sent = send(&mut payload, pieces).await;
    if sent.is_ok() {
        let _ = whole.send(());
    } else {
        drop(whole);
    }
    let parsed = parser.await.map_err(|error| {
        tracing::error!(%error, "an import's parser fell");
        Problem::internal()
    })?;
    match (parsed, sent) {
        (Err(fault), _) => Err(fault.into()),
        (Ok(_), Err(problem)) => Err(problem),
        (Ok(parsed), Ok(())) => parsed.ok_or_else(Problem::internal),
    }
}

async fn send(payload: &mut Payload, pieces: mpsc::Sender<Bytes>) -> Result<(), Problem> {
    let within = Duration::from_millis(IMPORT_PIECE_WITHIN_MS);
    let late = |_| Problem::new(Code::TooSlow, "The file stopped arriving.");
    while let Some(piece) = actix_web::rt::time::timeout(within, payload.next()).await.map_err(late)? {
        let piece = piece.map_err(|_| Problem::new(Code::Malformed, "The file broke off."))?;
        if pieces.send(piece).await.is_err() {
            // The parser has found a fault and says which.
            break;
        }
    }
    Ok(())
}

impl From<FileFault> for Problem {
    fn from(fault: FileFault) -> Problem {
        match fault {
            FileFault::TooManyBytes { line } => too_large(FILE_BYTES_MAX).with("line", line),
            FileFault::UnclosedQuote { .. }
            | FileFault::BadEncoding { .. }
            | FileFault::NotText { .. }
            | FileFault::TooManyRows { .. } => {
                let detail = format!("Nothing was imported: {fault}.");
                Problem::new(Code::BadFile, detail).with("line", fault.line())
            }
        }
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Problem {
        match error {
            CommitError::Library(error) => error.into(),
            CommitError::Interrupted => Problem::internal(),
        }
    }
}
