//! Cards as rows that an import takes again: into the same deck without a change, into another one card by card.

use super::accepted::joined as joined_answers;
use super::identity::{digest_of, guid_of, identity_of};
use super::tags::joined;
use ports::CardRecord;
use std::collections::HashMap;
use uuid::Uuid;

/// What stands above the rows. Texts are HTML as they are shown: the first line says so.
pub const PREAMBLE: &str = "#html:true\n";
/// The columns.
pub const COLUMNS: [&str; 7] = ["front", "back", "hint", "explanation", "tags", "guid", "accept"];

/// Which cards of a deck an import finds by their fronts alone. The others are written with a guid.
#[derive(Clone, Debug, Default)]
pub struct Fronts {
    /// How many cards answer to a front, by its digest.
    cards: HashMap<Uuid, u32>,
}

impl Fronts {
    /// Notes a card; every card of the deck has to be noted before the first is written.
    pub fn note(&mut self, card: &CardRecord) {
        let by_front = identity_of(&card.front);
        if card.source_key != by_front {
            *self.cards.entry(digest_of(&card.source_key)).or_default() += 1;
        }
        *self.cards.entry(digest_of(&by_front)).or_default() += 1;
    }

    /// The row of a card.
    pub fn row(&self, card: &CardRecord) -> [String; 7] {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let tags = joined(&card.tags);
        let accept = joined_answers(&card.accept);
        let (front, back) = (card.front.clone(), card.back.clone());
        [front, back, or_empty(&card.hint), or_empty(&card.explanation), tags, self.guid(card), accept]
    }

    /// The name that its source gave the card, its id where the front is not its alone, and otherwise none.
    fn guid(&self, card: &CardRecord) -> String {
        if let Some(guid) = guid_of(&card.source_key) {
            return guid.to_owned();
        }
        let alone = self.cards.get(&digest_of(&identity_of(&card.front))) == Some(&1);
        if alone { String::new() } else { card.id.to_string() }
    }
}
