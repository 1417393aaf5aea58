//! What became of a note's tags on its cards: in Anki they belong to the note.

use crate::jobs::anki::own::{tag_there, taken_tags};
use domain::ids::NoteId;
use ports::{CardRecord, NoteRecord};
use std::collections::{BTreeSet, HashMap};

/// Tags that were put on cards and taken off them here, by their notes; nothing for a note of which they are as they came.
#[derive(Debug, Default)]
pub(super) struct Retagged(HashMap<NoteId, (BTreeSet<String>, BTreeSet<String>)>);

impl Retagged {
    /// Notes a card, and says what its note's tags are by now, if one of its cards so far has others than it came with:
    /// the note has what any of its cards was given, and nothing that was taken off one of them.
    pub fn note(&mut self, card: &CardRecord, note: &NoteRecord) -> Option<Vec<String>> {
        let (came, _) = taken_tags(note.tags.iter().map(String::as_str));
        let given: Vec<&String> = card.tags.iter().filter(|tag| !came.contains(tag)).collect();
        let taken: Vec<&String> = came.iter().filter(|tag| !card.tags.contains(tag)).collect();
        if !given.is_empty() || !taken.is_empty() {
            let (all_given, all_taken) = self.0.entry(note.id).or_default();
            all_given.extend(given.into_iter().map(|tag| tag_there(tag)));
            all_taken.extend(taken.into_iter().cloned());
        }
        let (given, taken) = self.0.get(&note.id)?;
        let stays = note.tags.iter().filter(|tag| !taken.contains(*tag) && !given.contains(*tag));
        Some(stays.chain(given).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::bare_card;
    use super::*;
    use domain::ids::{DeckId, NoteTypeId};

    #[test]
    fn a_note_has_what_a_card_was_given_and_not_what_was_taken_off_one() {
        let note = NoteRecord {
            id: NoteId::from_u128(1),
            deck: DeckId::from_u128(2),
            note_type: NoteTypeId::from_u128(3),
            guid: "g".to_owned(),
            fields: Vec::new(),
            tags: vec!["a".to_owned(), "b".to_owned()],
            extra: String::new(),
            updated_ms: 0,
        };
        let card = |tags: &[&str]| CardRecord {
            note: Some(note.id),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..bare_card()
        };
        let mut retagged = Retagged::default();
        assert_eq!(retagged.note(&card(&["a", "b"]), &note), None);
        assert_eq!(retagged.note(&card(&["b", "two words"]), &note).unwrap(), ["b", "two_words"]);
        assert_eq!(retagged.note(&card(&["a", "b", "c"]), &note).unwrap(), ["b", "c", "two_words"]);
        assert_eq!(retagged.note(&card(&["a", "b"]), &note).unwrap(), ["b", "c", "two_words"]);
    }
}
