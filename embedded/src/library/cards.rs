//! Cards in `main.db`: positions are given in the order of adding and never again.

use super::decks::{deck_by_id, set_cards};
use super::put::Put;
use crate::error::{During, unreadable};
use crate::filed::{CARDS, Recent};
use crate::rows::{id, maybe_id};
use domain::ids::{CardId, DeckId, NoteId};
use ports::codec::{accept_of, accept_text, tags_of, tags_text};
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
    if let Some(found) = card_by_index(main, deck, card)? {
        return Ok(Some(found));
    }
    match CARDS.place_of(main, deck, card.0.as_u128())? {
        Some(position) => card_at(main, deck, position),
        None => Ok(None),
    }
}

/// A card that is not filed apart.
pub(super) fn card_by_index(
    main: &Connection,
    deck: DeckId,
    card: CardId,
) -> Result<Option<CardRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM cards WHERE deck = ?1 AND id = ?2 AND filed = 0");
    one(main, &sql, (&deck.bytes()[..], &card.bytes()[..]))
}

/// The card at a position, deleted ones too.
pub(super) fn card_at(
    main: &Connection,
    deck: DeckId,
    position: u32,
) -> Result<Option<CardRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM cards WHERE deck = ?1 AND position = ?2");
    one(main, &sql, (&deck.bytes()[..], position))
}

fn one(
    main: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Option<CardRecord>, StoreError> {
    let mut found = None;
    select(main, sql, params, |card| {
        found = Some(card);
        false
    })?;
    Ok(found)
}

/// A page of cards in the order of adding.
pub(super) fn cards(
    main: &Connection,
    deck: DeckId,
    query: &CardQuery,
) -> Result<Vec<CardRecord>, StoreError> {
    let mut page = Vec::new();
    if query.limit == 0 {
        return Ok(page);
    }
    let mut take = |card: CardRecord| {
        if query.with_deleted || card.deleted_ms.is_none() {
            page.push(card);
        }
        page.len() < query.limit
    };
    let from = (&deck.bytes()[..], query.from_position);
    match query.text.as_deref().map(str::to_lowercase) {
        Some(text) => holding(main, from, &text, take)?,
        None => {
            let sql =
                format!("SELECT {COLUMNS} FROM cards WHERE deck = ?1 AND position >= ?2 ORDER BY position");
            select(main, &sql, from, &mut take)?;
        }
    }
    Ok(page)
}

/// Reads the cards that hold a text, which is in lower case, as long as `each` wants more. Most cards are looked at for
/// nothing: of those no more is read than what is searched.
fn holding(
    main: &Connection,
    from: (&[u8], u32),
    text: &str,
    mut each: impl FnMut(CardRecord) -> bool,
) -> Result<(), StoreError> {
    let sql =
        "SELECT front, back, tags, rowid FROM cards WHERE deck = ?1 AND position >= ?2 ORDER BY position";
    let whole = format!("SELECT {COLUMNS} FROM cards WHERE rowid = ?1");
    let mut statement = main.prepare_cached(sql).during("read cards")?;
    let mut rows = statement.query(from).during("read cards")?;
    while let Some(row) = rows.next().during("read cards")? {
        if !may_hold(row, text).during("read a card")? {
            continue;
        }
        let place: i64 = row.get(3).during("read a card")?;
        let card = one(main, &whole, [place])?.filter(|card| contains(card, text));
        if card.is_some_and(|card| !each(card)) {
            break;
        }
    }
    Ok(())
}

/// All cards of a deck in the order of adding, deleted ones too, so many at a time.
pub(super) fn all(
    main: &Connection,
    deck: DeckId,
    at_once: usize,
    mut take: impl FnMut(Vec<CardRecord>),
) -> Result<(), StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM cards WHERE deck = ?1 ORDER BY position");
    let mut part = Vec::with_capacity(at_once);
    select(main, &sql, [&deck.bytes()[..]], |card| {
        part.push(card);
        if part.len() >= at_once {
            take(std::mem::replace(&mut part, Vec::with_capacity(at_once)));
        }
        true
    })?;
    take(part);
    Ok(())
}

/// Whether the card holds this text, which is in lower case. SQLite's own comparison knows the case of ASCII only.
fn contains(card: &CardRecord, text: &str) -> bool {
    let fields = [&card.front, &card.back];
    fields.into_iter().chain(&card.tags).any(|field| holds(field, text))
}

/// Whether a card of these texts may hold this one, which is in lower case: tags are only looked at where there are some.
fn may_hold(row: &Row, text: &str) -> rusqlite::Result<bool> {
    let field = |column| -> rusqlite::Result<bool> {
        let field = row.get_ref(column)?;
        let bytes = field.as_bytes()?;
        if bytes.is_ascii() { Ok(holds_ascii(bytes, text)) } else { Ok(holds(field.as_str()?, text)) }
    };
    Ok(field(0)? || field(1)? || row.get_ref(2)?.as_bytes()? != b"[]")
}

