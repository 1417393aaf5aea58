//! The moments of an edit at which a test may hold its writer up, for a while or for good.

use domain::ids::DeckId;

/// What has just been done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// The deck has this editor.
    Begun,
    /// All rows are written, nothing is committed.
    Written,
    /// The edit is the deck's newest revision; its changed rows wait to be moved.
    Committed,
    /// The rows of one bucket were moved.
    Moved,
    /// The deck says that all rows are where they belong.
    Settled,
}

#[cfg(not(test))]
#[allow(clippy::unused_async, reason = "a test waits here")]
pub(super) async fn reached(_: DeckId, _: Step) {}

#[cfg(test)]
pub(super) use held::{Hold, reached};

#[cfg(test)]
mod held {
    use super::{DeckId, Step};
    use std::sync::{Arc, Mutex, PoisonError};
    use tokio::sync::Notify;

    /// Holds up the next writer of a deck that reaches a step.
    pub(crate) struct Hold {
        deck: DeckId,
        step: Step,
        there: Notify,
        go_on: Notify,
    }

    static HOLDS: Mutex<Vec<Arc<Hold>>> = Mutex::new(Vec::new());

    impl Hold {
        pub(crate) fn next(deck: DeckId, step: Step) -> Arc<Hold> {
            let hold = Arc::new(Hold { deck, step, there: Notify::new(), go_on: Notify::new() });
            HOLDS.lock().unwrap_or_else(PoisonError::into_inner).push(hold.clone());
            hold
        }

        /// Until a writer is held.
        pub(crate) async fn holds(&self) {
            let there = tokio::time::timeout(kit::wait::DEADLINE, self.there.notified()).await;
            there.unwrap_or_else(|_| panic!("no writer reached {:?}", self.step));
        }

        /// Lets the writer go on.
        pub(crate) fn release(&self) {
            self.go_on.notify_one();
        }
    }

    pub(crate) async fn reached(deck: DeckId, step: Step) {
        let held = {
            let mut holds = HOLDS.lock().unwrap_or_else(PoisonError::into_inner);
            let at = holds.iter().position(|hold| (hold.deck, hold.step) == (deck, step));
            at.map(|at| holds.swap_remove(at))
        };
        if let Some(hold) = held {
            hold.there.notify_one();
            hold.go_on.notified().await;
        }
    }
}
