//! When something may have been missed, every session looks again: some in each tick, and none while many reads wait, so
//! that nobody who comes in or studies has to wait behind the reads of a whole node.

use super::Shard;
use domain::session::Input;

/// Sessions that look again in one tick, at most.
const CHECKS_A_TICK: usize = 64;
/// Loads and reads that wait at the loader, from which on nobody looks again.
const READS_WAITING_MAX: usize = 256;

impl Shard {
    /// Every session here is to look again. One that has not yet since the last time keeps its place.
    pub(super) fn owe_checks(&self) {
        let mut checks = self.checks.borrow_mut();
        for (user, resident) in self.residents.borrow().iter() {
            if !resident.cell.owes_check.replace(true) {
                checks.push_back(*user);
            }
        }
    }

    /// Some of those who owe a look have it now.
    pub(super) fn check_some(&self) {
        let loader = &self.shared.loader;
        if loader.max_capacity() - loader.capacity() >= READS_WAITING_MAX {
            return;
        }
        for _ in 0..CHECKS_A_TICK {
            let Some(user) = self.checks.borrow_mut().pop_front() else { return };
            // Whoever moved on looks there, and whoever was dropped is read anew.
            let residents = self.residents.borrow();
            let owes = residents.get(&user).is_some_and(|resident| resident.cell.owes_check.replace(false));
            drop(residents);
            if owes {
                self.give(user, Input::AccessChanged);
            }
        }
    }
}
