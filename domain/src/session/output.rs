//! What comes out of a session.

use crate::check::Slip;
use crate::check::choices::Choices;
use crate::check::trial::TrialResult;
use crate::day::Day;
use crate::deck::Deck;
use crate::entry::{LogEntry, Mode};
use crate::grade::Grade;
use crate::ids::{CardId, ClassId, DeckId, EntryId, SittingId};
use crate::lesson::{Cell, Document};
use crate::session::{SocketId, Token, Want};
use crate::state::CardState;
pub use crate::state::Kind;
use std::sync::Arc;

/// What a session wants done.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "an append a command: boxing it would cost an allocation an answer"
)]
pub enum Effect {
    /// A row for the writer.
    Append(Append),
    /// A frame for a socket.
    Send {
        /// The socket.
        socket: SocketId,
        /// The frame.
        out: Out,
    },
    /// Facts are wanted.
    Fetch {
        /// Under this name.
        token: Token,
        /// These.
        want: Want,
    },
    /// How the learner does in the lesson of this class. It may be lost: the next one says all of it again.
    Cell {
        /// The class.
        class: ClassId,
        /// How.
        cell: Arc<Cell>,
    },
}

/// A row for the writer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Append {
    /// The entry; `None` for a progress row alone.
    pub entry: Option<LogEntry>,
    /// The card concerned.
    pub about: (DeckId, CardId),
    /// Its state after the entry.
    pub state: CardState,
    /// By which fold and parameters.
    pub params_key: u32,
}

/// A frame for a socket.
#[derive(Debug)]
pub enum Out {
    /// A card is handed out.
    Card(Box<CardDeal>),
    /// What became of a response: it comes before the next card, and before it is durable.
    Graded(Box<Graded>),
    /// Every command up to it has its verdict.
    Saved(u64),
    /// A verdict: refused.
    Refused {
        /// The command's number.
        seq: u64,
        /// Its id.
        id: EntryId,
        /// Why.
        refusal: Refusal,
    },
    /// An error that is no verdict.
    Error(Notice),
    /// Something that the client holds or shows has changed.
    Changed(Box<Changed>),
    /// Counts, after a start and after a new day.
    Queue(Vec<(DeckId, Counts)>, Counts),
    /// Nothing is left for now.
    Done(Done),
    /// The document of a class of the learner, and the learner's extra time there in percent.
    Class(Arc<Document>, u16),
    /// The socket is to be closed.
    Close(Closing),
}

/// Cards left today.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// New cards.
    pub new: u32,
    /// Outstanding drill cards.
    pub learning: u32,
    /// Due reviews.
    pub review: u32,
}

impl Counts {
    /// Whether nothing is left.
    pub const fn is_zero(&self) -> bool {
        self.new == 0 && self.learning == 0 && self.review == 0
    }
}

/// A card that is handed out. The text travels as the deck's opaque fragment.
#[derive(Clone, Debug)]
pub struct CardDeal {
    /// The deck at the revision that is shown.
    pub deck: Arc<Deck>,
    /// The card's index in it.
    pub card: u32,
    /// As what.
    pub kind: Kind,
    /// Its state.
    pub state: CardState,
    /// How likely it is remembered today, in permille; `None` while nothing is known of it.
    pub recall_permille: Option<u16>,
    /// How it is asked.
    pub asked: Asked,
    /// What each grade would lead to.
    pub if_graded: [IfGraded; 6],
    /// What is left.
    pub left: Counts,
}

/// How a card is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// It is turned, and the learner grades.
    Flip,
    /// The learner types.
    Type,
    /// The learner chooses among these.
    Choose(Arc<Choices>),
}

impl Asked {
    /// The mode in which it is asked.
    pub const fn mode(&self) -> Mode {
        match self {
            Asked::Flip => Mode::Flip,
            Asked::Type => Mode::Type,
            Asked::Choose(_) => Mode::Choose,
        }
    }
}

