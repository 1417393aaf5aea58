//! Every limit of webhooks, with its unit and what happens when it is reached.

/// Webhooks of one person; one more: 422.
pub const HOOKS_PER_OWNER_MAX: usize = 20;
/// Longest address, in bytes; longer: 422.
pub const URL_BYTES_MAX: usize = 2_000;
/// Longest description, in bytes; longer: 422.
pub const DESCRIPTION_BYTES_MAX: usize = 200;
/// Bytes of a secret.
pub const SECRET_BYTES: usize = 32;
/// How long deliveries are signed with a secret that was replaced as well, in milliseconds: a day.
pub const OLD_SECRET_MS: i64 = 86_400_000;
/// Replaced secrets that deliveries are signed with at once; the oldest goes when another is replaced.
pub const OLD_SECRETS_MAX: usize = 3;
/// Largest file of certificates of one's own authorities, in bytes; a larger one is an error at the start.
pub const AUTHORITIES_BYTES_MAX: u64 = 1_024 * 1_024;
/// Webhooks that a node looks after; those beyond wait until there is room.
pub const HOOKS_MAX: usize = 10_000;
/// Webhooks that are read from the store at once.
pub const HOOKS_PER_PAGE: usize = 500;
/// Deliveries that a node makes at once, each to another webhook; others wait.
pub const DELIVERIES_AT_ONCE: usize = 32;
/// Tests that run at once; one more: 503.
pub const TESTS_AT_ONCE: usize = 8;
/// Deliveries of one webhook, one after another, before others have their turn.
pub const DELIVERIES_IN_A_TURN: usize = 20;
/// How long a turn of a webhook lasts before others have theirs, in milliseconds; a delivery that is under way ends first.
pub const TURN_WITHIN_MS: u64 = 15_000;
/// Events that are looked at for the next one that a webhook wants.
pub const EVENTS_LOOKED_AT: usize = 200;
/// Tries of a change of a webhook that somebody changes at the same time.
pub const CHANGE_TRIES: usize = 8;

/// How long the name of a receiver may take to be looked up, in milliseconds.
pub const RESOLVE_WITHIN_MS: u64 = 5_000;
/// How long one attempt may take as a whole, in milliseconds.
pub const ATTEMPT_WITHIN_MS: u64 = 15_000;
/// How long the rest of an answer is waited for once its head is there, in milliseconds; then it is done without.
pub const ANSWER_BODY_WITHIN_MS: u64 = 1_000;
/// Bytes of an answer that are read, so that the receiver can end what it says.
pub const ANSWER_BYTES_MAX: usize = 16 * 1_024;
/// Bytes of the head of an answer; a longer one is a failure.
pub const ANSWER_HEAD_BYTES_MAX: usize = 16 * 1_024;
/// Longest reason of a failure that is kept, in bytes; the rest is cut off.
pub const ERROR_BYTES_MAX: usize = 200;

/// Rests after failed attempts of one event, in milliseconds: after the last one no other attempt is made, and the webhook
/// is disabled. A little more than three days in all.
pub const RESTS_MS: [u64; 13] = [
    5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 43_200_000,
    57_600_000, 57_600_000, 57_600_000,
];
/// By how much of itself a rest may be longer or shorter, in per cent: receivers that were away are not overrun.
pub const JITTER_PERCENT: u64 = 20;
/// The longest rest that a receiver may ask for (`Retry-After`), in milliseconds.
pub const RETRY_AFTER_MS_MAX: u64 = 3_600_000;

/// How often webhooks are looked for that were made elsewhere, in milliseconds.
pub const REFRESH_EVERY_MS: u64 = 30_000;
/// And where other nodes make some.
pub const REFRESH_SHARED_EVERY_MS: u64 = 5_000;
/// How long a webhook that another node delivers is left alone, in milliseconds.
pub const HELD_ELSEWHERE_MS: u64 = 10_000;
/// How long a webhook rests when the store does not answer, in milliseconds.
pub const STORE_AWAY_MS: u64 = 2_000;
/// How long deliveries may take to end when the process goes down, in milliseconds; then they are made again later.
pub const STOPPED_WITHIN_MS: u64 = 5_000;
