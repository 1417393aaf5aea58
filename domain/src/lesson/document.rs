//! The class document: state, never an event. It is stored at each change and sent whole, so that whoever missed one sees
//! all of it in the next.

use crate::ids::{AskId, CardId, ClassId, DeckId, LessonId, UserId};
use crate::limits::ASK_LATE_MS;
use std::sync::Arc;

/// What every student of a class sees of its lesson.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// The class.
    pub class: ClassId,
    /// Rises with each change, over all owners of the lesson: of two the higher one holds.
    pub version: u64,
    /// The lesson, if there is one or was one.
    pub lesson: Option<LessonId>,
    /// In which state it is.
    pub state: LessonState,
    /// The teacher's words.
    pub message: Option<Arc<str>>,
    /// The card that is put to all.
    pub ask: Option<Ask>,
    /// What was assigned, in the order of assigning.
    pub assigned: Vec<Assigned>,
    /// Whether no names are sent.
    pub hide_names: bool,
}

/// The state of a lesson.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LessonState {
    /// It goes on.
    Open,
    /// Its time does not count.
    Paused,
    /// It is over, or none was ever opened.
    Closed,
}

/// Cards that come next in the queues of those whom it names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assigned {
    /// The deck.
    pub deck: DeckId,
    /// These cards of it; empty for all.
    pub cards: Arc<[CardId]>,
    /// These students; empty for all.
    pub to: Arc<[UserId]>,
}

/// One card put to the whole class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ask {
    /// The question.
    pub id: AskId,
    /// The card's deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// Which vote.
    pub round: Round,
    /// When it was opened, Unix milliseconds.
    pub opened_ms: i64,
    /// When it closes for who has no extra time, Unix milliseconds.
    pub closes_ms: i64,
}

/// A vote on a question.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Round {
    /// The one that counts for the schedule.
    First,
    /// After talking about it.
    Second,
}

impl Ask {
    /// When it closes for a student who has so much extra time, Unix milliseconds.
    pub fn closes_for(&self, extra_percent: u16) -> i64 {
        let open_ms = self.closes_ms.saturating_sub(self.opened_ms);
        self.closes_ms.saturating_add(open_ms.saturating_mul(i64::from(extra_percent)) / 100)
    }

    /// Whether an answer that reached the server at this moment (Unix milliseconds) counts as an answer to it.
    pub fn takes(&self, reached_ms: i64, extra_percent: u16) -> bool {
        let last_ms = self.closes_for(extra_percent).saturating_add(ASK_LATE_MS);
        (self.opened_ms..=last_ms).contains(&reached_ms)
    }

    /// Whether its answers can no longer be taken back: an undo of one is refused from here on.
    pub fn is_closed(&self, now_ms: i64, extra_percent: u16) -> bool {
        now_ms > self.closes_for(extra_percent)
    }
}
