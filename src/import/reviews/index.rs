//! Which card a row means.

use super::limits::{CARDS_INDEXED_MAX, TEXT_REMEMBERED_BYTES_MAX, TEXTS_REMEMBERED};
use crate::content::escape_plain;
use crate::import::identity::{digest_of, identity_of_guid};
use crate::import::identity_of;
use domain::ids::{CardId, DeckId};
use ports::CardRecord;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// The cards that rows may mean. Cards that were deleted are not among them.
#[derive(Clone, Debug, Default)]
pub struct CardIndex {
    cards: Vec<(DeckId, CardId)>,
    /// The place of a card by its id, and by the digests of its source key and its front; sorted before anything is looked
    /// for. A hash table would take twice as much, and three times while it grows.
    names: Vec<(Uuid, u32)>,
    left_out: u64,
}

/// The place of a name that two cards have.
const UNCLEAR: u32 = u32::MAX;

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
        let (by_source, by_front) = (digest_of(&card.source_key), digest_of(&identity_of(&card.front)));
        self.names.extend([(card.id.0, place), (by_source, place)]);
        if by_front != by_source {
            self.names.push((by_front, place));
        }
    }

    /// Cards for which there was no room.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// No card comes any more: now they can be found.
    fn settle(&mut self) {
        self.names.sort_unstable();
        self.names.dedup_by(|next, first| {
            let is_same = next.0 == first.0;
            if is_same && next.1 != first.1 {
                first.1 = UNCLEAR;
            }
            is_same
        });
    }

    fn named(&self, name: Uuid) -> Option<u32> {
        let at = self.names.binary_search_by_key(&name, |(name, _)| *name).ok()?;
        self.names.get(at).map(|(_, place)| *place)
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
        match ways.iter().find_map(|way| self.named(way()?)) {
            Some(UNCLEAR) => Err(NoCard::Unclear),
            Some(place) => Ok(place),
            None => Err(NoCard::Unknown),
        }
    }
}

/// An index that remembers what it was asked: a file names each card many times.
#[derive(Debug)]
pub(super) struct Finder {
    index: Arc<CardIndex>,
    /// In the order of [`By`].
    asked: [HashMap<String, Result<u32, NoCard>>; 4],
}

impl Finder {
    pub(super) fn new(mut index: CardIndex) -> Finder {
        index.settle();
        Finder { index: Arc::new(index), asked: Default::default() }
    }

    pub(super) const fn index(&self) -> &Arc<CardIndex> {
        &self.index
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
