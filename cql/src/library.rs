//! Decks and cards: the cold port. A write is visible as a whole or not at all, although a deck of 200,000 cards lies
//! in 49 partitions and a batch changes one.
//!
//! **A deck's row decides.** It is changed by compare-and-set alone. A change of the deck's record is one such step,
//! `IF revision = n`. An edit of cards is three things in this order, and what everybody sees changes in the third:
//!
//! 1. *Begin*: `IF` nobody edits, the deck gets an editor and the edit a number (`stamp`, microseconds, larger by at
//!    least a million than every one before it). The number is the first timestamp of the edit's writes: whatever an
//!    earlier editor still sends loses.
//! 2. *Rows*: new cards are written to their places, which lie beyond `positions`, where nobody looks. Changed ones are
//!    written to `card_edits` under the edit's number, of which nobody knows.
//! 3. *Commit*: `IF` the editor is still this one `AND revision = n`, in one step the revision, the count of cards,
//!    `positions` (the new cards are there), `laid_edit` (the changed ones are there) and, for each bucket touched, the
//!    revision in which that was.
//!
//! Then the changed rows are *settled*: moved into `cards` with the last timestamp of the edit, `laid_edit` is cleared,
//! and they are dropped. Anybody may do that, twice or at once with others; the next editor does it before it begins.
//!
//! **A reader** reads the deck's row, then of each bucket first the rows laid over it and then `cards`, then the deck's
//! row again. Buckets whose revision moved meanwhile are read again, the others hold: so what is returned is the deck
//! as of the last reading of its row, and a deck that is edited all the time is still read.
//!
//! **A writer that dies** in 1 or 2 leaves an editor without a pulse: a living one raises `beat` each second. Who sees
//! the same editor and beat for five seconds by its own clock takes its place, and the edit can never be committed; its
//! rows are overwritten by the next edit (places) or dropped (`card_edits`). One that dies after 3 leaves rows to be
//! settled; until then readers find them where they are. One that was only slow is refused at its next step, and the
//! rows that it still sends lose by their timestamps. What can stay behind for good is rows that nobody sees.
//!
//! Edits of one deck wait for each other. A deck's record may change while its cards are edited: the commit is then
//! tried on top of it, unless the edit was bound to a revision.

mod card;
mod decks;
mod edit;
pub(crate) mod fill;
mod head;
mod put;
mod read;
mod requests;
mod settle;
mod statements;
mod steps;
#[cfg(test)]
mod tests;
mod write;

use crate::CqlStore;
use crate::task::owned;
use domain::ids::{CardId, DeckId, Uuid};
use ports::library::{CardSource, RequestDigest};
use ports::{Boxed, CardQuery, CardRecord, DeckContent, DeckQuery, DeckRecord, Library, LibraryError};

pub(crate) use statements::LibraryStatements;

impl Library for CqlStore {
    fn put_deck(
        &self,
        deck: DeckRecord,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        let store = self.clone();
        Box::pin(owned(async move { decks::put_deck(&store, deck, if_revision, now_ms).await }))
    }

    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        Box::pin(async move { Ok(head::Head::read(self, id).await?.map(|head| head.record)) })
    }

    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        Box::pin(async move { Ok(decks::decks(self, &query).await?) })
    }

    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        let store = self.clone();
        Box::pin(owned(async move {
            let mut stored = Vec::with_capacity(cards.len());
            let source = Box::new(cards.into_iter());
            let each = |cards| stored.extend::<Vec<CardRecord>>(cards);
            let revision = put::put(&store, deck, source, if_revision, now_ms, each).await?;
            Ok((revision, stored))
        }))
    }

    fn put_cards_from(
        &self,
        deck: DeckId,
        cards: CardSource,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<u64, LibraryError>> {
        let store = self.clone();
        Box::pin(owned(async move { put::put(&store, deck, cards, if_revision, now_ms, drop).await }))
    }

    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        Box::pin(async move { Ok(requests::note(self, key, asks, now_ms).await?) })
    }

    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        Box::pin(async move { Ok(read::card(self, deck, card).await?) })
    }

    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        Box::pin(async move { Ok(read::page(self, deck, &query).await?) })
    }

    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        Box::pin(async move { Ok(read::content(self, deck).await?) })
    }
}
