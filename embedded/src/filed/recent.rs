//! What was filed last, in memory: whoever fills a deck some thousands at a time would have all read again each time that lie
//! in it, only to hear that none of those that come is among them.

use super::{Filed, Id};
use domain::ids::DeckId;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tables of what is filed.
const TABLES: usize = 2;

/// A part of an id: two ids that have it in common are told apart by looking.
fn print_of(id: Id) -> u32 {
    // The last bits of a UUID are random, whichever version it has.
    id as u32
}

/// All that is filed of one deck.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    prints: HashSet<u32>,
    /// How many there are: of two that look alike both count.
    count: usize,
    /// Its runs, and how many are in each.
    pub(super) runs: Vec<(i64, usize)>,
}

impl Remembered {
    /// Whether this may be filed.
    pub(super) fn may_have(&self, id: Id) -> bool {
        self.prints.contains(&print_of(id))
    }

    pub(super) fn add(&mut self, ids: impl Iterator<Item = Id>) {
        for id in ids {
            self.prints.insert(print_of(id));
            self.count += 1;
        }
    }
}

/// The decks into which something was filed last, one of each table. It is kept by whoever writes, within a transaction: when one
/// is taken back, everything has to be forgotten.
#[derive(Debug, Default)]
pub(crate) struct Recent([Mutex<Option<(DeckId, Remembered)>>; TABLES]);

impl Recent {
    fn of(&self, of: &Filed) -> Option<MutexGuard<'_, Option<(DeckId, Remembered)>>> {
        Some(self.0.get(of.nth)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is remembered of this deck.
    pub(super) fn take(&self, of: &Filed, deck: DeckId) -> Option<Remembered> {
        self.of(of)?.take_if(|(known, _)| *known == deck).map(|(_, remembered)| remembered)
    }

    /// Remembers this instead of whatever it was.
    pub(super) fn keep(&self, of: &Filed, deck: DeckId, remembered: Remembered) {
        if let Some(mut of) = self.of(of) {
            *of = Some((deck, remembered));
        }
    }

    /// How many are filed of a deck that is remembered.
    pub(super) fn count(&self, of: &Filed, deck: DeckId) -> Option<usize> {
        let known = self.of(of)?;
        known.as_ref().filter(|(known, _)| *known == deck).map(|(_, remembered)| remembered.count)
    }

    /// Remembers nothing.
    pub(crate) fn forget(&self) {
        for table in &self.0 {
            *table.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}
