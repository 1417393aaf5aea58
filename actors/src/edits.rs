//! Edits of decks that follow each other are told together. Each telling reads the deck again and is counted through by
//! every session that holds it: a deck of many cards that is written card by card must not cost that for each card.

use crate::engine::Engine;
use domain::ids::DeckId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// For so long after an edit was told the next ones of the same deck are gathered; longer where telling takes longer.
const GATHER: Duration = Duration::from_millis(100);

/// Decks of which an edit was told a moment ago, and whether they were edited since. There are as many as were edited
/// within a moment, each by a request of its own.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    told: Mutex<HashMap<DeckId, bool>>,
}

impl Edits {
    /// A deck was edited. Whether it is to be told now; if not, it is told by who told the edit before.
    fn note(&self, deck: DeckId) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match told.get_mut(&deck) {
            Some(edited) => {
                *edited = true;
                false
            }
            None => {
                told.insert(deck, false);
                true
            }
        }
    }

    /// The moment is over. Whether the deck was edited since and is to be told again; if not, it is forgotten.
    fn again(&self, deck: DeckId) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match told.get_mut(&deck) {
            Some(edited) if *edited => {
                *edited = false;
                true
            }
            Some(_) | None => {
                told.remove(&deck);
                false
            }
        }
    }

    /// Tells a deck and gathers for a moment. Whether it is to be told again.
    async fn tell(&self, deck: DeckId, telling: impl Future<Output = ()> + Send) -> bool {
        let began = Instant::now();
        telling.await;
        tokio::time::sleep(GATHER.max(began.elapsed())).await;
        self.again(deck)
    }
}

impl Engine {
    /// A deck or its cards were edited: sessions that hold it get the new revision, the first edit's at once, those
    /// that follow together. Reads that begin now find it whether it was told or not.
    pub fn deck_edited(&self, deck: DeckId) {
        if !self.decks().edits().note(deck) {
            return;
        }
        let engine = self.clone();
        self.decks()
            .runtime()
            .spawn(async move { while engine.decks().edits().tell(deck, engine.tell_edited(deck)).await {} });
    }

    async fn tell_edited(&self, deck: DeckId) {
        if !self.decks().is_held(deck) {
            return;
        }
        self.deck_changed(deck);
        // Read along with who tells it; apart, so that even a panic there does not end the telling.
        let cache = self.decks().clone();
        drop(self.decks().runtime().spawn(async move { cache.deck(deck).await }).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECK: DeckId = DeckId::from_u128(1);

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
    }

    #[test]
    fn edits_that_follow_each_other_are_told_together_and_the_last_one_is_told() {
        run(async {
            let edits = Edits::default();
            assert!(edits.note(DECK));
            let mut told = 0;
            loop {
                told += 1;
                // While it is told the first two times, many more edits come.
                let telling =
                    async { (0..if told < 3 { 50 } else { 0 }).for_each(|_| assert!(!edits.note(DECK))) };
                if !edits.tell(DECK, telling).await {
                    break;
                }
            }
            assert_eq!(told, 3, "each time all that came meanwhile");
            assert!(edits.told.lock().unwrap().is_empty(), "nothing is left of it");
            assert!(edits.note(DECK), "the next edit is told at once");
        });
    }

    #[test]
    fn a_deck_does_not_wait_for_another() {
        let edits = Edits::default();
        assert!(edits.note(DECK) && edits.note(DeckId::from_u128(2)));
        assert!(!edits.note(DECK));
        assert!(edits.again(DECK) && !edits.again(DECK));
        assert!(!edits.again(DeckId::from_u128(2)));
    }
}
