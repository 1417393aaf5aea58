//! What is stored of a lesson: it outlives its watchers, sockets and nodes. Whoever owns the class goes on from here.

use super::document::{Ask, Document, LessonState};
use super::output::AskOutcome;
use crate::ids::{CardId, ClassId, DeckId, EntryId, UserId};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// A lesson as it is stored, whole at each change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// What students see.
    pub document: Document,
    /// When the lesson was opened, Unix milliseconds.
    pub opened_ms: i64,
    /// When it was closed, Unix milliseconds.
    pub closed_ms: Option<i64>,
    /// How long it was paused, in milliseconds, the running pause left out.
    pub paused_ms: i64,
    /// Since when it is paused, Unix milliseconds.
    pub paused_since_ms: Option<i64>,
    /// Students whom a teacher removed from it.
    pub removed: BTreeSet<UserId>,
    /// Texts that were accepted and not carried out everywhere yet.
    pub accepting: Vec<Accepting>,
    /// The first vote of the question that is put, while it has its second.
    pub first_round: Option<Ask>,
    /// How earlier asks came out, oldest first.
    pub asked: Vec<AskOutcome>,
    /// The newest commands with their content digests, oldest first: each is carried out once.
    pub said: VecDeque<(EntryId, u64)>,
    /// Whether the report of the closed lesson is stored.
    pub reported: bool,
    /// Texts of the commonest wrong answers, by card and digest, at most
    /// [`WRONG_TEXTS_KEPT`](crate::limits::WRONG_TEXTS_KEPT): the log has their digests alone.
    pub texts: Vec<WrongText>,
}

/// What a wrong answer was, as far as it is shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct WrongText {
    /// The card.
    pub card: CardId,
    /// The digest that the log keeps.
    pub digest: u64,
    /// As one of those who gave it typed it.
    pub text: Arc<str>,
}

/// A text that is an answer from now on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepting {
    /// The command: the regrades that follow have their ids by it.
    pub said: EntryId,
    /// Who accepts it.
    pub by: UserId,
    /// The deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// The text.
    pub text: Arc<str>,
}

impl Record {
    /// A class that never had a lesson.
    pub fn new(class: ClassId) -> Record {
        Record {
            document: Document {
                class,
                version: 0,
                lesson: None,
                state: LessonState::Closed,
                message: None,
                ask: None,
                assigned: Vec::new(),
                hide_names: false,
            },
            opened_ms: 0,
            closed_ms: None,
            paused_ms: 0,
            paused_since_ms: None,
            removed: BTreeSet::new(),
            accepting: Vec::new(),
            first_round: None,
            asked: Vec::new(),
            said: VecDeque::new(),
            reported: true,
            texts: Vec::new(),
        }
    }

    /// How long the lesson has gone on, pauses left out, in milliseconds.
    pub fn active_ms(&self, now_ms: i64) -> i64 {
        let end_ms = self.closed_ms.unwrap_or(now_ms);
        let pause_ms = self.paused_since_ms.map_or(0, |since| end_ms.saturating_sub(since).max(0));
        end_ms.saturating_sub(self.opened_ms).saturating_sub(self.paused_ms).saturating_sub(pause_ms).max(0)
    }

    /// The question that is put now, in each of the rounds that it has had.
    pub fn rounds(&self) -> Vec<Ask> {
        self.first_round.into_iter().chain(self.document.ask).collect()
    }

    /// Whether nothing but texts of wrong answers differs: nobody is to be told of it.
    pub(super) fn differs_in_texts_alone(&self, before: &Record) -> bool {
        if self.texts == before.texts {
            return false;
        }
        let mut same = self.clone();
        same.texts.clone_from(&before.texts);
        same.document.version = before.document.version;
        same == *before
    }

    /// Whether a lesson is over and its report is not stored.
    pub fn is_over(&self) -> bool {
        self.closed_ms.is_some() && !self.reported
    }

    /// Whether a lesson is on.
    pub fn is_on(&self) -> bool {
        match self.document.state {
            LessonState::Open | LessonState::Paused => true,
            LessonState::Closed => false,
        }
    }
}
