//! What nodes tell each other.

use domain::ids::{ClassId, DeckId, UserId, Uuid};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One life of one node: new at each start of a process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Run(pub Uuid);

/// What is listened to as a whole. The order is that in which notes leave and are heard.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Topic {
    /// Invalidations: every node watches it.
    Inv,
    /// One live class: its owner and the nodes with monitors watch it.
    Class(ClassId),
}

/// Whom a change of who sees what concerns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whom {
    /// These people: enrollments, or decks of their own that are new.
    People(Arc<[UserId]>),
    /// Whoever holds this deck: its visibility, or its end.
    Deck(DeckId),
}

/// A note: what changed, not how. After [`super::Heard::Unknown`] a listener does for everything it holds what it would
/// do for a note about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// A deck or its cards have this revision now: who holds an older one reads the deck again.
    Deck {
        /// The deck.
        deck: DeckId,
        /// Its newest revision.
        revision: u64,
    },
    /// Who sees what changed: the sessions that it concerns look again.
    Access(Whom),
    /// A person's record changed (zones, rollover hour, role, name): read it again.
    Person(UserId),
    /// What this person was signed in with is not good any more: open sockets and remembered sign-ins are checked anew.
    Revoked(UserId),
    /// Somebody wrote into this learner's inbox: its owner reads it.
    Inbox(UserId),
    /// A cell of a live class.
    Cell(Cell),
    /// The lesson of a class was changed, or its owner calls for cells: nodes with students of the class read it.
    Lesson(LessonMark),
}

/// How far the owner of a class is with telling.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct LessonMark {
    /// The class.
    pub class: ClassId,
    /// The epoch of its owner.
    pub epoch: u64,
    /// How often this owner has told.
    pub told: u64,
    /// How often it has called for cells.
    pub calls: u64,
}

/// Whose figures in which lesson.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct CellKey {
    /// The student.
    pub student: UserId,
    /// The lesson.
    pub lesson: Uuid,
}

/// Which of two cells is newer: the later owner's, else the later one of the same owner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct CellVersion {
    /// The epoch of the learner's owner.
    pub epoch: u64,
    /// Counted up by that owner.
    pub n: u64,
}

/// A student's absolute figures since the lesson began. The only note that carries what it tells: it is sent again from
/// time to time, so a lost one is made up for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    /// Whose, in which lesson.
    pub key: CellKey,
    /// The newest version wins.
    pub version: CellVersion,
    /// The figures; opaque here.
    pub bytes: Arc<[u8]>,
}

/// What a note is about: of two that wait about the same, one is enough.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Subject {
    /// A deck's content.
    Deck(DeckId),
    /// What people see: all people of all notes that wait.
    People,
    /// Who sees a deck.
    AccessToDeck(DeckId),
    /// A person's record.
    Person(UserId),
    /// A person's sign-ins.
    Revoked(UserId),
    /// A learner's inbox.
    Inbox(UserId),
    /// A cell.
    Cell(CellKey),
    /// A class's lesson.
    Lesson(ClassId),
}

impl Note {
    /// What it is about.
    pub fn subject(&self) -> Subject {
        match self {
            Note::Deck { deck, .. } => Subject::Deck(*deck),
            Note::Access(Whom::People(_)) => Subject::People,
            Note::Access(Whom::Deck(deck)) => Subject::AccessToDeck(*deck),
            Note::Person(user) => Subject::Person(*user),
            Note::Revoked(user) => Subject::Revoked(*user),
            Note::Inbox(user) => Subject::Inbox(*user),
            Note::Cell(cell) => Subject::Cell(cell.key),
            Note::Lesson(mark) => Subject::Lesson(mark.class),
        }
    }

