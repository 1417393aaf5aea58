//! Every limit of the actors, in one place.

/// Bounds of an engine; [`Limits::default`] is what a server runs with, tests set their own.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Messages that wait for one shard. Senders outside wait; a shard that sends to a full shard drops the socket.
    pub shard_inbox: usize,
    /// Loads under way at once: a thousand learners arriving together are a queue, not a stampede.
    pub loads_at_once: usize,
    /// Learners of a cluster that are claimed at once, before they are loaded.
    pub claims_at_once: usize,
    /// Loads that wait. Above it a shard keeps them itself and tries again at its next tick.
    pub load_queue: usize,
    /// Commands that wait for their place in quarantine; above it the writer waits too.
    pub quarantine_queue: usize,
    /// Inputs that wait for one session, above which its sockets stop reading: twice what all of them may have in
    /// flight.
    pub session_inbox: usize,
    /// Rows that are neither durable nor refused, on the whole node; above it no cards are handed out.
    pub undecided_rows: usize,
    /// Bytes that sessions may hold on this node. At 80 % idle ones go, at 90 % new ones are refused.
    pub session_bytes: usize,
    /// Bytes of cached deck content.
    pub deck_bytes: u64,
    /// A session without a socket is dropped after this, in milliseconds.
    pub idle_ms: u64,
    /// How often a shard looks at its deadlines, in milliseconds.
    pub tick_ms: u64,
    /// How long draining waits for sockets to leave, in milliseconds.
    pub drain_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            shard_inbox: 65_536,
            loads_at_once: 64,
            claims_at_once: 4_096,
            load_queue: 65_536,
            quarantine_queue: 1_024,
            session_inbox: 2 * 64 * domain::limits::SOCKETS_PER_LEARNER,
            undecided_rows: 128 * 1024 * 1024 / size_of::<domain::commit::Offer>(),
            session_bytes: 8 * 1024 * 1024 * 1024,
            deck_bytes: 1024 * 1024 * 1024,
            idle_ms: 120_000,
            tick_ms: 20,
            drain_ms: 20_000,
        }
    }
}
