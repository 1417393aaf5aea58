//! Cells: how one student does in one lesson, in figures since its start that the student's owner computes from durable
//! entries. They are absolute: any may be lost, doubled or late, and the newest one says all.

use super::document::Round;
use super::minutes::Minute;
use crate::grade::Grade;
use crate::ids::{AskId, CardId, DeckId, LessonId, UserId};
use std::sync::Arc;

/// How one student does.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
    /// The student.
    pub student: UserId,
    /// The lesson.
    pub lesson: LessonId,
    /// Of two the higher one is newer.
    pub version: CellVersion,
    /// The call for cells that the sender has heard last: the epoch of the class's owner who called, and its number. Who calls
    /// knows by it which cells were made after that, and which are late news.
    pub called_by: (u64, u64),
    /// The figures.
    pub figures: Figures,
}

/// Which of two cells of a student is newer: the student's later owner's, and of one owner the one with the higher number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct CellVersion {
    /// The epoch of the student's owner.
    pub epoch: u64,
    /// Rises with each cell of this owner.
    pub n: u64,
}

/// Figures since the lesson's start. Undone answers are left out.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Figures {
    /// Whether the student is there.
    pub presence: Presence,
    /// The deck that is studied.
    pub deck: Option<DeckId>,
    /// Answers.
    pub answered: u32,
    /// Answers with a grade of 3 and above.
    pub correct: u32,
    /// Correct answers in a row, up to the newest.
    pub streak: u32,
    /// Wrong answers in a row, up to the newest.
    pub wrong_in_a_row: u32,
    /// The newest answers, at most eight, the newest in the lowest bit; 1 is correct.
    pub newest: Newest,
    /// Answers of which the learner was sure and that were wrong.
    pub sure_and_wrong: u32,
    /// Time taken, in milliseconds.
    pub elapsed_ms: u64,
    /// Answers by grade.
    pub grades: [u32; Grade::ALL.len()],
    /// The newest answer or sign of life, Unix milliseconds.
    pub last_seen_ms: i64,
    /// How much of the lesson's cards is remembered, in permille; from FSRS's memory alone.
    pub recall_permille: Option<u16>,
    /// Answers that are not durable yet: they are in no other figure.
    pub unsaved: u32,
    /// When all this was so, Unix milliseconds.
    pub as_of_ms: i64,
    /// Card by card, in the order in which they were first answered.
    pub cards: Vec<Tally>,
    /// The newest minutes in which the student answered, the oldest first, at most [`MINUTES_KEPT`](crate::limits::MINUTES_KEPT).
    pub minutes: Vec<Minute>,
    /// Whether `cards` and `minutes` have all of them, and not only those that changed.
    pub is_whole: bool,
    /// The votes on the question that is put now.
    pub votes: Vec<Vote>,
    /// The newest wrong answers that were typed or chosen.
    pub wrong: Vec<WrongAnswer>,
}

/// Whether a student is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Presence {
    /// Never seen in this lesson, or gone from it.
    #[default]
    Left,
    /// A socket is open, and nothing has been done on it for a while; or nothing is heard.
    Away,
    /// At work.
    Here,
}

/// The newest answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Newest {
    /// How many, at most eight.
    pub count: u8,
    /// The newest in the lowest bit; 1 is correct.
    pub correct: u8,
}

impl Newest {
    /// With one more.
    #[must_use]
    pub const fn with(self, is_correct: bool) -> Newest {
        let count = if self.count < 8 { self.count + 1 } else { 8 };
        Newest { count, correct: self.correct << 1 | is_correct as u8 }
    }

    /// How many of them were wrong.
    pub const fn wrong(self) -> u8 {
        let known = if self.count >= 8 { u8::MAX } else { (1 << self.count) - 1 };
        (!self.correct & known).count_ones() as u8
    }
}

/// A student's answers to one card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tally {
    /// The card's deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// Answers.
    pub answers: u32,
    /// Wrong ones among them.
    pub wrong: u32,
    /// How likely the student remembers it now, in permille, by FSRS's memory; `None` while nothing is known of it.
    pub recall_permille: Option<u16>,
}

/// A vote on a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Vote {
    /// The question.
    pub ask: AskId,
    /// In which round.
    pub round: Round,
    /// What was said.
    pub said: Said,
    /// Whether it is correct.
    pub is_correct: bool,
    /// When it reached the server, Unix milliseconds.
    pub reached_ms: i64,
}

/// What was answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Said {
    /// A grade that the learner gave.
    Grade(u8),
    /// Something typed or chosen, by the digest that the log keeps.
    Response(u64),
}

/// Something that was typed or chosen and is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrongAnswer {
    /// The card.
    pub card: CardId,
    /// The digest that the log keeps: equal answers have one.
    pub digest: u64,
    /// As it was typed, as far as it is shown ([`crate::check::later::shown`]); `None` where only the log knows of it, which
    /// keeps no texts.
    pub text: Option<Arc<str>>,
    /// How often.
    pub times: u32,
}
