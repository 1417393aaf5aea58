//! Cards on the wire.

use super::maybe_null;
use crate::content::{CardTexts, escape_card, sanitise_card};
use crate::http::Problem;
use crate::http::strict::objects;
use crate::import::{accepted, identity_of};
use domain::ids::{CardId, DeckId, NoteId, Uuid};
use ports::CardRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A new card, or a change of one: what is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(in crate::http) struct CardIn {
    front: Option<String>,
    back: Option<String>,
    #[serde(default, deserialize_with = "maybe_null")]
    hint: Option<Option<String>>,
    #[serde(default, deserialize_with = "maybe_null")]
    explanation: Option<Option<String>>,
    tags: Option<Vec<String>>,
    /// What is accepted as an answer besides the back, as plain text.
    accept: Option<Vec<String>>,
    #[serde(default, deserialize_with = "maybe_null")]
    note_id: Option<Option<Uuid>>,
    #[serde(default)]
    format: TextFormat,
}

/// What the texts of a request are.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TextFormat {
    #[default]
    Html,
    Text,
}

/// Cards of a bulk request.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct BulkIn {
    #[serde(deserialize_with = "objects")]
    pub(in crate::http) cards: Vec<CardIn>,
}

/// A card.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct CardOut {
    card_id: Uuid,
    deck_id: Uuid,
    position: u32,
    front: String,
    back: String,
    hint: Option<String>,
    explanation: Option<String>,
    tags: Vec<String>,
    accept: Vec<String>,
    note_id: Option<Uuid>,
    revision: u32,
    created_at: i64,
    updated_at: i64,
}

/// The answer to a bulk request.
#[derive(Serialize, JsonSchema)]
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
            accept: Vec::new(),
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
        // What is stored already went through here; going through again changes nothing.
        let kept = CardTexts {
            front: card.front.clone(),
            back: card.back.clone(),
            hint: card.hint.clone(),
            explanation: card.explanation.clone(),
        };
        let given = CardTexts {
            front: self.front.clone().unwrap_or_default(),
            back: self.back.clone().unwrap_or_default(),
            hint: self.hint.clone().flatten(),
            explanation: self.explanation.clone().flatten(),
        };
        let merged = self.merged(kept, given)?;
        let clean = sanitise_card(merged).map_err(|error| Problem::invalid(format!("{error}.")))?;
        // An import finds a card by its front: the key follows it, unless the card came with an id of its own.
        if card.source_key.is_empty() || card.source_key == identity_of(&card.front) {
            card.source_key = identity_of(&clean.front);
        }
        card.front = clean.front;
        card.back = clean.back;
        card.hint = clean.hint;
        card.explanation = clean.explanation;
        if let Some(tags) = self.tags {
            card.tags = super::tags(tags)?;
        }
        if let Some(accept) = self.accept {
            card.accept =
                accepted(accept).map_err(|error| Problem::invalid(format!("`accept`: {error}.")))?;
        }
        if let Some(note) = self.note_id {
            card.note = note.map(NoteId);
        }
        Ok(())
    }

    /// The texts that are kept with those that are given, in one form: HTML.
    fn merged(&self, kept: CardTexts, given: CardTexts) -> Result<CardTexts, Problem> {
        let given = match self.format {
            TextFormat::Html => given,
            // An absent front stands for one that is kept, and must not be refused as empty here.
            TextFormat::Text => {
                let front = if self.front.is_some() { given.front } else { "-".to_owned() };
                escape_card(CardTexts { front, ..given })
                    .map_err(|error| Problem::invalid(format!("{error}.")))?
            }
        };
        Ok(CardTexts {
            front: if self.front.is_some() { given.front } else { kept.front },
            back: if self.back.is_some() { given.back } else { kept.back },
            hint: if self.hint.is_some() { given.hint } else { kept.hint },
            explanation: if self.explanation.is_some() { given.explanation } else { kept.explanation },
        })
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
            accept: card.accept,
            note_id: card.note.map(|note| note.0),
            revision: card.revision,
            created_at: card.created_ms,
            updated_at: card.updated_ms,
        }
    }
}
