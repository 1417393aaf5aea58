//! What goes into a lesson.

use super::cell::{Cell, Figures};
use super::document::Round;
use crate::ids::{AskId, CardId, DeckId, EntryId, LessonId, UserId};
use std::sync::Arc;

/// A teacher's socket on any node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct MonitorId(pub u64);

/// A student of the class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Student {
    /// Who.
    pub id: UserId,
    /// The name.
    pub name: Arc<str>,
    /// Extra time, in percent: it is kept with the enrollment.
    pub extra_percent: u16,
}

/// What may happen to a lesson.
#[derive(Clone, Debug)]
pub enum Input {
    /// A teacher watches.
    Watch {
        /// On this socket.
        monitor: MonitorId,
    },
    /// A teacher's socket ended.
    Unwatch {
        /// Which.
        monitor: MonitorId,
    },
    /// The frame that was sent last has left: another may be sent.
    Ready {
        /// To which socket.
        monitor: MonitorId,
    },
    /// A teacher's command.
    Command {
        /// On which socket.
        monitor: MonitorId,
        /// Its number on this socket.
        seq: u64,
        /// Its id.
        id: EntryId,
        /// Who gives it.
        by: UserId,
        /// What it asks.
        command: Command,
    },
    /// Who is enrolled now, all of them.
    Roster(Vec<Student>),
    /// The class is no more: its lesson ends, and is reported by the roster before.
    Gone,
    /// Students' owners tell how the students do. What came together is shown together.
    Cells(Vec<Arc<Cell>>),
    /// A student was counted from the log; `None` if that failed.
    Recounted {
        /// Who.
        student: UserId,
        /// The figures.
        figures: Option<Box<Figures>>,
    },
    /// The record of this version is durable.
    Stored {
        /// The document's version in it.
        version: u64,
    },
    /// The record could not be stored.
    NotStored {
        /// The document's version in it.
        version: u64,
        /// Why.
        why: NotStored,
    },
    /// An accepted text was carried out everywhere.
    CarriedOut {
        /// The command that accepted it.
        said: EntryId,
    },
    /// The cards of a warm-up are chosen.
    WarmedUp {
        /// The command.
        said: EntryId,
        /// The cards, the one that is worth most first; `None` if that failed.
        cards: Option<Vec<CardId>>,
    },
    /// The report is stored.
    Reported,
    /// Cells may have been lost: all owners of students are called again.
    CellsMissed,
    /// Cells of some students may not come now: some of those who were not heard of for long are to be counted.
    NobodyTells,
    /// Time passed.
    Tick,
}

/// Why a record was not stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotStored {
    /// Not known, or the store is away: it is tried again.
    Unknown,
    /// The class has another owner.
    Fenced,
}

/// What a teacher may ask of a lesson.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// A lesson begins; one that is on ends.
    Open {
        /// The lesson.
        lesson: LessonId,
    },
    /// Its time stands still.
    Pause,
    /// It goes on.
    Resume,
    /// It is over.
    Close,
    /// Words for everybody; `None` takes them back.
    Message(Option<Arc<str>>),
    /// Cards come next in the queues of students.
    Assign {
        /// The deck.
        deck: DeckId,
        /// These cards of it; empty for all.
        cards: Vec<CardId>,
        /// These students; empty for all.
        to: Vec<UserId>,
    },
    /// What was assigned of a deck is no longer.
    Withdraw {
        /// The deck.
        deck: DeckId,
    },
    /// One card is put to everybody.
    Ask {
        /// The question. The one that is put already, in its second round, is asked again after talking.
        ask: AskId,
        /// The card's deck.
        deck: DeckId,
        /// The card.
        card: CardId,
        /// Which vote.
        round: Round,
        /// When it closes, Unix milliseconds.
        closes_ms: i64,
    },
    /// The question is taken from the screens.
    EndAsk,
    /// The vote on the question that is put closes now.
    CloseAsk {
        /// The question.
        ask: AskId,
    },
    /// Cards of a deck come next for those who are there: the ones whose review keeps most memory alive.
    WarmUp {
        /// The deck.
        deck: DeckId,
        /// How many, 1 to [`WARM_UP_CARDS_MAX`](crate::limits::WARM_UP_CARDS_MAX).
        count: u16,
    },
    /// A text is an answer from now on.
    Accept {
        /// The card's deck.
        deck: DeckId,
        /// The card.
        card: CardId,
        /// The text.
        text: Arc<str>,
    },
    /// A student has more time.
    ExtraTime {
        /// Who.
        student: UserId,
        /// In percent of the ordinary.
        percent: u16,
    },
    /// A student is no longer part of the lesson.
    Remove {
        /// Who.
        student: UserId,
    },
    /// Names are sent, or not.
    HideNames(bool),
}
