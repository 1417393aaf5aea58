//! The stable codes of `error`.

/// Why a command was refused, a `start` failed or the server has something to say. New codes may come: a
/// client that does not know one goes by `final`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// A field is missing, of the wrong type or out of its range.
    Malformed,
    /// A `type` that this version does not know.
    UnknownType,
    /// The id's time is too far ahead, or before the account began.
    BadTime,
    /// The id is known with other content; the stored one stays.
    IdReused,
    /// The card never existed, was never visible to this learner, or is in another deck.
    UnknownCard,
    /// Seen once, but not at the id's time; of a `start`: a deck that the learner may not see.
    Forbidden,
    /// `undo.of` names no answer or set of this learner.
    UnknownEntry,
    /// Neither among the last 30 nor at most 24 h older than the undo.
    UndoTooOld,
    /// A `response` to a card in mode `flip`, or a `grade` to one in a checked mode.
    NotOffered,
    /// A `response` is near the answer: it is asked once more, and nothing was stored.
    Near,
    /// The question to the class is closed.
    AskClosed,
    /// Of a teacher's command: no lesson is on.
    NoLesson,
    /// Of a teacher's command: a student who is named is not of this class.
    UnknownStudent,
    /// Of a teacher's command: not the question that is put, or its first vote is open.
    UnknownAsk,
    /// Of a teacher's command: as much is assigned as may be.
    TooMany,
    /// Of a teacher's `warm_up`: no review of the deck's cards would add to what those who are there remember.
    NothingToReview,
    /// The store can never hold it; it lies in quarantine.
    Internal,
    /// Too many commands without a verdict: send it again later with the same id.
    Busy,
    /// No verdict: the token expires within a minute, send `auth`.
    TokenExpiring,
}

impl ErrorCode {
    /// Every code, in the order of the document.
    pub const ALL: [ErrorCode; 19] = [
        ErrorCode::Malformed,
        ErrorCode::UnknownType,
        ErrorCode::BadTime,
        ErrorCode::IdReused,
        ErrorCode::UnknownCard,
        ErrorCode::Forbidden,
        ErrorCode::UnknownEntry,
        ErrorCode::UndoTooOld,
        ErrorCode::NotOffered,
        ErrorCode::Near,
        ErrorCode::AskClosed,
        ErrorCode::NoLesson,
        ErrorCode::UnknownStudent,
        ErrorCode::UnknownAsk,
        ErrorCode::TooMany,
        ErrorCode::NothingToReview,
        ErrorCode::Internal,
        ErrorCode::Busy,
        ErrorCode::TokenExpiring,
    ];

    /// The string on the wire and in metrics; never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorCode::Malformed => "malformed",
            ErrorCode::UnknownType => "unknown_type",
            ErrorCode::BadTime => "bad_time",
            ErrorCode::IdReused => "id_reused",
            ErrorCode::UnknownCard => "unknown_card",
            ErrorCode::Forbidden => "forbidden",
            ErrorCode::UnknownEntry => "unknown_entry",
            ErrorCode::UndoTooOld => "undo_too_old",
            ErrorCode::NotOffered => "not_offered",
            ErrorCode::Near => "near",
            ErrorCode::AskClosed => "ask_closed",
            ErrorCode::NoLesson => "no_lesson",
            ErrorCode::UnknownStudent => "unknown_student",
            ErrorCode::UnknownAsk => "unknown_ask",
            ErrorCode::TooMany => "too_many",
            ErrorCode::NothingToReview => "nothing_to_review",
            ErrorCode::Internal => "internal",
            ErrorCode::Busy => "busy",
            ErrorCode::TokenExpiring => "token_expiring",
        }
    }

    /// The code with this string, if this version knows it.
    pub fn from_wire(text: &str) -> Option<ErrorCode> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// Whether a verdict with this code settles the command for good.
    pub const fn is_final(self) -> bool {
        match self {
            ErrorCode::Busy | ErrorCode::TokenExpiring => false,
            ErrorCode::Malformed
            | ErrorCode::UnknownType
            | ErrorCode::BadTime
            | ErrorCode::IdReused
            | ErrorCode::UnknownCard
            | ErrorCode::Forbidden
            | ErrorCode::UnknownEntry
            | ErrorCode::UndoTooOld
            | ErrorCode::NotOffered
            | ErrorCode::Near
            | ErrorCode::AskClosed
            | ErrorCode::NoLesson
            | ErrorCode::UnknownStudent
            | ErrorCode::UnknownAsk
            | ErrorCode::TooMany
            | ErrorCode::NothingToReview
            | ErrorCode::Internal => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_string() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_wire(code.as_str()), Some(code));
        }
        assert_eq!(ErrorCode::from_wire("nonsense"), None);
    }
}
