//! Decks on their way out: as a table, as JSON Lines, or as a package that Anki opens. What came in goes out again.
//!
//! | part | what |
//! |---|---|
//! | `lines` | rows of a table and objects, each of which an import takes again |
//! | `definitions` | note types, the deck and its options in Anki's terms |
//! | `package` | a package of Anki: notes as they came, cards made here as notes of their own, media |
//! | `schedule` | where a learner stands, and the review log, in Anki's terms |

mod definitions;
mod lines;
mod package;
mod schedule;

pub use lines::{Lines, guarded};
pub use package::{ExportError, PackageParts, write_package};
