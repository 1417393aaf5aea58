//! What a client tells its user.

use crate::violation::Violation;
use protocol::{Card, ClassDocument, Command, Counts, Done, ErrorFrame, Graded, Next, Queue, Welcome};
use std::sync::Arc;
use uuid::Uuid;

/// Events of one input, in order.
pub type Events = Vec<Event>;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The client is trying to connect.
    Connecting {
        /// Attempts that failed in a row.
        failures: u32,
    },
    /// Connected and known.
    Welcome(Box<Welcome>),
    /// So many commands of this user have no verdict yet; after each `welcome`.
    Unsaved(usize),
    /// The connection ended, or could not be made.
    Disconnected {
        /// The close code, if there was one.
        code: Option<u16>,
        /// The words that came with it.
        reason: String,
        /// What the client does about it.
        next: Next,
        /// When it comes back, if it does.
        retry_in_ms: Option<u64>,
    },
    /// The client will not come back by itself. The outbox keeps what is not saved.
    Stopped(Stopped),
    /// Today's counts.
    Queue(Queue),
    /// Counts after a card or a change.
    Left(Counts),
    /// The cards held now, whenever they changed; the first is on screen.
    Held(Vec<Arc<Card>>),
    /// Nothing is left to hand out now.
    Done(Done),
    /// A response was checked.
    Graded(Graded),
    /// The class document.
    Class(Box<ClassDocument>),
    /// An answer led elsewhere than its card's `if_graded` said.
    Rescheduled {
        /// The card.
        card_id: Uuid,
        /// Its state.
        state: protocol::CardState,
    },
    /// A command is durable.
    Saved {
        /// Its id.
        id: Uuid,
        /// Commands of this user that have no verdict yet.
        unsaved: usize,
    },
    /// A command was refused for good.
    Refused(SetAside),
    /// The server is busy: the command will be sent again.
    Busy {
        /// Its id.
        id: Uuid,
        /// When.
        retry_in_ms: u64,
    },
    /// The id of a command that was not sent yet was made anew, with the corrected time.
    Renamed {
        /// Before.
        from: Uuid,
        /// Now.
        to: Uuid,
    },
    /// The outbox holds commands of other users, which wait for them.
    ForeignEntries(usize),
    /// An error that is no verdict: of a `start`, or a notice.
    Notice(ErrorFrame),
    /// The server is about to close.
    Goodbye {
        /// Why.
        reason: String,
        /// When the client comes back.
        reconnect_in_ms: u64,
    },
    /// The outbox could not be written; commands are held in memory only.
    OutboxFailed(String),
    /// The server broke a promise. A client goes on; an oracle fails.
    Violation(Violation),
}

/// A command that was refused for good.
#[derive(Clone, Debug, PartialEq)]
pub struct SetAside {
    /// The command.
    pub command: Command,
    /// The server's code.
    pub code: String,
    /// The server's words.
    pub message: String,
}

/// Why a client stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Asked to.
    Asked,
    /// A close code that means: do not come back.
    ClosedFor {
        /// The code.
        code: u16,
        /// The words that came with it.
        reason: String,
    },
    /// The handshake was refused in a way that another attempt cannot change.
    HandshakeRefused {
        /// The HTTP status.
        status: u16,
    },
    /// There is no new token.
    NoToken(
        /// Why not.
        String,
    ),
}
