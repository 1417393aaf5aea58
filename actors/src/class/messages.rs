//! What a class and those around it say to each other.

use crate::limits::MONITOR_QUEUE;
use domain::ids::{CardId, EntryId, UserId};
use domain::lesson::{Command, Figures, MonitorId, Refusal};
use ports::ClassRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Frames of one picture, in their order, shared by all who are sent it.
pub type Picture = Arc<[Arc<str>]>;

/// What a monitor is told.
#[derive(Clone, Debug)]
pub enum ToMonitor {
    /// A snapshot or a delta. When it has left, [`Monitor::ready`](super::Monitor::ready) asks for the next.
    Picture(Picture),
    /// A command has its verdict.
    Verdict {
        /// The command's number.
        seq: u64,
        /// Its id.
        id: EntryId,
        /// Why it is refused; `None` when it is durable.
        refusal: Option<Refusal>,
    },
    /// The socket must close.
    Close(MonitorClose),
}

/// Why a monitor must close.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MonitorClose {
    /// Whoever watches may not any more.
    Forbidden,
    /// Too many watch.
    TooMany,
    /// The class has another owner.
    OwnerChanged,
    /// The class fell, and is built anew.
    Fallen,
}

/// Why somebody may not watch.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotWatched {
    /// There is no such class, or it is somebody else's.
    #[error("no class of this teacher")]
    Forbidden,
    /// The class is at the node with this internal address.
    #[error("the class is at another node")]
    Elsewhere(Arc<str>),
    /// Live lessons are not offered here.
    #[error("live lessons are not offered here")]
    NotOffered,
    /// Not now.
    #[error("the class is not ready")]
    NotReady,
}

/// The monitor's end of the way from its class.
pub(super) type Told = mpsc::Sender<ToMonitor>;

/// A way to a monitor with room for what may wait.
pub fn monitor_queue() -> (mpsc::Sender<ToMonitor>, mpsc::Receiver<ToMonitor>) {
    mpsc::channel(MONITOR_QUEUE)
}

/// Who belongs to a class.
#[derive(Clone, Debug)]
pub(super) struct Roster {
    /// The class; `None` if there is none any more.
    pub class: Option<ClassRecord>,
    /// Who may watch it.
    pub watchers: BTreeSet<UserId>,
    /// Names, if they were read.
    pub names: Option<BTreeMap<UserId, Arc<str>>>,
    /// Who has extra time, in percent.
    pub extra: BTreeMap<UserId, u16>,
}

/// What a class is told.
pub(super) enum ToClass {
    Watch {
        monitor: MonitorId,
        user: UserId,
        to: Told,
        reply: oneshot::Sender<Result<(), NotWatched>>,
    },
    Unwatch(MonitorId),
    Ready(MonitorId),
    Command {
        monitor: MonitorId,
        seq: u64,
        id: EntryId,
        by: UserId,
        command: Box<Command>,
    },
    /// Who belongs to the class, or may watch it, may have changed.
    Look,
    /// It was read; `None` if it could not be.
    Roster(Option<Roster>),
    Stored {
        version: u64,
        outcome: Result<(), domain::lesson::NotStored>,
    },
    Recounted {
        student: UserId,
        figures: Option<Box<Figures>>,
    },
    CarriedOut(EntryId),
    WarmedUp {
        said: EntryId,
        cards: Option<Vec<CardId>>,
    },
    Reported,
    /// Somebody holds the class by this epoch.
    Superseded(u64),
    /// Cells of other nodes may have been missed.
    CallCells,
}
