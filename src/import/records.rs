//! Text into records of fields, as RFC 4180 has it, forgiving where people are not, and exact about lines.

use super::limits::{COLUMNS_MAX, FIELD_BYTES_MAX, RECORD_BYTES_MAX};

/// One record, lent for the length of a call.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// The line on which it begins, counted from 1.
    pub(super) line: u64,
    /// Its fields, at most [`COLUMNS_MAX`].
    pub(super) fields: Vec<&'a str>,
    /// How many fields it has in all.
    pub(super) columns: usize,
    /// The column, from 1, of the first field that is too long.
    pub(super) too_long: Option<usize>,
    /// The column, from 1, of the first field with text after its closing quote that cannot be read otherwise.
    pub(super) stray_quote: Option<usize>,
}

impl Record<'_> {
    /// Whether nothing stands in it.
    pub(super) fn is_blank(&self) -> bool {
        self.too_long.is_none() && self.fields.iter().all(|field| field.trim().is_empty())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// At the beginning of a field.
    Start,
    /// In a field without quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote between quotes: the end, or the first half of a doubled one.
    AfterQuote,
    /// Behind the end, where only blanks came.
    Ended,
}

/// Divides text that arrives in pieces.
pub(super) struct Records {
    delimiter: u8,
    state: State,
    /// The fields of the record so far, one behind the other.
    text: String,
    ends: Vec<usize>,
    columns: usize,
    line: u64,
    record_line: u64,
    quote_line: u64,
    too_long: Option<usize>,
    stray_quote: Option<usize>,
    /// Whether the quoted field holds what would end it without quotes.
    divided_inside: bool,
    after_return: bool,
    any: bool,
}

impl Records {
    /// `first_line` is the line on which the text begins.
    pub(super) fn new(delimiter: u8, first_line: u64) -> Records {
        Records {
            delimiter,
            state: State::Start,
            text: String::new(),
            ends: Vec::new(),
            columns: 0,
            line: first_line,
            record_line: first_line,
            quote_line: first_line,
            too_long: None,
            stray_quote: None,
            divided_inside: false,
            after_return: false,
            any: false,
        }
    }

    /// The line that was reached.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Fields of the record that is not over yet.
    pub(super) fn columns_so_far(&self) -> usize {
        if self.any { self.columns + 1 } else { 0 }
    }

    /// Divides a piece; each record goes to `each` when it is over.
    pub(super) fn feed<E>(
        &mut self,
        piece: &str,
        mut each: impl FnMut(&Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let bytes = piece.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if std::mem::take(&mut self.after_return) && byte == b'\n' {
                at += 1;
                continue;
            }
            let run = self.run(&bytes[at..]);
            if run > 0 {
                // A run ends before an ASCII character, so it is whole characters.
                self.push(piece.get(at..at + run).unwrap_or_default());
                at += run;
                continue;
            }
            if self.special(byte, &mut each)? {
                at += 1;
            }
        }
        Ok(())
    }

