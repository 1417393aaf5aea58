//! Where the rows lie that came in large numbers: cards, and notes. In an index by id each of them would be a row of its own,
//! put wherever its id lies, and nearly every page of it would be written again by each transaction; here the ids that
//! came together lie sorted in a run, many in a row of the table, and each with the number that finds its row: a card's
//! position in its deck, a note's key.

mod filing;

use crate::error::{During, unreadable};
use domain::ids::DeckId;
use ports::StoreError;
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;

pub(crate) use filing::Filing;

/// What is filed: an id, as a number, which is compared faster than bytes.
pub(crate) type Id = u128;
/// An id, and the number that finds its row.
pub(crate) type Place = (Id, u32);

/// Bytes of an id, and of a number behind it.
const ID_BYTES: usize = 16;
const PLACE_BYTES: usize = ID_BYTES + size_of::<u32>();
/// Ids of one row: with them it fills a page of the database.
const PLACES_PER_ROW: usize = 200;

/// Runs of a deck, at most: an id is looked for in each. One more, and all become one.
const RUNS_MAX: usize = 8;
/// So many that come together are filed apart from the index by id.
const LEAST: usize = 256;
/// They are, too, only where they are no less than this part of those that are filed in the deck already: all of these are
/// read, and now and then written again.
const PART: usize = 128;

/// A table of what is filed, deck by deck.
#[derive(Debug)]
pub(crate) struct Filed {
    doing: &'static str,
    place: &'static str,
    next_run: &'static str,
    count: &'static str,
    all: &'static str,
    after: &'static str,
    put: &'static str,
    forget: &'static str,
    others: &'static str,
}

macro_rules! filed {
    ($table:literal of $rows:literal, else $index:literal, $doing:literal) => {
        Filed {
            doing: $doing,
            place: concat!(
                "SELECT places FROM ",
                $table,
                " WHERE deck = ?1 AND run = ?2 AND first <= ?3 ORDER BY first DESC LIMIT 1"
            ),
            next_run: concat!("SELECT min(run) FROM ", $table, " WHERE deck = ?1 AND run > ?2"),
            count: concat!("SELECT count(*) FROM ", $table, " WHERE deck = ?1"),
            all: concat!("SELECT places FROM ", $table, " WHERE deck = ?1 ORDER BY run, first"),
            // From the row on in which the id lies, if it is there.
            after: concat!(
                "SELECT places FROM ",
                $table,
                " WHERE deck = ?1 AND run = ?2 AND first >= ifnull((SELECT max(first) FROM ",
                $table,
                " WHERE deck = ?1 AND run = ?2 AND first <= ?3), x'') ORDER BY first"
            ),
            put: concat!("INSERT INTO ", $table, " VALUES (?1, ?2, ?3, ?4)"),
            forget: concat!("DELETE FROM ", $table, " WHERE deck = ?1"),
            others: concat!(
                "SELECT 1 FROM ",
                $rows,
                " INDEXED BY ",
                $index,
                " WHERE deck = ?1 AND filed = 0"
            ),
        }
    };
}

/// Cards, by their positions.
pub(crate) const CARDS: Filed =
    filed!("filed_cards" of "cards", else "cards_by_id", "look where cards are filed");
/// Notes, by the keys of their rows.
pub(crate) const NOTES: Filed =
    filed!("filed_notes" of "notes", else "notes_by_id", "look where notes are filed");

impl Filed {
    /// How many must come together to be filed.
    pub fn least(&self, main: &Connection, deck: DeckId) -> Result<usize, StoreError> {
        Ok(LEAST.max(self.count(main, deck)? / PART))
    }

