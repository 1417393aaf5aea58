//! What the cards of a collection take to be shown, against what they may take.

use crate::limits::{
    CARD_EFFORT_BYTES_MAX, EFFORT_FREE_BYTES, EFFORT_OF_CARDS_BYTES_MAX, EFFORT_PER_BYTE,
    EFFORT_PER_CARD_BYTES,
};
use crate::model::CardRow;
use crate::render::{Renderer, Weights};

/// What the cards of a collection take, against what it may take.
#[derive(Debug)]
pub struct Effort {
    /// By the ids of note types.
    notetypes: Vec<Weights>,
    /// The place of the note type that came last.
    last: usize,
    free_bytes: u64,
    spent_bytes: u64,
    cards: u64,
}

/// Why a card is not rendered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TooMuchEffort {
    /// The card alone is longer than any that could be shown.
    Card,
    /// All cards together take more than a collection of this length may.
    Collection {
        /// What they take so far.
        found: u64,
        /// What they may take.
        max: u64,
    },
}

impl Effort {
    /// For a collection of this length in bytes, whose cards are made by `renderer`.
    pub fn new(renderer: &Renderer<'_>, collection_bytes: u64) -> Effort {
        Effort {
            notetypes: renderer.weights(),
            last: 0,
            free_bytes: EFFORT_FREE_BYTES.saturating_add(collection_bytes.saturating_mul(EFFORT_PER_BYTE)),
            spent_bytes: 0,
            cards: 0,
        }
    }

    /// Spends what a card takes that is to be rendered now, in the deck of this path.
    ///
    /// # Errors
    /// It is too much.
    pub fn spend(&mut self, row: &CardRow<'_>, deck: &str) -> Result<(), TooMuchEffort> {
        self.cards += 1;
        let bytes = self.of(row, deck);
        if bytes > CARD_EFFORT_BYTES_MAX {
            return Err(TooMuchEffort::Card);
        }
        self.spent_bytes = self.spent_bytes.saturating_add(bytes);
        let of_cards = self.cards.saturating_mul(EFFORT_PER_CARD_BYTES).min(EFFORT_OF_CARDS_BYTES_MAX);
        let (found, max) = (self.spent_bytes, self.free_bytes.saturating_add(of_cards));
        if found > max { Err(TooMuchEffort::Collection { found, max }) } else { Ok(()) }
    }

    /// What was spent so far.
    pub const fn spent_bytes(&self) -> u64 {
        self.spent_bytes
    }

    /// Nothing for a card whose type or template is not there.
    fn of(&mut self, row: &CardRow<'_>, deck: &str) -> u64 {
        let id = row.note.notetype;
        if self.notetypes.get(self.last).is_none_or(|last| last.notetype != id) {
            let Ok(at) = self.notetypes.binary_search_by_key(&id, |of| of.notetype) else { return 0 };
            self.last = at;
        }
        self.notetypes.get(self.last).map_or(0, |of| of.of(row, deck))
    }
}
