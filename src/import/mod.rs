//! Tables to decks: CSV, TSV, Anki's text files and JSON Lines, read as streams.
//!
//! | part | from | to |
//! |---|---|---|
//! | `encoding` | bytes | text |
//! | `preamble`, `delimiter`, `columns` | the head of the text | how to read the rest |
//! | `records` | text | records with line numbers |
//! | [`Parser`] | all of these | rows, and remarks on rows |
//! | `lines`, `json`, `json_lines` | text of JSON Lines | rows, and remarks on rows |
//! | `gather` | rows | cards that could be stored, no two the same, packed |
//! | `plan` | cards and a deck | what is new, changed, there already |
//! | [`CardReader`] | a file | the cards of a deck that has none, as they are read |
//! | [`import_deck`], [`import_new_deck`], [`offline`] | a file | one revision of a deck |
//!
//! Everything up to `plan` is pure and may be fed in any pieces. A fault of the file (an unclosed quote, bytes that are
//! no text, a limit) refuses it as a whole, with the line; a fault of a row rejects this row, with line, column and
//! reason, and no other.

mod accepted;
mod card_reader;
pub(crate) mod columns;
mod delimiter;
mod encoding;
mod gather;
mod identity;
pub(crate) mod json;
mod json_lines;
pub mod limits;
pub(crate) mod lines;
mod notetypes;
pub mod offline;
mod pack;
mod parser;
mod plan;
mod preamble;
pub(crate) mod reading;
pub(crate) mod records;
mod rejected;
mod report;
pub mod reviews;
mod run;
pub(crate) mod sheet;
mod stamps;
mod tags;
pub mod written;

pub use accepted::{BadAccept, accepted};
pub use card_reader::CardReader;
pub use columns::{Layout, Role};
pub use delimiter::{BadDelimiter, Delimiter};
pub use encoding::Encoding;
pub(crate) use identity::card_id;
pub use identity::identity_of;
pub use parser::{Dialect, Head, Parser, Row, RowEvent};
pub use rejected::RejectedRows;
pub(crate) use rejected::{is_formula, push_cell};
pub use report::{Fault, FileFault, ImportReport, Reason, Remark, Remarks};
pub use run::{
    ImportError, ImportOptions, Table, import_deck, import_new_deck, read_json_lines, read_table,
    rejected_json_lines, rejected_rows,
};
pub use stamps::Stamps;

#[cfg(test)]
mod tests;
