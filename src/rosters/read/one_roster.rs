//! OneRoster 1.1 and 1.2: a zip of tables. `manifest.csv` says which there are, and whether they hold everything or what
//! changed. What is read of them stands in the columns that each part asks for, and nothing else.

mod people;
mod tables;

use super::records::{Feeding, Take};
use crate::import::{Fault, FileFault};
use crate::rosters::limits::{ARCHIVE_BYTES_MAX, ARCHIVE_ENTRIES_MAX, TABLE_BYTES_MAX};
use crate::rosters::model::Roster;
use anki::{GuardedZip, OpenError};
use people::{Roles, Users};
use ports::register::Status;
use std::fs::File;
use tables::{Classes, Enrollments, Ids, Manifest};

/// Why a roster as a whole was refused.
#[derive(Debug, thiserror::Error)]
pub enum OneRosterError {
    /// The archive.
    #[error("{0}")]
    Archive(#[from] OpenError),
    /// A table.
    #[error("{file}, {fault}")]
    Table {
        /// Which.
        file: &'static str,
        /// Its fault.
        fault: FileFault,
    },
    /// Neither people nor classes nor enrollments.
    #[error("the archive holds no users.csv, classes.csv or enrollments.csv: it is no OneRoster file")]
    NoRoster,
    /// Everything is said to be there, and the people are not.
    #[error("the file is said to hold everybody, and users.csv is missing")]
    NoUsers,
    /// A version that is not known.
    #[error("the version is not known: 1.1 and 1.2 are read")]
    UnknownVersion,
}

impl OneRosterError {
    /// The stable code that names it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Archive(error) => error.code(),
            Self::Table { fault, .. } => fault.fault.code(),
            Self::NoRoster => "no_roster",
            Self::NoUsers => "no_users",
            Self::UnknownVersion => "unknown_version",
        }
    }

    /// The line, where a table is at fault.
    pub const fn line(&self) -> Option<u64> {
        match self {
            Self::Table { fault, .. } => Some(fault.line),
            Self::Archive(_) | Self::NoRoster | Self::NoUsers | Self::UnknownVersion => None,
        }
    }
}

/// Reads a roster. `today` is a date like `2025-09-01`: enrollments that end by then are over.
///
/// # Errors
/// [`OneRosterError`].
pub fn read_one_roster(file: File, today: &str) -> Result<Roster, OneRosterError> {
    let mut zip = GuardedZip::open(file, ARCHIVE_BYTES_MAX, ARCHIVE_ENTRIES_MAX)?;
    let manifest = read(&mut zip, "manifest.csv", Manifest::default())?.unwrap_or_default();
    if !manifest.is_known() {
        return Err(OneRosterError::UnknownVersion);
    }
    let orgs = read(&mut zip, "orgs.csv", Ids::default())?;
    let courses = read(&mut zip, "courses.csv", Ids::default())?;
    let roles = read(&mut zip, "roles.csv", Roles::default())?;
    let mut roster = Roster::new();
    let classes = Classes::new(&mut roster, orgs.as_ref(), courses.as_ref());
    let has_classes = read(&mut zip, "classes.csv", classes)?.is_some();
    let users = read(&mut zip, "users.csv", Users::new(&mut roster, orgs.as_ref(), roles))?;
    let has_users = users.is_some();
    if let Some(users) = users {
        users.tell_roles_of_nobody();
    }
    let has_deleted = roster.people.iter().any(|person| person.status == Status::Gone)
        || roster.classes.iter().any(|class| class.status == Status::Gone);
    roster.is_delta = manifest.is_delta().unwrap_or(has_deleted);
    let enrollments = Enrollments::new(&mut roster, today);
    let has_enrollments = read(&mut zip, "enrollments.csv", enrollments)?.is_some();
    if !(has_users || has_classes || has_enrollments) {
        return Err(OneRosterError::NoRoster);
    }
    if !has_users && !roster.is_delta {
        return Err(OneRosterError::NoUsers);
    }
    (roster.has_classes, roster.has_enrollments) = (has_classes, has_enrollments);
    Ok(roster)
}

/// Reads a table; `None` where there is none.
fn read<T: Take>(zip: &mut GuardedZip, file: &'static str, take: T) -> Result<Option<T>, OneRosterError> {
    let named = zip.names().find(|name| is_table(name, file)).map(|name| name.into_owned());
    let Some(name) = named else { return Ok(None) };
    let mut feeding = Feeding::new(take);
    let unpacked = zip.unpack(&name, TABLE_BYTES_MAX, &mut feeding);
    let of_table = |fault| OneRosterError::Table { file, fault };
    match (unpacked, feeding.fault) {
        (_, Some(fault)) => Err(of_table(fault)),
        (Err(OpenError::TooMuch { max, .. }), None) => {
            Err(of_table(FileFault { line: 1, fault: Fault::LongerThan { bytes_max: max } }))
        }
        (Err(error), None) => Err(error.into()),
        (Ok(_), None) => feeding.finish().map(Some).map_err(of_table),
    }
}

/// Whether an entry is this table: at the root, or in the one folder that some programs put around everything.
fn is_table(name: &str, file: &str) -> bool {
    let mut parts = name.rsplit('/');
    let is_file = parts.next().is_some_and(|last| last.eq_ignore_ascii_case(file));
    let folders: Vec<&str> = parts.collect();
    is_file && folders.len() <= 1 && !folders.contains(&"__MACOSX")
}
