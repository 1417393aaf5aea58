//! On the way into a deck: which of those that come are filed already, and the others into a run of their own.

use super::recent::Remembered;
use super::run::join;
use super::{Filed, Id, Place, RUNS_MAX, Recent};
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
    /// Where all that is filed of the deck is remembered.
    remembered: Option<Remembered>,
    /// Whether the deck has something in the index by id: what is not found here may be there.
    pub has_others: bool,
}

impl Filing {
    /// Looks which of these ids are filed in the deck: what is filed is read once, in its order, unless it is remembered.
    pub fn begin(
        of: &'static Filed,
        main: &Connection,
        deck: DeckId,
        ids: impl Iterator<Item = Id>,
        recent: &Recent,
    ) -> Result<Filing, StoreError> {
        let has_others = main
            .prepare_cached(of.others)
            .and_then(|mut find| find.exists([&deck.bytes()[..]]))
            .during(of.doing)?;
        let mut ids: Vec<Id> = ids.collect();
        ids.sort_unstable();
        let pairs = ids.iter().zip(ids.iter().skip(1));
        let repeated = pairs.filter(|(id, next)| id == next).map(|(id, _)| (*id, None)).collect();
        let (count, runs) = (ids.len(), of.runs(main, deck)?);
        let remembered = recent.take(of, deck).or_else(|| runs.is_empty().then(Remembered::default));
        // Where something else has written, its runs are others.
        let remembered = remembered.filter(|all| all.runs.iter().map(|(run, _)| run).eq(&runs));
        if let Some(all) = &remembered {
            ids.retain(|id| all.may_have(*id));
        }
        let mut known = HashMap::new();
        for run in runs {
            of.look_for(main, deck, run, &ids, &mut known)?;
        }
        Ok(Filing { of, deck, known, repeated, new: Vec::with_capacity(count), remembered, has_others })
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
    pub fn end(self, main: &Connection, recent: &Recent) -> Result<(), StoreError> {
        let Filing { of, deck, new, mut remembered, .. } = self;
        if !new.is_empty() {
            if let Some(all) = &mut remembered {
                all.add(new.iter().map(|(id, _)| *id));
            }
            let runs = match &remembered {
                Some(all) => all.runs.clone(),
                None => of.runs(main, deck)?.into_iter().map(|run| (run, usize::MAX)).collect(),
            };
            let runs = write(of, main, deck, runs, new)?;
            if let Some(all) = &mut remembered {
                all.runs = runs;
            }
        }
        if let Some(all) = remembered {
            recent.keep(of, deck, all);
        }
        Ok(())
    }
}

/// Writes what is new behind these runs, or with the last of them in one; returns which there are then.
fn write(
    of: &Filed,
    main: &Connection,
    deck: DeckId,
    mut runs: Vec<(i64, usize)>,
    new: Vec<Place>,
) -> Result<Vec<(i64, usize)>, StoreError> {
    let run = runs.last().map_or(0, |(last, _)| last + 1);
    let joined = runs.split_off(runs.len() - joined(&runs, new.len()));
    let joined: Vec<i64> = joined.into_iter().map(|(run, _)| run).collect();
    let count = join(of, main, deck, &joined, new, run)?;
    for old in joined {
        main.prepare_cached(of.forget_run)
            .and_then(|mut delete| delete.execute((&deck.bytes()[..], old)))
            .during("file rows")?;
    }
    runs.push((run, count));
    Ok(runs)
}

/// How many of the last runs become one with what is new. None as long as there may be more of them; then those that are no
/// longer than all that is behind them, so that a deck which is filled in many parts is not written again with each. Where it is not
/// known how long they are, all.
fn joined(runs: &[(i64, usize)], new: usize) -> usize {
    if runs.len() < RUNS_MAX {
        return 0;
    }
    let (mut count, mut behind) = (0, new);
    for (_, len) in runs.iter().rev() {
        if count > 0 && *len > behind && *len != usize::MAX {
            break;
        }
        count += 1;
        behind = behind.saturating_add(*len);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deck_that_comes_in_parts_is_not_written_again_with_each() {
        for parts in [8, 9, 40, 60, 200] {
            let (mut runs, mut written): (Vec<(i64, usize)>, usize) = (Vec::new(), 0);
            for _ in 0..parts {
                let kept = runs.len() - joined(&runs, 1);
                let len = 1 + runs.split_off(kept).iter().map(|(_, len)| len).sum::<usize>();
                written += len;
                runs.push((0, len));
                assert!(runs.len() <= RUNS_MAX);
            }
            assert_eq!(runs.iter().map(|(_, len)| len).sum::<usize>(), parts);
            assert!(written <= parts * 6, "{parts} parts were written {written} times");
        }
    }

    #[test]
    fn runs_of_which_nobody_knows_how_long_they_are_become_one() {
        assert_eq!(joined(&[(0, usize::MAX); RUNS_MAX], 300), RUNS_MAX);
        assert_eq!(joined(&[(0, usize::MAX); RUNS_MAX - 1], 300), 0);
    }
}
