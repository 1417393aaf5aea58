//! Importing cards from text: CSV and TSV as spreadsheets, Quizlet and Anki write them.
//!
//! Bytes stream through ([`Importer::feed`]); what becomes a card is kept, bounded, and stored in one revision at the
//! end, so that a broken file changes nothing.
//!
//! | file | what |
//! |---|---|
//! | `decode` | bytes into text, whatever the encoding |
//! | `directives` | the `#` lines that Anki writes at the top |
//! | `sniff` | which character stands between columns |
//! | `records` | text into records of fields, with line numbers |
//! | `columns` | which column is what |
//! | `rows` | records into rows, or the reason why not |
//! | `plan` | rows against a deck's cards: what is new, changed, the same |
//! | `commit` | the plan carried out, as a whole |

mod columns;
mod commit;
mod decode;
mod directives;
mod importer;
pub mod limits;
pub mod offline;
mod plan;
mod records;
mod rows;
mod sniff;
pub mod source_key;

pub use commit::{CommitError, Outcome, commit};
pub use decode::Encoding;
pub use importer::{FileFault, Importer, Options, Parsed, parse};
pub use plan::{Plan, plan};
pub use rows::{Reason, Rejected, Row};
pub use sniff::delimiter_named;
