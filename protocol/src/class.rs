//! The class document: the state of a live class, always whole.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Everything a student's client shows of a live class. Sent whole whenever it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassDocument {
    /// The class.
    pub class_id: Uuid,
    /// Rises with each change; an older one than the last seen is dropped.
    pub version: u64,
    /// The lesson that is on, or null.
    pub lesson: Option<Uuid>,
    /// Whether answers are wanted now.
    pub state: LessonState,
    /// The teacher's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The card that is put to all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// Decks that the lesson is about.
    pub assigned: Vec<Uuid>,
    /// Whether names are hidden on shared screens.
    pub hide_names: bool,
}

/// State of a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LessonState {
    /// Going on.
    Open,
    /// Wait for the teacher.
    Paused,
    /// Over.
    Closed,
    /// A state of a newer server; never sent by this one.
    #[serde(other)]
    Unknown,
}

/// One card put to the whole class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// This question.
    pub ask_id: Uuid,
    /// The card's deck.
    pub deck_id: Uuid,
    /// The card.
    pub card_id: Uuid,
    /// Last moment of an answer, ms since 1970 UTC.
    pub closes_at: i64,
}
