//! What comes out of a lesson.

use super::cell::{Presence, Said};
use super::document::{Ask, Document, Round};
use super::input::MonitorId;
use super::minutes::Minute;
use super::record::{Accepting, Record};
use super::report::Report;
use super::standing::WrongGroup;
use super::struggle::Struggle;
use crate::grade::Grade;
use crate::ids::{AskId, CardId, DeckId, EntryId, UserId};
use std::sync::Arc;

/// What a lesson wants done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// The record is to be stored, under the fence of the class's owner.
    Store(Arc<Record>),
    /// The document is durable: every student of the class gets it.
    Publish(Arc<Document>),
    /// A command has its verdict.
    Verdict {
        /// The socket.
        monitor: MonitorId,
        /// The command's number.
        seq: u64,
        /// Its id.
        id: EntryId,
        /// Why it is refused; `None` when it is durable.
        refusal: Option<Refusal>,
    },
    /// Everything, for a teacher who came or lost count.
    Snapshot {
        /// The socket.
        monitor: MonitorId,
        /// What there is.
        view: Arc<View>,
    },
    /// What changed, for all of these: it was computed once.
    Delta {
        /// The sockets.
        monitors: Vec<MonitorId>,
        /// Changes after the version that they have.
        from: u64,
        /// What changed.
        view: Arc<View>,
    },
    /// A teacher's socket is to be closed.
    Close {
        /// Which.
        monitor: MonitorId,
        /// Why.
        why: Closing,
    },
    /// All owners of students are asked for their cells.
    CallCells,
    /// These students are to be counted from their logs, since the lesson's start.
    Recount(Vec<UserId>),
    /// An accepted text is to be carried out: regrades for all answers that it makes right.
    CarryOut(Accepting),
    /// A student's extra time is to be kept with the enrollment.
    KeepExtraTime {
        /// Who.
        student: UserId,
        /// In percent.
        percent: u16,
    },
    /// The cards of a warm-up are to be chosen, by what these students remember.
    ChooseWarmUp {
        /// The command.
        said: EntryId,
        /// The deck.
        deck: DeckId,
        /// How many cards.
        count: usize,
        /// Whose memory counts.
        students: Vec<UserId>,
    },
    /// The lesson is over, and this is its report.
    Report(Box<Report>),
    /// The class has another owner: nothing more comes from here.
    Retire,
}

/// Why a command is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// No lesson is on.
    NoLesson,
    /// A field is impossible, or too long.
    Malformed,
    /// The id is known with other content.
    IdReused,
    /// The student is not of this class.
    UnknownStudent,
    /// The question is not the one that is put, or its first vote is still open.
    UnknownAsk,
    /// The card is of no deck that the class has, or that is assigned or asked about in its lesson.
    UnknownCard,
    /// Too many of these at once.
    TooMany,
    /// Of a warm-up: no review of the deck's cards would add to what those who are there remember.
    NothingToReview,
    /// Not now: again later under the same id.
    Busy,
}

/// Why a teacher's socket is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// Too many watch.
    TooMany,
    /// The class has another owner.
    OwnerChanged,
}

/// A picture of a lesson: everything, or what changed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct View {
    /// The version of the picture; a delta leads to it.
    pub version: u64,
    /// The document, if it changed.
    pub document: Option<Arc<Document>>,
    /// Students.
    pub students: Vec<StudentRow>,
    /// Students who are no longer shown.
    pub removed: Vec<UserId>,
    /// Cards.
    pub cards: Vec<CardRow>,
    /// Minutes of the last hour in which something was answered, or was and is taken back.
    pub minutes: Vec<Minute>,
    /// The commonest wrong answers, if they changed.
    pub wrong: Option<Vec<WrongGroup>>,
    /// The whole class.
    pub totals: Totals,
    /// How the question comes out.
    pub ask: Option<AskOutcome>,
}

/// A student as a teacher sees one.
#[derive(Clone, PartialEq, Debug)]
pub struct StudentRow {
    /// Who.
    pub student: UserId,
    /// The name; `None` while names are hidden.
    pub name: Option<Arc<str>>,
    /// Whether the student is there.
    pub presence: Presence,
    /// The deck that is studied.
    pub deck: Option<DeckId>,
    /// Answers.
    pub answered: u32,
    /// Correct ones.
    pub correct: u32,
    /// Correct ones in a row.
    pub streak: u32,
    /// Time an answer, in milliseconds.
    pub mean_ms: u32,
    /// When something was heard last, Unix milliseconds.
    pub last_seen_ms: i64,
    /// Why help is needed.
    pub struggling: Option<Struggle>,
    /// Answers of which the student was sure and that were wrong.
    pub sure_and_wrong: u32,
    /// What is remembered of the lesson's cards, in permille.
    pub recall_permille: Option<u16>,
    /// Extra time, in percent.
    pub extra_percent: u16,
    /// When all this was so, Unix milliseconds.
    pub as_of_ms: i64,
}

/// A card as a teacher sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardRow {
    /// The deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// Answers of all students.
    pub answers: u32,
    /// Wrong ones.
    pub wrong: u32,
    /// How likely it is remembered, in permille: the mean over those who know it.
    pub recall_permille: Option<u16>,
    /// Some of those who missed it.
    pub missed_by: Vec<UserId>,
    /// When all this was so, Unix milliseconds.
    pub as_of_ms: i64,
}

/// The whole class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Students of the class.
    pub students: u32,
    /// Those who are there.
    pub here: u32,
    /// Answers.
    pub answered: u64,
    /// Correct ones.
    pub correct: u64,
    /// Answers of which a student was sure and that were wrong.
    pub sure_and_wrong: u64,
    /// Time taken, in milliseconds.
    pub elapsed_ms: u64,
    /// Answers by grade.
    pub grades: [u64; Grade::ALL.len()],
    /// Answers that are not durable yet, in none of the other figures.
    pub unsaved: u64,
}

/// How a question comes out, or came out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AskOutcome {
    /// The question.
    pub ask: Ask,
    /// The rounds that there were.
    pub rounds: Vec<RoundOutcome>,
}

/// A vote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoundOutcome {
    /// Which.
    pub round: Round,
    /// Who has voted.
    pub votes: u32,
    /// Correct votes.
    pub correct: u32,
    /// How often each was said, the most frequent first.
    pub said: Vec<(Said, u32)>,
}

impl AskOutcome {
    /// The question's id.
    pub fn id(&self) -> AskId {
        self.ask.id
    }
}
