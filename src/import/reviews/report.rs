//! What is said about the rows of a review history.

use super::limits::{FIELDS_MAX, LINE_BYTES_MAX};
use crate::import::Remarks;

/// Why a row makes no answer, or what of it was left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReviewReason {
    /// The row names no card.
    #[error("the row names no card")]
    NoCard,
    /// The card is not there.
    #[error("no card of these decks has this id, guid or front")]
    UnknownCard,
    /// Two cards have the name.
    #[error("several cards have this front: name the card by its id or guid")]
    UnclearCard,
    /// There is no moment, or none that can be read.
    #[error(
        "the time cannot be read: it is like 2024-05-31T17:04:05Z with an offset, or seconds or milliseconds since 1970"
    )]
    BadTime,
    /// The moment cannot be.
    #[error("the time lies before 1970 or in the future")]
    ImpossibleTime,
    /// There is no grade, or none that is known.
    #[error(
        "the grade cannot be read: it is 0 to 5, or one of Anki's buttons where that is said, or right or wrong"
    )]
    BadGrade,
    /// The duration cannot be read.
    #[error("the duration cannot be read and was left out")]
    BadDuration,
    /// The line is no object.
    #[error("the line is no JSON object of at most {FIELDS_MAX} fields")]
    NoObject,
    /// The line is too long.
    #[error("the line is longer than {LINE_BYTES_MAX} bytes")]
    LineTooLong,
    /// The row is not formed as a row.
    #[error("the row is too long, or text follows a closing quote")]
    BadRow,
    /// A column or field is not imported.
    #[error("the column is not imported: it has no name that is known, or comes twice")]
    UnknownColumn,
}

impl ReviewReason {
    /// The stable code that names it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoCard => "no_card",
            Self::UnknownCard => "unknown_card",
            Self::UnclearCard => "unclear_card",
            Self::BadTime => "bad_time",
            Self::ImpossibleTime => "impossible_time",
            Self::BadGrade => "bad_grade",
            Self::BadDuration => "bad_duration",
            Self::NoObject => "no_object",
            Self::LineTooLong => "line_too_long",
            Self::BadRow => "bad_row",
            Self::UnknownColumn => "unknown_column",
        }
    }
}

impl ReviewReport {
    /// A report that lists so many rejected rows at most.
    pub(super) fn listing(rejected_max: usize) -> ReviewReport {
        ReviewReport { rejected: Remarks::listing(rejected_max), ..ReviewReport::default() }
    }
}

/// What a file of review history held.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReviewReport {
    /// Rows that are answers. The same answer twice is counted twice.
    pub answers: u64,
    /// Answers that were in the same run already.
    pub repeated: u64,
    /// Rows that are something else than answers, or answers that were taken back: they are left out.
    pub ignored: u64,
    /// Rows that make no answer.
    pub rejected: Remarks<ReviewReason>,
    /// Rows of which something was left out, and columns that were not read.
    pub changed: Remarks<ReviewReason>,
}
