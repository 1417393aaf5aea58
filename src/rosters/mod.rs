//! Rosters: whom a school's own systems name, brought into the register, and out again.
//!
//! | part | from | to |
//! |---|---|---|
//! | `read` | a zip of OneRoster 1.1 or 1.2, or a plain table | a [`Roster`], and remarks on rows |
//! | [`Known`] | the register, read once | what is there |
//! | [`diff`] | a roster, and what is there | a [`Diff`] by person: new, changed, moved, gone |
//! | [`Diff::guard`] | a diff | whether so many may be gone |
//! | [`apply`] | a diff | the register, accounts, classes and enrollments |
//! | `write` | what is there | OneRoster 1.2, or a plain table |
//!
//! Everything but [`Known::read`] and [`apply`] is pure. Demographics, passwords and whatever else a file holds beyond
//! names, logins, addresses, roles and classes is never taken out of it, stored, logged or repeated.

mod apply;
mod diff;
mod guard;
mod identity;
mod known;
pub mod limits;
mod model;
mod read;
mod remark;
mod steps;
#[cfg(test)]
mod tests;
mod undo;
mod write;

pub use apply::{Applied, ApplyError, apply};
pub use diff::{Rules, Scope, diff};
pub use guard::{GONE_PERCENT_MAX, TooManyGone};
pub use identity::{class_id, user_id};
pub use known::{Known, KnownClass, KnownError};
pub use model::{Enrolled, Membership, Roster, RosterClass, RosterPerson, RosterRemarks};
pub use read::{
    OneRosterError, PlainReader, clean_external, clean_login, clean_name, is_plain_roster, read_one_roster,
};
pub use remark::{RosterReason, RosterRemark};
pub use steps::{ClassStep, Counts, Diff, PersonStep, Step};
pub use undo::Undo;
pub use write::{one_roster, plain_csv};
