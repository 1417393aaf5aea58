//! Decks and cards that a package finds again because it was written here.

use super::own::{deck_number, lead, tag_there, without_players};
use crate::content::{CardTexts, FIELD_BYTES_MAX};
use crate::import::identity_of;
use crate::jobs::error::JobError;
use crate::jobs::task::Task;
use anki::Deck;
use domain::ids::{CardId, DeckId, NoteId};
use ports::{CardRecord, DeckQuery};
use sha2::{Digest, Sha256};
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
    /// Its back may begin with a front that it had before, which a package does not repeat either: all up to the answer, and
    /// the answer's digest.
    earlier: Option<(String, [u8; 32])>,
}

impl KnownCard {
    pub fn of(card: CardRecord) -> KnownCard {
        let lead = lead(&card.back, &card.front).map(str::to_owned);
        let source_key = (card.source_key != identity_of(&card.front)).then_some(card.source_key);
        // One that was never changed goes out as its note.
        let may_repeat = lead.is_none() && card.note.is_some() && card.revision > 1;
        let earlier = may_repeat.then(|| divided(&card.back)).flatten();
        let earlier = earlier.map(|(earlier, answer)| (earlier.to_owned(), digest(answer)));
        KnownCard { note: card.note, source_key, tags: card.tags, lead, earlier }
    }

    /// The texts, tags and source key of the card that comes back.
    pub fn back_again(self, mut texts: CardTexts, tags: Vec<String>) -> (CardTexts, Vec<String>, String) {
        if let Some(lead) = self.lead {
            let back = [without_players(&texts.front).0, &lead, &texts.back].concat();
            if back.len() <= FIELD_BYTES_MAX {
                texts.back = back;
            }
        } else if let Some((earlier, _)) = self.earlier.filter(|(_, of)| *of == digest(&texts.back)) {
            // An answer that is another one by now has no front that is none any more.
            texts.back.insert_str(0, &earlier);
        }
        let are_same = self.tags.iter().map(|tag| tag_there(tag)).eq(tags.iter().cloned());
        let source_key = self.source_key.unwrap_or_else(|| identity_of(&texts.front));
        (texts, if are_same { self.tags } else { tags }, source_key)
    }
}

/// A back up to the line that may be the one before the answer, and what follows.
fn divided(back: &str) -> Option<(&str, &str)> {
    let (_, after) = back.split_once("<hr>")?;
    let answer = after.trim_start();
    Some((back.strip_suffix(answer)?, answer))
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
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
            earlier: None,
        };
        let texts = CardTexts { front: "q".to_owned(), back: "a".to_owned(), ..CardTexts::default() };
        let same = known.clone().back_again(texts.clone(), vec!["two_words".to_owned()]);
        assert_eq!(
            (same.0.back.as_str(), same.1, same.2),
            ("q\n<hr>a", vec!["two words".to_owned()], identity_of("q"))
        );
        let other = known.back_again(texts, vec!["new".to_owned()]);
        assert_eq!(other.1, ["new"]);
        let known = KnownCard {
            note: None,
            source_key: None,
            tags: Vec::new(),
            lead: None,
            earlier: divided("before\n<hr>\na<hr>b")
                .map(|(front, answer)| (front.to_owned(), digest(answer))),
        };
        let back = |answer: &str| {
            let texts = CardTexts { back: answer.to_owned(), ..CardTexts::default() };
            known.clone().back_again(texts, Vec::new()).0.back
        };
        assert_eq!(back("a<hr>b"), "before\n<hr>\na<hr>b");
        assert_eq!((back("a"), back("before\n<hr>\na<hr>b")), ("a".into(), "before\n<hr>\na<hr>b".into()));
        assert_eq!(card_of_guid("2845a057-c180-501f-8ab4-b2b7d254fa43", 1), None);
        assert!(card_of_guid("2845a057-c180-501f-8ab4-b2b7d254fa43", 0).is_some());
        assert_eq!(card_of_guid("2845a057c180501f8ab4b2b7d254fa43", 0), None);
    }
}
