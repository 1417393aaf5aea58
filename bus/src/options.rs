//! Every bound and every wait of this room. What is bounded by the notes themselves stands in `ports`.

use ports::quota::BreakerRules;
use std::time::Duration;

/// How often a node tells its last numbers. Must stay below [`ports::bus::SPACING_MS`].
pub const BEAT_EVERY: Duration = Duration::from_secs(1);
/// How long a connection may take until it can be used; longer: it is given up and tried again.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// How long an answer of Redis may take; longer: the connection is made anew.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// How long a node's own beat may take to come back to it; longer: it is deaf, and the connection is made anew.
pub const OWN_BEAT_WITHIN: Duration = Duration::from_secs(4);
/// After how long without traffic the system asks whether the other end is there, and how often.
pub const KEEPALIVE: Duration = Duration::from_secs(5);
/// How long sent bytes may stay without an acknowledgement; longer: the system ends the connection.
pub const USER_TIMEOUT: Duration = Duration::from_secs(5);
/// The wait before the first new try of a connection; doubled at each further one.
pub const RETRY_FIRST: Duration = Duration::from_millis(50);
/// The longest wait before a new try.
pub const RETRY_MOST: Duration = Duration::from_secs(1);

/// Notes in one message, at most.
pub const MESSAGE_NOTES_MAX: usize = 256;
/// Bytes of notes in one message, about; a single note may be larger.
pub const MESSAGE_BYTES: usize = 16 * 1024;
/// Bytes of a message that is read, at most; a larger one counts as broken.
pub const MESSAGE_BYTES_MAX: u64 = 256 * 1024;
/// Messages on the way to Redis at once. While they are, what comes merges.
pub const MESSAGES_AT_ONCE: usize = 32;
/// Topics in one request to subscribe.
pub const TOPICS_AT_ONCE: usize = 256;
/// Longest prefix of topics and keys, in bytes.
pub const PREFIX_BYTES_MAX: usize = 64;

/// How often a connection that only answers questions is asked whether it is there.
pub const PING_EVERY: Duration = Duration::from_secs(2);
/// How long a request waits for the shared counter; longer: this node decides alone.
pub const QUOTA_WITHIN: Duration = Duration::from_millis(50);
/// Keys that a node counts by itself, at most; with more, those are forgotten that are nearest to having everything again.
pub const QUOTA_KEYS_MAX: usize = 65_536;
/// When the shared counter is given up, and when it is used again.
pub const QUOTA_BREAKER: BreakerRules = BreakerRules { failures: 3, rest_ms: 1_000, successes: 3 };

const _: () = assert!(BEAT_EVERY.as_millis() < ports::bus::SPACING_MS as u128);
const _: () = assert!(BEAT_EVERY.as_millis() * 5 < ports::bus::SILENCE_MS as u128);
const _: () = assert!(
    (MESSAGE_BYTES + ports::bus::PEOPLE_MAX * 17) as u64 + 1_024 < MESSAGE_BYTES_MAX,
    "the largest note must fit into a message"
);
