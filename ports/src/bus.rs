//! The port through which nodes tell each other that something changed.
//!
//! The bus carries hints, never truth: what is told was stored before, and whoever hears it reads the store again. So a
//! note may be lost, come late, come twice or in another order, if only the listener learns that it *may* have missed
//! one: then it hears [`Heard::Unknown`] and checks everything of that topic. No promise to a learner rests on the bus,
//! and every node goes on without it.
//!
//! | file | what |
//! |---|---|
//! | `note` | what is told, and which notes make each other superfluous |
//! | `waiting` | notes that wait, merged and bounded: the way out and the way in are made of it |
//! | `sending` | the numbers that a node gives to what it sends |
//! | `hearing` | what a node may have missed: gaps, new runs, silence, new subscriptions |

mod hearing;
mod note;
mod sending;
mod waiting;

pub use hearing::{Arrival, Hearing, PEERS_MAX, SILENCE_MS, SPACING_MS};
pub use note::{Cell, CellKey, CellVersion, LessonMark, Note, Run, Subject, Topic, Whom};
pub use sending::{CHANNEL_KEPT_MS, CHANNELS_MAX, Sending};
pub use waiting::{CELL_BYTES_MAX, CELLS_BYTES_MAX, CLASSES_MAX, NOTES_MAX, PEOPLE_MAX, Put, Taken, Waiting};

use crate::Boxed;

/// Topics that one node watches at once; watching one more is refused.
pub const WATCHED_MAX: usize = 4_096;

/// What a listener is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Another node told this.
    Note {
        /// On which topic.
        topic: Topic,
        /// What.
        note: Note,
    },
    /// Something may have been missed: check everything of this topic. Said when a topic begins to be heard (read
    /// *after* it, and nothing is missed), when it is heard again after an interruption, when a note was lost, and
    /// when a node came or went.
    Unknown(Topic),
}

/// Too many topics are watched: without the bus the listener has to look by itself, from time to time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("more than {WATCHED_MAX} topics are watched")]
pub struct TooManyTopics;

/// What a bus has done so far, and how it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BusStats {
    /// Whether other nodes can be told and heard now.
    pub connected: bool,
    /// Notes handed over to the bus.
    pub published: u64,
    /// Notes that left this node.
    pub sent: u64,
    /// Notes of other nodes that arrived.
    pub received: u64,
    /// Notes that found one of the same subject waiting, and became one with it.
    pub merged: u64,
    /// Notes that were given up for want of room; each time the listeners hear [`Heard::Unknown`].
    pub dropped: u64,
    /// Times that something may have been missed.
    pub unknown: u64,
    /// Messages in a version that this program does not know: skipped.
    pub unknown_versions: u64,
    /// Messages that could not be read.
    pub broken: u64,
    /// Times that a connection was made anew.
    pub reconnects: u64,
    /// Notes that wait to leave.
    pub waiting_out: usize,
    /// Notes that wait to be heard.
    pub waiting_in: usize,
}

/// A bus, as one node holds it. A node does not hear itself.
pub trait Bus: Send + Sync + 'static {
    /// Tells every other node that watches the topic. Never waits and never fails: without a connection the note waits,
    /// a later one of the same subject becomes one with it, and when there is no room left the listeners hear
    /// [`Heard::Unknown`] in place of it. To be called *after* what it tells is stored.
    fn publish(&self, topic: Topic, note: Note);

    /// Begins to hear a topic. Once it is really heard, the listener is told [`Heard::Unknown`]. Watching twice is
    /// watching once.
    ///
    /// # Errors
    /// Too many topics are watched.
    fn watch(&self, topic: Topic) -> Result<(), TooManyTopics>;

    /// Ends hearing a topic; what still waits of it is forgotten.
    fn unwatch(&self, topic: Topic);

    /// The next thing that is heard; waits for it. One listener is meant: with several, each thing goes to one of them.
    fn next(&self) -> Boxed<'_, Heard>;

    /// What it has done so far, and how it is.
    fn stats(&self) -> BusStats;
}
