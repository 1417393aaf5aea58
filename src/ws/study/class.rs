//! The class document on the wire.

use domain::lesson::{Document, LessonState};
use protocol::ClassDocument;
use std::collections::BTreeSet;

/// The document as somebody sees it who has so much extra time, in percent: a question closes when it closes for them.
pub fn class_document(document: &Document, extra_percent: u16) -> ClassDocument {
    let mut decks = BTreeSet::new();
    let assigned = document.assigned.iter().map(|assigned| assigned.deck.0);
    ClassDocument {
        class_id: document.class.0,
        version: document.version,
        lesson: document.lesson.map(|lesson| lesson.0),
        state: match document.state {
            LessonState::Open => protocol::LessonState::Open,
            LessonState::Paused => protocol::LessonState::Paused,
            LessonState::Closed => protocol::LessonState::Closed,
        },
        message: document.message.as_deref().map(str::to_owned),
        ask: document.ask.map(|ask| protocol::Ask {
            ask_id: ask.id.0,
            deck_id: ask.deck.0,
            card_id: ask.card.0,
            closes_at: ask.closes_for(extra_percent),
        }),
        assigned: assigned.filter(|deck| decks.insert(*deck)).collect(),
        hide_names: document.hide_names,
    }
}
