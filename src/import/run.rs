//! The way of a file into a deck. The bytes are read where they arrive and parsed on a blocking thread, a few pieces
//! behind; the deck sees the whole file in one revision, or nothing of it.

use super::gather::{Gathered, Gathering};
use super::limits::{CARDS_PER_PAGE, FILE_BYTES_MAX, PAGES_WAITING, PIECES_WAITING, REPORTED_MAX};
use super::parser::Dialect;
use super::plan::{Comparing, Plan};
use super::rejected::RejectedRows;
use super::report::{FileFault, ImportReport};
use bytes::Bytes;
use domain::ids::DeckId;
use futures_util::{Stream, StreamExt};
use ports::{CardQuery, CardRecord, DeckRecord, Library, LibraryError};
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

/// A file that was read, and is in no deck yet.
#[derive(Clone, Debug)]
pub struct Table(Arc<Gathered>);

/// Reads a CSV or TSV file to its end; touches no deck. Of the rows that are rejected so many are listed at most. Needs a
/// tokio runtime.
///
/// A file that is refused is still read to its end (or to its bound), so that the sender gets to see why.
///
/// # Errors
/// The file is at fault, or cannot be read.
pub async fn read_table<E: Display>(
    file: impl Stream<Item = Result<Bytes, E>>,
    dialect: Dialect,
    rejected_listed_max: usize,
) -> Result<Table, ImportError> {
    let gathering = Gathering::new(dialect, rejected_listed_max);
    Ok(Table(Arc::new(read(file, gathering, Gathering::finish).await?)))
}

/// The same for a file of JSON Lines, one card an object.
///
/// # Errors
/// As [`read_table`].
pub async fn read_json_lines<E: Display>(
    file: impl Stream<Item = Result<Bytes, E>>,
    rejected_listed_max: usize,
) -> Result<Table, ImportError> {
    let gathering = Gathering::of_json_lines(rejected_listed_max);
    Ok(Table(Arc::new(read(file, gathering, Gathering::finish).await?)))
}

impl Table {
    /// Brings the file into a deck, as [`import_deck`] does.
    ///
    /// # Errors
    /// As [`import_deck`], but for the file's own.
    pub async fn into_deck(
        self,
        library: &dyn Library,
        deck: DeckId,
        dry_run: bool,
        now_ms: i64,
    ) -> Result<ImportReport, ImportError> {
        commit(library, deck, self.0, dry_run, now_ms).await
    }

