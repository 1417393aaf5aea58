//! `users.csv` and `roles.csv`. Version 1.1 has the role with the person; 1.2 has roles of their own, of which the one
//! that may most counts.

use super::tables::{Ids, too_many};
use crate::import::FileFault;
use crate::rosters::limits::PEOPLE_MAX;
use crate::rosters::model::{Roster, RosterPerson};
use crate::rosters::read::cells;
use crate::rosters::read::records::{Cells, Take};
use crate::rosters::read::words::{Said, is_false, status};
use crate::rosters::remark::{RosterReason, RosterRemark};
use ports::Role;
use ports::register::Status;
use std::collections::HashMap;

/// Roles of one person in `roles.csv` that are read, on average; a table with more is refused.
const ROLES_PER_PERSON_MAX: usize = 10;

/// `roles.csv`
#[derive(Default)]
pub(super) struct Roles {
    /// What each person is, and the line that says so; none of it where the word is unknown.
    roles: HashMap<String, (Option<Said>, u64)>,
    rows: usize,
}

impl Take for Roles {
    const COLUMNS: &'static [&'static str] = &["userSourcedId", "status", "role"];

    fn take(&mut self, cells: &Cells) -> Result<(), FileFault> {
        self.rows += 1;
        if self.rows > PEOPLE_MAX * ROLES_PER_PERSON_MAX || self.roles.len() > PEOPLE_MAX {
            return Err(too_many(cells, PEOPLE_MAX * ROLES_PER_PERSON_MAX));
        }
        if status(cells.get(1)) == Some(Status::Gone) {
            return Ok(());
        }
        let (role, line) = (Said::of_word(cells.get(2)), cells.line);
        let known = self.roles.entry(cells.get(0).to_owned()).or_insert((role, line));
        if role > known.0 {
            *known = (role, line);
        }
        Ok(())
    }
}

/// `users.csv`
pub(super) struct Users<'a> {
    roster: &'a mut Roster,
    orgs: Option<&'a Ids>,
    roles: Option<Roles>,
}

impl<'a> Users<'a> {
    const FILE: &'static str = "users.csv";

    pub(super) const fn new(
        roster: &'a mut Roster,
        orgs: Option<&'a Ids>,
        roles: Option<Roles>,
    ) -> Users<'a> {
        Users { roster, orgs, roles }
    }

    /// Says which roles are nobody's.
    pub(super) fn tell_roles_of_nobody(self) {
        let Some(roles) = self.roles else { return };
        let is_nobodys = |external: &str| self.roster.person(&format!("external:{external}")).is_none();
        let mut lines: Vec<u64> = roles
            .roles
            .iter()
            .filter(|(external, _)| is_nobodys(external))
            .map(|(_, (_, line))| *line)
            .collect();
        lines.sort_unstable();
        for line in lines {
            let (column, reason) = ("userSourcedId", RosterReason::DanglingPerson);
            self.roster.changed.push(RosterRemark { file: "roles.csv", line, column: column.into(), reason });
        }
    }

    /// The person of a row, and what of it is to be remarked on.
    fn person(
        &self,
        cells: &Cells,
    ) -> Result<(RosterPerson, Option<RosterReason>), (&'static str, RosterReason)> {
        let external = cells::external(cells.get(0)).map_err(|reason| ("sourcedId", reason))?;
        if external.is_empty() {
            return Err(("sourcedId", RosterReason::NoIdentity));
        }
        let status = status(cells.get(1)).ok_or(("status", RosterReason::UnknownStatus))?;
        let status = if is_false(cells.get(2)) { Status::Gone } else { status };
        let (role, remark) = self.role(&external, cells.get(3)).map_err(|reason| ("role", reason))?;
        let login = cells::login(cells.get(4)).map_err(|reason| ("username", reason))?;
        let email = cells::login(cells.get(5)).map_err(|reason| ("email", reason))?;
        let first =
            |nths: [usize; 2]| nths.map(|nth| cells.get(nth)).into_iter().find(|cell| !cell.is_empty());
        let of = |nths| cells::name(first(nths).unwrap_or_default()).map_err(|reason| ("familyName", reason));
        let name = cells::name(&format!("{} {}", of([8, 6])?, of([9, 7])?))
            .map_err(|reason| ("familyName", reason))?;
        let name = [&name, &login].into_iter().find(|name| !name.is_empty()).cloned();
        // Who is to be deleted need not be named any more.
        let name = name.or_else(|| (status == Status::Gone).then(String::new));
        let name = name.ok_or(("familyName", RosterReason::NoName))?;
        let (is_reference, at) = (false, (Self::FILE, cells.line));
        Ok((RosterPerson { external, login, email, name, role, status, is_reference, at }, remark))
    }

    fn role(&self, external: &str, word: &str) -> Result<(Role, Option<RosterReason>), RosterReason> {
        let said = match &self.roles {
            None => Said::of_word(word).ok_or(RosterReason::UnknownRole)?,
            Some(roles) => match roles.roles.get(external) {
                Some((role, _)) => role.ok_or(RosterReason::UnknownRole)?,
                // A file of the older version may come with an empty table of roles.
                None => match Said::of_word(word) {
                    Some(said) => said,
                    None => return Ok((Role::Learner, Some(RosterReason::NoRole))),
                },
            },
        };
        Ok((said.role().ok_or(RosterReason::RoleLeftOut)?, None))
    }
}

impl Take for Users<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "sourcedId",
        "status",
        "enabledUser",
        "role",
        "username",
        "email",
        "givenName",
        "familyName",
        "preferredGivenName",
        "preferredFamilyName",
        "orgSourcedIds",
        "primaryOrgSourcedId",
    ];

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
        let (person, remark) = match self.person(cells) {
            Ok(person) => person,
            // People without an account are many and no fault of the file.
            Err((column, RosterReason::RoleLeftOut)) => {
                self.roster.changed.push(at(column, RosterReason::RoleLeftOut));
                return Ok(());
            }
            Err((column, reason)) => {
                self.roster.rejected.push(at(column, reason));
                return Ok(());
            }
        };
        if self.roster.people.len() >= PEOPLE_MAX {
            return Err(too_many(cells, PEOPLE_MAX));
        }
        if let Some(reason) = remark {
            self.roster.changed.push(at("role", reason));
        }
        for (nth, column) in [(10, "orgSourcedIds"), (11, "primaryOrgSourcedId")] {
            let mut ids = cells.get(nth).split(',').map(str::trim);
            if self.orgs.is_some_and(|orgs| ids.any(|id| !orgs.may_hold(id))) {
                self.roster.changed.push(at(column, RosterReason::DanglingOrg));
            }
        }
        if self.roster.add_person(person).is_none() {
            self.roster.rejected.push(at("sourcedId", RosterReason::Duplicate));
        }
        Ok(())
    }
}
