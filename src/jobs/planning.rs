//! What an import would change in a deck, before anything is changed.

use super::spool::{Spooled, Spooling};
use domain::ids::{CardId, DeckId, Uuid};
use ports::library::{CardSource, RequestDigest, TakeCards};
use ports::{Boxed, CardQuery, CardRecord, DeckContent, DeckQuery, DeckRecord, Library, LibraryError};
use std::path::PathBuf;
use std::sync::Arc;

/// A library that keeps what is to be stored on the disk instead.
pub(super) struct Planning {
    library: Arc<dyn Library>,
    path: PathBuf,
}

impl Planning {
    /// Over a library; cards go into the file at this path.
    pub fn new(library: Arc<dyn Library>, path: PathBuf) -> Planning {
        Planning { library, path }
    }
}

impl Library for Planning {
    fn put_deck(
        &self,
        deck: DeckRecord,
        _: Option<u64>,
        _: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        Box::pin(async move { Ok(deck) })
    }

    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        self.library.deck(id)
    }

    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        self.library.decks(query)
    }

    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        Box::pin(async move {
            let revision =
                self.put_cards_from(deck, Box::new(cards.clone().into_iter()), if_revision, now_ms).await?;
            Ok((revision, cards))
        })
    }

    fn put_cards_from(
        &self,
        _: DeckId,
        cards: CardSource,
        if_revision: Option<u64>,
        _: i64,
    ) -> Boxed<'_, Result<u64, LibraryError>> {
        Box::pin(async move {
            let spool = || {
                let mut spooling = Spooling::create(&self.path)?;
                for card in cards {
                    spooling.push(&Spooled { revision: 0, ..Spooled::of(card) })?;
                }
                spooling.finish(false)
            };
            let spooled = spool().map_err(|error: std::io::Error| {
                ports::StoreError::new(ports::Cause::Unavailable, format!("cards on the disk: {error}"))
            });
            spooled?;
            Ok(if_revision.unwrap_or(0))
        })
    }

    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        self.library.note_request(key, asks, now_ms)
    }

    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        self.library.card(deck, card)
    }

    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        self.library.cards(deck, query)
    }

    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        self.library.content(deck)
    }

    fn content_in_parts(
        &self,
        deck: DeckId,
        take: TakeCards,
    ) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        self.library.content_in_parts(deck, take)
    }
}