    /// The text is over.
    ///
    /// # Errors
    /// The line of the quote that was never closed, or what `each` refused.
    pub(super) fn finish<E>(
        &mut self,
        mut each: impl FnMut(&Record<'_>) -> Result<(), E>,
    ) -> Result<Result<(), E>, u64> {
        if self.state == State::Quoted {
            return Err(self.quote_line);
        }
        if !self.any {
            return Ok(Ok(()));
        }
        Ok(self.end_record(&mut each))
    }

    /// How many bytes from here on mean only themselves.
    fn run(&self, bytes: &[u8]) -> usize {
        let means_more = |byte: &u8| match self.state {
            State::Start | State::AfterQuote | State::Ended => true,
            State::Plain => *byte == self.delimiter || matches!(byte, b'\n' | b'\r'),
            State::Quoted => *byte == self.delimiter || matches!(byte, b'"' | b'\n' | b'\r'),
        };
        bytes.iter().position(means_more).unwrap_or(bytes.len())
    }

    /// One byte that may mean more than itself. Whether it is used up; one that is not begins a run.
    fn special<E>(
        &mut self,
        byte: u8,
        each: &mut impl FnMut(&Record<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let breaks = matches!(byte, b'\n' | b'\r');
        match self.state {
            State::Quoted if byte == b'"' => self.state = State::AfterQuote,
            State::Quoted if breaks => {
                self.next_line(byte);
                self.divided_inside = true;
                self.push("\n");
            }
            State::Quoted => {
                self.divided_inside |= byte == self.delimiter;
                self.push(char::from(byte).encode_utf8(&mut [0; 4]));
            }
            State::AfterQuote if byte == b'"' => {
                self.push("\"");
                self.state = State::Quoted;
            }
            State::Start | State::Plain | State::AfterQuote | State::Ended if byte == self.delimiter => {
                self.any = true;
                self.end_field();
            }
            State::Start | State::Plain | State::AfterQuote | State::Ended if breaks => {
                let outcome = if self.any { self.end_record(each) } else { Ok(()) };
                self.next_line(byte);
                self.record_line = self.line;
                return outcome.map(|()| true);
            }
            State::AfterQuote | State::Ended if byte == b' ' => self.state = State::Ended,
            State::AfterQuote | State::Ended => {
                self.unquote();
                self.state = State::Plain;
                return Ok(false);
            }
            State::Start if byte == b'"' => {
                self.any = true;
                self.divided_inside = false;
                self.quote_line = self.line;
                self.state = State::Quoted;
            }
            State::Start | State::Plain => {
                self.any = true;
                self.state = State::Plain;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Text follows a closing quote: the quotes were part of the text, `"Hamlet" is a play`. Where the quotes also held
    /// a delimiter or a line break, nobody can tell what was meant.
    fn unquote(&mut self) {
        if self.divided_inside {
            let column = self.columns + 1;
            self.stray_quote.get_or_insert(column);
            return;
        }
        let start = self.ends.last().copied().unwrap_or(0);
        if self.columns < COLUMNS_MAX {
            let as_written = self.text.get(start..).unwrap_or_default().replace('"', "\"\"");
            let blank = if self.state == State::Ended { " " } else { "" };
            self.text.truncate(start);
            self.push("\"");
            self.push(&as_written);
            self.push("\"");
            self.push(blank);
        }
    }

    fn next_line(&mut self, byte: u8) {
        self.line += 1;
        self.after_return = byte == b'\r';
    }

    fn push(&mut self, text: &str) {
        let start = self.ends.last().copied().unwrap_or(0);
        if self.columns >= COLUMNS_MAX {
            return;
        }
        if self.text.len() - start + text.len() > FIELD_BYTES_MAX
            || self.text.len() + text.len() > RECORD_BYTES_MAX
        {
            let column = self.columns + 1;
            self.too_long.get_or_insert(column);
            return;
        }
        self.text.push_str(text);
    }

    fn end_field(&mut self) {
        if self.columns < COLUMNS_MAX {
            self.ends.push(self.text.len());
        }
        self.columns += 1;
        self.state = State::Start;
    }

    fn end_record<E>(&mut self, each: &mut impl FnMut(&Record<'_>) -> Result<(), E>) -> Result<(), E> {
        self.end_field();
        let mut start = 0;
        let mut fields = Vec::with_capacity(self.ends.len());
        for end in &self.ends {
            fields.push(self.text.get(start..*end).unwrap_or_default());
            start = *end;
        }
        let record = Record {
            line: self.record_line,
            fields,
            columns: self.columns,
            too_long: self.too_long,
            stray_quote: self.stray_quote,
        };
        let outcome = each(&record);
        self.text.clear();
        self.ends.clear();
        self.columns = 0;
        self.too_long = None;
        self.stray_quote = None;
        self.any = false;
        outcome
    }
}
