//! Cards in `main.db`: positions are given in the order of adding and never again.

use super::decks::{deck_by_id, set_cards};
use crate::error::{During, unreadable};
use crate::rows::{id, maybe_id};
use domain::ids::{CardId, DeckId, NoteId};
use ports::codec::{accept_of, accept_text, tags_of, tags_text};
use ports::library::CARDS_PER_DECK_MAX;
use ports::{CardQuery, CardRecord, LibraryError, StoreError};
use rusqlite::{CachedStatement, Connection, Row, Statement};

const COLUMNS: &str = "deck, position, id, note, front, back, hint, explanation, tags, source_key, revision, \
                       created_ms, updated_ms, deleted_ms, accept";

/// One card, deleted ones too.
pub(super) fn card_by_id(
    main: &Connection,
    deck: DeckId,
    card: CardId,
) -> Result<Option<CardRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM cards WHERE deck = ?1 AND id = ?2");
    let mut found = None;
    select(main, &sql, (&deck.bytes()[..], &card.bytes()[..]), |card| {
        found = Some(card);
        true
    })?;
    Ok(found)
}

/// A page of cards in the order of adding.
pub(super) fn cards(
    main: &Connection,
    deck: DeckId,
    query: &CardQuery,
) -> Result<Vec<CardRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM cards WHERE deck = ?1 AND position >= ?2 ORDER BY position");
    let text = query.text.as_deref().map(str::to_lowercase);
    let mut page = Vec::new();
    if query.limit == 0 {
        return Ok(page);
    }
    select(main, &sql, (&deck.bytes()[..], query.from_position), |card| {
        let alive = query.with_deleted || card.deleted_ms.is_none();
        if alive && text.as_deref().is_none_or(|text| contains(&card, text)) {
            page.push(card);
        }
        page.len() < query.limit
    })?;
    Ok(page)
}

/// Whether the card holds this text, which is in lower case. SQLite's own comparison knows the case of ASCII only.
fn contains(card: &CardRecord, text: &str) -> bool {
    let fields = [&card.front, &card.back];
    fields.into_iter().chain(&card.tags).any(|field| field.to_lowercase().contains(text))
}

/// Stores cards of one deck in one revision and shows each as it was stored. When nothing differs from what is stored,
/// nothing changes.
pub(super) fn put_cards(
    main: &Connection,
    deck: DeckId,
    cards: impl Iterator<Item = CardRecord>,
    if_revision: Option<u64>,
    now_ms: i64,
    mut each: impl FnMut(CardRecord),
) -> Result<u64, LibraryError> {
    let stored_deck = deck_by_id(main, deck)?.ok_or(LibraryError::NoSuchDeck)?;
    if if_revision.is_some_and(|based_on| based_on != stored_deck.revision) {
        return Err(LibraryError::Changed);
    }
    let first_free: u32 = main
        .query_row(
            "SELECT ifnull(max(position) + 1, 0) FROM cards WHERE deck = ?1",
            [&deck.bytes()[..]],
            |r| r.get(0),
        )
        .during("count the cards")?;
    let mut put = Put {
        main,
        insert: main.prepare_cached(&insert_sql("NOTHING")).during("store cards")?,
        deck,
        now_ms,
        next_position: first_free,
        alive: i64::from(stored_deck.cards),
    };
    let mut changed = false;
    for card in cards {
        let (card, differs) = put.card(card)?;
        changed |= differs;
        each(card);
    }
    if !changed {
        return Ok(stored_deck.revision);
    }
    let revision = stored_deck.revision + 1;
    set_cards(main, deck, revision, u32::try_from(put.alive).unwrap_or(0), now_ms)?;
    Ok(revision)
}

/// Writes all cards of a deck as they are, in place of those that are there.
pub(crate) fn fill(main: &Connection, deck: DeckId, cards: &[CardRecord]) -> Result<(), StoreError> {
    main.prepare_cached("DELETE FROM cards WHERE deck = ?1")
        .and_then(|mut delete| delete.execute([&deck.bytes()[..]]))
        .during("replace a deck's cards")?;
    cards.iter().try_for_each(|card| write(main, card))
}

struct Put<'a> {
    main: &'a Connection,
    insert: CachedStatement<'a>,
    deck: DeckId,
    now_ms: i64,
    next_position: u32,
    alive: i64,
}

