//! What the tables say, but for people.

use crate::import::{Fault, FileFault};
use crate::rosters::limits::{CLASSES_MAX, ENROLLMENTS_MAX, PEOPLE_MAX, REFERENCES_MAX};
use crate::rosters::model::{Enrolled, Membership, Roster, RosterClass, RosterPerson};
use crate::rosters::read::cells;
use crate::rosters::read::records::{Cells, Take};
use crate::rosters::read::words::{is_true, status};
use crate::rosters::remark::{RosterReason, RosterRemark};
use ports::Role;
use ports::register::Status;
use std::collections::HashSet;

/// What the manifest says.
#[derive(Default)]
pub(super) struct Manifest {
    version: Option<String>,
    /// Whether any of the tables that are read holds what changed, and whether any holds everything.
    is_delta: Option<bool>,
}

impl Manifest {
    pub(super) fn is_known(&self) -> bool {
        self.version.as_deref().is_none_or(|version| version.starts_with("1."))
    }

    /// Whether only what changed is there; `None` where the manifest does not say.
    pub(super) const fn is_delta(&self) -> Option<bool> {
        self.is_delta
    }
}

impl Take for Manifest {
    const COLUMNS: &'static [&'static str] = &["propertyName", "value"];

    fn take(&mut self, cells: &Cells) -> Result<(), FileFault> {
        let value = cells.get(1).to_ascii_lowercase();
        match cells.get(0) {
            "oneroster.version" if !value.is_empty() => self.version = Some(value),
            "file.users" | "file.classes" | "file.enrollments" if value == "delta" => {
                self.is_delta = Some(true)
            }
            "file.users" | "file.classes" | "file.enrollments" if value == "bulk" => {
                self.is_delta.get_or_insert(false);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The ids of a table of which nothing else is read.
#[derive(Default)]
pub(super) struct Ids {
    ids: HashSet<String>,
    is_full: bool,
}

impl Ids {
    /// Whether the table holds this id, as far as that is known.
    pub(super) fn may_hold(&self, id: &str) -> bool {
        id.is_empty() || self.is_full || self.ids.contains(id)
    }
}

impl Take for Ids {
    const COLUMNS: &'static [&'static str] = &["sourcedId"];

    fn take(&mut self, cells: &Cells) -> Result<(), FileFault> {
        if self.ids.len() >= REFERENCES_MAX {
            self.is_full = true;
        } else {
            self.ids.insert(cells.get(0).to_owned());
        }
        Ok(())
    }
}

/// `classes.csv`
pub(super) struct Classes<'a> {
    roster: &'a mut Roster,
    orgs: Option<&'a Ids>,
    courses: Option<&'a Ids>,
}

impl<'a> Classes<'a> {
    const FILE: &'static str = "classes.csv";

    pub(super) const fn new(
        roster: &'a mut Roster,
        orgs: Option<&'a Ids>,
        courses: Option<&'a Ids>,
    ) -> Classes<'a> {
        Classes { roster, orgs, courses }
    }

    fn class(cells: &Cells) -> Result<RosterClass, (&'static str, RosterReason)> {
        let external = cells::external(cells.get(0)).map_err(|reason| ("sourcedId", reason))?;
        if external.is_empty() {
            return Err(("sourcedId", RosterReason::NoIdentity));
        }
        let status = status(cells.get(1)).ok_or(("status", RosterReason::UnknownStatus))?;
        let named = [2, 3].map(|nth| cells.get(nth)).into_iter().find(|cell| !cell.is_empty());
        let title = cells::name(named.unwrap_or(&external)).map_err(|reason| ("title", reason))?;
        Ok(RosterClass { external, title, status, is_reference: false, at: (Self::FILE, cells.line) })
    }
}

impl Take for Classes<'_> {
    const COLUMNS: &'static [&'static str] =
        &["sourcedId", "status", "title", "classCode", "courseSourcedId", "schoolSourcedId"];

    fn take(&mut self, cells: &Cells) -> Result<(), FileFault> {
        let at = |column: &'static str, reason| RosterRemark {
            file: Self::FILE,
            line: cells.line,
            column: column.into(),
            reason,
        };
        if cells.is_broken() {
            self.roster.rejected.push(at("", RosterReason::BadRow));
            return Ok(());
        }
        let class = match Self::class(cells) {
            Ok(class) => class,
            Err((column, reason)) => {
                self.roster.rejected.push(at(column, reason));
                return Ok(());
            }
        };
        if self.roster.classes.len() >= CLASSES_MAX {
            return Err(too_many(cells, CLASSES_MAX));
        }
        let references = [
            (self.courses, 4, "courseSourcedId", RosterReason::DanglingCourse),
            (self.orgs, 5, "schoolSourcedId", RosterReason::DanglingOrg),
        ];
        for (ids, nth, column, reason) in references {
            if ids.is_some_and(|ids| !ids.may_hold(cells.get(nth))) {
                self.roster.changed.push(at(column, reason));
            }
        }
        if self.roster.add_class(class).is_none() {
            self.roster.rejected.push(at("sourcedId", RosterReason::Duplicate));
        }
        Ok(())
    }
}

