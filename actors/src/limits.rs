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

/// Entries of one learner that are read of one lesson; of more the first count.
pub(crate) const SINCE_ENTRIES_MAX: usize = 65_536;
/// Classes whose lessons one node runs at once; whoever opens one more is told to come back later.
pub(crate) const CLASSES_LIVE: usize = 2_000;
/// Messages that wait for one class, its students' cells apart; whoever has more waits.
pub(crate) const CLASS_INBOX: usize = 4_096;
/// Cells that wait for one class. Above it they are dropped, since newer ones follow.
pub(crate) const CLASS_CELLS: usize = 16_384;
/// A class that took cells is woken by the next ones after this time: it shows no more often what they change, in
/// milliseconds.
pub(crate) const CLASS_CELLS_EVERY_MS: u64 = domain::limits::MONITOR_EVERY_MS;
/// Lessons of other nodes that one node follows; students of more hear of them late.
pub(crate) const CLASSES_FOLLOWED: usize = 10_000;
/// How often it is looked who holds the lessons that are on, in milliseconds.
pub(crate) const LESSONS_LOOK_MS: u64 = 3_000;
/// The same, as long as the other nodes do not know this one.
pub(crate) const REGISTERED_LOOK_MS: u64 = 50;
/// A lesson that another node holds is read after this time whatever the bus says, in milliseconds.
pub(crate) const FOLLOWED_EVERY_MS: u64 = 30_000;
/// Messages, and cells, that one turn of a class works off before its monitors are shown what follows.
pub(crate) const CLASS_TURN: usize = 1_024;
/// What may wait for one monitor: one picture, and the verdicts of its commands. A monitor with more is dropped.
pub(crate) const MONITOR_QUEUE: usize = domain::limits::LESSON_COMMANDS_WAITING + 64;
/// How often it is read who belongs to a class, and who may watch it, in milliseconds: a revocation holds within 5 s even
/// where nobody told of it.
pub(crate) const ROSTER_EVERY_MS: u64 = 3_000;
/// Names of students are read again after this time, in milliseconds.
pub(crate) const NAMES_EVERY_MS: u64 = 60_000;
/// How long a record may be on its way to the store before it is sent again, in milliseconds.
pub(crate) const RECORD_STORED_WITHIN_MS: u64 = 10_000;
/// Learners whose answers are graded anew at once, after a text was accepted.
pub(crate) const ACCEPTS_AT_ONCE: usize = 16;
/// Students whose memory is read at once when a warm-up is chosen.
pub(crate) const WARM_UP_READS_AT_ONCE: usize = 8;
/// Cards of one student that are weighed in one turn, before others have theirs.
pub(crate) const WARM_UP_CARDS_A_TURN: usize = 512;
/// How long the cards of a warm-up may take to be chosen, in milliseconds.
pub(crate) const WARM_UP_WITHIN_MS: u64 = 10_000;
/// How long a class rests that fell, or whose record could not be read, in milliseconds.
pub(crate) const CLASS_RESTS_MS: u64 = 500;
