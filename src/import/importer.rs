//! Bytes into rows: what a file says, before any deck is looked at.

use super::columns::{Columns, is_header};
use super::decode::{Decoder, Encoding, NoText};
use super::directives::{self, Directives};
use super::limits::{FILE_BYTES_MAX, HEAD_BYTES, REJECTED_REPORTED, ROWS_MAX};
use super::records::{Record, Records};
use super::rows::{Reader, Reason, Rejected, Row};
use super::sniff::sniff;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use thiserror::Error;

/// How to read a file where it is not to be found out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// The character between columns.
    pub delimiter: Option<u8>,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// The character between columns where nothing in the file tells.
    pub delimiter_otherwise: Option<u8>,
}

/// What is wrong with a file as a whole. Nothing of it is imported.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum FileFault {
    /// A quote is opened and never closed.
    #[error("a quote is opened on line {line} and never closed")]
    UnclosedQuote {
        /// The line with the quote.
        line: u64,
    },
    /// The bytes are no text.
    #[error("line {line} cannot be read as {encoding}")]
    BadEncoding {
        /// The line.
        line: u64,
        /// The encoding that the file seemed to have.
        encoding: &'static str,
    },
    /// It is another kind of file.
    #[error("this is {what}, not a text file")]
    NotText {
        /// What it is.
        what: &'static str,
    },
    /// It has too many rows.
    #[error("a file has at most {ROWS_MAX} rows; line {line} is beyond them")]
    TooManyRows {
        /// The first line too many.
        line: u64,
    },
    /// It has too many bytes.
    #[error("a file has at most {FILE_BYTES_MAX} bytes; they end on line {line}")]
    TooManyBytes {
        /// The line reached.
        line: u64,
    },
}

impl FileFault {
    /// The line, from 1.
    pub const fn line(&self) -> u64 {
        match self {
            FileFault::UnclosedQuote { line }
            | FileFault::BadEncoding { line, .. }
            | FileFault::TooManyRows { line }
            | FileFault::TooManyBytes { line } => *line,
            FileFault::NotText { .. } => 1,
        }
    }
}

/// What a file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parsed {
    /// Rows that can become cards, in the order of the file.
    pub rows: Vec<Row>,
    /// Rows that cannot, in the order of the file; at most [`REJECTED_REPORTED`].
    pub rejected: Vec<Rejected>,
    /// How many rows cannot.
    pub rejected_total: usize,
    /// How the file is encoded.
    pub encoding: Encoding,
    /// The character between columns.
    pub delimiter: u8,
    /// Whether the first row named the columns.
    pub header: bool,
    /// Columns that no card has.
    pub ignored_columns: Vec<String>,
}

/// Reads a file piece by piece. Memory is bounded by the rows that can become cards.
pub struct Importer {
    options: Options,
    decoder: Decoder,
    bytes: usize,
    stage: Stage,
    rows: Rows,
}

enum Stage {
    /// Too little text to tell the delimiter.
    Head(String),
    Body(Box<Body>),
}

struct Body {
    records: Records,
    delimiter: u8,
    directives: Directives,
}

/// Rows so far.
#[derive(Default)]
struct Rows {
    reader: Option<Reader>,
    header: bool,
    header_wanted: Option<bool>,
    rows: Vec<Row>,
    rejected: Vec<Rejected>,
    rejected_total: usize,
    seen: HashMap<[u8; 16], u64>,
}

impl Importer {
    /// An importer that has read nothing.
    pub fn new(options: Options) -> Importer {
        let rows = Rows { header_wanted: options.header, ..Rows::default() };
        Importer { options, decoder: Decoder::new(), bytes: 0, stage: Stage::Head(String::new()), rows }
    }

