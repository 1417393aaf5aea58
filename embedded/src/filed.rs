//! Where the rows lie that came in large numbers: cards, and notes. In an index by id each of them would be a row of its own,
//! put wherever its id lies, and nearly every page of it would be written again by each transaction; here the ids that
//! came together lie sorted in a run, many in a row of the table, and each with the number that finds its row: a card's
//! position in its deck, a note's key.

mod filing;
mod recent;
mod run;

use crate::error::{During, unreadable};
use domain::ids::DeckId;
use ports::StoreError;
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;

pub(crate) use filing::Filing;
pub(crate) use recent::Recent;

/// What is filed: an id, as a number, which is compared faster than bytes.
pub(crate) type Id = u128;
/// An id, and the number that finds its row.
pub(crate) type Place = (Id, u32);

/// Bytes of an id, and of a number behind it.
const ID_BYTES: usize = 16;
const PLACE_BYTES: usize = ID_BYTES + size_of::<u32>();
/// Ids of one row: with them it fills a page of the database.
const PLACES_PER_ROW: usize = 200;

/// Runs of a deck, at most: an id is looked for in each. Before there is one more, some become one.
const RUNS_MAX: usize = 8;
/// So many that come together are filed apart from the index by id.
const LEAST: usize = 256;
/// They are, too, only where they are no less than this part of those that are filed in the deck already: all of these are
/// read, and now and then written again.
const PART: usize = 128;

/// A table of what is filed, deck by deck.
#[derive(Debug)]
pub(crate) struct Filed {
    /// Which of the tables it is.
    nth: usize,
    doing: &'static str,
    place: &'static str,
    next_run: &'static str,
    count: &'static str,
    of_run: &'static str,
    after: &'static str,
    put: &'static str,
    forget: &'static str,
    forget_run: &'static str,
    others: &'static str,
}

macro_rules! filed {
    ($nth:literal: $table:literal of $rows:literal, else $index:literal, $doing:literal) => {
        Filed {
            nth: $nth,
            doing: $doing,
            place: concat!(
                "SELECT places FROM ",
                $table,
                " WHERE deck = ?1 AND run = ?2 AND first <= ?3 ORDER BY first DESC LIMIT 1"
            ),
            next_run: concat!("SELECT min(run) FROM ", $table, " WHERE deck = ?1 AND run > ?2"),
            count: concat!("SELECT count(*) FROM ", $table, " WHERE deck = ?1"),
            of_run: concat!("SELECT places FROM ", $table, " WHERE deck = ?1 AND run = ?2 ORDER BY first"),
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
            forget_run: concat!("DELETE FROM ", $table, " WHERE deck = ?1 AND run = ?2"),
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
    filed!(0: "filed_cards" of "cards", else "cards_by_id", "look where cards are filed");
/// Notes, by the keys of their rows.
pub(crate) const NOTES: Filed =
    filed!(1: "filed_notes" of "notes", else "notes_by_id", "look where notes are filed");

impl Filed {
    /// How many must come together to be filed.
    pub fn least(&self, main: &Connection, deck: DeckId, recent: &Recent) -> Result<usize, StoreError> {
        let filed = match recent.count(self, deck) {
            Some(filed) => filed,
            None => self.count(main, deck)?,
        };
        Ok(LEAST.max(filed / PART))
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

    /// The numbers of those of these ids, which are in their order, that are filed. Many are looked for in one walk through each
    /// run.
    pub fn places_of(
        &self,
        main: &Connection,
        deck: DeckId,
        ids: &[Id],
    ) -> Result<HashMap<Id, u32>, StoreError> {
        let mut found = HashMap::new();
        let runs = self.runs(main, deck)?;
        if ids.len().saturating_mul(runs.len()) > self.count(main, deck)? / PLACES_PER_ROW {
            runs.into_iter().try_for_each(|run| self.look_for(main, deck, run, ids, &mut found))?;
            return Ok(found);
        }
        for id in ids {
            found.extend(self.place_of(main, deck, *id)?.map(|number| (*id, number)));
        }
        Ok(found)
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
mod tests;
