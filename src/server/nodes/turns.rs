//! How many questions are under way to each node at once: a node that hangs holds some threads, never those by which others
//! are asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Questions that may be under way to one node. Each holds a thread of those for blocking calls (512) until it is answered
/// or given up.
const ASKED_AT_ONCE: usize = 32;

/// Who is being asked, by address.
#[derive(Debug, Default)]
pub(super) struct Turns {
    free: Mutex<BTreeMap<String, Arc<Semaphore>>>,
}

impl Turns {
    /// Begins another question to this address, which lasts until the turn is dropped; `None` when as many as may be are
    /// under way.
    pub(super) fn begin(&self, address: &str) -> Option<OwnedSemaphorePermit> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if !free.contains_key(address) {
            // Nodes come and go: those whom nobody asks are forgotten.
            free.retain(|_, turns| turns.available_permits() < ASKED_AT_ONCE);
        }
        let turns = free.entry(address.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(ASKED_AT_ONCE)));
        turns.clone().try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_hangs_leaves_the_others_their_turns() {
        let turns = Turns::default();
        let hung: Vec<_> = std::iter::from_fn(|| turns.begin("hangs:1")).collect();
        assert_eq!(hung.len(), ASKED_AT_ONCE);
        let healthy = turns.begin("healthy:1");
        assert!(healthy.is_some());
        drop(hung);
        assert!(turns.begin("hangs:1").is_some());
    }

    #[test]
    fn nodes_that_nobody_asks_are_forgotten() {
        let turns = Turns::default();
        let asked = turns.begin("a:1");
        (0..100).for_each(|n| drop(turns.begin(&format!("gone:{n}"))));
        let known = turns.free.lock().unwrap().len();
        assert!(known <= 2, "{known} are known");
        drop(asked);
    }
}
