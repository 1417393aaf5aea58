//! Kinds of events.

/// What kind of thing happened. Kinds are only ever added.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum EventKind {
    /// An import has come in.
    ImportFinished,
    /// An import failed; nothing of it counts.
    ImportFailed,
    /// An import was taken back.
    ImportRevoked,
    /// A deck was made.
    DeckCreated,
    /// A deck, or cards in it, were changed.
    DeckChanged,
    /// A deck was deleted.
    DeckDeleted,
    /// A deck was given to a class.
    DeckGiven,
    /// A deck was taken from a class.
    DeckTaken,
    /// A class was made.
    ClassCreated,
    /// A class has another title or teacher, or goes on.
    ClassChanged,
    /// A class was closed.
    ClassClosed,
    /// Students came into a class.
    EnrollmentBegun,
    /// Students left a class.
    EnrollmentEnded,
    /// An organisation's register names people, or says something else of them.
    UsersNamed,
    /// A report is there, or could not be made.
    ReportFinished,
    /// A learner has come to the end of a sitting.
    SittingEnded,
    /// Weights of FSRS were fitted to a learner's answers, or could not be.
    WeightsFitted,
}

impl EventKind {
    /// All of them.
    pub const ALL: [EventKind; 17] = [
        EventKind::ImportFinished,
        EventKind::ImportFailed,
        EventKind::ImportRevoked,
        EventKind::DeckCreated,
        EventKind::DeckChanged,
        EventKind::DeckDeleted,
        EventKind::DeckGiven,
        EventKind::DeckTaken,
        EventKind::ClassCreated,
        EventKind::ClassChanged,
        EventKind::ClassClosed,
        EventKind::EnrollmentBegun,
        EventKind::EnrollmentEnded,
        EventKind::UsersNamed,
        EventKind::ReportFinished,
        EventKind::SittingEnded,
        EventKind::WeightsFitted,
    ];

    /// The kind as a word: what stores keep and what people read.
    pub const fn word(self) -> &'static str {
        match self {
            EventKind::ImportFinished => "import.finished",
            EventKind::ImportFailed => "import.failed",
            EventKind::ImportRevoked => "import.revoked",
            EventKind::DeckCreated => "deck.created",
            EventKind::DeckChanged => "deck.changed",
            EventKind::DeckDeleted => "deck.deleted",
            EventKind::DeckGiven => "deck.given",
            EventKind::DeckTaken => "deck.taken",
            EventKind::ClassCreated => "class.created",
            EventKind::ClassChanged => "class.changed",
            EventKind::ClassClosed => "class.closed",
            EventKind::EnrollmentBegun => "enrollment.begun",
            EventKind::EnrollmentEnded => "enrollment.ended",
            EventKind::UsersNamed => "users.named",
            EventKind::ReportFinished => "report.finished",
            EventKind::SittingEnded => "sitting.ended",
            EventKind::WeightsFitted => "weights.fitted",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn of_word(word: &str) -> Option<EventKind> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_kinds_read_back() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::of_word(kind.word()), Some(kind));
        }
        assert_eq!(EventKind::of_word("deck.eaten"), None);
    }
}
