//! Texts of cells: one line, composed, without control characters, and bounded.

use crate::auth::NAME_BYTES_MAX;
use crate::content::composed;
use crate::import::is_formula;
use crate::rosters::limits::{EXTERNAL_BYTES_MAX, LOGIN_BYTES_MAX};
use crate::rosters::remark::RosterReason;

/// A name or title.
///
/// # Errors
/// It is too long.
pub fn name(cell: &str) -> Result<String, RosterReason> {
    bounded(one_line(cell), NAME_BYTES_MAX)
}

/// What a source calls something.
///
/// # Errors
/// It is too long.
pub fn external(cell: &str) -> Result<String, RosterReason> {
    bounded(one_line(cell), EXTERNAL_BYTES_MAX)
}

/// A login or an address, in lower case: nobody is another person in capitals.
///
/// # Errors
/// It is too long.
pub fn login(cell: &str) -> Result<String, RosterReason> {
    bounded(one_line(cell).to_lowercase(), LOGIN_BYTES_MAX)
}

/// Before what a spreadsheet would take for a formula an export puts an apostrophe.
fn one_line(cell: &str) -> String {
    let cell = cell.strip_prefix('\'').filter(|rest| rest.starts_with(is_formula)).unwrap_or(cell);
    let words = cell.split(|letter: char| letter.is_whitespace() || letter.is_control());
    composed(&words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}

fn bounded(text: String, bytes_max: usize) -> Result<String, RosterReason> {
    if text.len() > bytes_max { Err(RosterReason::TooLong) } else { Ok(text) }
}
