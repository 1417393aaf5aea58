//! Note types, decks and options: read once, and held in memory.

use super::guard::Guarded;
use super::{schema11, schema18};
use crate::error::ReadError;
use crate::limits::{
    DECK_LEVEL_BYTES_MAX, DECK_LEVELS_MAX, DECKS_MAX, DEFINITIONS_BYTES_MAX, FIELDS_MAX, NOTETYPES_MAX,
    OPTIONS_MAX, TEMPLATES_MAX,
};
use crate::model::{Deck, DeckOptions, Header, Notetype};
use std::collections::BTreeMap;

/// The path of a card whose deck is not there.
pub const DEFAULT_PATH: &str = "Default";

/// What a collection says once for all its cards.
#[derive(Clone, PartialEq, Debug)]
pub struct Definitions {
    /// When it was made, and its clock.
    pub header: Header,
    /// Note types by their ids.
    pub notetypes: BTreeMap<i64, Notetype>,
    /// Decks by their ids.
    pub decks: BTreeMap<i64, Deck>,
    /// Deck options by their ids.
    pub options: BTreeMap<i64, DeckOptions>,
}

impl Definitions {
    /// Reads them, from tables or from JSON: a collection between two schemas has some of each.
    pub(super) fn read(guarded: &Guarded) -> Result<Definitions, ReadError> {
        let col = schema11::Col::read(guarded)?;
        if !(11..=18).contains(&col.schema) {
            return Err(ReadError::UnknownSchema(col.schema));
        }
        let header = if guarded.has_table("config") {
            schema18::header(guarded, &col)?
        } else {
            schema11::header(guarded, &col)?
        };
        let has_tables = ["notetypes", "fields", "templates"].iter().all(|table| guarded.has_table(table));
        let notetypes = if has_tables && col.schema >= 15 {
            schema18::notetypes(guarded)?
        } else {
            schema11::notetypes(guarded)?
        };
        let decks = if guarded.has_table("decks") && col.schema >= 15 {
            schema18::decks(guarded)?
        } else {
            schema11::decks(guarded)?
        };
        let options = if guarded.has_table("deck_config") && col.schema >= 14 {
            schema18::options(guarded)?
        } else {
            schema11::options(guarded)?
        };
        let definitions = Definitions { header, notetypes, decks, options };
        definitions.check()?;
        Ok(definitions)
    }

    fn check(&self) -> Result<(), ReadError> {
        at_most("note types", self.notetypes.len(), NOTETYPES_MAX)?;
        at_most("decks", self.decks.len(), DECKS_MAX)?;
        at_most("groups of deck options", self.options.len(), OPTIONS_MAX)?;
        for notetype in self.notetypes.values() {
            at_most("fields of a note type", notetype.fields.len(), FIELDS_MAX)?;
            at_most("templates of a note type", notetype.templates.len(), TEMPLATES_MAX)?;
        }
        Ok(())
    }

    /// The path of a deck; of one that is not there, the default deck's.
    pub fn deck_path(&self, id: i64) -> &str {
        self.decks.get(&id).map_or(DEFAULT_PATH, |deck| deck.path.as_str())
    }

    /// The options that hold for a deck.
    pub fn options_of(&self, deck: i64) -> Option<&DeckOptions> {
        let id = self.decks.get(&deck)?.options?;
        self.options.get(&id).or_else(|| self.options.get(&1))
    }
}

/// Counts what is held in memory.
#[derive(Debug, Default)]
pub(super) struct Held {
    bytes: usize,
}

impl Held {
    /// Notes that so much more is held.
    pub fn add(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.bytes = self.bytes.saturating_add(bytes);
        at_most("bytes of note types, decks and options", self.bytes, DEFINITIONS_BYTES_MAX)
    }
}

pub(super) fn at_most(what: &'static str, found: usize, max: usize) -> Result<(), ReadError> {
    if found > max {
        return Err(ReadError::TooMuch { what, found: found as u64, max: max as u64 });
    }
    Ok(())
}

/// A deck's levels joined by `::`, whichever of the two separators stood between them; levels without a name get one.
pub(super) fn deck_path(name: &str) -> String {
    let name = name.replace('\u{1f}', "::");
    let mut levels: Vec<String> = name.splitn(DECK_LEVELS_MAX, "::").map(level).collect();
    if let Some(last) = levels.last_mut() {
        *last = last.replace("::", " ");
    }
    levels.join("::")
}

fn level(name: &str) -> String {
    let mut name: String = name.trim().chars().filter(|letter| !letter.is_control()).collect();
    let end = (0..=DECK_LEVEL_BYTES_MAX.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    name.truncate(end.unwrap_or(0));
    if name.is_empty() { "blank".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_divided_by_either_separator_and_none_is_empty() {
        assert_eq!(deck_path("A::B"), "A::B");
        assert_eq!(deck_path("A\u{1f}B C\u{1f} D "), "A::B C::D");
        assert_eq!(deck_path(""), "blank");
        assert_eq!(deck_path("::A::"), "blank::A::blank");
        let deep = deck_path(&"x::".repeat(10_000));
        assert_eq!(deep.split("::").count(), DECK_LEVELS_MAX);
        let long = deck_path(&"ä".repeat(1_000));
        assert!(long.len() <= DECK_LEVEL_BYTES_MAX && long.starts_with('ä'));
    }
}
