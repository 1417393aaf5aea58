//! An index of the words on cards (SQLite's FTS5), made when it is asked: an import writes no word of it. A search first
//! has the decks indexed that changed since the last one, some cards at a time, so that nobody waits long for the desk.

use super::cards::{card_by_id, cards};
use super::decks::deck_by_id;
use crate::error::During;
use crate::rows::id;
use domain::ids::{CardId, DeckId};
use ports::library::{CardSearch, holds_words, words_of};
use ports::{CardQuery, CardRecord, StoreError};
use rusqlite::{Connection, OptionalExtension, params};

/// Cards that are indexed in one turn of the desk.
const CARDS_A_TURN: usize = 2_000;
/// Turns of the desk for one search; with more to do, the search looks at the cards themselves.
pub(super) const TURNS_MAX: usize = 25;

/// Those of these decks whose index is not of their newest revision.
pub(super) fn behind(main: &Connection, decks: &[DeckId]) -> Result<Vec<DeckId>, StoreError> {
    let mut behind = Vec::new();
    for deck in decks {
        let sql = "SELECT 1 FROM decks d LEFT JOIN indexed_decks i ON i.deck = d.id
                   WHERE d.id = ?1 AND d.revision IS NOT i.revision";
        let is_behind = main
            .prepare_cached(sql)
            .and_then(|mut find| find.exists([&deck.bytes()[..]]))
            .during("look for words")?;
        if is_behind {
            behind.push(*deck);
        }
    }
    Ok(behind)
}

/// Indexes what changed in a deck, at most [`CARDS_A_TURN`] cards; whether the whole deck is indexed now.
pub(super) fn index(main: &Connection, deck: DeckId) -> Result<bool, StoreError> {
    let Some(record) = deck_by_id(main, deck)? else { return Ok(true) };
    let changed = changed_cards(main, deck).during("look for changed cards")?;
    for card in &changed {
        if let Some(card) = card_by_id(main, deck, *card)? {
            index_card(main, &card).during("index a card")?;
        }
    }
    if changed.len() == CARDS_A_TURN {
        return Ok(false);
    }
    main.prepare_cached("INSERT OR REPLACE INTO indexed_decks VALUES (?1, ?2)")
        .and_then(|mut put| put.execute((&deck.bytes()[..], record.revision as i64)))
        .during("note an indexed deck")?;
    Ok(true)
}

fn changed_cards(main: &Connection, deck: DeckId) -> rusqlite::Result<Vec<CardId>> {
    let mut find = main.prepare_cached(
        "SELECT c.id FROM cards c LEFT JOIN indexed_cards i ON i.deck = c.deck AND i.card = c.id
         WHERE c.deck = ?1 AND c.revision IS NOT i.revision LIMIT ?2",
    )?;
    let rows = find.query_map(params![&deck.bytes()[..], CARDS_A_TURN as i64], |row| id(row, 0))?;
    rows.map(|card| Ok(CardId::from_bytes(card?))).collect()
}

fn index_card(main: &Connection, card: &CardRecord) -> rusqlite::Result<()> {
    let key = (&card.deck.bytes()[..], &card.id.bytes()[..]);
    let known: Option<i64> = main
        .prepare_cached("SELECT number FROM indexed_cards WHERE deck = ?1 AND card = ?2")?
        .query_row(key, |row| row.get(0))
        .optional()?;
    let number = match known {
        Some(number) => {
            main.prepare_cached("DELETE FROM card_words WHERE rowid = ?1")?.execute([number])?;
            main.prepare_cached("UPDATE indexed_cards SET revision = ?2 WHERE number = ?1")?
                .execute((number, card.revision))?;
            number
        }
        None => {
            main.prepare_cached("INSERT INTO indexed_cards (deck, card, revision) VALUES (?1, ?2, ?3)")?
                .execute((key.0, key.1, card.revision))?;
            main.last_insert_rowid()
        }
    };
    if card.deleted_ms.is_none() {
        let words = format!("{} {} {}", card.front, card.back, card.tags.join(" "));
        main.prepare_cached("INSERT INTO card_words (rowid, deck, words) VALUES (?1, ?2, ?3)")?.execute((
            number,
            deck_word(card.deck),
            words,
        ))?;
    }
    Ok(())
}

/// A deck as one word of the index.
fn deck_word(deck: DeckId) -> String {
    format!("d{:032x}", deck.0.as_u128())
}

/// What the index is asked for: one of the decks, and all of the words, the last one as a beginning.
fn asked(search: &CardSearch) -> Option<String> {
    let words: Vec<String> = words_of(&search.text).iter().map(|word| format!("\"{word}\"")).collect();
    let decks: Vec<String> = search.decks.iter().map(|deck| deck_word(*deck)).collect();
    let some = !words.is_empty() && !decks.is_empty();
    some.then(|| format!("deck : ({}) AND words : ({} *)", decks.join(" OR "), words.join(" AND ")))
}

/// Cards by the index, best matches first.
pub(super) fn search(main: &Connection, search: &CardSearch) -> Result<Vec<CardRecord>, StoreError> {
    let Some(asked) = asked(search) else { return Ok(Vec::new()) };
    let limit = i64::try_from(search.limit).unwrap_or(i64::MAX);
    let skip = i64::try_from(search.skip).unwrap_or(i64::MAX);
    let find = || {
        let mut find = main.prepare_cached(
            "SELECT i.deck, i.card FROM card_words w JOIN indexed_cards i ON i.number = w.rowid
             WHERE card_words MATCH ?1 ORDER BY w.rank, w.rowid LIMIT ?2 OFFSET ?3",
        )?;
        let rows = find.query_map(params![asked, limit, skip], |row| Ok((id(row, 0)?, id(row, 1)?)))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    let mut found = Vec::new();
    for (deck, card) in find().during("look for words")? {
        found.extend(card_by_id(main, DeckId::from_bytes(deck), CardId::from_bytes(card))?);
    }
    Ok(found)
}

/// The same by looking at the cards themselves, deck by deck.
pub(super) fn look_through(main: &Connection, search: &CardSearch) -> Result<Vec<CardRecord>, StoreError> {
    let words = words_of(&search.text);
    let (mut found, mut skip) = (Vec::new(), search.skip);
    let Some(first) = words.first() else { return Ok(found) };
    for deck in &search.decks {
        let text = Some(first.clone());
        let all = CardQuery { from_position: 0, limit: usize::MAX, text, with_deleted: false };
        for card in cards(main, *deck, &all)?.into_iter().filter(|card| holds_words(card, &words)) {
            if skip > 0 {
                skip -= 1;
            } else if found.len() < search.limit {
                found.push(card);
            }
        }
        if found.len() >= search.limit {
            break;
        }
    }
    Ok(found)
}
