//! Every limit of an import, in one place.

/// Longest file in bytes; a longer one is refused as a whole.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most rows of a file; one more refuses it as a whole. As many as a deck may hold cards.
pub const ROWS_MAX: u64 = ports::library::CARDS_PER_DECK_MAX as u64;
/// Longest field in bytes, as the file has it in UTF-8; a row with a longer one is rejected.
pub const FIELD_BYTES_MAX: usize = crate::content::FIELD_BYTES_MAX;
/// Longest row in bytes, all its lines together; a longer one is rejected.
pub const ROW_BYTES_MAX: usize = 256 * 1024;
/// Fields of a row that are looked at; a row with something in those beyond is rejected.
pub const FIELDS_PER_ROW_MAX: usize = 256;
/// Tags of one card; a row with more is rejected.
pub const TAGS_PER_CARD_MAX: usize = 100;
/// Longest tag in bytes; a row with a longer one is rejected.
pub const TAG_BYTES_MAX: usize = 200;
/// Bytes of the tags that a file gives each of its cards; with more every row is rejected.
pub const FILE_TAGS_BYTES_MAX: usize = 512;
/// Longest guid in bytes; a row with a longer one is rejected.
pub const GUID_BYTES_MAX: usize = 512;
/// Rejected rows that a report lists, and changed ones; those beyond are only counted.
pub const REPORTED_MAX: usize = 1_000;
/// Bytes at the head of a file by which encoding and delimiter are recognised.
pub const HEAD_BYTES: usize = 64 * 1024;
/// Rows at the head of a file by which the delimiter is recognised.
pub const HEAD_ROWS: u64 = 200;
/// Pieces of a file that wait for the parser; the sender waits when there are more.
pub const PIECES_WAITING: usize = 4;
/// Cards of the deck that are compared with a file at once.
pub const CARDS_PER_PAGE: usize = 500;
/// Pages of the deck that wait to be compared; reading waits when there are more.
pub const PAGES_WAITING: usize = 2;
/// Bytes of a table of rejected rows, about; rows beyond are only counted.
pub const REJECTED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Names of unknown fields of a JSON Lines file that are remembered, so that each is reported once; those beyond are
/// reported each time.
pub const UNKNOWN_FIELDS_REMEMBERED: usize = 100;
