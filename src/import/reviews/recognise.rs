//! Whether a file is a review history.

use super::limits::{FIELDS_MAX, LINE_BYTES_MAX};
use super::names::Field;
use super::reader::ReviewForm;
use crate::import::FileFault;
use crate::import::json::read_object;
use crate::import::lines::{Line, Lines};
use crate::import::reading::{Digest, Reading};
use crate::import::records::Record;
use crate::import::sheet::{Rows, Sheet};

/// Whether the head of a file is that of a review history, and of which form: its header, or its first object, names
/// cards, times and grades.
pub fn recognise(head: &[u8]) -> Option<ReviewForm> {
    let lines = FirstObject { lines: Lines::new(LINE_BYTES_MAX), is_answer: None };
    if Reading::new(u64::MAX, lines).of_head(head).is_answer == Some(true) {
        return Some(ReviewForm::JsonLines);
    }
    let first = Reading::new(u64::MAX, Sheet::new(None, FirstRow(None))).of_head(head).into_rows();
    (first.0 == Some(true)).then_some(ReviewForm::Table)
}

/// Whether a row or an object names a card, a time and a grade.
pub(super) fn names_an_answer<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let places: Vec<usize> = names.filter_map(|name| Field::of_name(name)?.place()).collect();
    (0..3).all(|place| places.contains(&place))
}

/// Whether the first row is a header of answers.
struct FirstRow(Option<bool>);

impl Rows for FirstRow {
    fn is_header(record: &Record) -> bool {
        names_an_answer(record.fields())
    }

    fn row(&mut self, record: &Record) -> Result<(), FileFault> {
        self.0.get_or_insert_with(|| Self::is_header(record));
        Ok(())
    }
}

/// Whether the first line that holds something is an answer.
struct FirstObject {
    lines: Lines,
    is_answer: Option<bool>,
}

impl FirstObject {
    fn take(is_answer: &mut Option<bool>, line: Line) {
        let text = line.text.unwrap_or_default();
        if is_answer.is_none() && !text.trim().is_empty() {
            let mut fields = Vec::new();
            let read = read_object(text, FIELDS_MAX, &mut fields);
            *is_answer = Some(read.is_ok() && names_an_answer(fields.iter().map(|field| &*field.name)));
        }
    }
}

impl Digest for FirstObject {
    fn begin(&mut self, _: &str, _: bool) {}

    fn text(&mut self, text: &str) -> Result<(), FileFault> {
        let is_answer = &mut self.is_answer;
        self.lines.feed(text, &mut |line| {
            Self::take(is_answer, line);
            Ok(())
        })
    }

    fn end(&mut self) -> Result<(), FileFault> {
        let is_answer = &mut self.is_answer;
        self.lines.finish(&mut |line| {
            Self::take(is_answer, line);
            Ok(())
        })
    }

    fn line(&self) -> u64 {
        self.lines.number()
    }
}
