//! The collection: its definitions in memory, its rows as a stream.

mod checking;
mod definitions;
mod guard;
mod loose;
mod others;
mod rows;
mod schema11;
mod schema18;
mod value;

use crate::error::{EachError, ReadError};
use crate::limits::{CARDS_MAX, Limits, NOTES_MAX, REVIEWS_MAX};
use crate::model::{CardRow, Review};
use checking::Checking;
pub use definitions::{DEFAULT_PATH, Definitions};
use guard::Guarded;
pub use rows::{CardTally, ReviewTally};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How many rows a collection has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    /// Notes.
    pub notes: u64,
    /// Cards.
    pub cards: u64,
    /// Rows of the review log.
    pub reviews: u64,
}

/// A collection at hand. Reading it blocks: it belongs on a thread of its own.
#[derive(Debug)]
pub struct Collection {
    guarded: Guarded,
    definitions: Definitions,
    sizes: Sizes,
    checking: Checking,
}

impl Collection {
    /// Opens an unpacked database, which nobody else has open, and begins to check it from its first page to its last:
    /// whoever reads all its cards, or all its reviews, hears in the end if anything is wrong with it. `stop` ends all
    /// reading within some milliseconds.
    ///
    /// # Errors
    /// The database is damaged, not Anki's, too large, or made to keep the reader busy.
    pub fn open(path: &Path, limits: &Limits, stop: Arc<AtomicBool>) -> Result<Collection, ReadError> {
        let guarded = Guarded::open(path, limits, stop)?;
        let checking = Checking::begin(&guarded, path)?;
        let definitions = Definitions::read(&guarded)?;
        let sizes = Sizes {
            notes: count(&guarded, "notes", NOTES_MAX)?,
            cards: count(&guarded, "cards", CARDS_MAX)?,
            reviews: count(&guarded, "revlog", REVIEWS_MAX)?,
        };
        let collection = Collection { guarded, definitions, sizes, checking };
        if collection.is_placeholder()? { Err(ReadError::OnlyAPlaceholder) } else { Ok(collection) }
    }

    /// Note types, decks, options and clock.
    pub const fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// How many rows there are.
    pub const fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Whether it says of any card more than that it is new. One that was handed on without schedules, as shared decks are,
    /// does not, and so says nothing of what somebody has made of its cards.
    ///
    /// # Errors
    /// The collection's.
    pub fn has_schedules(&self) -> Result<bool, ReadError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM revlog) OR EXISTS (SELECT 1 FROM cards \
                   WHERE type != 0 OR queue != 0 OR reps != 0 OR flags & 7 != 0)";
        let found = self.guarded.db.query_row(sql, [], |row| row.get(0));
        found.map_err(|error| self.guarded.error(error))
    }

    /// Gives every card with its note to `visit`: deck by deck, within a deck the new ones first in the order of their
    /// positions, then the others in the order of their ids. The order is the same at each reading.
    ///
    /// # Errors
    /// The collection's, also if it shows only after the last row, or the first of the visitor's, after which no row comes.
    pub fn each_card<E>(
        &self,
        visit: impl FnMut(CardRow<'_>) -> Result<(), E>,
    ) -> Result<CardTally, EachError<E>> {
        let tally = rows::each_card(&self.guarded, visit)?;
        self.checking.end().map_err(EachError::Read)?;
        Ok(tally)
    }

    /// Gives every row of the review log to `visit`, oldest first.
    ///
    /// # Errors
    /// The collection's, also if it shows only after the last row, or the first of the visitor's, after which no row comes.
    pub fn each_review<E>(
        &self,
        visit: impl FnMut(Review<'_>) -> Result<(), E>,
    ) -> Result<ReviewTally, EachError<E>> {
        let tally = rows::each_review(&self.guarded, self.definitions.header.scheduler, visit)?;
        self.checking.end().map_err(EachError::Read)?;
        Ok(tally)
    }

    /// Whether it holds nothing but the note that asks for a newer Anki: such a collection lies beside the real one in
    /// newer packages.
    fn is_placeholder(&self) -> Result<bool, ReadError> {
        if self.sizes.notes != 1 {
            return Ok(false);
        }
        let mut is_placeholder = false;
        let visited = self.each_card::<std::convert::Infallible>(|row| {
            let asks = ["requires a newer version of Anki", "Please update to the latest Anki version"];
            is_placeholder |= asks.iter().any(|text| row.note.fields.contains(text));
            Ok(())
        });
        match visited {
            Ok(_) => Ok(is_placeholder),
            Err(EachError::Read(error)) => Err(error),
            Err(EachError::Visitor(never)) => match never {},
        }
    }
}

fn count(guarded: &Guarded, table: &'static str, max: i64) -> Result<u64, ReadError> {
    let sql = format!("SELECT count(*) FROM {table}");
    let found: i64 =
        guarded.db.query_row(&sql, [], |row| row.get(0)).map_err(|error| guarded.error(error))?;
    if found > max {
        let (found, max) = (found.unsigned_abs(), max.unsigned_abs());
        return Err(ReadError::TooMuch { what: table, found, max });
    }
    Ok(found.unsigned_abs())
}
