//! Cards on the wire.

use super::maybe_null;
use crate::content::{self, ContentError, Format};
use crate::http::Problem;
use crate::import::source_key;
use domain::ids::{CardId, DeckId, NoteId, Uuid};
use ports::CardRecord;
use serde::{Deserialize, Serialize};

/// A new card, or a change of one: what is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::http) struct CardIn {
    front: Option<String>,
    back: Option<String>,
    #[serde(default, deserialize_with = "maybe_null")]
    hint: Option<Option<String>>,
    #[serde(default, deserialize_with = "maybe_null")]
    explanation: Option<Option<String>>,
    tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "maybe_null")]
    note_id: Option<Option<Uuid>>,
    #[serde(default)]
    format: TextFormat,
}

/// What the texts of a request are.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TextFormat {
    #[default]
    Html,
    Text,
}

/// Cards of a bulk request.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct BulkIn {
    pub(in crate::http) cards: Vec<CardIn>,
}

/// A card.
#[derive(Clone, Debug, Serialize)]
pub(in crate::http) struct CardOut {
    card_id: Uuid,
    deck_id: Uuid,
    position: u32,
    front: String,
    back: String,
    hint: Option<String>,
    explanation: Option<String>,
    tags: Vec<String>,
    note_id: Option<Uuid>,
    revision: u32,
    created_at: i64,
    updated_at: i64,
}

/// The answer to a bulk request.
#[derive(Serialize)]
pub(in crate::http) struct BulkOut {
    pub(in crate::http) cards: Vec<CardOut>,
}

impl CardIn {
    /// The record of a new card.
    pub(in crate::http) fn record(
        self,
        id: CardId,
        deck: DeckId,
        now_ms: i64,
    ) -> Result<CardRecord, Problem> {
        if self.front.is_none() || self.back.is_none() {
            return Err(Problem::invalid("`front` and `back` are needed."));
        }
        let mut card = CardRecord {
            id,
            deck,
            position: 0,
            note: None,
            front: String::new(),
            back: String::new(),
            hint: None,
            explanation: None,
            tags: Vec::new(),
            source_key: String::new(),
            revision: 0,
            created_ms: now_ms,
            updated_ms: now_ms,
            deleted_ms: None,
        };
        self.apply(&mut card)?;
        Ok(card)
    }

    /// Changes a record.
    pub(in crate::http) fn apply(self, card: &mut CardRecord) -> Result<(), Problem> {
        let format = match self.format {
            TextFormat::Html => Format::Html,
            TextFormat::Text => Format::Text,
        };
        let fault =
            |name: &'static str| move |error: ContentError| Problem::invalid(format!("`{name}`: {error}."));
        if let Some(front) = self.front {
            let clean = content::field(&front, format).map_err(fault("front"))?;
            if content::is_blank(&clean) {
                return Err(Problem::invalid("`front` has nothing to show."));
            }
            // An import finds a card by its front: the key follows it, unless the card came with an id of its own.
            if clean != card.front && !source_key::is_guid(&card.source_key) {
                card.source_key = match format {
                    Format::Html => source_key::of_html_front(&front),
                    Format::Text => source_key::of_front(&front),
                };
            }
            card.front = clean;
        }
        if let Some(back) = self.back {
            card.back = content::field(&back, format).map_err(fault("back"))?;
        }
        if let Some(hint) = self.hint {
            card.hint = content::optional_field(hint.as_deref(), format).map_err(fault("hint"))?;
        }
        if let Some(explanation) = self.explanation {
            let clean = content::optional_field(explanation.as_deref(), format);
            card.explanation = clean.map_err(fault("explanation"))?;
        }
        if let Some(tags) = self.tags {
            card.tags = super::tags(tags)?;
        }
        if let Some(note) = self.note_id {
            card.note = note.map(NoteId);
        }
        content::check_card(card).map_err(|error| Problem::invalid(format!("{error}.")))
    }
}

impl From<CardRecord> for CardOut {
    fn from(card: CardRecord) -> CardOut {
        CardOut {
            card_id: card.id.0,
            deck_id: card.deck.0,
            position: card.position,
            front: card.front,
            back: card.back,
            hint: card.hint,
            explanation: card.explanation,
            tags: card.tags,
            note_id: card.note.map(|note| note.0),
            revision: card.revision,
            created_at: card.created_ms,
            updated_at: card.updated_ms,
        }
    }
}
