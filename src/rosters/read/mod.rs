//! Files to rosters.

mod cells;
mod one_roster;
mod plain;
mod plain_names;
mod records;
mod words;

pub use cells::{external as clean_external, login as clean_login, name as clean_name};
pub use one_roster::{OneRosterError, read_one_roster};
pub use plain::{PlainReader, is_plain_roster};
