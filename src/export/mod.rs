//! Decks on their way out: as a table, as JSON Lines, or as a package that Anki opens. What came in goes out again.
//!
//! | part | what |
//! |---|---|
//! | `lines` | rows of a table and objects, each of which an import takes again |
//! | `definitions` | note types, the deck and its options in Anki's terms |
//! | `package` | a package of Anki: notes as they came, cards made here as notes of their own, media |
//! | `came` | whether a card is still what its note makes of it |
//! | `moments` | which moment an answer has, where a log has one row each |
//! | `own` | the fields of a card that is a note of its own |
//! | `tags` | what became of a note's tags on its cards |
//! | `schedule` | where a learner stands, and the review log, in Anki's terms |

mod came;
mod definitions;
mod lines;
mod moments;
mod own;
mod package;
mod schedule;
mod tags;

/// A card of a test, which nothing is said of.
#[cfg(test)]
fn bare_card() -> ports::CardRecord {
    use domain::ids::{CardId, DeckId};
    ports::CardRecord {
        id: CardId::from_u128(1),
        deck: DeckId::from_u128(2),
        position: 0,
        note: None,
        front: String::new(),
        back: String::new(),
        hint: None,
        explanation: None,
        tags: Vec::new(),
        accept: Vec::new(),
        source_key: String::new(),
        revision: 1,
        created_ms: 0,
        updated_ms: 0,
        deleted_ms: None,
    }
}

pub use lines::{Lines, guarded};
pub use package::{ExportError, PackageParts, write_package};
pub use schedule::Now;
