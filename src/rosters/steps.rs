//! What a roster would change.

use super::model::RosterRemarks;
use domain::ids::{ClassId, UserId};
use ports::register::ClassAmendment;
use ports::{ClassRecord, Registered, RegisteredClass};

/// What becomes of a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Step {
    /// Is named for the first time, or again after having been gone.
    New,
    /// Joins or leaves classes, whatever else changes.
    Moved,
    /// Name, login, address, id or role change.
    Changed,
    /// Is there no more: in the organisation, or, where a roster speaks of classes alone, in any of them.
    Gone,
    /// Stays just so.
    Same,
}

impl Step {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Step::New => "new",
            Step::Moved => "moved",
            Step::Changed => "changed",
            Step::Gone => "gone",
            Step::Same => "unchanged",
        }
    }
}

/// One person's part of a diff.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonStep {
    /// What becomes of them.
    pub step: Step,
    /// What the register says afterwards.
    pub registered: Registered,
    /// What it says now, where it says something.
    pub before: Option<Registered>,
    /// Classes that they join.
    pub joins: Vec<ClassId>,
    /// Classes that they leave.
    pub leaves: Vec<ClassId>,
    /// The row that names them; `None` where none does.
    pub at: Option<(&'static str, u64)>,
}

impl PersonStep {
    /// Whether the register has to be written.
    pub fn is_written(&self) -> bool {
        self.before.as_ref() != Some(&self.registered)
    }
}

/// One class's part of a diff.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassStep {
    /// The class as it is to be made, where there is none yet.
    pub make: Option<ClassRecord>,
    /// What it is to be; the class as it is now, where there is one.
    pub amend: Option<(ClassAmendment, ClassAmendment)>,
    /// What the register is to say, where it says something else.
    pub register: Option<RegisteredClass>,
    /// Which class.
    pub class: ClassId,
    /// Students who join, and who leave.
    pub join: Vec<UserId>,
    /// Students who leave.
    pub leave: Vec<UserId>,
}

/// How many people there are of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// New ones.
    pub new: usize,
    /// Those who join or leave classes.
    pub moved: usize,
    /// Those of whom something else changes.
    pub changed: usize,
    /// Those who are gone.
    pub gone: usize,
    /// Those who stay just so.
    pub unchanged: usize,
    /// Classes that are made.
    pub classes_new: usize,
    /// Classes that are closed.
    pub classes_closed: usize,
    /// Classes of which title or teacher changes, or that are opened again.
    pub classes_changed: usize,
}

/// What a roster would change.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Diff {
    /// The people, those who stay just so included.
    pub people: Vec<PersonStep>,
    /// The classes of which something changes.
    pub classes: Vec<ClassStep>,
    /// How many people the roster speaks about were there before.
    pub before: usize,
    /// How many there are of each kind.
    pub counts: Counts,
    /// Rows that are left out, those of reading included.
    pub rejected: RosterRemarks,
    /// Rows of which something is left out, those of reading included.
    pub changed: RosterRemarks,
}

impl Diff {
    /// Whether everything stays as it is.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty() && !self.people.iter().any(PersonStep::is_written)
    }
}
