//! What a server sends on the study socket.

use crate::card::{Card, CardState, Counts};
use crate::class::ClassDocument;
use crate::error_code::ErrorCode;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::text::clipped;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One frame from server to client.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerFrame {
    /// The answer to `hello`.
    Welcome(Box<Welcome>),
    /// The answer to `auth`.
    Renewed(Renewed),
    /// What today holds; at this frame after a `start` the client forgets the cards it holds.
    Queue(Queue),
    /// A card to hold.
    Card(Box<Card>),
    /// The result of a checked mode.
    Graded(Graded),
    /// Verdicts.
    Saved(Saved),
    /// A refusal, or something to say.
    Error(ErrorFrame),
    /// Something that the client holds changed.
    Changed(Box<Changed>),
    /// Nothing is left to hand out.
    Done(Done),
    /// The class document.
    Class(Box<ClassDocument>),
    /// Nothing but a sign of life.
    Beat,
    /// The server will close.
    Goodbye(Goodbye),
    /// A frame of a newer server: to be ignored.
    Unknown(
        /// Its `type`.
        String,
    ),
}

/// The answer to `hello`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// Whose socket this is.
    pub user_id: Uuid,
    /// The server's clock, ms since 1970 UTC.
    pub server_time: i64,
    /// Silence after which either side sends `beat`.
    pub heartbeat_ms: u64,
    /// What a client may do.
    pub limits: WelcomeLimits,
    /// What this server can do beyond version 1's text.
    pub features: Vec<String>,
    /// The live class that the learner is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassDocument>,
    /// The name, at the balancer, of the node that has the learner: a hint for the next connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

/// What a client may do on this socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WelcomeLimits {
    /// Commands without a verdict.
    pub in_flight: u16,
    /// Bytes of one message to the server.
    pub frame_bytes: u32,
}

/// The answer to `auth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewed {
    /// When the new token expires, ms since 1970 UTC.
    pub expires_at: i64,
}

/// What today's limits still allow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// New cards.
    pub new: u32,
    /// Outstanding drill cards.
    pub learning: u32,
    /// Due reviews.
    pub review: u32,
    /// Decks with a count above zero, at most [`crate::limits::QUEUE_DECKS_MAX`].
    pub decks: Vec<DeckCounts>,
}

/// One deck of a `queue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeckCounts {
    /// The deck.
    pub deck_id: Uuid,
    /// New cards.
    pub new: u32,
    /// Outstanding drill cards.
    pub learning: u32,
    /// Due reviews.
    pub review: u32,
}

/// What a checked mode made of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graded {
    /// The answer.
    pub id: Uuid,
    /// Its card.
    pub card_id: Uuid,
    /// How it was.
    pub result: GradedResult,
    /// The grade that was given for it.
    pub grade: u8,
    /// The back, sanitised HTML; empty when the learner may no longer see it.
    pub back: String,
    /// The explanation, sanitised HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

impl GradedResult {
    /// The string on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            GradedResult::Right => "right",
            GradedResult::Near => "near",
            GradedResult::Wrong => "wrong",
        }
    }
}

/// How a response was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GradedResult {
    /// Right.
    Right,
    /// Nearly right.
    Near,
    /// Wrong.
    Wrong,
}

/// Every command of this socket up to `seq` has its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Up to and with this one.
    pub seq: u64,
}

/// A refusal of a command (with `seq` and `final`), or something to say (without).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorFrame {
    /// Stable code; [`ErrorFrame::known`] is what this version makes of it.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// The command's place on this socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The command's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Of a verdict: whether to set the command aside (true) or send it again later (false).
    #[serde(default, rename = "final", skip_serializing_if = "Option::is_none")]
    pub is_final: Option<bool>,
    /// How long to wait before sending again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// With code `near`: in what the response differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slip: Option<Slip>,
}

/// In what a near response differs from the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slip {
    /// A few letters.
    Typing,
    /// Capitals.
    Case,
    /// Accents.
    Accents,
    /// Something that a newer server knows.
    #[serde(other)]
    Unknown,
}

impl ErrorFrame {
    /// The verdict that refuses a command. `final` follows from the code.
    pub fn refusal(code: ErrorCode, seq: u64, id: Option<Uuid>, message: &str) -> ErrorFrame {
        let is_final = Some(code.is_final());
        ErrorFrame { seq: Some(seq), id, is_final, ..ErrorFrame::notice(code, message) }
    }

    /// An error that is no verdict.
    pub fn notice(code: ErrorCode, message: &str) -> ErrorFrame {
        ErrorFrame {
            code: code.as_str().into(),
            message: clipped(message, MESSAGE_BYTES_MAX).into(),
            seq: None,
            id: None,
            is_final: None,
            retry_after_ms: None,
            slip: None,
        }
    }

    /// The same with a wait.
    pub fn retry_after(self, retry_after_ms: u64) -> ErrorFrame {
        ErrorFrame { retry_after_ms: Some(retry_after_ms), ..self }
    }

    /// The code, if this version knows it.
    pub fn known(&self) -> Option<ErrorCode> {
        ErrorCode::from_wire(&self.code)
    }
}

/// Something that the client holds changed. Every id in `drop` is no longer held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// Why.
    pub reason: ChangeReason,
    /// Cards that this socket no longer holds.
    #[serde(default)]
    pub drop: Vec<Uuid>,
    /// A card to hold: at the place of the held one with the same id, or (`undone`) before all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
    /// The card that `state` is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<Uuid>,
    /// What became of that card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<CardState>,
    /// Counts after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Counts>,
}

impl Changed {
    /// A change with this reason that names nothing yet.
    pub const fn because(reason: ChangeReason) -> Changed {
        Changed { reason, drop: Vec::new(), card: None, card_id: None, state: None, left: None }
    }
}

/// Why something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeReason {
    /// Another socket or an HTTP request of the learner answered it, durably.
    AnsweredElsewhere,
    /// The card's content changed.
    Edited,
    /// The card or its deck was deleted.
    Deleted,
    /// The study day changed.
    NewDay,
    /// Cards were added.
    Imported,
    /// A deck was assigned to a class of the learner.
    Assigned,
    /// The learner may no longer see the deck.
    Withdrawn,
    /// Another device of the learner took the card over.
    TakenOver,
    /// An undo brings the card back.
    Undone,
    /// A `set` changed the card.
    Set,
    /// An answer led elsewhere than the card's `if_graded` said.
    Rescheduled,
    /// An earlier answer to the card has another grade: it was accepted later.
    Regraded,
    /// A reason of a newer server: the other fields say all that is to be done.
    #[serde(other)]
    Unknown,
}

/// Nothing is held and nothing can be handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The sitting.
    pub sitting: Uuid,
    /// Answers of the sitting, undone ones left out.
    pub answered: u32,
    /// Different cards among them.
    pub cards: u32,
    /// Answers with a grade of 3 or more.
    pub correct: u32,
    /// Sum of their `elapsed_ms`.
    pub elapsed_ms: u64,
    /// When the next card comes by itself, ms since 1970 UTC, or null.
    pub next_due_at: Option<i64>,
    /// Cards that other devices of the learner hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_elsewhere: Option<u32>,
}

/// The server will close; it reads and saves on until the client closes or its time is up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goodbye {
    /// [`Goodbye::DRAINING`], or another word.
    pub reason: String,
    /// How long the client waits before it comes back.
    pub reconnect_after_ms: u64,
}

impl Goodbye {
    /// The reason of a server that goes down.
    pub const DRAINING: &'static str = "draining";
}
