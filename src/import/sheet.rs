//! The text of a table to records: for tables that are not of cards. A line `sep=;` at the top is believed; else the
//! delimiter is guessed, by a header that is known before anything else.

use super::delimiter::{Delimiter, guess};
use super::preamble::Preamble;
use super::reading::Digest;
use super::records::{Record, Records};
use super::report::FileFault;

/// What the records of a table become.
pub(crate) trait Rows {
    /// Whether a row can only be the header of such a table.
    fn is_header(record: &Record) -> bool;

    /// Takes the next row; blank ones are left out.
    ///
    /// # Errors
    /// A fault of the file as a whole.
    fn row(&mut self, record: &Record) -> Result<(), FileFault>;
}

/// Divides a text into the records of a table.
pub(crate) struct Sheet<T> {
    /// Where it is given, it is not guessed.
    delimiter: Option<Delimiter>,
    records: Option<Records>,
    /// Bytes at the beginning that are no rows.
    skip: usize,
    rows: T,
}

impl<T: Rows> Sheet<T> {
    pub(crate) const fn new(delimiter: Option<Delimiter>, rows: T) -> Sheet<T> {
        Sheet { delimiter, records: None, skip: 0, rows }
    }

    pub(crate) const fn rows(&mut self) -> &mut T {
        &mut self.rows
    }

    pub(crate) fn into_rows(self) -> T {
        self.rows
    }
}

impl<T: Rows> Digest for Sheet<T> {
    fn begin(&mut self, head: &str, is_whole: bool) {
        let preamble = Preamble::read(head, is_whole);
        let table = head.get(preamble.bytes..).unwrap_or_default();
        let delimiter = self.delimiter.or(preamble.delimiter);
        let delimiter = delimiter.unwrap_or_else(|| guess(table, is_whole, &T::is_header).delimiter);
        self.skip = preamble.bytes;
        self.records = Some(Records::new(delimiter.byte(), preamble.lines + 1));
    }

    fn text(&mut self, text: &str) -> Result<(), FileFault> {
        let skip = std::mem::take(&mut self.skip);
        let text = text.get(skip..).unwrap_or_default();
        let Some(records) = &mut self.records else { return Ok(()) };
        let rows = &mut self.rows;
        records.feed(text, &mut |record| if record.is_blank() { Ok(()) } else { rows.row(record) })
    }

    fn end(&mut self) -> Result<(), FileFault> {
        let Some(records) = &mut self.records else { return Ok(()) };
        let rows = &mut self.rows;
        records.finish(&mut |record| if record.is_blank() { Ok(()) } else { rows.row(record) })
    }

    fn line(&self) -> u64 {
        self.records.as_ref().map_or(1, Records::line)
    }
}
