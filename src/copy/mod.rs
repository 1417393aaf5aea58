//! `studyhall copy`: everything of one store into another, and both compared.
//!
//! What is copied is what a store holds as records: decks with their cards, places and revisions, notes and media files,
//! import jobs, people, classes with their past, feeds of events, webhooks, live lessons, their reports, small records of
//! classes, keys of idempotency, commands put aside, and every learner's log. Who holds a lesson or a webhook is not.
//! Progress is a cache of the log: it is folded from the entries that were copied, so it is right whatever the source's
//! caches say. Memory is bounded by the largest deck, the largest learner, the largest class, and the parameters of all
//! decks.
//!
//! | file | what |
//! |---|---|
//! | `carry` | record by record from one store into the other |
//! | `around` | events, webhooks, lessons and small records, carried or counted |
//! | `brought` | notes, media files and import jobs, carried or counted |
//! | `stock` | what a store holds, counted and digested |
//! | `tally` | counts and digests, whatever the order: pure |

mod around;
mod brought;
mod carry;
mod pages;
mod stock;
mod tally;

pub use tally::{Count, Kind, Tally};

use ports::StoreError;
use ports::archive::{ReadAround, WriteAround};

/// What was copied and what is there now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// What was read.
    pub read: Tally,
    /// What the other store holds.
    pub stored: Tally,
}

impl Copied {
    /// The kinds of records that differ.
    pub fn differences(&self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| self.read.of(*kind) != self.stored.of(*kind)).collect()
    }
}

/// Why a copy did not come to its end. It may be run again: what is there already stays.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source cannot be read.
    #[error("the source cannot be read: {0}")]
    Read(#[source] StoreError),
    /// The target cannot be written.
    #[error("the target cannot be filled: {0}")]
    Write(#[source] StoreError),
    /// The target cannot be read back.
    #[error("the target cannot be read back: {0}")]
    ReadBack(#[source] StoreError),
}

/// Copies everything and compares. Only when both are equal is the target finished and may be opened. `each` hears how far
/// it is, from time to time. `now_ms` decides which keys of idempotency still count.
///
/// # Errors
/// [`CopyError`].
pub async fn copy<From: ReadAround, To: WriteAround>(
    from: &From,
    to: &To,
    now_ms: i64,
    each: impl FnMut(&Tally),
) -> Result<Copied, CopyError> {
    let read = carry::carry(from, to, now_ms, each).await?;
    to.flush().await.map_err(CopyError::Write)?;
    let stored = stock::take(to.stored(), now_ms).await.map_err(CopyError::ReadBack)?;
    let copied = Copied { read, stored };
    if copied.differences().is_empty() {
        to.finish().await.map_err(CopyError::Write)?;
    }
    Ok(copied)
}

#[cfg(test)]
mod tests;
