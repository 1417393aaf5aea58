//! The cold port for registers: whom the rosters of an organisation name, and which classes. What a register holds of a
//! person is what a school's own systems say; what the person is here ([`Person`](crate::Person)) may differ.

use crate::Boxed;
use crate::people::{ClassRecord, PeopleError, Role};
use domain::ids::{ClassId, OrgId, UserId};

/// People of a register that are read or written at once, at most.
pub const REGISTER_PAGE_MAX: usize = 1_000;

/// Whether somebody, or a class, is there still.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Status {
    /// Is there.
    Active,
    /// Has left, or was closed. What was done stays.
    Gone,
}

/// A person in an organisation's register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registered {
    /// The person's account.
    pub user: UserId,
    /// The organisation.
    pub org: OrgId,
    /// What the organisation's own system calls the person; empty where it says nothing.
    pub external: String,
    /// What the person signs in with there, in lower case; empty where nothing is said.
    pub login: String,
    /// The address, in lower case; empty where nothing is said.
    pub email: String,
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// Whether the person is there still.
    pub status: Status,
    /// When this was last changed, Unix milliseconds.
    pub changed_ms: i64,
}

/// A class in an organisation's register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisteredClass {
    /// The class.
    pub class: ClassId,
    /// The organisation.
    pub org: OrgId,
    /// What the organisation's own system calls the class.
    pub external: String,
    /// When this was last changed, Unix milliseconds.
    pub changed_ms: i64,
}

/// By what a person is found in a register.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum RegisterKey {
    /// By the account.
    User(UserId),
    /// By what the organisation's own system calls the person.
    External(String),
    /// By what the person signs in with, in lower case.
    Login(String),
    /// By the address, in lower case.
    Email(String),
}

impl RegisterKey {
    /// Whether it names this person.
    pub fn names(&self, who: &Registered) -> bool {
        match self {
            RegisterKey::User(user) => *user == who.user,
            RegisterKey::External(external) => !external.is_empty() && *external == who.external,
            RegisterKey::Login(login) => !login.is_empty() && *login == who.login,
            RegisterKey::Email(email) => !email.is_empty() && *email == who.email,
        }
    }
}

/// Students who join a class or leave it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Enrolling {
    /// Who is enrolled from now on.
    pub join: Vec<UserId>,
    /// Who is not any more.
    pub leave: Vec<UserId>,
}

/// What of a class changes when a roster says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassAmendment {
    /// Its title.
    pub title: String,
    /// Whose class it is.
    pub teacher: UserId,
    /// Whether it goes on: a class that is closed shows like one that was deleted, and may be opened again.
    pub status: Status,
}

impl ClassAmendment {
    /// What a class is now.
    pub fn of(class: &ClassRecord) -> ClassAmendment {
        let status = if class.deleted_ms.is_some() { Status::Gone } else { Status::Active };
        ClassAmendment { title: class.title.clone(), teacher: class.teacher, status }
    }
}

/// Registers of organisations. Every change may be made again without harm.
pub trait Register: Send + Sync + 'static {
    /// People of an organisation's register, those who left included, by account id, after this one; at most `limit`,
    /// and at most [`REGISTER_PAGE_MAX`].
    fn registered(
        &self,
        org: OrgId,
        after: Option<UserId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>>;

    /// Those of an organisation's register whom any of these keys name, in any order, each once; at most
    /// [`REGISTER_PAGE_MAX`] keys.
    fn find_registered(
        &self,
        org: OrgId,
        keys: Vec<RegisterKey>,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>>;

    /// Writes people into the register, each in place of what it says of the same account, and makes the accounts that
    /// are not there yet. Those whose account belongs to another organisation, or to none, are left out and returned.
    /// At most [`REGISTER_PAGE_MAX`].
    fn put_registered(
        &self,
        people: Vec<Registered>,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>>;

    /// Classes of an organisation's register, closed ones included, by id, after this one; at most `limit`, and at most
    /// [`REGISTER_PAGE_MAX`].
    fn registered_classes(
        &self,
        org: OrgId,
        after: Option<ClassId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RegisteredClass>, PeopleError>>;

    /// What an organisation's register says of one class.
    fn registered_class(
        &self,
        org: OrgId,
        class: ClassId,
    ) -> Boxed<'_, Result<Option<RegisteredClass>, PeopleError>>;

    /// Writes a class into the register. The class itself is made and changed apart.
    fn put_registered_class(&self, class: RegisteredClass) -> Boxed<'_, Result<(), PeopleError>>;

    /// Changes a class; one that is so already stays as it is.
    fn amend_class(
        &self,
        class: ClassId,
        to: ClassAmendment,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>>;

    /// Enrolls and removes many students of a class at once, from `now_ms` on. Who is enrolled, or is not, stays so.
    /// Those who are known to be of another organisation than the class are not enrolled, and returned.
    fn enroll_many(
        &self,
        class: ClassId,
        who: Enrolling,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>>;
}
