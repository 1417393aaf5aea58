//! Which decks somebody holds: the cache, sessions, whoever is loading one, and requests that look at its cards.

use domain::deck::Deck;
use domain::ids::DeckId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// With so many decks known, those that nobody holds are forgotten; with twice as many that are held, at twice as many.
const FORGOTTEN_AT_LEAST: usize = 256;

/// Which decks somebody holds. As many are known as are in memory, and those that were a moment ago.
#[derive(Debug, Default)]
pub(super) struct Holders(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    decks: HashMap<DeckId, Held>,
    /// How many decks were left when some were forgotten last.
    left: usize,
}

/// A deck in all its revisions.
#[derive(Debug, Default)]
struct Held {
    /// Reads under way, whose asker gets what was stored when they began.
    reading: usize,
    revisions: Vec<Weak<Deck>>,
}

/// A read that is under way.
pub(super) struct Reading<'a> {
    holders: &'a Holders,
    deck: DeckId,
}

impl Held {
    fn forget(&mut self) {
        self.revisions.retain(|revision| revision.strong_count() > 0);
    }

    fn is_empty(&self) -> bool {
        self.reading == 0 && self.revisions.is_empty()
    }
}

impl Holders {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A deck is being read, until what is returned is dropped.
    pub fn reading(&self, deck: DeckId) -> Reading<'_> {
        let mut known = self.known();
        known.decks.entry(deck).or_default().reading += 1;
        Reading { holders: self, deck }
    }

    /// A deck was read: whoever gets it holds it from here on.
    pub fn note(&self, deck: &Arc<Deck>) {
        let mut known = self.known();
        known.forget_some();
        let held = known.decks.entry(deck.id).or_default();
        held.forget();
        held.revisions.push(Arc::downgrade(deck));
    }

    /// Whether a deck is being read, or some revision of it is in memory.
    pub fn has(&self, deck: DeckId) -> bool {
        let mut known = self.known();
        let Entry::Occupied(mut entry) = known.decks.entry(deck) else { return false };
        entry.get_mut().forget();
        let is_held = !entry.get().is_empty();
        if !is_held {
            entry.remove();
        }
        is_held
    }
}

impl Known {
    /// Now and then those are forgotten that nobody holds.
    fn forget_some(&mut self) {
        if self.decks.len() < FORGOTTEN_AT_LEAST.max(2 * self.left) {
            return;
        }
        self.decks.retain(|_, held| {
            held.forget();
            !held.is_empty()
        });
        self.left = self.decks.len();
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let mut known = self.holders.known();
        let Entry::Occupied(mut entry) = known.decks.entry(self.deck) else { return };
        let held = entry.get_mut();
        held.reading = held.reading.saturating_sub(1);
        held.forget();
        if held.is_empty() {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::deck::DeckSettings;
    use domain::ids::UserId;

    fn deck(n: u128, revision: u64) -> Arc<Deck> {
        let owner = UserId::from_u128(1);
        Arc::new(Deck::new(DeckId::from_u128(n), owner, revision, DeckSettings::default(), Vec::new()))
    }

    #[test]
    fn an_older_revision_that_somebody_has_is_not_forgotten_for_a_newer_one() {
        let holders = Holders::default();
        let (older, id) = (deck(1, 1), DeckId::from_u128(1));
        holders.note(&older);
        let newer = deck(1, 2);
        holders.note(&newer);
        drop(newer);
        assert!(holders.has(id));
        drop(older);
        assert!(!holders.has(id));
        assert!(holders.known().decks.is_empty(), "nothing is left of it");
    }

    #[test]
    fn a_deck_that_is_being_read_is_held() {
        let holders = Holders::default();
        let id = DeckId::from_u128(1);
        let (first, second) = (holders.reading(id), holders.reading(id));
        drop(first);
        assert!(holders.has(id));
        drop(second);
        assert!(!holders.has(id));
        assert!(holders.known().decks.is_empty());
    }

    #[test]
    fn decks_that_nobody_holds_are_forgotten_however_many_come() {
        let holders = Holders::default();
        let kept: Vec<Arc<Deck>> = (0..10).map(|n| deck(n, 1)).collect();
        kept.iter().for_each(|deck| holders.note(deck));
        for n in 10..10_000 {
            holders.note(&deck(n, 1));
            assert!(holders.known().decks.len() <= FORGOTTEN_AT_LEAST);
        }
        assert!(kept.iter().all(|deck| holders.has(deck.id)));
    }
}
