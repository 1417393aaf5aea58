//! Decks and cards that a package finds again because it was written here.

use super::own::{deck_number, lead, tag_there, without_players};
use crate::content::{CardTexts, FIELD_BYTES_MAX};
use crate::import::identity_of;
use crate::jobs::error::JobError;
use crate::jobs::task::Task;
use anki::Deck;
use domain::ids::{CardId, DeckId, NoteId};
use ports::{CardRecord, DeckQuery};
use std::collections::HashMap;

/// The owner's decks, with their paths, by the ids that they have in packages.
#[derive(Debug, Default)]
pub(super) struct KnownDecks(HashMap<i64, (DeckId, String)>);

impl KnownDecks {
    /// The deck here that a deck there is. One that Anki took over has another id there and keeps its options, which
    /// other decks may have by then: that one has to be called the same.
    pub fn of(&self, id: i64, theirs: Option<&Deck>) -> Option<DeckId> {
        let by_options = || {
            let theirs = theirs?;
            self.0.get(&theirs.options?).filter(|(_, path)| *path == theirs.path)
        };
        self.0.get(&id).or_else(by_options).map(|(deck, _)| *deck)
    }
}

/// None where no card of the package was made here.
pub(super) fn known_decks(task: &Task, may_be_ours: bool) -> Result<KnownDecks, JobError> {
    if !may_be_ours {
        return Ok(KnownDecks::default());
    }
    let own = DeckQuery { owner: Some(task.owner), ..DeckQuery::default() };
    let decks = task.wait(task.tools.library.decks(own))?;
    let before = decks.into_iter().filter(|deck| deck.created_ms != task.made_ms);
    Ok(KnownDecks(before.map(|deck| (deck_number(deck.id), (deck.id, deck.path))).collect()))
}

/// The card whose id a note's guid may be.
pub(super) fn card_of_guid(guid: &str, ord: u16) -> Option<CardId> {
    guid.parse().ok().filter(|_| ord == 0 && guid.len() == 36).map(CardId)
}

/// What of a card is not in a package, or not as it is here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct KnownCard {
    pub note: Option<NoteId>,
    /// `None` where it follows the front.
    source_key: Option<String>,
    tags: Vec<String>,
    /// What stands between front and answer on its back; `None` for one that does not repeat the front.
    lead: Option<String>,
}

impl KnownCard {
    pub fn of(card: CardRecord) -> KnownCard {
        let lead = lead(&card.back, &card.front).map(str::to_owned);
        let source_key = (card.source_key != identity_of(&card.front)).then_some(card.source_key);
        KnownCard { note: card.note, source_key, tags: card.tags, lead }
    }

    /// The texts, tags and source key of the card that comes back.
    pub fn back_again(self, mut texts: CardTexts, tags: Vec<String>) -> (CardTexts, Vec<String>, String) {
        if let Some(lead) = self.lead {
            let back = [without_players(&texts.front).0, &lead, &texts.back].concat();
            if back.len() <= FIELD_BYTES_MAX {
                texts.back = back;
            }
        }
        let are_same = self.tags.iter().map(|tag| tag_there(tag)).eq(tags.iter().cloned());
        let source_key = self.source_key.unwrap_or_else(|| identity_of(&texts.front));
        (texts, if are_same { self.tags } else { tags }, source_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deck_is_known_by_its_id_or_by_its_options_and_its_path() {
        let ours = DeckId::from_u128(5);
        let number = deck_number(ours);
        let known = KnownDecks([(number, (ours, "A::B".to_owned()))].into());
        let theirs = |path: &str, options: i64| Deck { options: Some(options), ..Deck::new(1, path) };
        assert_eq!(known.of(number, Some(&theirs("Moved", 7))), Some(ours));
        assert_eq!(known.of(8, Some(&theirs("A::B", number))), Some(ours));
        assert_eq!(known.of(8, Some(&theirs("A::C", number))), None);
        assert_eq!(known.of(8, Some(&theirs("A::B", 7))), None);
        assert_eq!(known.of(8, None), None);
    }

    #[test]
    fn a_card_that_comes_back_has_what_no_package_holds() {
        let known = KnownCard {
            note: None,
            source_key: None,
            tags: vec!["two words".to_owned()],
            lead: Some("\n<hr>".to_owned()),
        };
        let texts = CardTexts { front: "q".to_owned(), back: "a".to_owned(), ..CardTexts::default() };
        let same = known.clone().back_again(texts.clone(), vec!["two_words".to_owned()]);
        assert_eq!(
            (same.0.back.as_str(), same.1, same.2),
            ("q\n<hr>a", vec!["two words".to_owned()], identity_of("q"))
        );
        let other = known.back_again(texts, vec!["new".to_owned()]);
        assert_eq!(other.1, ["new"]);
        assert_eq!(card_of_guid("2845a057-c180-501f-8ab4-b2b7d254fa43", 1), None);
        assert!(card_of_guid("2845a057-c180-501f-8ab4-b2b7d254fa43", 0).is_some());
        assert_eq!(card_of_guid("2845a057c180501f8ab4b2b7d254fa43", 0), None);
    }
}
