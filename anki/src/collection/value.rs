//! Values of a column as they are meant: SQLite stores what it is given, and old programs gave it all sorts.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use std::borrow::Cow;

/// A whole number: as such, as a fraction that is cut off, or written out. `None` is none.
pub(super) fn integer(row: &Row<'_>, column: usize) -> Option<i64> {
    match row.get_ref(column).ok()? {
        ValueRef::Integer(number) => Some(number),
        // The cast saturates; what is no number is none.
        ValueRef::Real(number) => (!number.is_nan()).then_some(number as i64),
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

/// Text, whatever is no UTF-8 replaced; numbers written out. `None` is none.
pub(super) fn text<'row>(row: &'row Row<'_>, column: usize) -> Option<Cow<'row, str>> {
    match row.get_ref(column).ok()? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        }),
        ValueRef::Integer(number) => Some(Cow::Owned(number.to_string())),
        ValueRef::Real(number) => Some(Cow::Owned(number.to_string())),
        ValueRef::Null => None,
    }
}

/// How many bytes of text or of a blob a column holds.
pub(super) fn length(row: &Row<'_>, column: usize) -> u64 {
    bytes(row, column).map_or(0, |bytes| bytes.len() as u64)
}

/// Bytes; those of a text count. `None` is none.
pub(super) fn bytes<'row>(row: &'row Row<'_>, column: usize) -> Option<&'row [u8]> {
    match row.get_ref(column).ok()? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Null => None,
    }
}
