//! Which card a row means.

use super::limits::{CARDS_INDEXED_MAX, TEXT_REMEMBERED_BYTES_MAX, TEXTS_REMEMBERED};
use crate::content::escape_plain;
use crate::import::identity::{digest_of, identity_of_guid};
use crate::import::identity_of;
use domain::ids::{CardId, DeckId};
use ports::CardRecord;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use uuid::Uuid;

/// The cards that rows may mean. Cards that were deleted are not among them.
#[derive(Clone, Debug, Default)]
pub struct CardIndex {
    cards: Vec<(DeckId, CardId)>,
    /// The place of a card by its id, and by the digests of its source key and its front.
    places: HashMap<Uuid, Place>,
    left_out: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Of(u32),
    /// Two cards have it.
    Unclear,
}

/// By what a row names its card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    /// By one of them: its id is tried first, then its guid, then its front.
    Any,
    /// By its id.
    Id,
    /// By what its source called it.
    Guid,
    /// By its front, as plain text or as the HTML that is stored.
    Front,
}

/// Why no card is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoCard {
    Unknown,
    Unclear,
}

impl CardIndex {
    /// Adds a card of a deck.
    pub fn add(&mut self, card: &CardRecord) {
        if card.deleted_ms.is_some() {
            return;
        }
        if self.cards.len() >= CARDS_INDEXED_MAX {
            self.left_out += 1;
            return;
        }
        let Ok(place) = u32::try_from(self.cards.len()) else { return };
        self.cards.push((card.deck, card.id));
        self.places.insert(card.id.0, Place::Of(place));
        let (by_source, by_front) = (digest_of(&card.source_key), digest_of(&identity_of(&card.front)));
        self.name(by_source, place);
        if by_front != by_source {
            self.name(by_front, place);
        }
    }

    /// Cards for which there was no room.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    fn name(&mut self, name: Uuid, place: u32) {
        match self.places.entry(name) {
            Entry::Vacant(free) => {
                free.insert(Place::Of(place));
            }
            Entry::Occupied(mut taken) => {
                if *taken.get() != Place::Of(place) {
                    taken.insert(Place::Unclear);
                }
            }
        }
    }

    pub(super) fn card(&self, place: u32) -> Option<(DeckId, CardId)> {
        self.cards.get(usize::try_from(place).ok()?).copied()
    }

    fn find(&self, by: By, text: &str) -> Result<u32, NoCard> {
        let id = || Uuid::parse_str(text).ok();
        let guid = || Some(digest_of(&identity_of_guid(text)));
        let front = || Some(digest_of(&identity_of(&escape_plain(text))));
        let html = || Some(digest_of(&identity_of(text)));
        let ways: &[&dyn Fn() -> Option<Uuid>] = match by {
            By::Any => &[&id, &guid, &front, &html],
            By::Id => &[&id],
            // An export gives a card's id as its guid where the source gave it none.
            By::Guid => &[&guid, &id],
            By::Front => &[&front, &html],
        };
        match ways.iter().find_map(|way| self.places.get(&way()?)) {
            Some(Place::Of(place)) => Ok(*place),
            Some(Place::Unclear) => Err(NoCard::Unclear),
            None => Err(NoCard::Unknown),
        }
    }
}

/// An index that remembers what it was asked: a file names each card many times.
#[derive(Debug)]
pub(super) struct Finder {
    index: CardIndex,
    /// In the order of [`By`].
    asked: [HashMap<String, Result<u32, NoCard>>; 4],
}

impl Finder {
    pub(super) fn new(index: CardIndex) -> Finder {
        Finder { index, asked: Default::default() }
    }

    pub(super) const fn index(&self) -> &CardIndex {
        &self.index
    }

    pub(super) fn into_index(self) -> CardIndex {
        self.index
    }

    pub(super) fn find(&mut self, by: By, text: &str) -> Result<u32, NoCard> {
        let [any, id, guid, front] = &mut self.asked;
        let asked = match by {
            By::Any => any,
            By::Id => id,
            By::Guid => guid,
            By::Front => front,
        };
        if let Some(known) = asked.get(text) {
            return *known;
        }
        let found = self.index.find(by, text);
        if asked.len() < TEXTS_REMEMBERED && text.len() <= TEXT_REMEMBERED_BYTES_MAX {
            asked.insert(text.to_owned(), found);
        }
        found
    }
}