    /// The number of what has this id, if it is filed.
    pub fn place_of(&self, main: &Connection, deck: DeckId, id: Id) -> Result<Option<u32>, StoreError> {
        for run in self.runs(main, deck)? {
            let row = main
                .prepare_cached(self.place)
                .and_then(|mut find| {
                    let key = (&deck.bytes()[..], run, &id.to_be_bytes()[..]);
                    find.query_row(key, |row| row.get::<_, Vec<u8>>(0)).optional()
                })
                .during(self.doing)?;
            let Some(row) = row else { continue };
            let places = divided(&row)?;
            let found = places.binary_search_by_key(&id, |bytes| place(bytes).0);
            if let Some((_, number)) = found.ok().and_then(|at| places.get(at)).map(place) {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// The runs of a deck: one key look-up each.
    fn runs(&self, main: &Connection, deck: DeckId) -> Result<Vec<i64>, StoreError> {
        let mut next = main.prepare_cached(self.next_run).during(self.doing)?;
        let (mut found, mut after) = (Vec::new(), -1);
        let mut behind = |after: i64| next.query_row((&deck.bytes()[..], after), |row| row.get(0));
        while let Some(run) = behind(after).during(self.doing)? {
            found.push(run);
            after = run;
        }
        Ok(found)
    }

    /// About how many of a deck are filed: never fewer than there are.
    fn count(&self, main: &Connection, deck: DeckId) -> Result<usize, StoreError> {
        let rows: u32 = main
            .prepare_cached(self.count)
            .and_then(|mut count| count.query_row([&deck.bytes()[..]], |row| row.get(0)))
            .during(self.doing)?;
        Ok(rows as usize * PLACES_PER_ROW)
    }

    /// All of a deck, by id, whatever their run.
    fn places(&self, main: &Connection, deck: DeckId) -> Result<Vec<Place>, StoreError> {
        let mut found = Vec::with_capacity(self.count(main, deck)?);
        let mut select = main.prepare_cached(self.all).during(self.doing)?;
        let mut rows = select.query([&deck.bytes()[..]]).during(self.doing)?;
        while let Some(row) = rows.next().during(self.doing)? {
            let bytes = row.get_ref(0).and_then(|bytes| Ok(bytes.as_blob()?)).during(self.doing)?;
            found.extend(divided(bytes)?.iter().map(place));
        }
        drop(rows);
        // Runs lie sorted one behind the other: this sort only merges them.
        found.sort();
        Ok(found)
    }

    /// Which of these ids, in their order, are in a run.
    fn look_for(
        &self,
        main: &Connection,
        deck: DeckId,
        run: i64,
        ids: &[Id],
        into: &mut HashMap<Id, u32>,
    ) -> Result<(), StoreError> {
        let Some(first) = ids.first() else { return Ok(()) };
        let mut select = main.prepare_cached(self.after).during(self.doing)?;
        let mut rows = select.query((&deck.bytes()[..], run, &first.to_be_bytes()[..])).during(self.doing)?;
        let mut ids = ids;
        while let Some(row) = rows.next().during(self.doing)? {
            let bytes = row.get_ref(0).and_then(|bytes| Ok(bytes.as_blob()?)).during(self.doing)?;
            let places = divided(bytes)?;
            let (Some((first, _)), Some((last, _))) = (places.first().map(place), places.last().map(place))
            else {
                continue;
            };
            // Those before this row are in none.
            ids = ids.get(ids.partition_point(|id| *id < first)..).unwrap_or_default();
            while let Some((id, others)) = ids.split_first()
                && *id <= last
            {
                let found = places.binary_search_by_key(id, |bytes| place(bytes).0).ok();
                if let Some((_, number)) = found.and_then(|at| places.get(at)).map(place) {
                    into.insert(*id, number);
                }
                ids = others;
            }
            if ids.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Of each run of a deck the first `limit` ids after this one, in no order; the first ones where there is none.
    pub fn after(
        &self,
        main: &Connection,
        deck: DeckId,
        id: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Place>, StoreError> {
        let mut found = Vec::new();
        let from = id.map_or(Vec::new(), |id| id.to_be_bytes().to_vec());
        for run in self.runs(main, deck)? {
            let enough = found.len().saturating_add(limit);
            let mut select = main.prepare_cached(self.after).during(self.doing)?;
            let mut rows = select.query((&deck.bytes()[..], run, &from[..])).during(self.doing)?;
            while found.len() < enough
                && let Some(row) = rows.next().during(self.doing)?
            {
                let bytes = row.get_ref(0).and_then(|bytes| Ok(bytes.as_blob()?)).during(self.doing)?;
                found.extend(divided(bytes)?.iter().map(place).filter(|(found, _)| Some(*found) > id));
            }
            found.truncate(enough);
        }
        Ok(found)
    }

    fn write(
        &self,
        main: &Connection,
        deck: DeckId,
        run: i64,
        mut places: Vec<Place>,
    ) -> Result<(), StoreError> {
        places.sort_unstable();
        let mut put = main.prepare_cached(self.put).during("file rows")?;
        let mut row = Vec::with_capacity(PLACES_PER_ROW * PLACE_BYTES);
        for places in places.chunks(PLACES_PER_ROW) {
            let Some((first, _)) = places.first() else { continue };
            row.clear();
            for (id, number) in places {
                row.extend_from_slice(&id.to_be_bytes());
                row.extend_from_slice(&number.to_be_bytes());
            }
            put.execute((&deck.bytes()[..], run, &first.to_be_bytes()[..], &row[..])).during("file rows")?;
        }
        Ok(())
    }

    /// Nothing is filed of a deck any more.
    pub fn forget(&self, main: &Connection, deck: DeckId) -> Result<(), StoreError> {
        main.prepare_cached(self.forget)
            .and_then(|mut delete| delete.execute([&deck.bytes()[..]]))
            .during("file rows")?;
        Ok(())
    }
}

fn divided(row: &[u8]) -> Result<&[[u8; PLACE_BYTES]], StoreError> {
    match row.as_chunks::<PLACE_BYTES>() {
        (places, []) => Ok(places),
        _ => Err(unreadable("look where rows are filed", "a part of a place")),
    }
}

fn place(bytes: &[u8; PLACE_BYTES]) -> Place {
    let id = bytes.first_chunk().copied().unwrap_or_default();
    let number = bytes.last_chunk().copied().unwrap_or_default();
    (u128::from_be_bytes(id), u32::from_be_bytes(number))
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

    /// Ids that have no order.
    fn scattered(from: u32, to: u32) -> Vec<Place> {
        let id = |n: u32| u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        (from..to).map(|n| (id(n), n)).collect()
    }

    fn file(of: &'static Filed, main: &Connection, places: Vec<Place>) {
        let mut filing = Filing::begin(of, main, DECK, places.iter().map(|(id, _)| *id)).unwrap();
        for (id, number) in places {
            assert_eq!(filing.find(id), None);
            filing.add(id, number);
        }
        filing.end(main).unwrap();
    }

    #[test]
    fn what_is_filed_in_parts_is_found_and_nothing_else() {
        let main = main();
        let each = PLACES_PER_ROW as u32;
        let ends = [1, each - 1, each, each + 1, 3 * each, 3 * each + 1, 4 * each, 5 * each, 11 * each + 5];
        for of in [&CARDS, &NOTES] {
            let mut from = 0;
            for to in ends {
                file(of, &main, scattered(from, to));
                let mut all = scattered(0, to);
                for (id, number) in &all {
                    assert_eq!(of.place_of(&main, DECK, *id).unwrap(), Some(*number), "{to}");
                    assert_eq!(of.place_of(&main, DeckId::from_u128(8), *id).unwrap(), None);
                }
                for (id, _) in scattered(to, to + 300) {
                    assert_eq!(of.place_of(&main, DECK, id).unwrap(), None, "{to}");
                }
                all.sort();
                assert_eq!(of.places(&main, DECK).unwrap(), all);
                assert!(of.count(&main, DECK).unwrap() >= all.len());
                from = to;
            }
            of.forget(&main, DECK).unwrap();
            assert_eq!((of.places(&main, DECK).unwrap(), of.count(&main, DECK).unwrap()), (Vec::new(), 0));
        }
    }

    #[test]
    fn what_comes_after_an_id_is_read_a_page_at_a_time() {
        let main = main();
        for (from, to) in [(0, 1), (1, 450), (450, 1_000)] {
            file(&NOTES, &main, scattered(from, to));
        }
        let mut all = scattered(0, 1_000);
        all.sort();
        for limit in [1, 7, 200, 201, 5_000] {
            let (mut read, mut after) = (Vec::new(), None);
            loop {
                let mut page = NOTES.after(&main, DECK, after, limit).unwrap();
                page.sort();
                page.truncate(limit);
                let Some((last, _)) = page.last() else { break };
                after = Some(*last);
                read.append(&mut page);
            }
            assert_eq!(read, all, "{limit}");
        }
        // An id that is not there is a place, too.
        let (behind, before) = (scattered(2_000, 2_001)[0].0, all.iter());
        let next = before.filter(|(id, _)| *id > behind).min().copied();
        let mut page = NOTES.after(&main, DECK, Some(behind), 3).unwrap();
        page.sort();
        assert_eq!(page.first().copied(), next);
    }

    #[test]
    fn what_was_filed_is_known_to_those_that_come_and_what_comes_twice_is_found() {
        let main = main();
        for (from, to) in [(0, 1_100), (1_100, 1_150), (1_150, 3_000)] {
            file(&CARDS, &main, scattered(from, to));
        }
        let all = scattered(0, 4_000);
        for step in [1, 3, 250] {
            let mut some: Vec<Place> = all.iter().step_by(step).copied().collect();
            some.reverse();
            let coming = some.iter().chain(some.first()).map(|(id, _)| *id);
            let mut filing = Filing::begin(&CARDS, &main, DECK, coming).unwrap();
            assert!(!filing.has_others);
            for (id, number) in &some {
                assert_eq!(filing.find(*id), (*number < 3_000).then_some(*number), "{step}");
            }
            let (twice, number) = some[0];
            filing.add(twice, number);
            assert_eq!(filing.find(twice), Some(number));
        }
    }

    #[test]
    fn a_row_that_was_cut_off_is_an_error() {
        let main = main();
        file(&CARDS, &main, scattered(0, 5));
        main.execute("UPDATE filed_cards SET places = substr(places, 1, 50)", []).unwrap();
        assert!(CARDS.places(&main, DECK).is_err());
        let (last, _) = scattered(0, 5).into_iter().max().unwrap();
        assert!(CARDS.place_of(&main, DECK, last).is_err());
        assert!(CARDS.after(&main, DECK, None, 9).is_err());
        assert!(Filing::begin(&CARDS, &main, DECK, [last].into_iter()).is_err());
    }
}
