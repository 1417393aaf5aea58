//! Where the cards lie that came in large numbers. In an index by id each of them would be a row of its own, put wherever its
//! id lies, and nearly every page of it would be written again by each transaction; here the ids that came together
//! lie sorted in a run, many in a row of the table, and each with its card's position.

use crate::error::{During, unreadable};
use domain::ids::{CardId, DeckId};
use ports::StoreError;
use rusqlite::{Connection, OptionalExtension};

/// A card's id and its position in the deck.
pub(super) type Place = (CardId, u32);

/// Bytes of an id, and of a position behind it.
const ID_BYTES: usize = 16;
const PLACE_BYTES: usize = ID_BYTES + size_of::<u32>();
/// Cards of one row: with them it fills a page of the database.
const PLACES_PER_ROW: usize = 200;

/// Runs of a deck, at most: a card is looked for in each. One more, and all become one.
const RUNS_MAX: usize = 8;

/// The position of a card, if it is one of these.
pub(super) fn place_of(main: &Connection, deck: DeckId, card: CardId) -> Result<Option<u32>, StoreError> {
    let sql = "SELECT places FROM filed_cards WHERE deck = ?1 AND run = ?2 AND first <= ?3
               ORDER BY first DESC LIMIT 1";
    for run in runs(main, deck)? {
        let row = main
            .prepare_cached(sql)
            .and_then(|mut find| {
                let key = (&deck.bytes()[..], run, &card.bytes()[..]);
                find.query_row(key, |row| row.get::<_, Vec<u8>>(0)).optional()
            })
            .during("find a card")?;
        let Some(row) = row else { continue };
        let places = divided(&row)?;
        let found = places.binary_search_by(|place| place.split_at(ID_BYTES).0.cmp(card.bytes()));
        if let Some((_, position)) = found.ok().and_then(|at| places.get(at)).map(place) {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

/// The runs of a deck: one key look-up each.
fn runs(main: &Connection, deck: DeckId) -> Result<Vec<i64>, StoreError> {
    const DOING: &str = "look where cards are filed";
    let sql = "SELECT min(run) FROM filed_cards WHERE deck = ?1 AND run > ?2";
    let mut next = main.prepare_cached(sql).during(DOING)?;
    let (mut found, mut after) = (Vec::new(), -1);
    let mut behind = |after: i64| next.query_row((&deck.bytes()[..], after), |row| row.get(0));
    while let Some(run) = behind(after).during(DOING)? {
        found.push(run);
        after = run;
    }
    Ok(found)
}

/// About how many cards of a deck are filed: never fewer than there are.
pub(super) fn count(main: &Connection, deck: DeckId) -> Result<usize, StoreError> {
    let rows: u32 = main
        .prepare_cached("SELECT count(*) FROM filed_cards WHERE deck = ?1")
        .and_then(|mut count| count.query_row([&deck.bytes()[..]], |row| row.get(0)))
        .during("count the cards that are filed")?;
    Ok(rows as usize * PLACES_PER_ROW)
}

/// All of a deck, by id, whatever their run.
pub(super) fn places(main: &Connection, deck: DeckId) -> Result<Vec<Place>, StoreError> {
    const DOING: &str = "read where cards are filed";
    let mut found = Vec::with_capacity(count(main, deck)?);
    let mut select = main
        .prepare_cached("SELECT places FROM filed_cards WHERE deck = ?1 ORDER BY run, first")
        .during(DOING)?;
    let mut rows = select.query([&deck.bytes()[..]]).during(DOING)?;
    while let Some(row) = rows.next().during(DOING)? {
        let bytes = row.get_ref(0).and_then(|bytes| Ok(bytes.as_blob()?)).during(DOING)?;
        found.extend(divided(bytes)?.iter().map(place));
    }
    drop(rows);
    found.sort();
    Ok(found)
}

/// Files cards that are new in the deck, in a run of their own; `known` is all of [`places`].
pub(super) fn file(
    main: &Connection,
    deck: DeckId,
    mut known: Vec<Place>,
    new: impl IntoIterator<Item = Place>,
) -> Result<(), StoreError> {
    let runs = runs(main, deck)?;
    if runs.len() < RUNS_MAX {
        let run = runs.last().map_or(0, |last| last + 1);
        return write(main, deck, run, new.into_iter().collect()).during("file cards");
    }
    known.extend(new);
    forget(main, deck)?;
    write(main, deck, 0, known).during("file cards")
}

fn write(main: &Connection, deck: DeckId, run: i64, mut places: Vec<Place>) -> rusqlite::Result<()> {
    places.sort();
    let mut put = main.prepare_cached("INSERT INTO filed_cards VALUES (?1, ?2, ?3, ?4)")?;
    let mut row = Vec::with_capacity(PLACES_PER_ROW * PLACE_BYTES);
    for places in places.chunks(PLACES_PER_ROW) {
        let Some((first, _)) = places.first() else { continue };
        row.clear();
        for (card, position) in places {
            row.extend_from_slice(card.bytes());
            row.extend_from_slice(&position.to_be_bytes());
        }
        put.execute((&deck.bytes()[..], run, &first.bytes()[..], &row[..]))?;
    }
    Ok(())
}

/// Nothing is filed of a deck any more.
pub(super) fn forget(main: &Connection, deck: DeckId) -> Result<(), StoreError> {
    main.prepare_cached("DELETE FROM filed_cards WHERE deck = ?1")
        .and_then(|mut delete| delete.execute([&deck.bytes()[..]]))
        .during("file cards")?;
    Ok(())
}

fn divided(row: &[u8]) -> Result<&[[u8; PLACE_BYTES]], StoreError> {
    match row.as_chunks::<PLACE_BYTES>() {
        (places, []) => Ok(places),
        _ => Err(unreadable("read where cards are filed", "a part of a place")),
    }
}

fn place(bytes: &[u8; PLACE_BYTES]) -> Place {
    let id = bytes.first_chunk().copied().unwrap_or_default();
    let position = bytes.last_chunk().copied().unwrap_or_default();
    (CardId::from_bytes(id), u32::from_be_bytes(position))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{MAIN, migrate};
    use std::path::Path;

    const DECK: DeckId = DeckId::from_u128(7);

    fn main() -> Connection {
        let mut main = Connection::open_in_memory().unwrap();
        migrate(&mut main, Path::new("main.db"), MAIN).unwrap();
        main
    }

    /// Cards whose ids have no order.
    fn scattered(from: u32, to: u32) -> Vec<Place> {
        let id =
            |n: u32| CardId::from_u128(u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        (from..to).map(|n| (id(n), n)).collect()
    }

    #[test]
    fn what_is_filed_in_parts_is_found_and_nothing_else() {
        let main = main();
        let each = PLACES_PER_ROW as u32;
        let ends = [1, each - 1, each, each + 1, 3 * each, 11 * each + 5];
        let mut from = 0;
        for to in ends {
            let known = places(&main, DECK).unwrap();
            file(&main, DECK, known, scattered(from, to)).unwrap();
            let mut all = scattered(0, to);
            for (card, position) in &all {
                assert_eq!(place_of(&main, DECK, *card).unwrap(), Some(*position), "{to}");
                assert_eq!(place_of(&main, DeckId::from_u128(8), *card).unwrap(), None);
            }
            for (card, _) in scattered(to, to + 300) {
                assert_eq!(place_of(&main, DECK, card).unwrap(), None, "{to}");
            }
            all.sort();
            assert_eq!(places(&main, DECK).unwrap(), all);
            assert!(count(&main, DECK).unwrap() >= all.len());
            from = to;
        }
        forget(&main, DECK).unwrap();
        assert_eq!((places(&main, DECK).unwrap(), count(&main, DECK).unwrap()), (Vec::new(), 0));
    }

    #[test]
    fn a_row_that_was_cut_off_is_an_error() {
        let main = main();
        file(&main, DECK, Vec::new(), scattered(0, 5)).unwrap();
        main.execute("UPDATE filed_cards SET places = substr(places, 1, 50)", []).unwrap();
        assert!(places(&main, DECK).is_err());
        let (last, _) = scattered(0, 5).into_iter().max().unwrap();
        assert!(place_of(&main, DECK, last).is_err());
    }
}
