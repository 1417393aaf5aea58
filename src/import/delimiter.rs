//! What stands between fields, and how it is recognised.

use super::limits::HEAD_ROWS;
use super::records::{Record, Records};
use std::collections::BTreeMap;

/// An ASCII character between fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delimiter(u8);

impl Delimiter {
    /// `\t`
    pub const TAB: Delimiter = Delimiter(b'\t');
    /// `,`
    pub const COMMA: Delimiter = Delimiter(b',');
    /// `;`
    pub const SEMICOLON: Delimiter = Delimiter(b';');
    /// `|`
    pub const PIPE: Delimiter = Delimiter(b'|');

    /// The delimiters that are looked for, the likeliest first when all else is equal. A colon is never guessed: it
    /// stands in too many texts (`{{c1::x}}`).
    const GUESSED: [Delimiter; 4] = [Self::TAB, Self::SEMICOLON, Self::PIPE, Self::COMMA];

    /// The character.
    pub const fn byte(self) -> u8 {
        self.0
    }
}

/// Text that names no delimiter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a delimiter is one ASCII character (no letter, digit or quote), or tab, comma, semicolon, pipe, colon, space"
)]
pub struct BadDelimiter;

impl std::str::FromStr for Delimiter {
    type Err = BadDelimiter;

    /// Reads the character itself or its name.
    fn from_str(text: &str) -> Result<Self, BadDelimiter> {
        let byte = match text.to_ascii_lowercase().as_str() {
            "tab" | "\\t" => b'\t',
            "comma" => b',',
            "semicolon" => b';',
            "pipe" => b'|',
            "colon" => b':',
            "space" => b' ',
            _ => match *text.as_bytes() {
                [byte] if byte == b'\t' || byte == b' ' || byte.is_ascii_punctuation() && byte != b'"' => {
                    byte
                }
                _ => return Err(BadDelimiter),
            },
        };
        Ok(Self(byte))
    }
}

/// What the head of a table looks like, read with one delimiter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Survey {
    /// The delimiter.
    pub delimiter: Delimiter,
    /// How many fields most rows have; the first row's number among equals.
    pub width: usize,
    /// Rows with that many fields, in tenths of all rows.
    agreeing_tenths: u64,
    /// Whether the first row names a front and a back.
    has_header: bool,
    /// Whether most fields begin with a space: then the delimiter is punctuation.
    is_punctuation: bool,
}

/// Whether a row can only be a header.
pub(super) type IsHeader<'a> = &'a dyn Fn(&Record) -> bool;

/// Reads the head of a table with this delimiter.
pub(super) fn survey(head: &str, is_whole: bool, delimiter: Delimiter, is_header: IsHeader) -> Survey {
    let mut tally = Tally::new(is_header);
    let mut records = Records::new(delimiter.byte(), 1);
    let mut each = |record: &Record| {
        tally.count(record);
        Ok(())
    };
    // A fault ends the survey early; whoever reads the file in earnest will meet it again.
    let read = records.feed(head, &mut each);
    if read.is_ok() && (is_whole || tally.rows == 0) {
        let _ = records.finish(&mut |record: &Record| {
            tally.count(record);
            Ok(())
        });
    }
    tally.survey(delimiter)
}

/// Finds the delimiter of a table.
pub(super) fn guess(head: &str, is_whole: bool, is_header: IsHeader) -> Survey {
    let surveys = Delimiter::GUESSED.map(|delimiter| survey(head, is_whole, delimiter, is_header));
    let divides = surveys.into_iter().filter(|survey| survey.width > 1);
    // `max_by_key` takes the last of equals.
    let best = divides.rev().max_by_key(|s| (s.has_header, s.agreeing_tenths, !s.is_punctuation));
    best.unwrap_or_else(|| survey(head, is_whole, Delimiter::COMMA, is_header))
}

struct Tally<'a> {
    is_header: IsHeader<'a>,
    rows: u64,
    /// Rows by their number of fields.
    widths: BTreeMap<usize, u64>,
    first_width: usize,
    has_header: bool,
    inner_fields: usize,
    spaced_fields: usize,
}

impl<'a> Tally<'a> {
    fn new(is_header: IsHeader<'a>) -> Tally<'a> {
        Tally {
            is_header,
            rows: 0,
            widths: BTreeMap::new(),
            first_width: 0,
            has_header: false,
            inner_fields: 0,
            spaced_fields: 0,
        }
    }

    fn count(&mut self, record: &Record) {
        if record.is_blank() || self.rows >= HEAD_ROWS {
            return;
        }
        if self.rows == 0 {
            self.first_width = record.width();
            self.has_header = (self.is_header)(record);
        }
        self.rows += 1;
        let width = if record.trouble.is_some() { 0 } else { record.width() };
        *self.widths.entry(width).or_default() += 1;
        self.inner_fields += record.width().saturating_sub(1);
        self.spaced_fields += record.fields().skip(1).filter(|field| field.starts_with(' ')).count();
    }

    fn survey(&self, delimiter: Delimiter) -> Survey {
        let most = self.widths.iter().max_by_key(|&(&width, &rows)| (rows, width == self.first_width));
        let (width, rows) = most.map_or((0, 0), |(&width, &rows)| (width, rows));
        Survey {
            delimiter,
            width,
            agreeing_tenths: rows * 10 / self.rows.max(1),
            has_header: self.has_header,
            is_punctuation: self.spaced_fields * 2 > self.inner_fields,
        }
    }
}
