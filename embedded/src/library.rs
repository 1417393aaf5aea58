//! Decks and cards: the cold port.

mod cards;
mod decks;
mod put;
mod requests;
mod words;

use crate::store::EmbeddedStore;
use crate::upkeep::Wanted;
use domain::ids::{CardId, DeckId, Uuid};
use ports::library::{CardSource, RequestDigest, TakeCards};
use ports::{
    Boxed, CardQuery, CardRecord, CardSearch, DeckContent, DeckQuery, DeckRecord, Library, LibraryError,
    StoreError,
};
use rusqlite::Connection;
use std::sync::Arc;

/// Cards that are given out together while a deck is read.
const CARDS_A_PART: usize = 512;

pub(crate) use cards::fill as fill_cards;
pub(crate) use decks::{deck_by_id, write as write_deck};
pub(crate) use words::{Indexing, deck_behind};

impl Library for EmbeddedStore {
    fn put_deck(
        &self,
        deck: DeckRecord,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        let stored = self.write(move |main| decks::put_deck(main, deck, if_revision, now_ms));
        Box::pin(self.then_words(stored))
    }

    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        Box::pin(self.read_main(move |main| Ok(deck_by_id(main, id)?)))
    }

    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        Box::pin(self.read_main(move |main| decks::decks(main, &query)))
    }

    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        let shared = Arc::clone(self.shared());
        let stored = self.write(move |main| {
            let mut stored = Vec::with_capacity(cards.len());
            let cards = cards.into_iter();
            let each = |card| stored.push(card);
            let revision = cards::put_cards(main, deck, cards, if_revision, (now_ms, &shared.filed), each)?;
            Ok((revision, stored))
        });
        Box::pin(self.then_words(stored))
    }

    fn put_cards_from(
        &self,
        deck: DeckId,
        cards: CardSource,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<u64, LibraryError>> {
        let shared = Arc::clone(self.shared());
        let stored = self.write(move |main| {
            cards::put_cards(main, deck, cards, if_revision, (now_ms, &shared.filed), drop)
        });
        Box::pin(self.then_words(stored))
    }

    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        Box::pin(self.write(move |main| Ok(requests::note(main, key, asks, now_ms)?)))
    }

    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        Box::pin(self.read_main(move |main| Ok(cards::card_by_id(main, deck, card)?)))
    }

    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        Box::pin(self.read_main(move |main| Ok(cards::cards(main, deck, &query)?)))
    }

    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        Box::pin(self.read_main(move |main| Ok(content_of(main, deck)?)))
    }

    fn content_in_parts(
        &self,
        deck: DeckId,
        mut take: TakeCards,
    ) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        Box::pin(self.read_main(move |main| {
            let Some(record) = deck_by_id(main, deck)? else { return Ok(None) };
            cards::all(main, deck, CARDS_A_PART, &mut take)?;
            Ok(Some(record))
        }))
    }

    fn search(&self, search: CardSearch) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        Box::pin(async move {
            if self.indexed(&search.decks).await? {
                return self.read_main(move |main| Ok(words::search(main, &search)?)).await;
            }
            self.read_main(move |main| Ok(words::look_through(main, &search)?)).await
        })
    }
}

impl EmbeddedStore {
    /// Has the words of these decks indexed; `false` where that would take too long for one search. What it has done
    /// stays, so that the next one has less to do.
    async fn indexed(&self, decks: &[DeckId]) -> Result<bool, LibraryError> {
        let asked = decks.to_vec();
        let behind = self.read_main(move |main| Ok::<_, LibraryError>(words::behind(main, &asked)?)).await?;
        let mut behind = behind.into_iter().map(words::Indexing::new);
        let mut next = behind.next();
        for _ in 0..words::TURNS_MAX {
            let Some(deck) = next else { return Ok(true) };
            let (_, rest) =
                self.write(move |main| Ok::<_, LibraryError>(deck.next(main, words::CARDS_A_TURN)?)).await?;
            next = rest.or_else(|| behind.next());
        }
        Ok(next.is_none())
    }

    /// Has words indexed behind a change.
    async fn then_words<T>(
        &self,
        change: impl Future<Output = Result<T, LibraryError>>,
    ) -> Result<T, LibraryError> {
        let done = change.await?;
        self.want(Wanted::Words);
        Ok(done)
    }
}

/// A deck with all its cards.
pub(crate) fn content_of(main: &Connection, deck: DeckId) -> Result<Option<DeckContent>, StoreError> {
    let Some(record) = deck_by_id(main, deck)? else { return Ok(None) };
    let all = CardQuery { from_position: 0, limit: usize::MAX, text: None, with_deleted: true };
    Ok(Some((record, cards::cards(main, deck, &all)?)))
}
