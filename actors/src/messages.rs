//! What shards, sockets, writer and loader say to each other.

use crate::batch::{BatchError, BatchVerdict, Submitted};
use crate::observe::{LearnerView, ShardView};
use domain::commit::Offer;
use domain::day::ZoneHistory;
use domain::deck::Deck;
use domain::directory::{Incarnation, ShardNo};
use domain::ids::{DeckId, EntryId, InstanceId, UserId};
use domain::lesson::Told;
use domain::session::{
    Closing, Facts, FetchFailed, Input, Out, Outcome, Session, SessionSeed, SocketId, Token, Want,
};
use ports::Quarantined;
use std::sync::Arc;
use tokio::sync::oneshot;

/// There is no room: the sender must hold on to what it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no room")]
pub struct Full;

/// A socket as a shard sees it: something that frames can be put into.
pub trait SocketPort: 'static {
    /// Takes a frame, or refuses it: a socket that refuses is too slow and is dropped.
    ///
    /// # Errors
    /// The socket cannot queue it.
    fn deliver(&self, out: ToSocket) -> Result<(), Full>;
}

/// What a socket is told.
#[derive(Debug)]
pub enum ToSocket {
    /// The session has it: `welcome` may leave.
    Attached,
    /// Another node has the learner: the one with this internal address.
    Elsewhere(Arc<str>),
    /// A frame.
    Frame(Out),
    /// The server goes down: come back after this many milliseconds.
    Goodbye {
        /// The socket's own wait.
        reconnect_after_ms: u64,
    },
    /// The socket must close.
    Close(CloseWhy),
}

/// Why a socket must close.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum CloseWhy {
    /// The session says so.
    Session(Closing),
    /// The session panicked and is built anew.
    Fallen,
    /// The session keeps failing.
    KeepsFailing,
    /// It could not be activated now.
    NotReady,
    /// The server is going down.
    Draining,
    /// Another node has the learner now.
    OwnerChanged,
}

/// Whom a change of who sees what concerns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Concerned {
    /// These people: enrollments, or decks of their own that are new.
    People(Arc<[UserId]>),
    /// Whoever holds this deck: its visibility, or its end.
    Deck(DeckId),
    /// Everybody: something may have been missed.
    Everybody,
}

impl From<UserId> for Concerned {
    fn from(user: UserId) -> Concerned {
        Concerned::People([user].into())
    }
}

/// Why a learner was not loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NotLoaded {
    /// It could not be read, or not be found out who has the learner.
    NotNow,
    /// Another node has the learner.
    Elsewhere(Arc<str>),
}

/// What a shard is told.
pub(crate) enum ToShard {
    Activated {
        user: UserId,
        incarnation: Incarnation,
        seed: Result<Box<SessionSeed>, NotLoaded>,
    },
    Fetched {
        user: UserId,
        token: Token,
        facts: Result<Facts, FetchFailed>,
        /// The newest notice ([`crate::engine::Shared::notices`]) when the read began.
        notices: u64,
    },
    Committed {
        decided: Vec<(UserId, EntryId, Outcome)>,
        barriers: Vec<u64>,
        landed: bool,
    },
    Attach {
        user: UserId,
        socket: SocketId,
        instance: Option<InstanceId>,
    },
    Adopt {
        user: UserId,
        incarnation: Incarnation,
        session: Box<Session>,
        socket: SocketId,
        instance: Option<InstanceId>,
        /// Up to which notice the shard that it comes from had heard all.
        heard: u64,
        /// How many runs of the node had ended for that shard.
        lost_runs: u64,
    },
    Input {
        user: UserId,
        input: Input,
    },
    Detach {
        user: UserId,
        socket: SocketId,
    },
    ToSocket {
        socket: SocketId,
        home: ShardNo,
        out: ToSocket,
    },
    /// The session is not there any more: claim the learner again.
    Homeless {
        socket: SocketId,
    },
    /// A notice to all shards, with its number.
    Deck(Arc<Deck>, u64),
    /// A notice to all shards, with its number.
    AccessChanged(Concerned, u64),
    Zones(UserId, ZoneHistory),
    /// What a class's owner tells of its lesson, and whom it concerns.
    Class(Arc<Told>, Arc<[UserId]>),
    Goodbye,
    CloseAll,
    /// This node was declared dead: its sessions are dropped as they are.
    LoseAll,
    /// Commands of the server's own, put through the learner's session.
    Batch {
        user: UserId,
        commands: Vec<Submitted>,
        reply: oneshot::Sender<Result<Vec<BatchVerdict>, BatchError>>,
    },
    Observe(oneshot::Sender<ShardView>),
    ObserveLearner(UserId, oneshot::Sender<Option<LearnerView>>),
}

/// What the writer is told: one batch of a shard.
pub(crate) struct ToWriter {
    pub(crate) shard: ShardNo,
    pub(crate) items: Vec<Item>,
}

/// An item of a shard's outbox.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all items are rows; boxing them would cost an allocation an answer"
)]
pub(crate) enum Item {
    Row(Offer),
    Barrier { name: u64, user: UserId },
}

/// Something that goes to quarantine, and who is told when it is there.
pub(crate) struct Aside {
    pub(crate) what: Quarantined,
    pub(crate) then: Option<(ShardNo, ToShard)>,
}

/// What the loader is asked.
pub(crate) enum Job {
    Activate { user: UserId, incarnation: Incarnation, shard: ShardNo },
    Fetch { user: UserId, token: Token, want: Want, shard: ShardNo },
    DeckChanged(DeckId),
}
