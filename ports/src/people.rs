//! The cold port for people, classes and enrollments.

use crate::Boxed;
use crate::error::StoreError;
use crate::register::Register;
use domain::access::Span;
use domain::day::ZoneHistory;
use domain::ids::{ClassId, DeckId, OrgId, UserId};

/// What a person is in an organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Role {
    /// Owns the organisation.
    Owner,
    /// Administers it.
    Admin,
    /// Teaches classes.
    Teacher,
    /// Studies.
    Learner,
    /// Came to a lesson by its code: studies what a class has, and is nobody else in the organisation.
    Guest,
    /// Another program.
    Service,
}

impl Role {
    /// Whether somebody in this role may have classes.
    pub const fn may_teach(self) -> bool {
        match self {
            Role::Owner | Role::Admin | Role::Teacher => true,
            Role::Learner | Role::Guest | Role::Service => false,
        }
    }

    /// Whether it is somebody's whom the organisation knows, so that what is for all of it is for them.
    pub const fn is_member(self) -> bool {
        match self {
            Role::Owner | Role::Admin | Role::Teacher | Role::Learner | Role::Service => true,
            Role::Guest => false,
        }
    }
}

/// What a valid token says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignIn {
    /// `sub`.
    pub user: UserId,
    /// `org`.
    pub org: Option<OrgId>,
    /// `role`.
    pub role: Role,
    /// `name`.
    pub name: Option<String>,
}

/// A person's record.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person.
    pub id: UserId,
    /// The organisation.
    pub org: Option<OrgId>,
    /// The role, as the last token said.
    pub role: Role,
    /// The name, as chosen or as a token said.
    pub name: String,
    /// Where the person was when.
    pub zones: ZoneHistory,
    /// The account's beginning: when a valid token was first accepted, Unix milliseconds.
    pub began_ms: i64,
}

/// A class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassRecord {
    /// The class.
    pub id: ClassId,
    /// The organisation.
    pub org: Option<OrgId>,
    /// Whose class it is.
    pub teacher: UserId,
    /// The title.
    pub title: String,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// When it was marked deleted.
    pub deleted_ms: Option<i64>,
    /// Who is enrolled now.
    pub students: Vec<UserId>,
    /// The decks given to it now.
    pub decks: Vec<DeckId>,
}

/// A deck that a learner sees, or saw, through a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grant {
    /// The deck.
    pub deck: DeckId,
    /// The class.
    pub class: ClassId,
    /// While both the enrollment and the assignment held.
    pub span: Span,
}

/// Who somebody is, and what they see through classes.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The person; `None` if nobody has this id.
    pub person: Option<Person>,
    /// All decks that the person sees or saw through classes.
    pub grants: Vec<Grant>,
}

/// Why a request about people was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PeopleError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The person belongs to another organisation than the token says.
    #[error("this person belongs to another organisation")]
    OtherOrg,
    /// Nobody has this id.
    #[error("no such person")]
    NoSuchPerson,
    /// No class has this id.
    #[error("no such class")]
    NoSuchClass,
    /// The zone or hour does not exist.
    #[error("{0}")]
    BadZone(String),
}

/// A change of one's own record.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PersonChange {
    /// IANA name of the zone from now on.
    pub zone: Option<String>,
    /// Hour at which the study day begins from now on.
    pub rollover_hour: Option<u8>,
    /// Name.
    pub name: Option<String>,
    /// Change the zone only if none was ever set.
    pub only_if_unset: bool,
}

/// People, classes, enrollments.
pub trait People: Register {
    /// The person that a valid token speaks of; made now if unknown. Role and organisation of the token win, but the
    /// same person in another organisation is refused. `now_ms` becomes the beginning of a new account.
    fn sign_in(&self, who: SignIn, now_ms: i64) -> Boxed<'_, Result<Person, PeopleError>>;

    /// One person.
    fn person(&self, user: UserId) -> Boxed<'_, Result<Option<Person>, PeopleError>>;

    /// Changes a person's record; a zone change holds for moments later than `now_ms`.
    fn change_person(
        &self,
        user: UserId,
        change: PersonChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<Person, PeopleError>>;

    /// Stores a new class.
    fn create_class(&self, class: ClassRecord) -> Boxed<'_, Result<(), PeopleError>>;

    /// One class.
    fn class(&self, class: ClassId) -> Boxed<'_, Result<Option<ClassRecord>, PeopleError>>;

    /// Those of these classes that are there, deleted ones too, in any order: one question, however many they are.
    fn classes(&self, classes: Vec<ClassId>) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        Box::pin(async move {
            let mut found = Vec::with_capacity(classes.len());
            for class in classes {
                found.extend(self.class(class).await?);
            }
            Ok(found)
        })
    }

    /// The classes that this person teaches or is enrolled in now.
    fn classes_of(&self, user: UserId) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>>;

    /// Enrolls (`on`) or removes a student, or gives a deck to the class or takes it away, from `now_ms` on.
    /// Doing it again changes nothing. Nobody who is known to be of another organisation than the class is enrolled
    /// (`NoSuchPerson`); who turns out to be at a later sign-in leaves the class then.
    fn change_class(
        &self,
        class: ClassId,
        change: ClassChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>>;

    /// All decks that this person sees or saw through classes.
    fn grants(&self, user: UserId) -> Boxed<'_, Result<Vec<Grant>, PeopleError>>;

    /// Who somebody is, and what they see through classes: one question.
    fn standing(&self, user: UserId) -> Boxed<'_, Result<Standing, PeopleError>> {
        Box::pin(async move {
            Ok(Standing { person: self.person(user).await?, grants: self.grants(user).await? })
        })
    }

    /// Those of these people who are known, in any order: one question, however many they are.
    fn persons(&self, users: Vec<UserId>) -> Boxed<'_, Result<Vec<Person>, PeopleError>> {
        Box::pin(async move {
            let mut known = Vec::with_capacity(users.len());
            for user in users {
                known.extend(self.person(user).await?);
            }
            Ok(known)
        })
    }

    /// Who is enrolled in a class now, and since when (Unix milliseconds): in any order, each once.
    fn enrolled_since(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, i64)>, PeopleError>>;

    /// Gives a student extra time in a class, in percent of the ordinary; 0 takes it away. It is kept with the enrollment
    /// and ends with it. Who is not enrolled now is refused (`NoSuchPerson`).
    fn set_extra_time(
        &self,
        class: ClassId,
        student: UserId,
        percent: u16,
    ) -> Boxed<'_, Result<(), PeopleError>>;

    /// Who of those enrolled in a class now has extra time, in percent: in any order, each once.
    fn extra_times(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, u16)>, PeopleError>>;
}

/// A change of who is in a class, or what it studies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClassChange {
    /// Enrolls a student.
    Enroll(UserId),
    /// Removes a student.
    Remove(UserId),
    /// Gives a deck to the class.
    Give(DeckId),
    /// Takes a deck away.
    Take(DeckId),
}
