//! On the way into a deck: which of those that come are filed already, and the others into a run of their own.

use super::{Filed, Id, Place, RUNS_MAX};
use crate::error::During;
use domain::ids::DeckId;
use ports::StoreError;
use rusqlite::Connection;
use std::collections::HashMap;

/// Some that come to a deck together, and what of them is filed already.
#[derive(Debug)]
pub(crate) struct Filing {
    of: &'static Filed,
    deck: DeckId,
    known: HashMap<Id, u32>,
    /// Those that come more than once, and their numbers as soon as they have one.
    repeated: HashMap<Id, Option<u32>>,
    new: Vec<Place>,
    /// Whether the deck has something in the index by id: what is not found here may be there.
    pub has_others: bool,
}

impl Filing {
    /// Looks which of these ids are filed in the deck: what is filed is read once, in its order.
    pub fn begin(
        of: &'static Filed,
        main: &Connection,
        deck: DeckId,
        ids: impl Iterator<Item = Id>,
    ) -> Result<Filing, StoreError> {
        let has_others = main
            .prepare_cached(of.others)
            .and_then(|mut find| find.exists([&deck.bytes()[..]]))
            .during(of.doing)?;
        let mut ids: Vec<Id> = ids.collect();
        ids.sort_unstable();
        let pairs = ids.iter().zip(ids.iter().skip(1));
        let repeated = pairs.filter(|(id, next)| id == next).map(|(id, _)| (*id, None)).collect();
        let mut known = HashMap::new();
        for run in of.runs(main, deck)? {
            of.look_for(main, deck, run, &ids, &mut known)?;
        }
        Ok(Filing { of, deck, known, repeated, new: Vec::with_capacity(ids.len()), has_others })
    }

    /// The number of what has this id, if it was filed or came meanwhile.
    pub fn find(&self, id: Id) -> Option<u32> {
        let known = if self.known.is_empty() { None } else { self.known.get(&id).copied() };
        match known {
            None if !self.repeated.is_empty() => self.repeated.get(&id).copied().flatten(),
            known => known,
        }
    }

    /// Adds what was not found.
    pub fn add(&mut self, id: Id, number: u32) {
        self.new.push((id, number));
        if let Some(repeated) = self.repeated.get_mut(&id) {
            *repeated = Some(number);
        }
    }

    /// All have come: those that are new are filed, in a run of their own.
    pub fn end(self, main: &Connection) -> Result<(), StoreError> {
        let Filing { of, deck, new, .. } = self;
        if new.is_empty() {
            return Ok(());
        }
        let runs = of.runs(main, deck)?;
        if runs.len() < RUNS_MAX {
            let run = runs.last().map_or(0, |last| last + 1);
            return of.write(main, deck, run, new);
        }
        let mut all = of.places(main, deck)?;
        all.extend(new);
        of.forget(main, deck)?;
        of.write(main, deck, 0, all)
    }
}