    /// Whether a listener that checks everything anyway needs it no more. A cell carries what it tells. (Of inboxes a check
    /// sees nothing: what they name shows at the next load.)
    pub fn is_covered_by_a_check(&self) -> bool {
        match self {
            Note::Cell(_) => false,
            Note::Deck { .. }
            | Note::Access(_)
            | Note::Person(_)
            | Note::Revoked(_)
            | Note::Inbox(_)
            | Note::Lesson(_) => true,
        }
    }

    /// Becomes one with a later note of the same subject. Its order does not matter: the newest revision and version
    /// stay, and people are joined. A note of another subject is left alone.
    pub fn merge(&mut self, later: Note) {
        match (self, later) {
            (Note::Deck { deck, revision }, Note::Deck { deck: same, revision: newer }) if *deck == same => {
                *revision = newer.max(*revision);
            }
            (Note::Access(Whom::People(people)), Note::Access(Whom::People(more))) => {
                let all: BTreeSet<UserId> = people.iter().chain(more.iter()).copied().collect();
                *people = all.into_iter().collect();
            }
            (Note::Cell(cell), Note::Cell(other)) if cell.key == other.key => {
                if other.version > cell.version {
                    *cell = other;
                }
            }
            (Note::Lesson(mark), Note::Lesson(other)) if mark.class == other.class => {
                *mark = other.max(*mark);
            }
            // The others say no more than their subject.
            (
                Note::Deck { .. }
                | Note::Access(_)
                | Note::Person(_)
                | Note::Revoked(_)
                | Note::Inbox(_)
                | Note::Cell(_)
                | Note::Lesson(_),
                _,
            ) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(n: u128) -> UserId {
        UserId::from_u128(n)
    }

    fn people(of: &[u128]) -> Note {
        Note::Access(Whom::People(of.iter().map(|n| user(*n)).collect()))
    }

    fn cell(epoch: u64, n: u64) -> Note {
        let key = CellKey { student: user(1), lesson: Uuid::from_u128(2) };
        Note::Cell(Cell { key, version: CellVersion { epoch, n }, bytes: [n as u8].into() })
    }

    fn lesson(epoch: u64, told: u64) -> Note {
        Note::Lesson(LessonMark { class: ClassId::from_u128(8), epoch, told, calls: 1 })
    }

    fn merged(mut one: Note, other: Note) -> Note {
        assert_eq!(one.subject(), other.subject());
        one.merge(other);
        one
    }

    #[test]
    fn of_two_notes_about_the_same_the_newer_stays_whichever_comes_first() {
        let deck = |revision| Note::Deck { deck: DeckId::from_u128(7), revision };
        assert_eq!(merged(deck(3), deck(4)), deck(4));
        assert_eq!(merged(deck(4), deck(3)), deck(4));
        // A later owner counts from the start again.
        for (one, other) in [(cell(1, 9), cell(2, 1)), (cell(2, 1), cell(1, 9))] {
            assert_eq!(merged(one, other), cell(2, 1));
        }
        for (one, other) in [(lesson(1, 9), lesson(2, 1)), (lesson(2, 1), lesson(1, 9))] {
            assert_eq!(merged(one, other), lesson(2, 1));
        }
    }

    #[test]
    fn people_are_joined_and_nobody_is_named_twice() {
        assert_eq!(merged(people(&[3, 1]), people(&[1, 2])), people(&[1, 2, 3]));
    }

    #[test]
    fn notes_about_different_things_have_different_subjects() {
        let deck = DeckId::from_u128(1);
        let all = [
            Note::Deck { deck, revision: 1 },
            Note::Access(Whom::Deck(deck)),
            people(&[1]),
            Note::Person(user(1)),
            Note::Revoked(user(1)),
            Note::Inbox(user(1)),
            cell(1, 1),
            lesson(1, 1),
        ];
        let subjects: BTreeSet<Subject> = all.iter().map(Note::subject).collect();
        assert_eq!(subjects.len(), all.len());
        assert_eq!(all.iter().filter(|note| !note.is_covered_by_a_check()).count(), 1);
    }
}