/// Whether a field holds a text, which is in lower case, whatever the field's case.
fn holds(field: &str, text: &str) -> bool {
    if field.is_ascii() { holds_ascii(field.as_bytes(), text) } else { field.to_lowercase().contains(text) }
}

fn holds_ascii(field: &[u8], text: &str) -> bool {
    let Some((first, rest)) = text.as_bytes().split_first() else { return true };
    field.windows(text.len()).any(|at| {
        at.split_first()
            .is_some_and(|(head, tail)| head.eq_ignore_ascii_case(first) && tail.eq_ignore_ascii_case(rest))
    })
}

/// Stores cards of one deck in one revision and shows each as it was stored. When nothing differs from what is stored,
/// nothing changes.
pub(super) fn put_cards(
    main: &Connection,
    deck: DeckId,
    mut cards: impl Iterator<Item = CardRecord>,
    if_revision: Option<u64>,
    (now_ms, recent): (i64, &Recent),
    mut each: impl FnMut(CardRecord),
) -> Result<u64, LibraryError> {
    let stored_deck = deck_by_id(main, deck)?.ok_or(LibraryError::NoSuchDeck)?;
    if if_revision.is_some_and(|based_on| based_on != stored_deck.revision) {
        return Err(LibraryError::Changed);
    }
    let first = Put::first_of(main, deck, &mut cards, recent)?;
    let mut put = Put::begin(main, &stored_deck, now_ms, recent)?;
    let mut changed = false;
    put.cards(first, cards, |card, differs| {
        changed |= differs;
        each(card);
    })?;
    let alive = put.alive();
    if !changed {
        return Ok(stored_deck.revision);
    }
    let revision = stored_deck.revision + 1;
    set_cards(main, deck, revision, u32::try_from(alive).unwrap_or(0), now_ms)?;
    Ok(revision)
}

/// Writes all cards of a deck as they are, in place of those that are there.
pub(crate) fn fill(main: &Connection, deck: DeckId, cards: &[CardRecord]) -> Result<(), StoreError> {
    CARDS.forget(main, deck)?;
    main.prepare_cached("DELETE FROM cards WHERE deck = ?1")
        .and_then(|mut delete| delete.execute([&deck.bytes()[..]]))
        .during("replace a deck's cards")?;
    cards.iter().try_for_each(|card| write(main, card))
}

/// Writes a card as it is into the index by id; of one that is known there place and beginning stay.
fn write(main: &Connection, card: &CardRecord) -> Result<(), StoreError> {
    const CHANGED: &str = "UPDATE SET
        note = excluded.note, front = excluded.front, back = excluded.back, hint = excluded.hint,
        explanation = excluded.explanation, tags = excluded.tags, source_key = excluded.source_key,
        revision = excluded.revision, updated_ms = excluded.updated_ms, deleted_ms = excluded.deleted_ms,
        accept = excluded.accept";
    main.prepare_cached(&insert_sql(CHANGED))
        .and_then(|mut statement| insert(&mut statement, card, false))
        .during("store a card")?;
    Ok(())
}

/// Writes what may change of a card that is stored; it is found by its position.
pub(super) fn change(main: &Connection, card: &CardRecord) -> Result<(), StoreError> {
    let sql = "UPDATE cards SET note = ?3, front = ?4, back = ?5, hint = ?6, explanation = ?7, tags = ?8,
                   source_key = ?9, revision = ?10, updated_ms = ?11, deleted_ms = ?12, accept = ?13
               WHERE deck = ?1 AND position = ?2";
    let change = |mut statement: CachedStatement| {
        statement.execute(rusqlite::params![
            &card.deck.bytes()[..],
            card.position,
            card.note.as_ref().map(|note| &note.bytes()[..]),
            card.front,
            card.back,
            card.hint,
            card.explanation,
            tags_text(&card.tags),
            card.source_key,
            card.revision,
            card.updated_ms,
            card.deleted_ms,
            accept_text(&card.accept),
        ])
    };
    main.prepare_cached(sql).and_then(change).during("store a card")?;
    Ok(())
}

/// The statement that inserts a card, and what it does with one that the index by id has already.
pub(super) fn insert_sql(known: &str) -> String {
    format!(
        "INSERT INTO cards VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT (deck, id) WHERE filed = 0 DO {known}"
    )
}

/// Inserts a card, which the index by id leaves out where it is filed; returns how many rows have changed.
pub(super) fn insert(
    statement: &mut Statement,
    card: &CardRecord,
    is_filed: bool,
) -> rusqlite::Result<usize> {
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
        is_filed,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_holds_a_text_in_any_case_of_any_script() {
        let fields = [
            "",
            "a",
            "Hello World",
            "STRASSE",
            "Straße",
            "ÄÖÜ äöü",
            "\u{130}stanbul",
            "\u{212a}elvin",
            "日本語",
            "aab",
        ];
        for field in fields {
            for text in ["", "a", "o w", "ss", "ß", "äö", "i", "istanbul", "kelvin", "本", "ab", "aabb", "zz"]
            {
                assert_eq!(holds(field, text), field.to_lowercase().contains(text), "{field} {text}");
            }
        }
    }
}
