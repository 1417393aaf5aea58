//! The plan carried out: all of it in one revision, or nothing.

use super::importer::Parsed;
use super::limits::COMMIT_TRIES;
use super::plan::{Plan, plan};
use domain::ids::DeckId;
use ports::{Library, LibraryError};
use std::sync::Arc;
use thiserror::Error;

/// What an import did, or would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Cards that were not there.
    pub added: usize,
    /// Cards that changed.
    pub updated: usize,
    /// Cards that were already as the file says.
    pub unchanged: usize,
}

/// Why an import was not stored.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CommitError {
    /// The library refused.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The work was cut off.
    #[error("the import was interrupted")]
    Interrupted,
}

/// Brings a deck in line with a file. `dry_run` only says what would happen. Where others change the deck meanwhile, the
/// plan is made anew.
///
/// # Errors
/// See [`CommitError`]; nothing was changed then.
pub async fn commit(
    library: &dyn Library,
    deck: DeckId,
    parsed: &Arc<Parsed>,
    dry_run: bool,
    now_ms: i64,
) -> Result<Outcome, CommitError> {
    for _ in 0..COMMIT_TRIES {
        let (record, known) = library.content(deck).await?.ok_or(LibraryError::NoSuchDeck)?;
        let rows = Arc::clone(parsed);
        // Large files take a while to compare: not on a thread that others wait for.
        let planned = tokio::task::spawn_blocking(move || plan(deck, known, &rows.rows, now_ms));
        let Plan { cards, added, updated, unchanged } =
            planned.await.map_err(|_| CommitError::Interrupted)?;
        let outcome = Outcome { added, updated, unchanged };
        if dry_run || cards.is_empty() {
            return Ok(outcome);
        }
        match library.put_cards(deck, cards, Some(record.revision), now_ms).await {
            Ok(_) => return Ok(outcome),
            Err(LibraryError::Changed) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(LibraryError::Changed.into())
}
