//! The end of a lesson: its report, from the figures as they stand.

use super::output::{AskOutcome, CardRow, StudentRow, Totals};
use super::record::Record;
use super::seats::Seats;
use super::standing::{self, WrongGroup};
use crate::ids::{ClassId, LessonId, UserId};
use std::sync::Arc;

/// Cards and wrong answers of which the end view tells.
pub const TOLD_OF: usize = 10;

/// What is kept of a lesson.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// The class.
    pub class: ClassId,
    /// The lesson.
    pub lesson: Option<LessonId>,
    /// When it began, Unix milliseconds.
    pub opened_ms: i64,
    /// When it ended, Unix milliseconds.
    pub closed_ms: i64,
    /// How long it went on, pauses left out, in milliseconds.
    pub active_ms: i64,
    /// The whole class.
    pub totals: Totals,
    /// Every student, by id; names are in it, whatever a shared screen showed.
    pub students: Vec<StudentRow>,
    /// Every card with answers.
    pub cards: Vec<CardRow>,
    /// The hardest cards, the hardest first.
    pub hardest: Vec<CardRow>,
    /// The commonest wrong answers, the commonest first.
    pub wrong: Vec<WrongGroup>,
    /// Whom to talk to: those who struggle, the one with the most wrong answers first.
    pub talk_to: Vec<UserId>,
    /// How the questions came out, oldest first.
    pub asked: Vec<AskOutcome>,
}

/// The report of a lesson that is over.
pub(super) fn report(record: &Record, seats: &Seats, wall_ms: i64) -> Report {
    let students: Vec<StudentRow> = seats.all().map(|seat| seat.row(false)).collect();
    let cards: Vec<CardRow> = seats.card_rows().collect();
    Report {
        class: record.document.class,
        lesson: record.document.lesson,
        opened_ms: record.opened_ms,
        closed_ms: record.closed_ms.unwrap_or(wall_ms),
        active_ms: record.active_ms(wall_ms),
        totals: seats.totals(),
        hardest: standing::hardest(cards.iter(), TOLD_OF),
        wrong: seats.wrong(TOLD_OF),
        talk_to: standing::talk_to(&students),
        students,
        cards,
        asked: record.asked.clone(),
    }
}

impl Report {
    /// The name of a student in it.
    pub fn name_of(&self, student: UserId) -> Option<&Arc<str>> {
        self.students.iter().find(|row| row.student == student).and_then(|row| row.name.as_ref())
    }
}
