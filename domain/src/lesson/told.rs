//! What a class's owner tells the sessions of its students: the document, and what they need to count and to hand out by it.
//! It is state like the document: the newest says all, and whoever missed one is told the next.

use super::document::{Ask, Assigned, Document, LessonState};
use crate::ids::{ClassId, DeckId, UserId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A class's lesson as its students' sessions know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Which of two is newer: the epoch of the class's owner, and how often it has told.
    pub at: (u64, u64),
    /// How often the owner has called for cells: a session that hears of another call tells its cells whole and at once. The
    /// end of a lesson is a call.
    pub calls: u64,
    /// The document.
    pub document: Arc<Document>,
    /// When the lesson was opened, Unix milliseconds.
    pub opened_ms: i64,
    /// The question that is put, in each of its rounds.
    pub rounds: Vec<Ask>,
    /// The decks of the class: answers in them count in the lesson.
    pub decks: Arc<[DeckId]>,
    /// Who takes part, with their extra time in percent.
    pub students: Arc<BTreeMap<UserId, u16>>,
}

impl Told {
    /// The class.
    pub fn class(&self) -> ClassId {
        self.document.class
    }

    /// Whether a lesson is on.
    pub fn is_on(&self) -> bool {
        match self.document.state {
            LessonState::Open | LessonState::Paused => self.document.lesson.is_some(),
            LessonState::Closed => false,
        }
    }

    /// Whether nothing is to be handed out of the lesson's decks now.
    pub fn is_paused(&self) -> bool {
        self.document.state == LessonState::Paused
    }

    /// Whether an answer in this deck is an answer in the lesson.
    pub fn concerns(&self, deck: DeckId) -> bool {
        self.decks.contains(&deck)
            || self.document.assigned.iter().any(|assigned| assigned.deck == deck)
            || self.document.ask.is_some_and(|ask| ask.deck == deck)
    }

    /// What was assigned to this student, in the order of assigning.
    pub fn assigned_to(&self, student: UserId) -> impl Iterator<Item = &Assigned> {
        let to_all_or = move |assigned: &&Assigned| assigned.to.is_empty() || assigned.to.contains(&student);
        self.document.assigned.iter().filter(to_all_or)
    }

    /// The document as somebody sees it who does not take part: there is no lesson.
    pub fn without_lesson(&self) -> Document {
        let class = self.document.class;
        Document { version: self.document.version, ..super::Record::new(class).document }
    }
}
