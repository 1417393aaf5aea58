//! The rows of a file that make no card, as a table: to be mended and imported again.

use super::limits::REJECTED_BYTES_MAX;
use super::parser::Row;
use super::report::Remark;
use std::fmt::Write;

/// The columns: those that tell what is wrong are none that an import reads.
const HEADER: &str = "line,column,reason,message,front,back,hint,explanation,tags,guid,accept\r\n";

/// Rejected rows as CSV, in the order of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RejectedRows {
    csv: String,
    /// Rows for which there was no room.
    left_out: u64,
}

impl Default for RejectedRows {
    fn default() -> RejectedRows {
        RejectedRows { csv: HEADER.to_owned(), left_out: 0 }
    }
}

impl RejectedRows {
    pub(super) fn push(&mut self, remark: &Remark, row: &Row) {
        if self.csv.len() > REJECTED_BYTES_MAX {
            self.left_out += 1;
            return;
        }
        let _ = write!(self.csv, "{},{},{}", remark.line, remark.column, remark.reason.code());
        let message = remark.reason.to_string();
        let Row { line: _, front, back, hint, explanation, tags, guid, accept, html: _, columns: _ } = row;
        for cell in [&message, front, back, hint, explanation, tags, guid, accept] {
            self.csv.push(',');
            push_cell(&mut self.csv, cell);
        }
        self.csv.push_str("\r\n");
    }

    /// The table. Of more rows than there is room for, the last line says how many.
    pub fn into_csv(mut self) -> String {
        if self.left_out > 0 {
            let message = format!("{} more rows were rejected", self.left_out);
            let _ = write!(self.csv, ",,more,\"{message}\",,,,,,,\r\n");
        }
        self.csv
    }
}

/// Writes a cell in quotes. One that a spreadsheet would take for a formula, and might run, gets an apostrophe before
/// it.
pub(crate) fn push_cell(csv: &mut String, cell: &str) {
    csv.push('"');
    if cell.starts_with(is_formula) {
        csv.push('\'');
    }
    csv.push_str(&cell.replace('"', "\"\""));
    csv.push('"');
}

/// What a formula begins with; programs that know wide letters take those for the narrow ones.
pub(crate) fn is_formula(letter: char) -> bool {
    matches!(letter, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Reason;

    fn row(front: &str, back: &str) -> Row {
        Row { line: 7, front: front.into(), back: back.into(), ..Row::default() }
    }

    fn remark() -> Remark {
        Remark { line: 7, column: 2, reason: Reason::EmptyBack }
    }

    fn cells(front: &str, back: &str) -> Vec<String> {
        let mut rows = RejectedRows::default();
        rows.push(&remark(), &row(front, back));
        let csv = rows.into_csv();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
        let second = reader.records().nth(1).unwrap().unwrap();
        second.iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_row_is_told_with_its_place_its_fault_and_its_texts() {
        let told = cells("says \"a, b\"\nand c", "");
        assert_eq!(told[..3], ["7", "2", "empty_back"]);
        assert!(told[3].starts_with("there is no answer"));
        assert_eq!(told[4..], ["says \"a, b\"\nand c", "", "", "", "", "", ""]);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"] {
            let told = cells(formula, formula);
            assert_eq!(told[4..6], [format!("'{formula}"), format!("'{formula}")]);
        }
        assert_eq!(cells("a=1", "1-1")[4..6], ["a=1", "1-1"]);
    }

    #[test]
    fn the_table_ends_at_its_limit_and_says_so() {
        let mut rows = RejectedRows::default();
        let long = "x".repeat(REJECTED_BYTES_MAX / 10);
        for _ in 0..20 {
            rows.push(&remark(), &row(&long, ""));
        }
        let csv = rows.into_csv();
        assert!(csv.len() < REJECTED_BYTES_MAX / 10 * 12);
        assert!(csv.ends_with(" more rows were rejected\",,,,,,,\r\n"));
    }
}
