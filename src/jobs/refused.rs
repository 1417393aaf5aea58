//! Rows that do not come in.

use super::error::JobError;
use super::limits::REFUSED_TEXT_BYTES_MAX;
use super::task::Task;
use crate::import::Remarks;
use ports::RefusedRow;
use std::fmt::Display;

/// A row that does not come in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Refusal {
    /// The line in the file, from 1; 0 where the format has none.
    pub line: u64,
    /// The column's name or number, or where in the row it is.
    pub column: Option<String>,
    /// The stable code of the reason.
    pub code: &'static str,
    /// The reason in a sentence.
    pub message: String,
    /// What stood there; cut off where it is long.
    pub text: String,
}

impl Refusal {
    /// As it is stored: the code stands before the sentence.
    pub fn row(self, number: u64) -> RefusedRow {
        let Refusal { line, column, code, message, mut text } = self;
        if text.len() > REFUSED_TEXT_BYTES_MAX {
            let end = (0..=REFUSED_TEXT_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end));
            text.truncate(end.unwrap_or(0));
            text.push('…');
        }
        RefusedRow { number, line, column, reason: format!("{code}: {message}"), text }
    }
}

/// Notes the rows that a reading rejected; those that it did not list are counted.
///
/// # Errors
/// The store did not answer.
pub(super) fn refuse_all<R: Display>(
    task: &Task,
    rejected: &Remarks<R>,
    code: impl Fn(&R) -> &'static str,
) -> Result<(), JobError> {
    for remark in &rejected.listed {
        task.refuse(Refusal {
            line: remark.line,
            column: Some(remark.column.to_string()),
            code: code(&remark.reason),
            message: remark.reason.to_string(),
            text: String::new(),
        })?;
    }
    task.refuse_unlisted(rejected.total.saturating_sub(rejected.listed.len() as u64));
    Ok(())
}

/// The code and the sentence of a stored reason.
pub fn split_reason(reason: &str) -> (&str, &str) {
    reason.split_once(": ").unwrap_or(("refused", reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_as_it_was_and_a_long_text_is_cut_between_letters() {
        let refusal = Refusal { code: "empty", message: "there: nothing".into(), ..Refusal::default() };
        let row = Refusal { text: "é".repeat(REFUSED_TEXT_BYTES_MAX), ..refusal }.row(3);
        assert_eq!(split_reason(&row.reason), ("empty", "there: nothing"));
        assert_eq!((row.number, row.text.len()), (3, REFUSED_TEXT_BYTES_MAX + '…'.len_utf8()));
    }
}