    /// Reads a piece.
    ///
    /// # Errors
    /// The file as a whole cannot be imported; the importer is of no further use.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > FILE_BYTES_MAX {
            return Err(FileFault::TooManyBytes { line: self.line() });
        }
        let mut text = String::new();
        let outcome = self.decoder.feed(bytes, &mut text);
        self.take(&text)?;
        outcome.map_err(|why| self.no_text(why))
    }

    /// Reads the rest and says what the file says.
    ///
    /// # Errors
    /// See [`FileFault`].
    pub fn finish(mut self) -> Result<Parsed, FileFault> {
        let mut text = String::new();
        let outcome = self.decoder.finish(&mut text);
        self.take(&text)?;
        outcome.map_err(|why| self.no_text(why))?;
        let encoding = self.decoder.encoding();
        let mut body = match self.stage {
            Stage::Head(head) => begin(&head, true, self.options, &mut self.rows)?,
            Stage::Body(body) => *body,
        };
        let Body { records, directives, delimiter } = &mut body;
        let ended = records.finish(|record| self.rows.record(record, directives, *delimiter));
        ended.map_err(|line| FileFault::UnclosedQuote { line })??;
        let ignored_columns = self.rows.reader.map(|reader| reader.columns.ignored).unwrap_or_default();
        Ok(Parsed {
            rows: self.rows.rows,
            rejected: self.rows.rejected,
            rejected_total: self.rows.rejected_total,
            encoding,
            delimiter: body.delimiter,
            header: self.rows.header,
            ignored_columns,
        })
    }

    fn take(&mut self, text: &str) -> Result<(), FileFault> {
        match &mut self.stage {
            Stage::Head(head) => {
                head.push_str(text);
                if head.len() >= HEAD_BYTES {
                    let head = std::mem::take(head);
                    self.stage = Stage::Body(Box::new(begin(&head, false, self.options, &mut self.rows)?));
                }
                Ok(())
            }
            Stage::Body(body) => {
                let Body { records, directives, delimiter } = &mut **body;
                records.feed(text, |record| self.rows.record(record, directives, *delimiter))
            }
        }
    }

    fn line(&self) -> u64 {
        match &self.stage {
            Stage::Head(head) => head.matches('\n').count() as u64 + 1,
            Stage::Body(body) => body.records.line(),
        }
    }

    fn no_text(&self, why: NoText) -> FileFault {
        match why {
            NoText::Binary(what) => FileFault::NotText { what },
            NoText::Broken(encoding) => {
                FileFault::BadEncoding { line: self.line(), encoding: encoding.name() }
            }
        }
    }
}

/// Decides about the file by its head, and reads that.
fn begin(head: &str, whole: bool, options: Options, rows: &mut Rows) -> Result<Body, FileFault> {
    let (directives, rest, line) = directives::read(head);
    let decided = options.delimiter.or(directives.delimiter);
    let otherwise = options.delimiter_otherwise.unwrap_or(b',');
    let delimiter = decided.unwrap_or_else(|| sniff(rest, whole, otherwise));
    let mut records = Records::new(delimiter, line);
    records.feed(rest, |record| rows.record(record, &directives, delimiter))?;
    Ok(Body { records, delimiter, directives })
}

impl Rows {
    fn record(
        &mut self,
        record: &Record<'_>,
        directives: &Directives,
        delimiter: u8,
    ) -> Result<(), FileFault> {
        if record.is_blank() {
            return Ok(());
        }
        if self.reader.is_none() && self.first(record, directives, delimiter) {
            return Ok(());
        }
        let Some(reader) = &self.reader else { return Ok(()) };
        if self.rows.len() + self.rejected_total >= ROWS_MAX {
            return Err(FileFault::TooManyRows { line: record.line });
        }
        match reader.row(record) {
            Ok(row) => self.accept(row),
            Err(rejected) => self.reject(rejected),
        }
        Ok(())
    }

    /// Decides about the columns by the first record; whether that was only their names.
    fn first(&mut self, record: &Record<'_>, directives: &Directives, delimiter: u8) -> bool {
        let named = self.header_wanted.unwrap_or_else(|| is_header(&record.fields));
        let columns = if named {
            Columns::named(&record.fields, directives)
        } else if let Some(names) = &directives.columns {
            let names: Vec<&str> = names.split(char::from(delimiter)).collect();
            Columns::named(&names, directives)
        } else {
            Columns::unnamed(directives)
        };
        self.header = named;
        self.reader = Some(Reader::new(columns, directives));
        named
    }

    fn accept(&mut self, row: Row) {
        // A digest a row, not a text: half of the fronts of a large file would otherwise be held twice.
        let digest = Sha256::digest(row.key.as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        if let Some(first) = self.seen.get(&short) {
            let message = format!("the same card as line {first}");
            let column = self.reader.as_ref().map_or(1, |reader| reader.key_column(&row));
            return self.reject(Rejected { line: row.line, column, reason: Reason::Duplicate, message });
        }
        self.seen.insert(short, row.line);
        self.rows.push(row);
    }

    fn reject(&mut self, rejected: Rejected) {
        self.rejected_total += 1;
        if self.rejected.len() < REJECTED_REPORTED {
            self.rejected.push(rejected);
        }
    }
}

/// Reads a whole file that is in memory.
///
/// # Errors
/// See [`FileFault`].
pub fn parse(bytes: &[u8], options: Options) -> Result<Parsed, FileFault> {
    let mut importer = Importer::new(options);
    importer.feed(bytes)?;
    importer.finish()
}

#[cfg(test)]
mod tests;
