//! What is said about the rows of a roster. No remark repeats what a cell holds.

use super::limits::{CLASSES_PER_CELL_MAX, EXTERNAL_BYTES_MAX, LOGIN_BYTES_MAX, STUDENTS_PER_CLASS_MAX};
use crate::auth::NAME_BYTES_MAX;
use std::borrow::Cow;

/// A remark on a place in a roster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RosterRemark {
    /// The table in an archive, such as `users.csv`; empty where the file is the table.
    pub file: &'static str,
    /// The line in which the row begins, from 1.
    pub line: u64,
    /// The column, as the format calls it or by its number; empty where the row as a whole is meant.
    pub column: Cow<'static, str>,
    /// What there is to say.
    pub reason: RosterReason,
}

/// Why a row of a roster was left out, or what of it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RosterReason {
    /// Nothing by which the row could be found again.
    #[error("there is no id, no login and no address: whoever is named so could not be found again")]
    NoIdentity,
    /// There is no name.
    #[error("there is no name")]
    NoName,
    /// A cell is too long.
    #[error(
        "the cell is too long: ids have at most {EXTERNAL_BYTES_MAX} bytes, logins and addresses {LOGIN_BYTES_MAX}, names and titles {NAME_BYTES_MAX}"
    )]
    TooLong,
    /// A role that does not exist.
    #[error("the role is none that is known")]
    UnknownRole,
    /// A role that has no place here.
    #[error("people with this role have no account here")]
    RoleLeftOut,
    /// A status that does not exist.
    #[error("the status is neither active nor tobedeleted")]
    UnknownStatus,
    /// A row before has the same id.
    #[error("an earlier row has the same id")]
    Duplicate,
    /// A row before says something else of the same person.
    #[error("an earlier row says something else of the same person, and counts")]
    Differs,
    /// No such class.
    #[error("the class that is referred to is not there")]
    DanglingClass,
    /// No such person.
    #[error("the person who is referred to is not there, or was left out")]
    DanglingPerson,
    /// No such course.
    #[error("the course that is referred to is not there")]
    DanglingCourse,
    /// No such organisation.
    #[error("the organisation that is referred to is not there")]
    DanglingOrg,
    /// A person without a role in roles.csv.
    #[error("no row of roles.csv names the person: they are taken for a learner")]
    NoRole,
    /// More classes in one cell than may be.
    #[error("more than {CLASSES_PER_CELL_MAX} classes in one cell")]
    TooManyClasses,
    /// A class with too many students.
    #[error("the class has more than {STUDENTS_PER_CLASS_MAX} students")]
    TooManyStudents,
    /// The row is not formed as a row.
    #[error("the row is too long, or text follows a closing quote")]
    BadRow,
    /// A column is not imported.
    #[error("the column is not imported: it has no name that is known, or comes twice")]
    UnknownColumn,
    /// The person belongs to another organisation.
    #[error("the account belongs to another organisation, or to none")]
    OtherOrg,
    /// The class is another teacher's.
    #[error("the class is another teacher's: only administrators change it")]
    ClassNotYours,
    /// The class is one that the importer teaches beside its teacher.
    #[error(
        "the class is another teacher's: who is in it changes, what it is called and whether it is there stays"
    )]
    ClassKept,
    /// The person is in no class of the importer's.
    #[error("the person is in none of your classes: what is known of them stays")]
    PersonNotYours,
    /// Teachers change no keys.
    #[error("only administrators change ids, logins and addresses: the ones that are known stay")]
    KeyKept,
    /// Teachers name learners alone.
    #[error("only administrators name anybody but learners")]
    RoleNotYours,
    /// A class has one teacher.
    #[error("a class has one teacher here: the first, or whom the source calls primary")]
    SecondTeacher,
}

impl RosterReason {
    /// The stable code that names it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoIdentity => "no_identity",
            Self::NoName => "no_name",
            Self::TooLong => "too_long",
            Self::UnknownRole => "unknown_role",
            Self::RoleLeftOut => "role_left_out",
            Self::UnknownStatus => "unknown_status",
            Self::Duplicate => "duplicate",
            Self::Differs => "differs",
            Self::DanglingClass => "dangling_class",
            Self::DanglingPerson => "dangling_person",
            Self::DanglingCourse => "dangling_course",
            Self::DanglingOrg => "dangling_org",
            Self::NoRole => "no_role",
            Self::TooManyClasses => "too_many_classes",
            Self::TooManyStudents => "too_many_students",
            Self::BadRow => "bad_row",
            Self::UnknownColumn => "unknown_column",
            Self::OtherOrg => "other_org",
            Self::ClassNotYours => "class_not_yours",
            Self::ClassKept => "class_kept",
            Self::PersonNotYours => "person_not_yours",
            Self::KeyKept => "key_kept",
            Self::RoleNotYours => "role_not_yours",
            Self::SecondTeacher => "second_teacher",
        }
    }
}
