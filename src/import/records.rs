//! Text to records: a state machine for RFC 4180 with any delimiter.
//!
//! It is our own because three promises need it: every line end counts (CR, LF and CRLF, inside quotes too), a quote
//! that is never closed is told with the line in which it was opened, and a field that is too long is thrown away while
//! it passes instead of being kept.

use super::limits::{FIELD_BYTES_MAX, FIELDS_PER_ROW_MAX, ROW_BYTES_MAX};
use super::report::{Fault, FileFault};

/// One record: its fields lie in one string.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The line in which it begins, from 1.
    pub line: u64,
    /// What is wrong with it as a whole.
    pub trouble: Option<Trouble>,
    text: String,
    ends: Vec<usize>,
    /// Indices of fields that were too long, and are empty now.
    too_long: Vec<usize>,
    bytes: usize,
}

/// What is wrong with a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    /// Text follows the closing quote of the field at this index.
    TextAfterQuote(usize),
    /// Too many bytes, or too many fields with something in them.
    TooLong,
}

impl Record {
    /// How many fields it has.
    pub fn width(&self) -> usize {
        self.ends.len()
    }

    /// The field at this index; `None` beyond the last.
    pub fn field(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end)
    }

    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.width()).filter_map(|index| self.field(index))
    }

    /// Whether the field at this index was too long.
    pub fn is_too_long(&self, index: usize) -> bool {
        self.too_long.contains(&index)
    }

    /// Whether nothing is in it: an empty line, or the empty rows below a table.
    pub fn is_blank(&self) -> bool {
        self.trouble.is_none() && self.too_long.is_empty() && self.text.chars().all(char::is_whitespace)
    }

    fn field_start(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn reset(&mut self, line: u64) {
        self.line = line;
        self.trouble = None;
        self.text.clear();
        self.ends.clear();
        self.too_long.clear();
        self.bytes = 0;
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Before the first character of a field.
    Start,
    /// In a field without quotes.
    Plain,
    /// Within quotes.
    Quoted,
    /// After a quote within quotes: the closing one, or the first of two.
    Quote,
    /// In the spaces after the closing quote.
    Closed,
}

/// Divides text into records.
pub(super) struct Records {
    delimiter: u8,
    state: State,
    line: u64,
    /// The line in which the last quote was opened.
    quote_line: u64,
    /// The last character was CR: an LF now belongs to it.
    after_cr: bool,
    /// The field is too long.
    overflow: bool,
    record: Record,
}

impl Records {
    /// Begins at the start of this line. The delimiter is an ASCII character that is neither a quote nor a line end.
    pub fn new(delimiter: u8, line: u64) -> Records {
        let record = Record { line, ..Record::default() };
        Records {
            delimiter,
            state: State::Start,
            line,
            quote_line: line,
            after_cr: false,
            overflow: false,
            record,
        }
    }

    /// The line that is being read, from 1.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Reads on; every record that ends goes to `each`.
    pub fn feed(
        &mut self,
        text: &str,
        each: &mut impl FnMut(&Record) -> Result<(), FileFault>,
    ) -> Result<(), FileFault> {
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if std::mem::take(&mut self.after_cr) && byte == b'\n' {
                at += 1;
                continue;
            }
            let rest = text.get(at..).unwrap_or("");
            at += match self.state {
                State::Start if byte == b'"' => self.open(),
                State::Start | State::Plain => self.plain(rest, each)?,
                State::Quoted => self.quoted(rest),
                State::Quote | State::Closed => self.after_quote(byte, each)?,
            };
        }
        Ok(())
    }

    /// Ends the last record.
    pub fn finish(
        &mut self,
        each: &mut impl FnMut(&Record) -> Result<(), FileFault>,
    ) -> Result<(), FileFault> {
        match self.state {
            State::Quoted => Err(FileFault { line: self.quote_line, fault: Fault::UnclosedQuote }),
            State::Start if self.record.width() == 0 => Ok(()),
            State::Start | State::Plain | State::Quote | State::Closed => self.end_record(each),
        }
    }

    fn open(&mut self) -> usize {
        self.quote_line = self.line;
        self.state = State::Quoted;
        1
    }

    /// Reads to the end of a field without quotes, or of the text.
    fn plain(
        &mut self,
        rest: &str,
        each: &mut impl FnMut(&Record) -> Result<(), FileFault>,
    ) -> Result<usize, FileFault> {
        self.state = State::Plain;
        let delimiter = self.delimiter;
        let ends = |&b: &u8| b == delimiter || b == b'\n' || b == b'\r';
        let length = rest.as_bytes().iter().position(ends);
        self.push(rest.get(..length.unwrap_or(rest.len())).unwrap_or(rest));
        let Some(length) = length else { return Ok(rest.len()) };
        self.end(rest.as_bytes().get(length).copied().unwrap_or(b'\n'), each)?;
        Ok(length + 1)
    }

    /// Reads to the next quote or line end within quotes, or to the end of the text.
    fn quoted(&mut self, rest: &str) -> usize {
        let length = rest.as_bytes().iter().position(|b| matches!(b, b'"' | b'\n' | b'\r'));
        self.push(rest.get(..length.unwrap_or(rest.len())).unwrap_or(rest));
        let Some(length) = length else { return rest.len() };
        if rest.as_bytes().get(length) == Some(&b'"') {
            self.state = State::Quote;
        } else {
            self.after_cr = rest.as_bytes().get(length) == Some(&b'\r');
            self.line += 1;
            self.push("\n");
        }
        length + 1
    }

    fn after_quote(
        &mut self,
        byte: u8,
        each: &mut impl FnMut(&Record) -> Result<(), FileFault>,
    ) -> Result<usize, FileFault> {
        if byte == self.delimiter || byte == b'\n' || byte == b'\r' {
            self.end(byte, each)?;
            return Ok(1);
        }
        if byte == b'"' && self.state == State::Quote {
            self.push("\"");
            self.state = State::Quoted;
            return Ok(1);
        }
        if byte == b' ' {
            self.state = State::Closed;
            return Ok(1);
        }
        if self.quote_line != self.line {
            return Err(FileFault { line: self.quote_line, fault: Fault::UnclosedQuote });
        }
        self.record.trouble.get_or_insert(Trouble::TextAfterQuote(self.record.ends.len()));
        self.state = State::Plain;
        Ok(0)
    }

    /// Ends the field at a delimiter, and the record at a line end.
    fn end(
        &mut self,
        byte: u8,
        each: &mut impl FnMut(&Record) -> Result<(), FileFault>,
    ) -> Result<(), FileFault> {
        if byte == self.delimiter {
            self.end_field();
            self.state = State::Start;
            return Ok(());
        }
        self.after_cr = byte == b'\r';
        self.line += 1;
        self.end_record(each)
    }

    fn end_record(
        &mut self,
        each: &mut impl FnMut(&Record) -> Result<(), FileFault>,
    ) -> Result<(), FileFault> {
        self.end_field();
        self.state = State::Start;
        let told = each(&self.record);
        self.record.reset(self.line);
        told
    }

    fn end_field(&mut self) {
        let start = self.record.field_start();
        let index = self.record.ends.len();
        if std::mem::take(&mut self.overflow) {
            self.record.text.truncate(start);
            self.record.too_long.push(index);
        }
        if index < FIELDS_PER_ROW_MAX {
            self.record.ends.push(self.record.text.len());
        } else if self.record.text.len() > start || self.record.too_long.contains(&index) {
            self.record.text.truncate(start);
            self.record.trouble.get_or_insert(Trouble::TooLong);
        }
    }

    fn push(&mut self, text: &str) {
        self.record.bytes += text.len();
        if self.record.bytes > ROW_BYTES_MAX {
            self.record.trouble.get_or_insert(Trouble::TooLong);
        } else if self.record.text.len() - self.record.field_start() + text.len() > FIELD_BYTES_MAX {
            self.overflow = true;
        } else if !self.overflow {
            self.record.text.push_str(text);
        }
    }
}
