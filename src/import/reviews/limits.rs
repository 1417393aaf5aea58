//! Every limit of importing review history.

/// Longest file in bytes; a longer one is refused as a whole.
pub const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Most rows of a file; one more refuses it as a whole.
pub const ROWS_MAX: u64 = 20_000_000;
/// Longest line of JSON in bytes; a longer one is rejected.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// Fields of a JSON object; an object with more is rejected.
pub const FIELDS_MAX: usize = 64;
/// Names of JSON fields that are remembered with what they mean; those beyond are looked up each time.
pub const NAMES_REMEMBERED: usize = 200;
/// Answers that are sorted together and come out as one run. They take 3.5 MB, and as much again while they are sorted; one
/// run is stored while the next is read.
pub const ANSWERS_PER_RUN: usize = 125_000;
/// Cards that rows may mean; cards beyond are not found.
pub const CARDS_INDEXED_MAX: usize = 500_000;
/// Texts of the file that are remembered with the card that they mean; those beyond are looked up each time.
pub const TEXTS_REMEMBERED: usize = 50_000;
/// Longest text in bytes that is remembered.
pub const TEXT_REMEMBERED_BYTES_MAX: usize = 200;