/// `enrollments.csv`
pub(super) struct Enrollments<'a> {
    roster: &'a mut Roster,
    today: &'a str,
}

impl<'a> Enrollments<'a> {
    const FILE: &'static str = "enrollments.csv";

    pub(super) const fn new(roster: &'a mut Roster, today: &'a str) -> Enrollments<'a> {
        Enrollments { roster, today }
    }

    /// The class that a row refers to; in a delta it may be one that is known from before.
    fn class(&mut self, cells: &Cells) -> Result<u32, RosterReason> {
        let external = cells::external(cells.get(2))?;
        if let Some(place) = self.roster.class(&external) {
            return Ok(place);
        }
        let may_be_known =
            self.roster.is_delta && !external.is_empty() && self.roster.classes.len() < CLASSES_MAX;
        let class = || RosterClass {
            title: external.clone(),
            external: external.clone(),
            status: Status::Active,
            is_reference: true,
            at: (Self::FILE, cells.line),
        };
        let added = if may_be_known { self.roster.add_class(class()) } else { None };
        added.ok_or(RosterReason::DanglingClass)
    }

    /// The person that a row refers to, in the same way.
    fn person(&mut self, cells: &Cells) -> Result<u32, RosterReason> {
        let external = cells::external(cells.get(3))?;
        if let Some(place) = self.roster.person(&format!("external:{external}")) {
            return Ok(place);
        }
        let may_be_known =
            self.roster.is_delta && !external.is_empty() && self.roster.people.len() < PEOPLE_MAX;
        let person = || RosterPerson {
            external,
            login: String::new(),
            email: String::new(),
            name: String::new(),
            role: Role::Learner,
            status: Status::Active,
            is_reference: true,
            at: (Self::FILE, cells.line),
        };
        let added = if may_be_known { self.roster.add_person(person()) } else { None };
        added.ok_or(RosterReason::DanglingPerson)
    }

    fn enrolled(&mut self, cells: &Cells) -> Result<Option<Enrolled>, (&'static str, RosterReason)> {
        let status = status(cells.get(1)).ok_or(("status", RosterReason::UnknownStatus))?;
        let membership = match cells.get(4).to_ascii_lowercase().as_str() {
            "student" => Membership::Student,
            "teacher" if is_true(cells.get(5)) => Membership::FirstTeacher,
            "teacher" => Membership::Teacher,
            "administrator" | "proctor" | "aide" | "guardian" | "parent" | "relative" => return Ok(None),
            _ => return Err(("role", RosterReason::UnknownRole)),
        };
        let class = self.class(cells).map_err(|reason| ("classSourcedId", reason))?;
        let person = self.person(cells).map_err(|reason| ("userSourcedId", reason))?;
        let ended = cells.get(6);
        let is_over = !ended.is_empty() && ended <= self.today;
        let status = if is_over { Status::Gone } else { status };
        Ok(Some(Enrolled { class, person, membership, status }))
    }
}

impl Take for Enrollments<'_> {
    const COLUMNS: &'static [&'static str] =
        &["sourcedId", "status", "classSourcedId", "userSourcedId", "role", "primary", "endDate"];

    fn take(&mut self, cells: &Cells) -> Result<(), FileFault> {
        let at = |column: &'static str, reason| RosterRemark {
            file: Self::FILE,
            line: cells.line,
            column: column.into(),
            reason,
        };
        if cells.is_broken() {
            self.roster.rejected.push(at("", RosterReason::BadRow));
            return Ok(());
        }
        match self.enrolled(cells) {
            Ok(Some(_)) if self.roster.enrolled.len() >= ENROLLMENTS_MAX => {
                return Err(too_many(cells, ENROLLMENTS_MAX));
            }
            Ok(Some(enrolled)) => self.roster.enrolled.push(enrolled),
            Ok(None) => self.roster.changed.push(at("role", RosterReason::RoleLeftOut)),
            Err((column, reason)) => self.roster.rejected.push(at(column, reason)),
        }
        Ok(())
    }
}

/// More rows than may be.
pub(super) const fn too_many(cells: &Cells, rows_max: usize) -> FileFault {
    FileFault { line: cells.line, fault: Fault::MoreRowsThan { rows_max: rows_max as u64 } }
}
