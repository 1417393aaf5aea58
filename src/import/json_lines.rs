//! JSON Lines: one card an object. Fields are named as the columns of a table may be, `tags` may be a list, and
//! `"html": true` says that the texts are HTML.

use super::accepted::joined as joined_answers;
use super::columns::{Layout, Role};
use super::delimiter::Delimiter;
use super::encoding::Encoding;
use super::json::{Field, Text, read_object};
use super::limits::{FIELDS_PER_ROW_MAX, ROW_BYTES_MAX, ROWS_MAX, UNKNOWN_FIELDS_REMEMBERED};
use super::lines::{Line, Lines};
use super::parser::{Head, Row, RowEvent, is_stray_control};
use super::reading::Digest;
use super::report::{Fault, FileFault, Reason, Remark};
use super::tags::joined;
use std::borrow::Cow;
use std::collections::HashSet;

/// The field that says whether the texts of a card are HTML.
const HTML: &str = "html";

/// Takes what is found.
pub(super) trait Sink {
    fn take(&mut self, event: RowEvent);
}

/// Cards, one in each line.
pub(super) struct CardLines<S> {
    lines: Lines,
    cards: Cards<S>,
}

struct Cards<S> {
    sink: S,
    count: u64,
    /// Names of fields that were reported.
    unknown: HashSet<String>,
}

impl<S: Sink> CardLines<S> {
    pub fn new(sink: S) -> CardLines<S> {
        let cards = Cards { sink, count: 0, unknown: HashSet::new() };
        CardLines { lines: Lines::new(ROW_BYTES_MAX), cards }
    }

    pub const fn sink(&mut self) -> &mut S {
        &mut self.cards.sink
    }

    pub fn into_sink(self) -> S {
        self.cards.sink
    }
}

impl<S: Sink> Digest for CardLines<S> {
    fn begin(&mut self, _: &str, _: bool) {
        self.cards.sink.take(RowEvent::Head(Head {
            encoding: Encoding::Utf8,
            delimiter: Delimiter::COMMA,
            html: false,
            tags: String::new(),
            layout: Layout::default(),
        }));
    }

    fn text(&mut self, text: &str) -> Result<(), FileFault> {
        self.lines.feed(text, &mut |line| self.cards.take(line))
    }

    fn end(&mut self) -> Result<(), FileFault> {
        self.lines.finish(&mut |line| self.cards.take(line))
    }

    fn line(&self) -> u64 {
        self.lines.number()
    }
}

impl<S: Sink> Cards<S> {
    fn take(&mut self, line: Line) -> Result<(), FileFault> {
        let number = line.number;
        if line.text.is_some_and(|text| text.trim().is_empty()) {
            return Ok(());
        }
        self.count += 1;
        if self.count > ROWS_MAX {
            return Err(FileFault { line: number, fault: Fault::TooManyRows });
        }
        let mut row = Row { line: number, ..Row::default() };
        let event = match line.text.map(|text| self.row(text, &mut row)) {
            Some(Ok(())) => RowEvent::Row(row),
            Some(Err((column, reason))) => RowEvent::Rejected(Remark { line: number, column, reason }, row),
            None => RowEvent::Rejected(Remark { line: number, column: 1, reason: Reason::LineTooLong }, row),
        };
        self.sink.take(event);
        Ok(())
    }

    /// Fills a row with the fields of an object.
    fn row(&mut self, line: &str, row: &mut Row) -> Result<(), (u32, Reason)> {
        let mut fields = Vec::new();
        read_object(line, FIELDS_PER_ROW_MAX, &mut fields).map_err(|column| (column, Reason::NoObject))?;
        for field in &fields {
            let column = || field.column(line);
            if field.name == HTML {
                row.html = match field.value {
                    "true" => true,
                    "false" | "null" => false,
                    _ => return Err((column(), Reason::BadValue)),
                };
                continue;
            }
            let role = Role::of_name(&field.name).filter(|role| row.column(*role) == 0);
            let Some(role) = role else {
                self.unknown(row.line, field, line);
                continue;
            };
            let text = value(role, field).map_err(|reason| (column(), reason))?;
            let Some(text) = text else { continue };
            row.columns[role.place()] = column();
            let text = self.without_controls(row.line, column(), text.trim());
            *row.text_mut(role) = text;
        }
        Ok(())
    }

    /// Says of each field that is not imported so, where it first comes.
    fn unknown(&mut self, line: u64, field: &Field, text: &str) {
        if self.unknown.contains(&*field.name) {
            return;
        }
        if self.unknown.len() < UNKNOWN_FIELDS_REMEMBERED {
            self.unknown.insert(field.name.clone().into_owned());
        }
        let remark = Remark { line, column: field.column(text), reason: Reason::UnknownField };
        self.sink.take(RowEvent::Changed(remark));
    }

    fn without_controls(&mut self, line: u64, column: u32, text: &str) -> String {
        if !text.contains(is_stray_control) {
            return text.to_owned();
        }
        self.sink.take(RowEvent::Changed(Remark { line, column, reason: Reason::ControlsRemoved }));
        text.replace(is_stray_control, "").trim().to_owned()
    }
}

/// The text of a field; tags and accepted answers may be lists of texts.
fn value<'a>(role: Role, field: &Field<'a>) -> Result<Option<Cow<'a, str>>, Reason> {
    match field.text() {
        Text::None => Ok(None),
        Text::Some(text) => Ok(Some(text)),
        Text::Other if role == Role::Tags => {
            let tags: Vec<String> = serde_json::from_str(field.value).map_err(|_| Reason::BadValue)?;
            Ok(Some(Cow::Owned(joined(&tags))))
        }
        Text::Other if role == Role::Accept => {
            let answers: Vec<String> = serde_json::from_str(field.value).map_err(|_| Reason::BadValue)?;
            Ok(Some(Cow::Owned(joined_answers(&answers))))
        }
        Text::Other => Err(Reason::BadValue),
    }
}
