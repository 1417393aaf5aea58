//! Every limit of events, with its unit and what happens when it is reached.

/// Things that have happened and wait to be told; one more is counted and not told.
pub const HAPPENED_WAITING_MAX: usize = 8_192;
/// Of these, those that are told together.
pub const TOLD_AT_ONCE: usize = 128;
/// People that one event names; more are several events.
pub const USERS_PER_EVENT: usize = 100;
/// Decks that one event names; those beyond are counted only.
pub const DECKS_PER_EVENT: usize = 50;
/// Changes of one deck within so long are one event, in milliseconds.
pub const DECK_QUIET_MS: u64 = 2_000;
/// Ends of one sitting within so long are one event, in milliseconds: a card that is learnt comes back in a minute.
pub const SITTING_QUIET_MS: u64 = 90_000;
/// Decks and sittings that wait for their quiet; one more is told at once.
pub const QUIET_WAITING_MAX: usize = 8_192;
/// Tries of an append while the store does not answer; then what it was is counted and not told.
pub const APPEND_TRIES: u32 = 8;
/// Before the second try, in milliseconds; doubled before each one more, up to half a minute.
pub const APPEND_AGAIN_MS: u64 = 250;
/// The longest rest between two tries, in milliseconds.
pub const APPEND_AGAIN_MS_MAX: u64 = 30_000;
/// How long what waits may take to be told when the process goes down, in milliseconds.
pub const STOPPED_WITHIN_MS: u64 = 5_000;
/// How often old events are looked for, in milliseconds.
pub const FORGET_EVERY_MS: u64 = 600_000;
/// Events that are forgotten together: others write in between.
pub const FORGOTTEN_AT_ONCE: usize = 1_000;
/// News of feeds that wait for one who watches; beyond it the watcher looks at everything.
pub const NEWS_WAITING: usize = 1_024;

/// Events of a feed that are looked at for one answer where only some kinds are wanted.
pub const LOOKED_AT: usize = 500;
/// The longest that a request waits for an event, in seconds; a request for more: 422.
pub const WAIT_S_MAX: u64 = 30;
/// How often a feed is looked at that other processes append to, in milliseconds.
pub const LOOK_EVERY_MS: u64 = 2_000;
/// Streams of events that a node has open; one more: 503.
pub const STREAMS_MAX: usize = 4_096;
