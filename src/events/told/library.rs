//! A library that says which decks were made, changed and deleted.

use crate::events::{Events, Happened};
use domain::ids::{CardId, DeckId, Uuid};
use ports::library::{CardSource, RequestDigest, TakeCards};
use ports::{
    Boxed, CardQuery, CardRecord, CardSearch, DeckContent, DeckQuery, DeckRecord, EventKind, Library,
    LibraryError,
};
use std::sync::Arc;

/// A library that says what was changed in it.
pub struct TellingLibrary {
    /// Where decks lie.
    pub inner: Arc<dyn Library>,
    /// Who is told.
    pub events: Events,
}

/// The revision of a deck that was just made.
const FIRST_REVISION: u64 = 1;

/// What has become of a deck that was stored, `is_whole`: not as a change of what was there before. A deck that is made
/// by an import is hidden until all is in it: then it is stored as it is to be.
fn of_deck(stored: &DeckRecord, is_whole: bool) -> Option<Happened> {
    let kind = match (stored.deleted_ms, is_whole) {
        (Some(_), _) if stored.revision == FIRST_REVISION => return None,
        (Some(_), _) => EventKind::DeckDeleted,
        (None, true) => EventKind::DeckCreated,
        (None, false) => return Some(Happened::DeckChanged(stored.id)),
    };
    Some(Happened::Deck(kind, Box::new(stored.clone())))
}

impl Library for TellingLibrary {
    fn put_deck(
        &self,
        deck: DeckRecord,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        Box::pin(async move {
            let stored = self.inner.put_deck(deck, if_revision, now_ms).await?;
            if let Some(happened) = of_deck(&stored, if_revision.is_none()) {
                self.events.happened(happened);
            }
            Ok(stored)
        })
    }

    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        self.inner.deck(id)
    }

    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        self.inner.decks(query)
    }

    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        Box::pin(async move {
            let stored = self.inner.put_cards(deck, cards, if_revision, now_ms).await?;
            self.events.happened(Happened::DeckChanged(deck));
            Ok(stored)
        })
    }

    fn put_cards_from(
        &self,
        deck: DeckId,
        cards: CardSource,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<u64, LibraryError>> {
        Box::pin(async move {
            let revision = self.inner.put_cards_from(deck, cards, if_revision, now_ms).await?;
            self.events.happened(Happened::DeckChanged(deck));
            Ok(revision)
        })
    }

    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        self.inner.note_request(key, asks, now_ms)
    }

    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        self.inner.card(deck, card)
    }

    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        self.inner.cards(deck, query)
    }

    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        self.inner.content(deck)
    }

    fn content_in_parts(
        &self,
        deck: DeckId,
        take: TakeCards,
    ) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        self.inner.content_in_parts(deck, take)
    }

    fn search(&self, search: CardSearch) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        self.inner.search(search)
    }
}
