//! The bytes of an entry, of a card's progress and of a store's row, shared by every store: a version byte, then
//! fields of fixed size in a fixed order, least significant byte first. What may be absent has a bit in a flags
//! field and takes no bytes when it is absent.
//!
//! What people may want to read in a store, settings and roles, is text.
//!
//! Bytes of an unknown version are an error, never a guess: whoever reads them keeps them as they are.

mod answers;
mod cell;
mod cursor;
mod entry;
mod lesson;
mod list;
mod report;
mod row;
mod secrets;
mod settings;
mod state;
mod text;
mod words;
mod zones;

pub use answers::{decode_answers, encode_answers};
pub use cell::{decode_cell, encode_cell};
pub use entry::{decode_entry, encode_entry};
pub use lesson::{decode_record, encode_record};
pub use report::{decode_report, encode_report};
pub use row::{decode_row, encode_row, row_user};
pub use secrets::{old_secrets_of, old_secrets_text};
pub use settings::{settings_of, settings_text};
pub use state::{decode_progress, encode_progress};
pub use text::{
    accept_of, accept_text, decks_of, decks_text, editors_of, editors_text, kinds_of, kinds_text, tags_of,
    tags_text, templates_of, templates_text,
};
pub use words::{role_of, role_word, visibility_of, visibility_word};
pub use zones::{zones_of, zones_text};

/// The version that is written.
pub const VERSION: u8 = 1;
/// The version of progress with the card's memory.
pub const VERSION_WITH_MEMORY: u8 = 2;

/// The version of a lesson's record with texts of wrong answers.
pub const VERSION_WITH_TEXTS: u8 = 2;

/// Why bytes could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodecError {
    /// Written by a version of the program that this one does not know.
    #[error("version {0} of the encoding is unknown to this program")]
    UnknownVersion(u8),
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// More bytes than the content has.
    #[error("bytes are left over")]
    Trailing,
    /// A field holds a value that does not exist.
    #[error("the field {0} holds a value that does not exist")]
    BadField(&'static str),
}

#[cfg(test)]
mod tests;
