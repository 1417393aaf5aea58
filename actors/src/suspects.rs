//! Which commands were being handled when a session fell. A client sends a command again until it has its verdict: one
//! that breaks its session each time would keep its learner out for ever.

use domain::ids::{EntryId, UserId};
use std::collections::VecDeque;
use std::sync::Mutex;

/// So many falls under one command are its own fault, not a coincidence.
const FALLS: u8 = 2;
/// Commands that are remembered; beyond it the oldest memory goes first.
const REMEMBERED: usize = 1_024;

/// A command, how often a session fell under it.
type Fall = ((UserId, EntryId), u8);

/// Commands under which a session fell.
#[derive(Default)]
pub(crate) struct Suspects(Mutex<VecDeque<Fall>>);

impl Suspects {
    /// A session fell while it handled this command.
    pub(crate) fn note(&self, user: UserId, id: EntryId) {
        let Ok(mut falls) = self.0.lock() else { return };
        if let Some((_, times)) = falls.iter_mut().find(|(key, _)| *key == (user, id)) {
            *times = times.saturating_add(1);
            return;
        }
        if falls.len() >= REMEMBERED {
            falls.pop_front();
        }
        falls.push_back(((user, id), 1));
    }

    /// Whether this command broke its session too often to be handled once more.
    pub(crate) fn is_guilty(&self, user: UserId, id: EntryId) -> bool {
        let Ok(falls) = self.0.lock() else { return false };
        falls.iter().any(|(key, times)| *key == (user, id) && *times >= FALLS)
    }

    /// Whether there is anybody to suspect: nearly never.
    pub(crate) fn are_none(&self) -> bool {
        self.0.lock().is_ok_and(|falls| falls.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::Uuid;

    fn ids(n: u128) -> (UserId, EntryId) {
        (UserId(Uuid::from_u128(n)), EntryId(Uuid::from_u128(n + 1_000_000)))
    }

    #[test]
    fn a_command_is_guilty_from_the_second_fall_on_and_nobody_elses_is() {
        let suspects = Suspects::default();
        assert!(suspects.are_none());
        let ((user, id), (other, another)) = (ids(1), ids(2));
        suspects.note(user, id);
        assert!(!suspects.is_guilty(user, id));
        suspects.note(user, id);
        assert!(suspects.is_guilty(user, id));
        assert!(!suspects.is_guilty(other, id) && !suspects.is_guilty(user, another));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_newest_stays() {
        let suspects = Suspects::default();
        for n in 0..2_000 {
            suspects.note(ids(n).0, ids(n).1);
        }
        assert_eq!(suspects.0.lock().unwrap().len(), REMEMBERED);
        let (user, id) = ids(1_999);
        suspects.note(user, id);
        assert!(suspects.is_guilty(user, id));
    }
}
