//! Every limit of the HTTP API, with its unit and what happens when it is reached.

use ports::quota::Buckets;

/// Largest JSON body, in bytes; larger: 413.
pub const JSON_BYTES_MAX: usize = 1024 * 1024;
/// Largest body of a bulk request, in bytes; larger: 413.
pub const BULK_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Cards in one bulk request; more: 422.
pub const BULK_CARDS_MAX: usize = 5_000;
/// Bodies of at least this many bytes are read off the thread that sockets are served on.
pub const BODY_APART_FROM_BYTES: usize = 32 * 1024;
/// How long a client may take to send a JSON body, in milliseconds; longer: 408.
pub const BODY_WITHIN_MS: u64 = 30_000;

/// Items of a page when the request names no number.
pub const PAGE_DEFAULT: usize = 50;
/// Items of a page; a request for more: 422.
pub const PAGE_MAX: usize = 100;
/// Bytes of a page of cards, about; a page that has more ends earlier, with a cursor to go on.
pub const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Names in `fields`; those beyond choose nothing.
pub const FIELDS_MAX: usize = 64;
/// Longest cursor that is read, in bytes; longer: 422.
pub const CURSOR_BYTES_MAX: usize = 2_048;
/// Longest text that is searched for, in bytes; longer: 422.
pub const SEARCH_BYTES_MAX: usize = 200;

pub use crate::auth::NAME_BYTES_MAX;
pub use crate::naming::TITLE_BYTES_MAX;
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
pub const IMPORTS_AT_ONCE: usize = 4;
/// Imports of one person that run at once; one more: 429.
pub const IMPORTS_PER_PERSON: u32 = 1;
/// How long the whole file of an import may take to arrive, in milliseconds; longer: 408.
pub const IMPORT_WITHIN_MS: u64 = 300_000;
/// How long an import waits for the next piece of its body, in milliseconds; longer: 408.
pub const IMPORT_PIECE_WITHIN_MS: u64 = 30_000;

/// Longest name of an uploaded file that is kept, in bytes; the rest is cut off.
pub const JOB_NAME_BYTES_MAX: usize = 200;
/// Longest parameter of an import, in bytes; longer: 422.
pub const OPTION_BYTES_MAX: usize = 2_000;
/// How long a request waits for an import to be taken back, in milliseconds; then it is told that it goes on: 202.
pub const WITHDRAWN_WITHIN_MS: u64 = 5_000;
/// Streams of events that one person may have open; one more: 429.
pub const STREAMS_PER_PERSON: u32 = 8;
/// How long one stream of events lasts, in milliseconds: who is still interested asks anew.
pub const EVENT_STREAM_MS_MAX: u64 = 15 * 60_000;
/// How often a stream without news says that it is there, in milliseconds: proxies end what is silent.
pub const KEEP_ALIVE_EVERY_MS: u64 = 15_000;
/// Packages that are made at once; one more: 503.
pub const PACKAGES_AT_ONCE: usize = 2;
/// Exports of one person at once; one more: 429.
pub const EXPORTS_PER_PERSON: u32 = 2;
/// Cards that an export reads at once.
pub const CARDS_PER_EXPORT_PAGE: usize = 500;
/// Bytes of a package that are sent at once.
pub const EXPORT_PIECE_BYTES: usize = 256 * 1024;
/// Media cookies of one browser that are looked at: people who are signed in at once; those beyond see no pictures.
pub const MEDIA_COOKIES_MAX: usize = 4;
/// Bytes of a media file that are read at once.
pub const MEDIA_PIECE_BYTES: usize = 256 * 1024;

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

