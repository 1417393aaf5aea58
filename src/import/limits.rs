//! Every limit of imports, with its unit and what happens when it is reached.

/// Largest file, in bytes; larger is refused as a whole.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Rows of one file: as many as a deck may have cards. More is a fault of the file.
pub const ROWS_MAX: usize = ports::library::CARDS_PER_DECK_MAX;
/// Longest field as it stands in the file, in bytes; a longer one costs its row.
pub const FIELD_BYTES_MAX: usize = 32 * 1024;
/// Longest record, in bytes; a longer one costs itself.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;
/// Columns that are kept; what stands in others is only counted.
pub const COLUMNS_MAX: usize = 64;
/// Rejected rows that are reported one by one; more are only counted.
pub const REJECTED_REPORTED: usize = 1_000;
/// Text that is looked at before the delimiter is decided, in bytes.
pub const HEAD_BYTES: usize = 64 * 1024;
/// Bytes that are looked at before the encoding is decided.
pub const ENCODING_BYTES: usize = 1_024;
/// Records that are looked at for the delimiter.
pub const SNIFFED_RECORDS: usize = 200;
/// Tries to store an import when others change the same deck meanwhile.
pub const COMMIT_TRIES: usize = 8;
