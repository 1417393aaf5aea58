//! What is said about a file and its rows.

use super::limits::{
    FIELD_BYTES_MAX, FIELDS_PER_ROW_MAX, FILE_BYTES_MAX, FILE_TAGS_BYTES_MAX, GUID_BYTES_MAX, REPORTED_MAX,
    ROW_BYTES_MAX, ROWS_MAX, TAG_BYTES_MAX, TAGS_PER_CARD_MAX,
};
use crate::content::ContentError;
use ports::library::{ACCEPT_BYTES_MAX, ACCEPT_MAX};

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
    #[error(
        "a card has at most {TAGS_PER_CARD_MAX} tags of at most {TAG_BYTES_MAX} bytes, of which those of the whole file have {FILE_TAGS_BYTES_MAX}"
    )]
    BadTags,
    /// Too many accepted answers, or too long ones.
    #[error(
        "a card accepts at most {ACCEPT_MAX} answers besides its back, each of at most {ACCEPT_BYTES_MAX} bytes"
    )]
    BadAccept,
    /// A note that Anki makes several cards of, or covers a picture for: a row of fields does not say how.
    #[error(
        "a table holds the fields of this note and not its cards: have Anki export it as .apkg, and import that"
    )]
    NoteTypeNeedsPackage,
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
    /// A line that is no JSON object.
    #[error(
        "the line is no JSON object of at most {FIELDS_PER_ROW_MAX} fields: each line has to be one card"
    )]
    NoObject,
    /// A line that is too long.
    #[error("the line is longer than {ROW_BYTES_MAX} bytes")]
    LineTooLong,
    /// A field of a JSON object that holds no text.
    #[error(
        "the field holds something else than it should: texts, `tags` also a list of texts, `html` true or false"
    )]
    BadValue,
    /// A field of a JSON object is not imported.
    #[error("the field is not imported: it has no name that is known, or comes twice")]
    UnknownField,
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
            Self::BadAccept => "bad_accept",
            Self::NoteTypeNeedsPackage => "note_type_needs_package",
            Self::Content(error) => error.code(),
            Self::ControlsRemoved => "controls_removed",
            Self::MarkupRemoved => "markup_removed",
            Self::UnknownColumn => "unknown_column",
            Self::NoObject => "no_object",
            Self::LineTooLong => "line_too_long",
            Self::BadValue => "bad_value",
            Self::UnknownField => "unknown_field",
        }
    }
}

/// A remark on a place in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark<R = Reason> {
    /// The line in which the row begins, from 1.
    pub line: u64,
    /// The column, from 1: the first field of a row is in column 1.
    pub column: u32,
    /// What there is to say.
    pub reason: R,
}

/// Remarks, the first of them listed: [`REPORTED_MAX`] where nobody asked for more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remarks<R = Reason> {
    /// The first ones, in the order of the file.
    pub listed: Vec<Remark<R>>,
    /// How many there are.
    pub total: u64,
    /// How many are listed at most.
    listed_max: usize,
}

impl<R> Default for Remarks<R> {
    fn default() -> Self {
        Remarks::listing(REPORTED_MAX)
    }
}

impl<R> Remarks<R> {
    /// Remarks of which so many are listed at most.
    pub(crate) const fn listing(listed_max: usize) -> Self {
        Remarks { listed: Vec::new(), total: 0, listed_max }
    }

    pub(crate) fn push(&mut self, remark: Remark<R>) {
        self.total += 1;
        if self.listed.len() < self.listed_max {
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
    /// Too many bytes for a file of its kind.
    #[error("the file is longer than {bytes_max} bytes")]
    LongerThan {
        /// How many it may have.
        bytes_max: u64,
    },
    /// A table whose first row does not say what its columns are.
    #[error("the first row names no columns that are known: it has to be a header")]
    NoHeader,
    /// Too many rows.
    #[error("the file has more than {ROWS_MAX} rows")]
    TooManyRows,
    /// Too many rows for a file of its kind.
    #[error("the file has more than {rows_max} rows")]
    MoreRowsThan {
        /// How many it may have.
        rows_max: u64,
    },
    /// Too much of what its rows name.
    #[error("the file names more than {most} {what}")]
    NamesMoreThan {
        /// Of what.
        what: &'static str,
        /// How many it may name.
        most: u64,
    },
}

impl Fault {
    /// The stable code that names it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnclosedQuote => "unclosed_quote",
            Self::Encoding => "encoding",
            Self::NotText => "not_text",
            Self::FileTooLong | Self::LongerThan { .. } => "file_too_long",
            Self::NoHeader => "no_header",
            Self::TooManyRows | Self::MoreRowsThan { .. } | Self::NamesMoreThan { .. } => "too_many_rows",
        }
    }
}