    /// Makes a deck of the file, as [`import_new_deck`] does.
    ///
    /// # Errors
    /// As [`import_new_deck`], but for the file's own.
    pub async fn into_new_deck(
        self,
        library: &dyn Library,
        deck: DeckRecord,
        dry_run: bool,
        now_ms: i64,
    ) -> Result<(Option<DeckRecord>, ImportReport), ImportError> {
        commit_new(library, deck, self.0, dry_run, now_ms).await
    }
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

/// Imports a file into a deck that does not exist yet. A file that is refused, that holds no card or that is only tried
/// makes no deck.
///
/// # Errors
/// As [`import_deck`].
pub async fn import_new_deck<E: Display>(
    library: &dyn Library,
    deck: DeckRecord,
    file: impl Stream<Item = Result<Bytes, E>>,
    options: ImportOptions,
    now_ms: i64,
) -> Result<(Option<DeckRecord>, ImportReport), ImportError> {
    let gathered = gather(file, options.dialect).await?;
    commit_new(library, deck, gathered, options.dry_run, now_ms).await
}

/// The rows of a file that would make no card in any deck, as a table.
///
/// # Errors
/// As [`import_deck`].
pub async fn rejected_rows<E: Display>(
    file: impl Stream<Item = Result<Bytes, E>>,
    dialect: Dialect,
) -> Result<RejectedRows, ImportError> {
    read(file, Gathering::of_rejected(dialect), Gathering::finish_rejected).await
}

/// The lines of a file of JSON Lines that would make no card in any deck, as a table.
///
/// # Errors
/// As [`import_deck`].
pub async fn rejected_json_lines<E: Display>(
    file: impl Stream<Item = Result<Bytes, E>>,
) -> Result<RejectedRows, ImportError> {
    read(file, Gathering::of_rejected_json_lines(), Gathering::finish_rejected).await
}

/// Reads a file; touches no deck.
pub(super) async fn gather<E: Display>(
    file: impl Stream<Item = Result<Bytes, E>>,
    dialect: Dialect,
) -> Result<Arc<Gathered>, ImportError> {
    Ok(Arc::new(read(file, Gathering::new(dialect, REPORTED_MAX), Gathering::finish).await?))
}

/// Parses a file on a thread of its own while it arrives.
async fn read<E: Display, T: Send + 'static>(
    file: impl Stream<Item = Result<Bytes, E>>,
    mut gathering: Gathering,
    finish: fn(Gathering) -> Result<T, FileFault>,
) -> Result<T, ImportError> {
    let (pieces, mut waiting) = mpsc::channel::<Bytes>(PIECES_WAITING);
    let parsing = spawn_blocking(move || {
        while let Some(piece) = waiting.blocking_recv() {
            gathering.feed(&piece)?;
        }
        finish(gathering)
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
    Ok(parsing.await.map_err(|_| ImportError::GivenUp)??)
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
        let (plan, revision) = planned(library, deck, &file, now_ms).await?;
        let report = report(&plan, &file, dry_run);
        let stored = if dry_run || plan.is_empty() {
            unchanged_since(library, deck, revision).await
        } else {
            library.put_cards_from(deck, Box::new(plan.into_cards()), Some(revision), now_ms).await
        };
        match stored {
            Ok(_) => return Ok(report),
            Err(LibraryError::Changed) if tried < TRIES => tried += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// The deck was read in pages: what was found holds if nobody changed it meanwhile.
async fn unchanged_since(library: &dyn Library, deck: DeckId, revision: u64) -> Result<u64, LibraryError> {
    let now = library.deck(deck).await?.ok_or(LibraryError::NoSuchDeck)?.revision;
    if now == revision { Ok(revision) } else { Err(LibraryError::Changed) }
}

/// What the file would do to the deck, and to which revision of it. A page of the deck at a time is in memory.
async fn planned(
    library: &dyn Library,
    deck: DeckId,
    file: &Arc<Gathered>,
    now_ms: i64,
) -> Result<(Plan, u64), ImportError> {
    let record = library.deck(deck).await?.filter(|record| record.deleted_ms.is_none());
    let revision = record.ok_or(LibraryError::NoSuchDeck)?.revision;
    let (pages, mut waiting) = mpsc::channel::<Vec<CardRecord>>(PAGES_WAITING);
    let file = Arc::clone(file);
    let comparing = spawn_blocking(move || {
        let mut comparing = Comparing::new(deck, file);
        while let Some(page) = waiting.blocking_recv() {
            page.iter().for_each(|card| comparing.take(card));
        }
        comparing.finish(now_ms)
    });
    let mut from_position = 0;
    loop {
        let query = CardQuery { from_position, limit: CARDS_PER_PAGE, text: None, with_deleted: true };
        let page = library.cards(deck, query).await?;
        let Some(last) = page.last() else { break };
        from_position = last.position.saturating_add(1);
        if pages.send(page).await.is_err() {
            break;
        }
    }
    drop(pages);
    Ok((comparing.await.map_err(|_| ImportError::GivenUp)?, revision))
}

/// Makes a deck of what was read. When the cards cannot be stored, the deck is marked deleted again.
pub(super) async fn commit_new(
    library: &dyn Library,
    deck: DeckRecord,
    file: Arc<Gathered>,
    dry_run: bool,
    now_ms: i64,
) -> Result<(Option<DeckRecord>, ImportReport), ImportError> {
    if dry_run || file.cards.len() == 0 {
        return Ok((None, tried(file, dry_run).await?));
    }
    let deck = library.put_deck(deck, None, now_ms).await?;
    let outcome = commit(library, deck.id, file, false, now_ms).await;
    if outcome.is_err() {
        let gone = DeckRecord { deleted_ms: Some(now_ms), ..deck.clone() };
        if let Err(error) = library.put_deck(gone, Some(deck.revision), now_ms).await {
            tracing::warn!(%error, deck = %deck.id, "an empty deck stays behind an import that failed");
        }
    }
    Ok((Some(deck), outcome?))
}

/// What the file would do to a deck without cards.
async fn tried(file: Arc<Gathered>, dry_run: bool) -> Result<ImportReport, ImportError> {
    let nowhere = DeckId::from_bytes([0; 16]);
    let comparing = spawn_blocking(move || {
        let plan = Comparing::new(nowhere, Arc::clone(&file)).finish(0);
        report(&plan, &file, dry_run)
    });
    comparing.await.map_err(|_| ImportError::GivenUp)
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