/// A `graded` frame. The card's back travels in the deck's opaque fragment.
#[derive(Clone, Debug)]
pub struct Graded {
    /// The answer.
    pub id: EntryId,
    /// The deck.
    pub deck: Arc<Deck>,
    /// The card's index in it.
    pub card: u32,
    /// Whether the learner may see the card's back: not if it was withdrawn since.
    pub shows_back: bool,
    /// How it was.
    pub result: TrialResult,
    /// The grade that follows.
    pub grade: Grade,
}

/// What a grade would lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IfGraded {
    /// Days from today to the due day.
    pub days: i32,
    /// Whether the card comes again today.
    pub again_today: bool,
}

/// Why something changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Another device, or a batch, answered.
    AnsweredElsewhere,
    /// The card's content was edited.
    Edited,
    /// The card or its deck was deleted.
    Deleted,
    /// The deck is no longer the learner's to see.
    Withdrawn,
    /// A new study day began.
    NewDay,
    /// Cards were added.
    Imported,
    /// A deck came to the learner, by a class or by its owner.
    Assigned,
    /// Another device of the learner holds the card now.
    TakenOver,
    /// An answer or set was taken back.
    Undone,
    /// Something was set by hand.
    Set,
    /// The answer led to something else than the card's `if_graded` said.
    Rescheduled,
    /// An earlier answer has another grade.
    Regraded,
}

/// A `changed` frame.
#[derive(Debug)]
pub struct Changed {
    /// Why.
    pub reason: Reason,
    /// Cards that are no longer held.
    pub drop: Vec<CardId>,
    /// A card that is held, as it is now.
    pub card: Option<CardDeal>,
    /// A card's new state.
    pub about: Option<(CardId, CardState)>,
    /// What is left.
    pub left: Option<Counts>,
}

/// A `done` frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Done {
    /// The sitting.
    pub sitting: SittingId,
    /// The decks that the client named for it; none: all of the learner's.
    pub decks: Vec<DeckId>,
    /// Answers in it.
    pub answered: u32,
    /// Different cards.
    pub cards: u32,
    /// Correct answers.
    pub correct: u32,
    /// Time taken, milliseconds.
    pub elapsed_ms: u64,
    /// When the next card comes by itself, Unix milliseconds.
    pub next_due_at_ms: Option<i64>,
    /// Cards that other devices of the learner hold.
    pub held_elsewhere: Option<u32>,
}

/// An error that is no verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice {
    /// A `start` named a deck that the learner may not see.
    Forbidden,
    /// A `start` named more decks than a session may hold.
    TooManyDecks,
    /// What the `start` needs could not be read: try again.
    StoreUnavailable,
}

/// Why a command is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Refusal {
    /// A field is wrong.
    Malformed,
    /// The type is not known.
    UnknownType,
    /// The id's time is impossible.
    BadTime,
    /// The id is known with other content.
    IdReused,
    /// The card never existed, was never visible, or is not in that deck.
    UnknownCard,
    /// Seen once, not at that time.
    Forbidden,
    /// The undo names nothing that can be undone.
    UnknownEntry,
    /// The undo reaches too far back.
    UndoTooOld,
    /// The question to the class is closed, and its vote stands.
    AskClosed,
    /// A response to a card that is turned, or a grade for one that is checked.
    NotOffered,
    /// A response is near the answer: it is asked once more, and nothing is logged.
    Near(Slip),
    /// It could never be stored and lies in quarantine.
    Internal,
    /// Not now: send it again later under the same id.
    Busy,
}

impl Refusal {
    /// Whether sending it again can never help.
    pub const fn is_final(self) -> bool {
        !matches!(self, Refusal::Busy)
    }
}

/// Why a session closes a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Closing {
    /// A newer socket of the same instance came.
    Replaced,
    /// The learner has too many sockets.
    TooManySockets,
    /// `seq` has a gap or a repeat.
    BrokenSequence,
    /// More work is queued than a client may have in flight.
    TooSlow,
}

/// The day that a card's entry is shown with.
pub type DueDay = Option<Day>;
