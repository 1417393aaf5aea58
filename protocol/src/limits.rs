//! Every number that both sides of the wire count on, each with its unit and what happens beyond it.

/// Cards that a socket holds unanswered when `start.window` is absent.
pub const WINDOW_DEFAULT: u8 = 3;
/// Most cards that `start.window` may ask for; more is `malformed`.
pub const WINDOW_MAX: u8 = 20;

/// Commands without a verdict that a client keeps on a socket (`welcome.limits.in_flight`); beyond the
/// server's own bound it meets `busy`.
pub const IN_FLIGHT_MAX: u16 = 64;
/// Commands without a verdict of one learner, over all sockets: from here less `window` no card is handed out.
pub const UNSETTLED_PER_LEARNER_MAX: u16 = 256;

/// Longest message a client may send, fragments counted together (`welcome.limits.frame_bytes`); longer: 1009.
pub const CLIENT_FRAME_BYTES_MAX: usize = 16 * 1024;
/// Longest message a server sends.
pub const SERVER_FRAME_BYTES_MAX: usize = 160 * 1024;

/// Silence after which either side sends `beat` (`welcome.heartbeat_ms`).
pub const HEARTBEAT_MS: u64 = 25_000;
/// Heartbeats without a byte after which the server closes with 4408.
pub const SILENT_HEARTBEATS_SERVER: u64 = 3;
/// Heartbeats without a message after which a client reconnects.
pub const SILENT_HEARTBEATS_CLIENT: u64 = 2;
/// Time for the first frame, `hello`; later: 4408.
pub const HELLO_WITHIN_MS: u64 = 5_000;
/// Time from `hello` to `welcome`, the store and the learner's session included; later: 4412.
pub const WELCOME_WITHIN_MS: u64 = 10_000;

/// How long before a token's `exp` the server sends `token_expiring`.
pub const TOKEN_EXPIRING_MS: u64 = 60_000;
/// How long after `exp` a socket lives before it is closed with 4401.
pub const TOKEN_GRACE_MS: u64 = 10_000;

/// Largest `answer.elapsed_ms`: a day.
pub const ELAPSED_MS_MAX: u32 = 86_400_000;
/// Largest `grade`.
pub const GRADE_MAX: u8 = 5;
/// Largest `set.flag`; 0 takes the flag away.
pub const FLAG_MAX: u8 = 7;
/// Longest zone name in `hello.zone`, bytes.
pub const ZONE_BYTES_MAX: usize = 64;
/// Most that `limits` and `more` of a `start` may name, cards per deck and day.
pub const ALLOWANCE_MAX: u32 = 1_000_000;

/// How far an id's time may lie ahead of the server's clock; further is `bad_time`.
pub const AHEAD_MS_MAX: u64 = 10_000;
/// How far an id's time may lie before the beginning of the account; earlier is `bad_time`.
pub const BEFORE_ACCOUNT_MS_MAX: u64 = 86_400_000;

/// Answers and sets back that an `undo` reaches whatever their age.
pub const UNDO_DEPTH: usize = 30;
/// Age that an `undo` reaches whatever lies between.
pub const UNDO_AGE_MS: u64 = 86_400_000;

/// Time on screen without a sign of the learner after which another device may take the card over.
pub const TAKEOVER_AFTER_MS: u64 = 60_000;

/// Longest sanitised HTML of one field of a card, bytes.
pub const FIELD_BYTES_MAX: usize = 32 * 1024;
/// Longest sum of a card's fields, bytes as JSON strings.
pub const FIELDS_JSON_BYTES_MAX: usize = 128 * 1024;
/// Longest list of a card's media, bytes as JSON.
pub const MEDIA_JSON_BYTES_MAX: usize = 16 * 1024;

/// Decks listed in one `queue`; those beyond are in its sums only.
pub const QUEUE_DECKS_MAX: usize = 1_000;

/// Rows, of students and cards together, in one `snapshot` or `delta`; further ones follow in another with `more` before.
pub const MONITOR_ROWS_PER_FRAME: usize = 200;
/// Longest name on a monitor, bytes; what is longer is cut.
pub const MONITOR_NAME_BYTES_MAX: usize = 200;

/// Commands in one `POST reviews`; more is refused as a whole.
pub const COMMANDS_PER_REQUEST_MAX: usize = 500;

/// Longest sentence that a refusal carries, bytes.
pub const MESSAGE_BYTES_MAX: usize = 240;

/// Wait before coming back after 4413, ms.
pub const FAILING_SESSION_WAIT_MS: u64 = 300_000;

// The largest card (fields, media, ids, state, outcomes) fits a server frame, and so does a full queue, whose
// deck line is at most 120 bytes.
const _: () = assert!(FIELDS_JSON_BYTES_MAX + MEDIA_JSON_BYTES_MAX + 8 * 1024 <= SERVER_FRAME_BYTES_MAX);
// A row with a name that is escaped letter by letter, and a card with those who missed it.
const _: () = assert!(MONITOR_ROWS_PER_FRAME * 700 + 16 * 1024 <= SERVER_FRAME_BYTES_MAX);
const _: () = assert!(QUEUE_DECKS_MAX * 120 + 1024 <= SERVER_FRAME_BYTES_MAX);
const _: () = assert!(IN_FLIGHT_MAX as usize + WINDOW_MAX as usize <= UNSETTLED_PER_LEARNER_MAX as usize);
