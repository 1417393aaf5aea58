//! Records into rows, or the reason why not.

use super::columns::{Column, Columns};
use super::directives::Directives;
use super::records::Record;
use super::source_key;
use crate::content::{self, ContentError, Format};
use serde::Serialize;

/// A row that can become a card. Texts are ready to be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The line on which it begins.
    pub line: u64,
    /// By which its card is found again.
    pub key: String,
    /// The question.
    pub front: String,
    /// The answer.
    pub back: String,
    /// The hint; the outer `None`: the file has no such column.
    pub hint: Option<Option<String>>,
    /// The explanation; the outer `None`: the file has no such column.
    pub explanation: Option<Option<String>>,
    /// Tags; `None`: the file has no such column.
    pub tags: Option<Vec<String>>,
}

/// Why a row was rejected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Another row of the file is the same card.
    Duplicate,
    /// The front shows nothing.
    EmptyFront,
    /// The back shows nothing.
    EmptyBack,
    /// There are more cells than columns.
    TooManyColumns,
    /// A text is too long.
    TooLong,
    /// A text has too many tags in each other.
    TooDeep,
    /// A character that no text has.
    BadCharacter,
    /// Text stands behind a closing quote.
    StrayQuote,
    /// A tag is too long, or there are too many.
    BadTags,
}

/// A row that became no card.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Rejected {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: usize,
    /// Why.
    pub reason: Reason,
    /// The same as a sentence.
    pub message: String,
}

/// How records of a file are read.
pub(super) struct Reader {
    pub(super) columns: Columns,
    pub(super) format: Format,
    pub(super) tags: Vec<String>,
    of_anki: bool,
}

impl Reader {
    pub(super) fn new(columns: Columns, directives: &Directives) -> Reader {
        let format = if directives.html { Format::Html } else { Format::Text };
        Reader { columns, format, tags: directives.tags.clone(), of_anki: directives.of_anki }
    }

    /// The row of a record that is not blank.
    pub(super) fn row(&self, record: &Record<'_>) -> Result<Row, Rejected> {
        let reject = |column: usize, reason: Reason, message: String| Rejected {
            line: record.line,
            column,
            reason,
            message,
        };
        if let Some(column) = record.stray_quote {
            let why = "text follows a closing quote: double the quotes that belong to the text";
            return Err(reject(column, Reason::StrayQuote, why.into()));
        }
        if let Some(column) = record.too_long {
            let why = format!("a field has at most {} bytes", super::limits::FIELD_BYTES_MAX);
            return Err(reject(column, Reason::TooLong, why));
        }
        if let Some(column) = self.surplus(record) {
            let why =
                format!("there are {} columns, this row has {}", self.columns.roles.len(), record.columns);
            return Err(reject(column, Reason::TooManyColumns, why));
        }
        let cell = |role: Column| {
            let column = self.columns.of(role)?;
            Some((column, record.fields.get(column - 1).copied().unwrap_or_default()))
        };
        let clean = |role: Column| match cell(role) {
            None => Ok(None),
            Some((column, text)) => content::field(text, self.format)
                .map(|clean| Some((column, clean)))
                .map_err(|error| reject(column, reason_of(&error), error.to_string())),
        };
        let (front_column, front) = clean(Column::Front)?.unwrap_or((1, String::new()));
        if content::is_blank(&front) {
            return Err(reject(front_column, Reason::EmptyFront, "the front shows nothing".into()));
        }
        let (back_column, back) = clean(Column::Back)?.unwrap_or((2, String::new()));
        if content::is_blank(&back) {
            return Err(reject(back_column, Reason::EmptyBack, "the back shows nothing".into()));
        }
        let optional =
            |role| Ok(clean(role)?.map(|(_, text)| Some(text).filter(|text| !content::is_blank(text))));
        let raw_front = cell(Column::Front).map_or("", |(_, text)| text);
        let guid = cell(Column::Guid).map_or("", |(_, text)| text.trim());
        let key = match (guid, self.format) {
            ("", Format::Text) => source_key::of_front(raw_front),
            ("", Format::Html) => source_key::of_html_front(raw_front),
            (guid, _) => source_key::of_guid(guid),
        };
        let tags = self.tags_of(cell(Column::Tags));
        let tags = tags.map_err(|(column, error)| reject(column, Reason::BadTags, error.to_string()))?;
        let row = Row {
            line: record.line,
            key,
            front,
            back,
            hint: optional(Column::Hint)?,
            explanation: optional(Column::Explanation)?,
            tags,
        };
        Ok(row)
    }

    /// The column, from 1, that the row is known by.
    pub(super) fn key_column(&self, row: &Row) -> usize {
        let role = if source_key::is_guid(&row.key) { Column::Guid } else { Column::Front };
        self.columns.of(role).unwrap_or(1)
    }

    /// The first cell beyond the columns in which something stands.
    fn surplus(&self, record: &Record<'_>) -> Option<usize> {
        let width = self.columns.roles.len();
        if !self.columns.strict || record.columns <= width {
            return None;
        }
        let beyond = record.fields.iter().skip(width).position(|cell| !cell.trim().is_empty());
        beyond
            .map(|at| width + at + 1)
            .or((record.columns > record.fields.len()).then_some(record.fields.len() + 1))
    }

    /// The tags of a cell and those of the whole file; `None` where the file says nothing about tags.
    fn tags_of(&self, cell: Option<(usize, &str)>) -> Result<Option<Vec<String>>, (usize, ContentError)> {
        let (column, text) = match cell {
            Some((column, text)) => (column, text),
            None if self.tags.is_empty() => return Ok(None),
            None => (1, ""),
        };
        // Anki divides tags by blanks; people also by commas, and then a tag may hold blanks.
        let by_comma = !self.of_anki && text.contains([',', ';']);
        let parts = text.split(|c: char| if by_comma { c == ',' || c == ';' } else { c.is_whitespace() });
        let own = parts.map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned);
        let all = self.tags.iter().cloned().chain(own).collect();
        content::tags(all).map(Some).map_err(|error| (column, error))
    }
}

fn reason_of(error: &ContentError) -> Reason {
    match error {
        ContentError::TooLong(_) | ContentError::TooLongTogether(_) => Reason::TooLong,
        ContentError::TooDeep | ContentError::TooManyElements => Reason::TooDeep,
        ContentError::Nul => Reason::BadCharacter,
        ContentError::TooManyTags | ContentError::BadTag => Reason::BadTags,
    }
}