impl Put<'_> {
    /// Changes a known card in place or appends a new one; says whether it differs from what was stored.
    fn card(&mut self, mut card: CardRecord) -> Result<(CardRecord, bool), LibraryError> {
        card.deck = self.deck;
        if self.append(&mut card)? {
            return Ok((card, true));
        }
        let Some(stored) = card_by_id(self.main, self.deck, card.id)? else {
            return Err(LibraryError::TooManyCards);
        };
        card.position = stored.position;
        card.created_ms = stored.created_ms;
        card.revision = stored.revision;
        card.updated_ms = stored.updated_ms;
        if card == stored {
            return Ok((card, false));
        }
        card.revision += 1;
        card.updated_ms = self.now_ms;
        self.alive += i64::from(card.deleted_ms.is_none()) - i64::from(stored.deleted_ms.is_none());
        write(self.main, &card)?;
        Ok((card, true))
    }

    /// Appends a card, unless the deck has it already or is full. Most that come in large numbers are new: trying costs
    /// less than looking first.
    fn append(&mut self, card: &mut CardRecord) -> Result<bool, StoreError> {
        if self.next_position as usize >= CARDS_PER_DECK_MAX {
            return Ok(false);
        }
        (card.position, card.revision, card.updated_ms) = (self.next_position, 1, self.now_ms);
        if insert(&mut self.insert, card).during("store a card")? == 0 {
            return Ok(false);
        }
        self.next_position += 1;
        self.alive += i64::from(card.deleted_ms.is_none());
        Ok(true)
    }
}

/// Writes a card as it is; of a known one its place and beginning stay.
fn write(main: &Connection, card: &CardRecord) -> Result<(), StoreError> {
    const CHANGED: &str = "UPDATE SET
        note = excluded.note, front = excluded.front, back = excluded.back, hint = excluded.hint,
        explanation = excluded.explanation, tags = excluded.tags, source_key = excluded.source_key,
        revision = excluded.revision, updated_ms = excluded.updated_ms, deleted_ms = excluded.deleted_ms,
        accept = excluded.accept";
    main.prepare_cached(&insert_sql(CHANGED))
        .and_then(|mut statement| insert(&mut statement, card))
        .during("store a card")?;
    Ok(())
}

/// The statement that inserts a card, and what it does with one that the deck has already.
fn insert_sql(known: &str) -> String {
    format!(
        "INSERT INTO cards VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT (deck, id) DO {known}"
    )
}

/// Returns how many rows have changed.
fn insert(statement: &mut Statement, card: &CardRecord) -> rusqlite::Result<usize> {
    statement.execute(rusqlite::params![
        &card.deck.bytes()[..],
        card.position,
        &card.id.bytes()[..],
        card.note.as_ref().map(|note| &note.bytes()[..]),
        card.front,
        card.back,
        card.hint,
        card.explanation,
        tags_text(&card.tags),
        card.source_key,
        card.revision,
        card.created_ms,
        card.updated_ms,
        card.deleted_ms,
        accept_text(&card.accept),
    ])
}

/// Reads cards as long as `each` wants more.
fn select(
    main: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    mut each: impl FnMut(CardRecord) -> bool,
) -> Result<(), StoreError> {
    let mut statement = main.prepare_cached(sql).during("read cards")?;
    let mut rows = statement.query(params).during("read cards")?;
    while let Some(row) = rows.next().during("read cards")? {
        let (mut card, tags, accept) = of_row(row).during("read a card")?;
        card.tags = tags_of(&tags).map_err(|error| unreadable("read tags", error))?;
        if accept != "[]" {
            card.accept = accept_of(&accept).map_err(|error| unreadable("read accepted answers", error))?;
        }
        if !each(card) {
            break;
        }
    }
    Ok(())
}

fn of_row(row: &Row) -> rusqlite::Result<(CardRecord, String, String)> {
    let card = CardRecord {
        deck: DeckId::from_bytes(id(row, 0)?),
        position: row.get(1)?,
        id: CardId::from_bytes(id(row, 2)?),
        note: maybe_id(row, 3)?.map(NoteId::from_bytes),
        front: row.get(4)?,
        back: row.get(5)?,
        hint: row.get(6)?,
        explanation: row.get(7)?,
        tags: Vec::new(),
        accept: Vec::new(),
        source_key: row.get(9)?,
        revision: row.get(10)?,
        created_ms: row.get(11)?,
        updated_ms: row.get(12)?,
        deleted_ms: row.get(13)?,
    };
    Ok((card, row.get(8)?, row.get(14)?))
}
