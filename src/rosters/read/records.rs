//! Tables whose columns are known by their names. A column that is not asked for is passed over, and its cells are
//! looked at by nobody.

use crate::import::FileFault;
use crate::import::reading::Reading;
use crate::import::records::Record;
use crate::import::sheet::{Rows, Sheet};
use crate::rosters::limits::TABLE_BYTES_MAX;
use std::io::{self, Write};

/// The cells of a row that are asked for.
pub(super) struct Cells<'a> {
    record: &'a Record,
    /// The index of each column that is asked for, in the order of asking.
    places: &'a [Option<usize>],
    /// The line in which the row begins.
    pub(super) line: u64,
}

impl Cells<'_> {
    /// The cell of the n-th column that is asked for; empty where there is none.
    pub(super) fn get(&self, nth: usize) -> &str {
        let place = self.places.get(nth).copied().flatten();
        place.and_then(|place| self.record.field(place)).unwrap_or_default().trim()
    }

    /// Whether the row, or one of the cells that are asked for, is not what it should be.
    pub(super) fn is_broken(&self) -> bool {
        let mut places = self.places.iter().copied().flatten();
        self.record.trouble.is_some() || places.any(|place| self.record.is_too_long(place))
    }
}

/// Takes the rows of such a table.
pub(super) trait Take {
    /// The columns that are asked for.
    const COLUMNS: &'static [&'static str];

    /// Takes a row.
    ///
    /// # Errors
    /// There are too many.
    fn take(&mut self, cells: &Cells) -> Result<(), FileFault>;
}

/// A table that is being read.
pub(super) struct Table<T> {
    places: Option<Vec<Option<usize>>>,
    take: T,
}

impl<T: Take> Rows for Table<T> {
    fn is_header(record: &Record) -> bool {
        record.fields().any(|name| is_same(name, "sourcedId") || is_same(name, "propertyName"))
    }

    fn row(&mut self, record: &Record) -> Result<(), FileFault> {
        let Some(places) = &self.places else {
            let place = |column: &&str| record.fields().position(|name| is_same(name, column));
            self.places = Some(T::COLUMNS.iter().map(place).collect());
            return Ok(());
        };
        self.take.take(&Cells { record, places, line: record.line })
    }
}

fn is_same(name: &str, column: &str) -> bool {
    name.trim().eq_ignore_ascii_case(column)
}

/// A table into which the bytes of a file are written.
pub(super) struct Feeding<T> {
    reading: Reading<Sheet<Table<T>>>,
    /// Why nothing more is taken.
    pub(super) fault: Option<FileFault>,
}

impl<T: Take> Feeding<T> {
    pub(super) fn new(take: T) -> Feeding<T> {
        let sheet = Sheet::new(None, Table { places: None, take });
        Feeding { reading: Reading::new(TABLE_BYTES_MAX, sheet), fault: None }
    }

    /// The end of the file.
    pub(super) fn finish(self) -> Result<T, FileFault> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.reading.finish()?.into_rows().take),
        }
    }
}

impl<T: Take> Write for Feeding<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.reading.feed(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(fault) => {
                self.fault = Some(fault);
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
