//! `GET /decks/{deck_id}/export`: a deck as a table, as JSON Lines, or as a package of Anki, for whoever may see it.

use crate::export::{ExportError, Lines, Now, PackageParts, write_package};
use crate::http::access::deck_to_read;
use crate::http::limits::{CARDS_PER_EXPORT_PAGE, EXPORT_PIECE_BYTES};
use crate::http::turns::Turn;
use crate::http::{App, Caller, Code, Problem};
use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING};
use actix_web::web::{self, Bytes};
use domain::day::ZoneHistory;
use domain::ids::{DeckId, Uuid};
use futures_util::stream;
use ports::{CardQuery, CardRecord, DeckRecord, Library, LibraryError};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fs::File;
use std::io::{self, Read};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

/// What is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ExportQuery {
    /// `csv`, `jsonl` or `apkg`.
    format: Option<String>,
    #[serde(default)]
    scheduling: bool,
}

/// `GET /decks/{deck_id}/export?format=csv|jsonl|apkg&scheduling=true`
pub(super) async fn export(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
    query: web::Query<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    let deck = deck_to_read(&app, &caller, DeckId(*path)).await?;
    let turn = app.exporting.begin(caller.user)?;
    match query.format.as_deref() {
        None | Some("csv") => {
            lines(&app, deck, Lines::table(), ("csv", "text/csv; charset=utf-8"), turn).await
        }
        Some("jsonl") => lines(&app, deck, Lines::objects(), ("jsonl", "application/x-ndjson"), turn).await,
        Some("apkg") => {
            let scheduling = query.scheduling;
            package(&app, &caller, deck, scheduling, turn).await
        }
        Some(_) => Err(Problem::invalid("`format` is csv, jsonl or apkg.")),
    }
}

/// A name that every system takes for a file.
fn attachment(deck: &DeckRecord, ending: &str) -> String {
    let harmless = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let name: String = deck.title.chars().take(60).map(harmless).collect();
    let name = name.trim_matches('-');
    let name = if name.is_empty() { "deck" } else { name };
    format!("attachment; filename=\"{name}.{ending}\"")
}

/// A page of cards that are not deleted, and where the next one begins; `None` after the last one.
async fn page(
    library: &dyn Library,
    deck: DeckId,
    from: Option<u32>,
) -> Result<Option<(Vec<CardRecord>, Option<u32>)>, LibraryError> {
    let Some(from) = from else { return Ok(None) };
    let query =
        CardQuery { from_position: from, limit: CARDS_PER_EXPORT_PAGE, text: None, with_deleted: false };
    let cards = library.cards(deck, query).await?;
    let is_full = cards.len() >= CARDS_PER_EXPORT_PAGE;
    let next = cards.last().filter(|_| is_full).map(|last| last.position.saturating_add(1));
    Ok(Some((cards, next)))
}

/// A line a card, made while it is sent. Which cards need a name of their own is looked up first.
async fn lines(
    app: &App,
    deck: DeckRecord,
    mut lines: Lines,
    (ending, media_type): (&str, &str),
    turn: Turn,
) -> Result<HttpResponse, Problem> {
    let library = app.library.clone();
    let mut from = Some(0);
    while let Some((cards, next)) = page(&*library, deck.id, from).await? {
        cards.iter().for_each(|card| lines.note(card));
        from = next;
    }
    let named = attachment(&deck, ending);
    let first = Bytes::from(lines.head());
    let rest = stream::unfold(Some((library, lines, Some(0), turn)), move |state| async move {
        let (library, lines, from, turn) = state?;
        match page(&*library, deck.id, from).await {
            Ok(None) => None,
            Ok(Some((cards, next))) => {
                let mut text = String::new();
                cards.iter().for_each(|card| lines.push(card, &mut text));
                Some((Ok(Bytes::from(text)), Some((library, lines, next, turn))))
            }
            Err(error) => Some((Err(io::Error::other(error.to_string())), None)),
        }
    });
    let all = futures_util::StreamExt::chain(stream::iter([Ok(first)]), rest);
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((CONTENT_DISPOSITION, named))
        .insert_header(("cache-control", "no-store"))
        .streaming(Box::pin(all)))
}

/// A package is made on the disk first, and gone when it was sent.
async fn package(
    app: &App,
    caller: &Caller,
    deck: DeckRecord,
    scheduling: bool,
    turn: Turn,
) -> Result<HttpResponse, Problem> {
    let not_here = || Problem::new(Code::NotOffered, "This server has no folder to make packages in.");
    let folder = app.jobs.as_ref().ok_or_else(not_here)?.folder().clone();
    let busy = |_| Problem::unavailable("Other packages are being made; try again in a moment.");
    let place = app.exports.clone().try_acquire_owned().map_err(busy)?;
    let learner = if scheduling {
        let person = app.people.person(caller.user).await?;
        let zones = person.map_or_else(ZoneHistory::new, |person| person.zones);
        let at_ms = app.clock.wall_ms();
        Some((caller.user, Now { at_ms, today: zones.stamp(at_ms).day }))
    } else {
        None
    };
    let named = attachment(&deck, "apkg");
    let parts = PackageParts {
        library: app.library.clone(),
        notes: app.notes.clone(),
        media: app.media.clone(),
        logs: app.logs.clone(),
        runtime: Handle::current(),
        folder,
        deck,
        learner,
    };
    // The turn and the place go with the work: it goes on when nobody waits for the answer any more.
    let made = crate::http::body::apart(move || {
        let scratch = parts.folder.scratch().map_err(anki::WriteError::from)?;
        let path = scratch.path().join("deck.apkg");
        write_package(&parts, &path, scratch.path())?;
        let file = File::open(&path).map_err(anki::WriteError::from)?;
        let bytes = file.metadata().map_err(anki::WriteError::from)?.len();
        Ok::<_, ExportError>((Sending { file, _scratch: scratch, _turn: turn, _place: place }, bytes))
    });
    let (sending, bytes) = made.await??;
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((CONTENT_DISPOSITION, named))
        .insert_header(("cache-control", "no-store"))
        .insert_header((CONTENT_ENCODING, "identity"))
        .no_chunking(bytes)
        .streaming(Box::pin(stream::unfold(Some(sending), next_piece))))
}

/// A package that is being sent.
struct Sending {
    file: File,
    _scratch: TempDir,
    _turn: Turn,
    _place: OwnedSemaphorePermit,
}

async fn next_piece(sending: Option<Sending>) -> Option<(io::Result<Bytes>, Option<Sending>)> {
    let mut sending = sending?;
    let read = web::block(move || {
        let mut piece = vec![0; EXPORT_PIECE_BYTES];
        let read = sending.file.read(&mut piece);
        read.map(|length| {
            piece.truncate(length);
            (Bytes::from(piece), sending)
        })
    });
    match read.await {
        Ok(Ok((piece, _))) if piece.is_empty() => None,
        Ok(Ok((piece, sending))) => Some((Ok(piece), Some(sending))),
        Ok(Err(error)) => Some((Err(error), None)),
        Err(error) => Some((Err(io::Error::other(error)), None)),
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Problem {
        match error {
            ExportError::Library(error) => error.into(),
            ExportError::Notes(ports::NotesError::Store(error)) => error.into(),
            ExportError::Media(error) => error.into(),
            ExportError::Store(error) => error.into(),
            ExportError::NoRoom => Problem::unavailable("The server has no room to make a package in now."),
            ExportError::Write(error) => {
                tracing::error!(%error, "a package could not be written");
                Problem::unavailable("The package could not be made; try again.")
            }
        }
    }
}