/// Requests of one person at once, in a minute, in an hour, unless configured otherwise (`rate_limit`); more: 429. The
/// default only keeps one person from taking all that a core gives for long; a public server sets it lower.
pub const RATE_DEFAULT: Buckets = Buckets::new(5_000, 120_000, 2_000_000);
/// The largest number that can be configured there.
pub const RATE_MAX: u32 = 10_000_000;
/// Requests of one person that are worked on at once; one more: 429.
pub const REQUESTS_PER_PERSON: u32 = 16;
/// Fittings of weights that run at once on a node; others wait.
pub const FITTINGS_AT_ONCE: usize = 1;
/// Fittings that a node knows, those that ended of late included; one more: 503.
pub const FITTINGS_KEPT: usize = 256;
/// How long the outcome of a fitting can be asked for, in milliseconds from its beginning.
pub const FITTING_KEPT_MS: i64 = 3_600_000;
/// Days that a forecast goes ahead when the request names no number.
pub const FORECAST_DAYS_DEFAULT: u32 = 30;
pub use optimizer::limits::FORECAST_DAYS_MAX;
/// Decks of one person that are not deleted; one more: 422.
pub const DECKS_PER_PERSON_MAX: usize = 5_000;
/// Students of one class; one more: 422.
pub const STUDENTS_PER_CLASS_MAX: usize = crate::rosters::limits::STUDENTS_PER_CLASS_MAX;
/// People that are named in one batch; more: 422. Each is looked for by three keys, in one question of the store.
pub const BATCH_USERS_MAX: usize = ports::register::REGISTER_PAGE_MAX / 3;
/// Classes that are named in one batch; more: 422. Each is a read of its own.
pub const BATCH_CLASSES_MAX: usize = 100;
/// Classes of one person in a batch; more: 422.
pub const CLASSES_PER_PERSON_MAX: usize = 50;
/// Decks of one class; one more: 422.
pub const DECKS_PER_CLASS_MAX: usize = 500;
/// Other teachers of one class; one more: 422.
pub const TEACHERS_PER_CLASS_MAX: usize = 20;
/// Links of one class by which somebody stands in, at once; one more: 422.
pub const SUBSTITUTES_PER_CLASS_MAX: usize = 10;
/// How long somebody may stand in, in minutes; longer: 422.
pub const SUBSTITUTE_MINUTES_MAX: u32 = 1_440;
/// Guests who wait to be let into one lesson; one more: 503.
pub const LOBBY_MAX: usize = 200;
/// How long a guest's token is good, in milliseconds: as long as a lesson may go on.
pub const GUEST_TOKEN_MS: i64 = 12 * 3_600_000;
/// Tries to join, over all nodes that count together; more: 429. Of the 191 million codes a guesser meets one that is in
/// use by this at most, where a hundred are, every hundred hours.
pub const JOINING: Buckets = Buckets::new(3_000, 6_000, 20_000);
/// Tries to join of one device, that is of a browser that sends its cookie; more: 429.
pub const JOINING_DEVICE: Buckets = Buckets::new(20, 60, 300);
/// Joins of one class; more: 429.
pub const JOINS_PER_CLASS: Buckets = Buckets::new(1_000, 1_000, 5_000);
/// Claims of one person; more: 429.
pub const CLAIMS: Buckets = Buckets::new(10, 20, 60);
/// Claims of guests of one class, right ones, too: a whole class may claim after a lesson; more: 429.
pub const CLAIMS_PER_CLASS: Buckets = Buckets::new(60, 60, 120);
/// Entries of a guest that are copied when they are claimed: what a guest can do in years.
pub const CLAIM_ENTRIES_MAX: usize = 100_000;
/// Entries that are read of a guest's log, and appended to the claimer's, at once.
pub const CLAIM_ENTRIES_AT_ONCE: usize = 1_000;
/// Homework of one class; one more: 422.
pub const HOMEWORK_PER_CLASS_MAX: usize = 100;
/// Own homework that a list shows: what is due next, and then what was due last.
pub const HOMEWORK_SHOWN_MAX: usize = 20;
/// For so many days after it was due homework is shown to whom it was set.
pub const HOMEWORK_SHOWN_DAYS: i32 = 30;
/// Classes of one teacher; one more: 422.
pub const CLASSES_PER_TEACHER_MAX: usize = 500;

/// Study days that figures are about when the request names none.
pub const DAYS_DEFAULT: i32 = 30;
/// Study days that figures may be about; more: 422.
pub const DAYS_MAX: i32 = 366;
/// Days that a streak is looked for at first; who has studied on all of them is looked at over [`DAYS_MAX`].
pub const STREAK_DAYS_FIRST: i32 = 60;
/// Editors of one deck; one more: 422.
pub const EDITORS_PER_DECK_MAX: usize = 50;
/// Decks that are read by their ids at once; more: 422.
pub const BATCH_IDS_MAX: usize = 100;
/// Figures of learners in decks that are remembered for lists.
pub const FIGURES_REMEMBERED: usize = 16_384;
/// How long they are shown, in milliseconds; they say themselves how old they are.
pub const FIGURES_SHOWN_MS: i64 = 15_000;
/// Bytes of figures of learners that are remembered, about; those that were not asked for lately go.
pub const FIGURES_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Where more learners than this have changed since a class's figures were summed up, the figures are shown as they were
/// and summed up anew beside; fewer are waited for.
pub const FIGURES_WAITED_FOR_MAX: usize = 16;
/// Figures of a class are never later than this, in milliseconds: older ones are waited for.
pub const FIGURES_LATE_MS_MAX: u64 = 60_000;
/// Learners that are summed up in one question of the store when figures are summed up beside.
pub const FIGURES_BESIDE_AT_ONCE: usize = 64;
/// Classes of which it is remembered which cards their learners answered.
pub const CLASS_CARDS_REMEMBERED: usize = 64;
/// Bytes that these take with the figures they were made of, about; beyond it all are forgotten.
pub const CLASS_CARDS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How far a search may be paged through, in cards; a cursor beyond: 422.
pub const SEARCH_SKIP_MAX: usize = 10_000;
/// Decks that one search looks through; those beyond, by path, are left out.
pub const SEARCH_DECKS_MAX: usize = 500;
/// How long a report is kept, in milliseconds.
pub const REPORT_KEPT_MS: i64 = 3_600_000;
/// Reports that a node keeps; one more takes the place of the oldest that is finished, and is 503 when none is.
pub const REPORTS_KEPT: usize = 128;
/// Reports of one person that are made at once; one more: 429.
pub const REPORTS_PER_PERSON: u32 = 2;
