//! Numbers that say whether a learner's log has changed since it was read.

use domain::ids::UserId;
use std::sync::atomic::{AtomicU64, Ordering};

/// So many numbers; learners share them, so that one's change now and then looks like another's.
const SLOTS: usize = 16_384;

/// One number a learner. It grows after something can be read and before whoever stored it is told: who takes it first
/// and reads then knows, as long as it stays the same, that there is nothing else to be read.
pub(crate) struct Versions {
    slots: Box<[AtomicU64]>,
    /// Grows for all at once.
    all: AtomicU64,
}

impl Default for Versions {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(), all: AtomicU64::new(0) }
    }
}

impl Versions {
    /// The learner's number as it is now. Both parts only grow: their sum is the same only if both are.
    pub(crate) fn of(&self, user: UserId) -> u64 {
        let own = self.slot(user).map_or(0, |slot| slot.load(Ordering::Acquire));
        own.wrapping_add(self.all.load(Ordering::Acquire))
    }

    /// Something of the learner's was stored, or may have been.
    pub(crate) fn changed(&self, user: UserId) {
        if let Some(slot) = self.slot(user) {
            slot.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Something of anybody's may be read now that could not be read before.
    pub(crate) fn all_changed(&self) {
        self.all.fetch_add(1, Ordering::AcqRel);
    }

    fn slot(&self, user: UserId) -> Option<&AtomicU64> {
        // Ids count up in their first bytes, or are random in their last ones.
        let id = user.0.as_u128();
        let mixed = (id as u64 ^ (id >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.slots.get((mixed >> 50) as usize % SLOTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_learners_number_changes_with_what_is_stored_and_seldom_with_anybody_elses() {
        let versions = Versions::default();
        let users: Vec<UserId> = (1..=1_000).map(UserId::from_u128).collect();
        let all = || users.iter().map(|user| versions.of(*user)).collect::<Vec<_>>();
        let before = all();
        versions.changed(users[7]);
        let after = all();
        assert_ne!(after[7], before[7]);
        assert!(after.iter().zip(&before).filter(|(after, before)| after != before).count() <= 3);
        versions.all_changed();
        assert!(all().iter().zip(&after).all(|(now, then)| now != then));
    }
}
