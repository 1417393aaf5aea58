//! Every limit of the HTTP API, with its unit and what happens when it is reached.

/// Largest JSON body, in bytes; larger: 413.
pub const JSON_BYTES_MAX: usize = 1024 * 1024;
/// Largest body of a bulk request, in bytes; larger: 413.
pub const BULK_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Cards in one bulk request; more: 422.
pub const BULK_CARDS_MAX: usize = 5_000;
/// How long a client may take to send a JSON body, in milliseconds; longer: 408.
pub const BODY_WITHIN_MS: u64 = 30_000;

/// Items of a page when the request names no number.
pub const PAGE_DEFAULT: usize = 50;
/// Items of a page; a request for more gets this many.
pub const PAGE_MAX: usize = 100;
/// Longest cursor that is read, in bytes; longer: 422.
pub const CURSOR_BYTES_MAX: usize = 2_048;
/// Longest text that is searched for, in bytes; longer: 422.
pub const SEARCH_BYTES_MAX: usize = 200;

/// Longest title, in bytes.
pub const TITLE_BYTES_MAX: usize = 200;
/// Longest name of a person, in bytes.
pub const NAME_BYTES_MAX: usize = 200;
/// Longest path of a deck, in bytes.
pub const PATH_BYTES_MAX: usize = 1_000;
/// Levels of a path.
pub const PATH_LEVELS_MAX: usize = 16;
/// Longest description, in bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 4_000;

/// Longest `Idempotency-Key`, in bytes; longer: 422.
pub const KEY_BYTES_MAX: usize = 200;
/// Tries of a change when others change the same deck meanwhile; then 409.
pub const CHANGE_TRIES: usize = 8;

/// Imports that run at once; one more: 503.
pub const IMPORTS_AT_ONCE: usize = 2;
/// Pieces of a body that wait for the parser.
pub const IMPORT_PIECES_WAITING: usize = 16;
/// How long an import waits for the next piece of its body, in milliseconds; longer: 408.
pub const IMPORT_PIECE_WITHIN_MS: u64 = 30_000;

/// Sign-ins that are remembered, so that a request of a known person costs no write.
pub const SIGN_INS_REMEMBERED: usize = 16_384;

/// Failed sign-ins that one address may have at once; more: 429.
pub const FAILURES_BURST: u32 = 300;
/// Failed sign-ins that an address gets back, each second.
pub const FAILURES_PER_SECOND: u32 = 5;
/// Addresses that are counted at once; a full table forgets those that have their whole burst again.
pub const ADDRESSES_COUNTED: usize = 65_536;

/// Answers of at least this many bytes are compressed.
pub const COMPRESS_FROM_BYTES: u64 = 1_024;
