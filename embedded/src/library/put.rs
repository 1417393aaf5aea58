//! Cards on their way into a deck: each is looked for, changed in place or appended.

use super::cards::{card_at, card_by_id, card_by_index, change, insert, insert_sql};
use crate::error::During;
use crate::filed::{CARDS, Filing, Recent};
use domain::ids::{CardId, DeckId};
use ports::library::CARDS_PER_DECK_MAX;
use ports::{CardRecord, DeckRecord, LibraryError, StoreError};
use rusqlite::{CachedStatement, Connection};

/// So many cards are looked for together where they are many.
const LOOKED_FOR_AT_ONCE: usize = 4_096;

/// The first cards of some, by which it is told whether they are many.
pub(super) struct First {
    /// The cards.
    pub cards: Vec<CardRecord>,
    /// Whether they are.
    pub are_many: bool,
}

/// Cards on their way into a deck.
pub(super) struct Put<'a> {
    main: &'a Connection,
    recent: &'a Recent,
    insert: CachedStatement<'a>,
    deck: DeckId,
    now_ms: i64,
    next_position: u32,
    alive: i64,
    /// Of those that come now, where they are many.
    filing: Option<Filing>,
}

impl Put<'_> {
    /// Takes as many of the cards as tell whether they are many.
    pub fn first_of(
        main: &Connection,
        deck: DeckId,
        coming: &mut impl Iterator<Item = CardRecord>,
        recent: &Recent,
    ) -> Result<First, StoreError> {
        let least = CARDS.least(main, deck, recent)?;
        let mut cards: Vec<CardRecord> = coming.take(least).collect();
        let are_many = cards.len() == least;
        if are_many {
            cards.extend(coming.take(LOOKED_FOR_AT_ONCE.saturating_sub(least)));
        }
        Ok(First { cards, are_many })
    }
}

impl<'a> Put<'a> {
    /// Begins to store cards in a deck.
    pub fn begin(
        main: &'a Connection,
        deck: &DeckRecord,
        now_ms: i64,
        recent: &'a Recent,
    ) -> Result<Put<'a>, StoreError> {
        let first_free = main
            .prepare_cached("SELECT ifnull(max(position) + 1, 0) FROM cards WHERE deck = ?1")
            .and_then(|mut find| find.query_row([&deck.id.bytes()[..]], |row| row.get(0)))
            .during("count the cards")?;
        Ok(Put {
            main,
            recent,
            insert: main.prepare_cached(&insert_sql("NOTHING")).during("store cards")?,
            deck: deck.id,
            now_ms,
            next_position: first_free,
            alive: i64::from(deck.cards),
            filing: None,
        })
    }

    /// Stores cards, in their order; each is shown as it was stored, with whether that differs from what was there.
    pub fn cards(
        &mut self,
        first: First,
        others: impl Iterator<Item = CardRecord>,
        mut each: impl FnMut(CardRecord, bool),
    ) -> Result<(), LibraryError> {
        let First { mut cards, are_many } = first;
        if !are_many {
            return cards
                .into_iter()
                .try_for_each(|card| self.card(card).map(|(card, differs)| each(card, differs)));
        }
        let mut others = others.fuse();
        while !cards.is_empty() {
            let ids = cards.iter().map(|card| card.id.0.as_u128());
            self.filing = Some(Filing::begin(&CARDS, self.main, self.deck, ids, self.recent)?);
            for card in cards {
                let (card, differs) = self.card(card)?;
                each(card, differs);
            }
            if let Some(filing) = self.filing.take() {
                filing.end(self.main, self.recent)?;
            }
            cards = others.by_ref().take(LOOKED_FOR_AT_ONCE).collect();
        }
        Ok(())
    }

    /// Changes a known card in place or appends a new one; says whether it differs from what was stored.
    fn card(&mut self, mut card: CardRecord) -> Result<(CardRecord, bool), LibraryError> {
        card.deck = self.deck;
        let known = self.find(card.id)?;
        if known.is_none() && self.append(&mut card)? {
            return Ok((card, true));
        }
        let known = match known {
            Some(known) => Some(known),
            None => card_by_id(self.main, self.deck, card.id)?,
        };
        let Some(stored) = known else { return Err(LibraryError::TooManyCards) };
        self.change(card, &stored)
    }

    /// The card as it is stored, if the deck has it; one in the index by id may be left to the trying.
    fn find(&self, card: CardId) -> Result<Option<CardRecord>, StoreError> {
        let (place, has_others) = match &self.filing {
            Some(filing) => (filing.find(card.0.as_u128()), filing.has_others),
            // Most cards are new, and trying costs less than looking first; but the index knows nothing of what is filed.
            None => (CARDS.place_of(self.main, self.deck, card.0.as_u128())?, false),
        };
        match place {
            Some(position) => card_at(self.main, self.deck, position),
            // All that is filed is known.
            None if has_others => card_by_index(self.main, self.deck, card),
            None => Ok(None),
        }
    }

    fn change(
        &mut self,
        mut card: CardRecord,
        stored: &CardRecord,
    ) -> Result<(CardRecord, bool), LibraryError> {
        card.position = stored.position;
        card.created_ms = stored.created_ms;
        card.revision = stored.revision;
        card.updated_ms = stored.updated_ms;
        if card == *stored {
            return Ok((card, false));
        }
        card.revision += 1;
        card.updated_ms = self.now_ms;
        self.alive += i64::from(card.deleted_ms.is_none()) - i64::from(stored.deleted_ms.is_none());
        change(self.main, &card)?;
        Ok((card, true))
    }

    /// Appends a card, unless the index by id has it already or the deck is full.
    fn append(&mut self, card: &mut CardRecord) -> Result<bool, StoreError> {
        if self.next_position as usize >= CARDS_PER_DECK_MAX {
            return Ok(false);
        }
        (card.position, card.revision, card.updated_ms) = (self.next_position, 1, self.now_ms);
        if insert(&mut self.insert, card, self.filing.is_some()).during("store a card")? == 0 {
            return Ok(false);
        }
        if let Some(filing) = &mut self.filing {
            filing.add(card.id.0.as_u128(), card.position);
        }
        self.next_position += 1;
        self.alive += i64::from(card.deleted_ms.is_none());
        Ok(true)
    }

    /// How many of the deck's cards are not deleted, with those that came.
    pub const fn alive(&self) -> i64 {
        self.alive
    }
}
