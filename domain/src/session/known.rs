//! Which ids are stored: the newest ones by memory, so that the hot path reads nothing.

use crate::ids::EntryId;
use crate::limits::KNOWN_IDS;

/// Ids that are made room for at once when one more comes.
const ROOM: usize = 8;

/// What memory knows of an id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Knowledge {
    /// It is stored with this content digest.
    Stored(u64),
    /// It is not stored.
    Unknown,
    /// Too old for memory: the store must be asked.
    Ask,
}

/// The newest durable ids. All stored ids at or above `floor` are in it.
#[derive(Debug)]
pub(super) struct Known {
    /// Ascending by id.
    ids: Vec<(EntryId, u64)>,
    floor: EntryId,
}

impl Known {
    pub(super) fn new(mut newest: Vec<(EntryId, u64)>, more: bool) -> Known {
        newest.sort_unstable();
        newest.dedup_by_key(|known| known.0);
        let floor = match newest.first() {
            Some(oldest) if more => oldest.0,
            Some(_) | None => EntryId::MIN,
        };
        let mut known = Known { ids: newest, floor };
        known.trim();
        known
    }

    pub(super) fn of(&self, id: EntryId) -> Knowledge {
        if id < self.floor {
            return Knowledge::Ask;
        }
        match self.ids.binary_search_by_key(&id, |known| known.0) {
            Ok(at) => self.ids.get(at).map_or(Knowledge::Unknown, |known| Knowledge::Stored(known.1)),
            Err(_) => Knowledge::Unknown,
        }
    }

    /// An id became durable.
    pub(super) fn insert(&mut self, id: EntryId, digest: u64) {
        if id < self.floor {
            return;
        }
        if let Err(at) = self.ids.binary_search_by_key(&id, |known| known.0) {
            if self.ids.len() == self.ids.capacity() {
                // Most learners of a moment have answered a few dozen cards: no room is made for twice as many.
                self.ids.reserve_exact(ROOM);
            }
            self.ids.insert(at, (id, digest));
            self.trim();
        }
    }

    fn trim(&mut self) {
        if self.ids.len() > KNOWN_IDS {
            let surplus = self.ids.len() - KNOWN_IDS;
            self.ids.drain(..surplus);
            if let Some(oldest) = self.ids.first() {
                self.floor = oldest.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evicted_id_is_asked_for_and_never_taken_for_new() {
        let mut known = Known::new(Vec::new(), false);
        let id = |n: i64| EntryId::v7(n, 0);
        for n in 1..=200 {
            assert_eq!(known.of(id(n)), Knowledge::Unknown);
            known.insert(id(n), n as u64);
        }
        assert_eq!(known.of(id(200)), Knowledge::Stored(200));
        assert_eq!(known.of(id(137)), Knowledge::Stored(137));
        assert_eq!(known.of(id(136)), Knowledge::Ask);
        known.insert(id(5), 5);
        assert_eq!(known.of(id(5)), Knowledge::Ask);
    }

    #[test]
    fn a_short_log_needs_no_asking() {
        let known = Known::new(vec![(EntryId::v7(9, 0), 1)], false);
        assert_eq!(known.of(EntryId::v7(1, 0)), Knowledge::Unknown);
        assert_eq!(Known::new(vec![(EntryId::v7(9, 0), 1)], true).of(EntryId::v7(1, 0)), Knowledge::Ask);
    }
}
