//! The way of a file into a deck. The bytes are read where they arrive and parsed on a blocking thread, a few pieces
//! behind; the deck sees the whole file in one revision, or nothing of it.

use super::gather::{Gathered, Gathering};
use super::limits::{FILE_BYTES_MAX, PIECES_WAITING};
use super::parser::Dialect;
use super::plan::{Plan, plan};
use super::report::{FileFault, ImportReport};
use bytes::Bytes;
use domain::ids::DeckId;
use futures_util::{Stream, StreamExt};
use ports::{Library, LibraryError};
use std::fmt::Display;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Tries of a commit when others change the deck meanwhile.
const TRIES: usize = 2;

/// How to import.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ImportOptions {
    /// How to read the file.
    pub dialect: Dialect,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is at fault.
    #[error(transparent)]
    File(#[from] FileFault),
    /// The file could not be read to its end.
    #[error("the file could not be read to its end: {0}")]
    Read(String),
    /// The library refused.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The import was given up by a fault of this program.
    #[error("the import was given up by a fault of this program")]
    GivenUp,
}

/// Imports a CSV or TSV file into a deck. Accepted rows become visible together; after an error nothing has changed.
///
/// Needs a tokio runtime. A file that is refused is still read to its end (or to its bound), so that the sender gets
/// to see why.
///
/// # Errors
/// See [`ImportError`]; a deck that others change all the time gives [`LibraryError::Changed`].
pub async fn import_deck<E: Display>(
    library: &dyn Library,
    deck: DeckId,
    file: impl Stream<Item = Result<Bytes, E>>,
    options: ImportOptions,
    now_ms: i64,
) -> Result<ImportReport, ImportError> {
    let gathered = gather(file, options.dialect).await?;
    commit(library, deck, gathered, options.dry_run, now_ms).await
}

/// Reads a file; touches no deck.
pub(super) async fn gather<E: Display>(
    file: impl Stream<Item = Result<Bytes, E>>,
    dialect: Dialect,
) -> Result<Arc<Gathered>, ImportError> {
    let (pieces, mut waiting) = mpsc::channel::<Bytes>(PIECES_WAITING);
    let parsing = spawn_blocking(move || {
        let mut gathering = Gathering::new(dialect);
        while let Some(piece) = waiting.blocking_recv() {
            gathering.feed(&piece)?;
        }
        gathering.finish()
    });
    let mut file = pin!(file);
    let mut taken: u64 = 0;
    while let Some(piece) = file.next().await {
        let piece = piece.map_err(|error| ImportError::Read(error.to_string()))?;
        taken = taken.saturating_add(piece.len() as u64);
        // The parser has hung up if it found a fault.
        if pieces.send(piece).await.is_err() && taken > FILE_BYTES_MAX {
            break;
        }
    }
    drop(pieces);
    let gathered = parsing.await.map_err(|_| ImportError::GivenUp)??;
    Ok(Arc::new(gathered))
}

/// Brings what was read into a deck.
pub(super) async fn commit(
    library: &dyn Library,
    deck: DeckId,
    file: Arc<Gathered>,
    dry_run: bool,
    now_ms: i64,
) -> Result<ImportReport, ImportError> {
    let mut tried = 1;
    loop {
        let plan = planned(library, deck, &file, now_ms).await?;
        let report = report(&plan.0, &file, dry_run);
        if dry_run || plan.0.put.is_empty() {
            return Ok(report);
        }
        match library.put_cards(deck, plan.0.put, Some(plan.1), now_ms).await {
            Ok(_) => return Ok(report),
            Err(LibraryError::Changed) if tried < TRIES => tried += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// What the file would do to the deck, and to which revision of it.
async fn planned(
    library: &dyn Library,
    deck: DeckId,
    file: &Arc<Gathered>,
    now_ms: i64,
) -> Result<(Plan, u64), ImportError> {
    let content = library.content(deck).await?;
    let (record, cards) =
        content.filter(|(record, _)| record.deleted_ms.is_none()).ok_or(LibraryError::NoSuchDeck)?;
    let file = Arc::clone(file);
    let plan = spawn_blocking(move || plan(deck, &cards, &file, now_ms));
    Ok((plan.await.map_err(|_| ImportError::GivenUp)?, record.revision))
}

/// What the file would do to a deck without cards.
pub(super) fn tried(file: &Gathered) -> ImportReport {
    let nowhere = DeckId::from_bytes([0; 16]);
    report(&plan(nowhere, &[], file, 0), file, true)
}

fn report(plan: &Plan, file: &Gathered, dry_run: bool) -> ImportReport {
    ImportReport {
        added: plan.added,
        updated: plan.updated,
        unchanged: plan.unchanged,
        rejected: file.rejected.clone(),
        changed: file.changed.clone(),
        dry_run,
    }
}
