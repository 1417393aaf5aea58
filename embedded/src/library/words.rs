//! An index of the words on cards (SQLite's FTS5), made behind the cards: an import writes no word of it. It is brought up to
//! date when nobody writes (`upkeep`); a search that comes before has the decks indexed that changed since, some cards at a
//! time, so that nobody waits long for the desk.

use super::cards::{card_at, card_by_id, cards};
use super::decks::deck_by_id;
use crate::error::During;
use crate::rows::id;
use domain::ids::{CardId, DeckId};
use ports::library::{CardSearch, holds_words, words_of};
use ports::{CardQuery, CardRecord, StoreError};
use rusqlite::{Connection, OptionalExtension, params};
use std::cmp::Reverse;

/// Cards that are indexed in one turn of the desk, while a search waits.
pub(super) const CARDS_A_TURN: usize = 2_000;
/// Turns of the desk for one search; with more to do, the search looks at the cards themselves.
pub(super) const TURNS_MAX: usize = 25;
/// So many of the cards that are found are compared with each other, the first by the index; what is found behind them comes
/// as it lies there. Which of ten thousand fits best would take reading them all, and whoever finds so many asks for more words.
const RANKED_MAX: usize = 64;

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

/// The first deck behind this one whose index is not of its newest revision.
pub(crate) fn deck_behind(main: &Connection, after: Option<DeckId>) -> Result<Option<DeckId>, StoreError> {
    let after = after.map(|deck| deck.bytes().to_vec()).unwrap_or_default();
    let find =
        |mut find: rusqlite::CachedStatement| find.query_row([&after[..]], |row| id(row, 0)).optional();
    let found = main
        .prepare_cached(
            "SELECT d.id FROM decks d LEFT JOIN indexed_decks i ON i.deck = d.id
             WHERE d.id > ?1 AND d.revision IS NOT i.revision ORDER BY d.id LIMIT 1",
        )
        .and_then(find)
        .during("look for words")?;
    Ok(found.map(DeckId::from_bytes))
}

/// A deck on its way into the index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Indexing {
    pub(crate) deck: DeckId,
    /// The revision that it had in the beginning: what changes behind the way is of a later one.
    revision: Option<u64>,
    from_position: u32,
}

impl Indexing {
    pub(crate) fn new(deck: DeckId) -> Self {
        Self { deck, revision: None, from_position: 0 }
    }

    /// Indexes the next cards that changed, so many at most; how many, and where it stands then if that is not the end.
    pub(crate) fn next(
        mut self,
        main: &Connection,
        cards_max: usize,
    ) -> Result<(usize, Option<Indexing>), StoreError> {
        let Some(record) = deck_by_id(main, self.deck)? else { return Ok((0, None)) };
        let revision = *self.revision.get_or_insert(record.revision);
        let changed = self.changed(main, cards_max).during("look for changed cards")?;
        for position in &changed {
            if let Some(card) = card_at(main, self.deck, *position)? {
                index_card(main, &card).during("index a card")?;
            }
        }
        if let Some(last) = changed.last().filter(|_| changed.len() == cards_max) {
            self.from_position = last + 1;
            return Ok((changed.len(), Some(self)));
        }
        main.prepare_cached("INSERT OR REPLACE INTO indexed_decks VALUES (?1, ?2)")
            .and_then(|mut put| put.execute((&self.deck.bytes()[..], revision as i64)))
            .during("note an indexed deck")?;
        Ok((changed.len(), None))
    }

    fn changed(&self, main: &Connection, cards_max: usize) -> rusqlite::Result<Vec<u32>> {
        let mut find = main.prepare_cached(
            "SELECT c.position FROM cards c LEFT JOIN indexed_cards i ON i.deck = c.deck AND i.card = c.id
             WHERE c.deck = ?1 AND c.position >= ?2 AND c.revision IS NOT i.revision ORDER BY c.position LIMIT ?3",
        )?;
        let asked = params![&self.deck.bytes()[..], self.from_position, cards_max as i64];
        find.query_map(asked, |row| row.get(0))?.collect()
    }
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
    let end = search.skip.saturating_add(search.limit);
    let mut found = Vec::new();
    if search.skip < RANKED_MAX {
        found = held(main, &asked, (0, RANKED_MAX))?;
        let words = words_of(&search.text);
        found.sort_by_cached_key(|card| fit(card, &words));
        found.truncate(end);
        found.drain(..search.skip.min(found.len()));
    }
    if end > RANKED_MAX {
        let skip = search.skip.max(RANKED_MAX);
        found.extend(held(main, &asked, (skip, end - skip))?);
    }
    Ok(found)
}

/// Cards as they lie in the index, so many behind so many.
fn held(
    main: &Connection,
    asked: &str,
    (skip, limit): (usize, usize),
) -> Result<Vec<CardRecord>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let skip = i64::try_from(skip).unwrap_or(i64::MAX);
    let find = || {
        let mut find = main.prepare_cached(
            "SELECT i.deck, i.card FROM card_words w JOIN indexed_cards i ON i.number = w.rowid
             WHERE card_words MATCH ?1 ORDER BY w.rowid LIMIT ?2 OFFSET ?3",
        )?;
        let rows = find.query_map(params![asked, limit, skip], |row| Ok((id(row, 0)?, id(row, 1)?)))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    let mut cards = Vec::new();
    for (deck, card) in find().during("look for words")? {
        cards.extend(card_by_id(main, DeckId::from_bytes(deck), CardId::from_bytes(card))?);
    }
    Ok(cards)
}

/// How well a card fits these words, the least best: how many of them are whole words of its front, then of front and back;
/// then how little else there is.
fn fit(card: &CardRecord, words: &[String]) -> (Reverse<usize>, Reverse<usize>, usize) {
    let (front, back) = (words_of(&card.front), words_of(&card.back));
    let in_front = words.iter().filter(|word| front.contains(word)).count();
    let in_both = words.iter().filter(|word| front.contains(word) || back.contains(word)).count();
    (Reverse(in_front), Reverse(in_both), card.front.len() + card.back.len())
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
