//! Decks and cards in memory.

use super::MemoryStore;
use domain::ids::{CardId, DeckId, Uuid};
use ports::library::{CARDS_PER_DECK_MAX, REQUEST_KEPT_MS, RequestDigest};
use ports::{Boxed, CardQuery, CardRecord, DeckContent, DeckQuery, DeckRecord, Library, LibraryError};
use std::collections::BTreeMap;

#[derive(Clone, Default)]
pub(super) struct Shelf {
    decks: BTreeMap<DeckId, DeckContent>,
    requests: BTreeMap<Uuid, (RequestDigest, i64)>,
}

impl Shelf {
    fn note_request(&mut self, key: Uuid, asks: RequestDigest, now_ms: i64) -> RequestDigest {
        self.requests.retain(|_, (_, at_ms)| *at_ms >= now_ms - REQUEST_KEPT_MS);
        self.requests.entry(key).or_insert((asks, now_ms)).0
    }

    fn put_deck(
        &mut self,
        mut deck: DeckRecord,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Result<DeckRecord, LibraryError> {
        let stored = self.decks.get(&deck.id).map(|(deck, _)| deck);
        match (stored, if_revision) {
            (None, Some(_)) => return Err(LibraryError::NoSuchDeck),
            (Some(stored), Some(based_on)) if stored.revision != based_on => {
                return Err(LibraryError::Changed);
            }
            (None | Some(_), _) => {}
        }
        deck.revision = stored.map_or(1, |stored| stored.revision + 1);
        deck.cards = stored.map_or(0, |stored| stored.cards);
        deck.created_ms = stored.map_or(deck.created_ms, |stored| stored.created_ms);
        deck.updated_ms = now_ms;
        match self.decks.get_mut(&deck.id) {
            Some((stored, _)) => stored.clone_from(&deck),
            None => drop(self.decks.insert(deck.id, (deck.clone(), Vec::new()))),
        }
        Ok(deck)
    }

    fn decks(&self, query: &DeckQuery) -> Vec<DeckRecord> {
        let asked = |deck: &&DeckRecord| {
            query.owner == Some(deck.owner)
                || query.ids.contains(&deck.id)
                || query.editor.is_some_and(|editor| deck.editors.contains(&editor))
        };
        let below = |deck: &&DeckRecord| {
            query.below_path.as_deref().is_none_or(|top| {
                deck.path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            })
        };
        let alive = |deck: &&DeckRecord| query.with_deleted || deck.deleted_ms.is_none();
        let all = self.decks.values().map(|(deck, _)| deck);
        let mut found: Vec<_> = all.filter(asked).filter(below).filter(alive).cloned().collect();
        found.sort_by(|a, b| (&a.path, &a.title, a.id).cmp(&(&b.path, &b.title, b.id)));
        found
    }

    fn put_cards(
        &mut self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Result<(u64, Vec<CardRecord>), LibraryError> {
        let (record, stored) = self.decks.get(&deck).ok_or(LibraryError::NoSuchDeck)?;
        if if_revision.is_some_and(|based_on| based_on != record.revision) {
            return Err(LibraryError::Changed);
        }
        // Worked on apart, so that a refusal leaves nothing behind.
        let (mut record, mut all, mut put) = (record.clone(), stored.clone(), Vec::new());
        let mut places: BTreeMap<CardId, usize> = all.iter().map(|c| (c.id, c.position as usize)).collect();
        for mut card in cards {
            card.deck = deck;
            let place = *places.entry(card.id).or_insert(all.len());
            match all.get(place) {
                Some(known) => {
                    (card.position, card.created_ms) = (known.position, known.created_ms);
                    (card.revision, card.updated_ms) = (known.revision, known.updated_ms);
                    if card != *known {
                        (card.revision, card.updated_ms) = (known.revision + 1, now_ms);
                        all[place] = card.clone();
                    }
                }
                None if all.len() >= CARDS_PER_DECK_MAX => return Err(LibraryError::TooManyCards),
                None => {
                    (card.position, card.revision, card.updated_ms) = (place as u32, 1, now_ms);
                    all.push(card.clone());
                }
            }
            put.push(card);
        }
        if all != *stored {
            record.revision += 1;
            record.updated_ms = now_ms;
            record.cards = all.iter().filter(|card| card.deleted_ms.is_none()).count() as u32;
        }
        let revision = record.revision;
        self.decks.insert(deck, (record, all));
        Ok((revision, put))
    }

    fn cards(&self, deck: DeckId, query: &CardQuery) -> Vec<CardRecord> {
        let text = query.text.as_deref().map(str::to_lowercase);
        let holds = |card: &&CardRecord| {
            let fields = [&card.front, &card.back].into_iter().chain(&card.tags);
            text.as_deref()
                .is_none_or(|text| fields.into_iter().any(|field| field.to_lowercase().contains(text)))
        };
        let all = self.decks.get(&deck).into_iter().flat_map(|(_, cards)| cards);
        all.skip(query.from_position as usize)
            .filter(|card| query.with_deleted || card.deleted_ms.is_none())
            .filter(holds)
            .take(query.limit)
            .cloned()
            .collect()
    }
}

impl Library for MemoryStore {
    fn put_deck(
        &self,
        deck: DeckRecord,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        Box::pin(async move { self.state().library.put_deck(deck, if_revision, now_ms) })
    }

    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        Box::pin(async move { Ok(self.state().library.decks.get(&id).map(|(deck, _)| deck.clone())) })
    }

    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        Box::pin(async move { Ok(self.state().library.decks(&query)) })
    }

    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        Box::pin(async move { self.state().library.put_cards(deck, cards, if_revision, now_ms) })
    }

    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        Box::pin(async move { Ok(self.state().library.note_request(key, asks, now_ms)) })
    }

    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        Box::pin(async move {
            let state = self.state();
            let cards = state.library.decks.get(&deck).into_iter().flat_map(|(_, cards)| cards);
            Ok(cards.into_iter().find(|known| known.id == card).cloned())
        })
    }

    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        Box::pin(async move { Ok(self.state().library.cards(deck, &query)) })
    }

    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        Box::pin(async move { Ok(self.state().library.decks.get(&deck).cloned()) })
    }
}
