//! What is said about a file and its rows.

use super::limits::{
    FIELD_BYTES_MAX, FIELDS_PER_ROW_MAX, FILE_BYTES_MAX, GUID_BYTES_MAX, REPORTED_MAX, ROW_BYTES_MAX,
    ROWS_MAX, TAG_BYTES_MAX, TAGS_PER_CARD_MAX,
};
use crate::content::ContentError;

/// Why a row was rejected, or what about it was changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Reason {
    /// An earlier row of the file is the same card.
    #[error("the same card stands in line {first_line} already")]
    Duplicate {
        /// Where.
        first_line: u64,
    },
    /// There is no answer.
    #[error("there is no answer: the row has nothing in this column")]
    EmptyBack,
    /// More fields than the file has columns.
    #[error("there is a field too many: a text that holds the delimiter has to stand in quotes")]
    TooManyFields,
    /// Text follows a closing quote.
    #[error("text follows a closing quote: a quote within quotes has to be doubled")]
    TextAfterQuote,
    /// A field is too long.
    #[error("the field is longer than {FIELD_BYTES_MAX} bytes")]
    FieldTooLong,
    /// The row is too long.
    #[error("the row is longer than {ROW_BYTES_MAX} bytes or has more than {FIELDS_PER_ROW_MAX} fields")]
    RowTooLong,
    /// The guid is too long.
    #[error("the guid is longer than {GUID_BYTES_MAX} bytes")]
    GuidTooLong,
    /// Too many tags, or too long ones.
    #[error("a card has at most {TAGS_PER_CARD_MAX} tags of at most {TAG_BYTES_MAX} bytes")]
    BadTags,
    /// The texts make no card.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// Control characters were left out.
    #[error("control characters were left out")]
    ControlsRemoved,
    /// Markup was left out.
    #[error("HTML that has no place on a card was left out")]
    MarkupRemoved,
    /// A column is not imported.
    #[error("the column is not imported: it has no name that is known, and no place of its own")]
    UnknownColumn,
}

impl Reason {
    /// The stable code that names it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "duplicate",
            Self::EmptyBack => "empty_back",
            Self::TooManyFields => "too_many_fields",
            Self::TextAfterQuote => "text_after_quote",
            Self::FieldTooLong => "field_too_long",
            Self::RowTooLong => "row_too_long",
            Self::GuidTooLong => "guid_too_long",
            Self::BadTags => "bad_tags",
            Self::Content(error) => error.code(),
            Self::ControlsRemoved => "controls_removed",
            Self::MarkupRemoved => "markup_removed",
            Self::UnknownColumn => "unknown_column",
        }
    }
}

/// A remark on a place in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark {
    /// The line in which the row begins, from 1.
    pub line: u64,
    /// The column, from 1: the first field of a row is in column 1.
    pub column: u32,
    /// What there is to say.
    pub reason: Reason,
}

/// Remarks, the first [`REPORTED_MAX`] of them listed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Remarks {
    /// The first ones, in the order of the file.
    pub listed: Vec<Remark>,
    /// How many there are.
    pub total: u64,
}

impl Remarks {
    pub(super) fn push(&mut self, remark: Remark) {
        self.total += 1;
        if self.listed.len() < REPORTED_MAX {
            self.listed.push(remark);
        }
    }
}

/// What an import did, or would do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportReport {
    /// Cards that are new in the deck.
    pub added: u64,
    /// Cards that have changed.
    pub updated: u64,
    /// Rows whose card was in the deck just so.
    pub unchanged: u64,
    /// Rows that made no card.
    pub rejected: Remarks,
    /// Rows of which something was left out, and columns that were not read.
    pub changed: Remarks,
    /// Whether it was only tried.
    pub dry_run: bool,
}

/// Why a file as a whole was refused: nothing of it was imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct FileFault {
    /// The line, from 1, in which the fault begins.
    pub line: u64,
    /// The fault.
    pub fault: Fault,
}

/// A fault of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// A quote is never closed, or closes rows further down.
    #[error("a quote that is opened here is not closed: the rows after it would be lost in it")]
    UnclosedQuote,
    /// Bytes that are no text in the file's encoding.
    #[error("bytes that are no text: save the file as UTF-8")]
    Encoding,
    /// Not a text file at all.
    #[error("this is no text file: save the table as CSV")]
    NotText,
    /// Too many bytes.
    #[error("the file is longer than {FILE_BYTES_MAX} bytes")]
    FileTooLong,
    /// Too many rows.
    #[error("the file has more than {ROWS_MAX} rows")]
    TooManyRows,
}

impl Fault {
    /// The stable code that names it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnclosedQuote => "unclosed_quote",
            Self::Encoding => "encoding",
            Self::NotText => "not_text",
            Self::FileTooLong => "file_too_long",
            Self::TooManyRows => "too_many_rows",
        }
    }
}
