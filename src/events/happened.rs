//! What has happened, as those who did it say so: enough to find out later, behind them, whom it concerns.

use domain::ids::{ClassId, DeckId, OrgId, UserId};
use ports::people::ClassChange;
use ports::register::Enrolling;
use ports::{ClassRecord, DeckRecord, EventKind, ImportRecord};
use serde_json::Value;

/// Something that has happened.
#[derive(Clone, Debug)]
pub enum Happened {
    /// A deck was made or deleted.
    Deck(EventKind, Box<DeckRecord>),
    /// A deck, or cards in it, were changed.
    DeckChanged(DeckId),
    /// A class was made.
    ClassMade(Box<ClassRecord>),
    /// A class has another title or teacher, was closed, or goes on.
    ClassAmended(ClassId),
    /// Somebody was enrolled or removed, or a deck given or taken; at this moment.
    ClassChanged(ClassId, ClassChange, i64),
    /// Many came into a class or left it.
    Enrolled(ClassId, Enrolling),
    /// A register names people.
    Named(OrgId, Vec<UserId>),
    /// An import has ended, one way or another.
    Import(Box<ImportRecord>),
    /// Something that concerns one person alone is done.
    Own {
        /// The kind.
        kind: EventKind,
        /// The person.
        user: UserId,
        /// The class it is about.
        class: Option<ClassId>,
        /// The deck it is about.
        deck: Option<DeckId>,
        /// What else is said: an object.
        data: Value,
    },
    /// A learner has come to the end of a sitting.
    Sitting(SittingEnd),
}

/// The end of a sitting for now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SittingEnd {
    /// The learner.
    pub user: UserId,
    /// The figures of the sitting so far, and the decks that it was asked for.
    pub done: domain::session::Done,
}
