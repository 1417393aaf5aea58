//! What a roster says, whatever file it came in.

use super::limits::REJECTED_LISTED_MAX;
use super::remark::RosterRemark;
use crate::import::limits::REPORTED_MAX;
use ports::Role;
use ports::register::Status;
use std::collections::HashMap;

/// A person of a roster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RosterPerson {
    /// What the source calls the person; empty where it says nothing.
    pub external: String,
    /// What the person signs in with, in lower case; empty where nothing is said.
    pub login: String,
    /// The address, in lower case; empty where nothing is said.
    pub email: String,
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// Whether the person is there; a delta says of some that they are gone.
    pub status: Status,
    /// Whether the person is only referred to, by a delta: then everything else but the id is unknown.
    pub is_reference: bool,
    /// The row that names the person first: file and line.
    pub at: (&'static str, u64),
}

impl RosterPerson {
    /// By what the person is known within one roster: the first of these that is said.
    pub fn key(&self) -> Option<String> {
        key(&self.external, &self.login, &self.email)
    }
}

/// By what somebody is known of whom this is said.
pub(super) fn key(external: &str, login: &str, email: &str) -> Option<String> {
    let said = [("external", external), ("login", login), ("email", email)];
    said.into_iter().find(|(_, text)| !text.is_empty()).map(|(kind, text)| format!("{kind}:{text}"))
}

/// A class of a roster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RosterClass {
    /// What the source calls the class.
    pub external: String,
    /// The title.
    pub title: String,
    /// Whether the class is there; a delta says of some that they are gone.
    pub status: Status,
    /// Whether the class is only referred to, by a delta: then everything else but the id is unknown.
    pub is_reference: bool,
    /// The row: file and line.
    pub at: (&'static str, u64),
}

/// What somebody is in a class.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Membership {
    /// Teaches it, first of all teachers.
    FirstTeacher,
    /// Teaches it.
    Teacher,
    /// Studies in it.
    Student,
}

/// One enrollment: places of class and person in their lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Enrolled {
    /// The class.
    pub class: u32,
    /// The person.
    pub person: u32,
    /// As what.
    pub membership: Membership,
    /// Whether it holds; a delta says of some that they are over.
    pub status: Status,
}

/// A roster. No two people, and no two classes, have the same key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Roster {
    /// Whether only what changed is in it. A bulk roster says of everybody who is not in it that they are gone.
    pub is_delta: bool,
    /// Whether it speaks of classes.
    pub has_classes: bool,
    /// Whether it speaks of who is in which.
    pub has_enrollments: bool,
    /// The people.
    pub people: Vec<RosterPerson>,
    /// The classes.
    pub classes: Vec<RosterClass>,
    /// Who is in which class.
    pub enrolled: Vec<Enrolled>,
    /// Rows that were left out.
    pub rejected: RosterRemarks,
    /// Rows of which something was left out.
    pub changed: RosterRemarks,
    people_by_key: HashMap<String, u32>,
    classes_by_external: HashMap<String, u32>,
}

/// Remarks of a roster, the first of them listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RosterRemarks {
    /// The first ones, in the order of reading.
    pub listed: Vec<RosterRemark>,
    /// How many there are.
    pub total: u64,
    /// How many are listed at most.
    listed_max: usize,
}

impl Default for RosterRemarks {
    fn default() -> RosterRemarks {
        RosterRemarks::listing(REPORTED_MAX)
    }
}

impl RosterRemarks {
    const fn listing(listed_max: usize) -> RosterRemarks {
        RosterRemarks { listed: Vec::new(), total: 0, listed_max }
    }

    /// Adds one.
    pub fn push(&mut self, remark: RosterRemark) {
        self.total += 1;
        if self.listed.len() < self.listed_max {
            self.listed.push(remark);
        }
    }
}

impl Roster {
    /// An empty one, which lists rejected rows as a job keeps them.
    pub(super) fn new() -> Roster {
        Roster { rejected: RosterRemarks::listing(REJECTED_LISTED_MAX), ..Roster::default() }
    }

    /// The place of the person with this key.
    pub fn person(&self, key: &str) -> Option<u32> {
        self.people_by_key.get(key).copied()
    }

    /// The place of the class that the source calls so.
    pub fn class(&self, external: &str) -> Option<u32> {
        self.classes_by_external.get(external).copied()
    }

    /// Adds a person and says where; `None` where there is one with the same key, or nobody could be found by any.
    pub fn add_person(&mut self, person: RosterPerson) -> Option<u32> {
        let key = person.key()?;
        let place = u32::try_from(self.people.len()).ok()?;
        if self.people_by_key.contains_key(&key) {
            return None;
        }
        self.people_by_key.insert(key, place);
        self.people.push(person);
        Some(place)
    }

    /// Adds a class and says where; `None` where there is one that is called the same.
    pub fn add_class(&mut self, class: RosterClass) -> Option<u32> {
        let place = u32::try_from(self.classes.len()).ok()?;
        if self.classes_by_external.contains_key(&class.external) {
            return None;
        }
        self.classes_by_external.insert(class.external.clone(), place);
        self.classes.push(class);
        Some(place)
    }
}
