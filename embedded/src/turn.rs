//! Whose turn it is to write `main.db`. SQLite lets one connection write at a time and makes the others poll; apply
//! would take the lock again before a poller wakes. Here the desk goes before the next slice of apply, and that before
//! the next part of an import, and all of them before the upkeep.

use std::sync::{Condvar, Mutex, PoisonError};

#[derive(Debug, Default)]
struct State {
    taken: bool,
    desk_waits: usize,
    apply_waits: bool,
    imports_wait: usize,
    /// How often the desk and imports have had it.
    of_others: u64,
}

/// The turn to write.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    state: Mutex<State>,
    freed: Condvar,
}

/// Holds the turn until it is dropped.
pub(crate) struct Held<'a>(&'a Turn);

impl Turn {
    /// For the desk: next after whoever writes now.
    pub(crate) fn for_desk(&self) -> Held<'_> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.desk_waits += 1;
        while state.taken {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.desk_waits -= 1;
        state.of_others += 1;
        state.taken = true;
        Held(self)
    }

    /// For apply: when the desk does not want to write.
    pub(crate) fn for_apply(&self) -> Held<'_> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.apply_waits = true;
        while state.taken || state.desk_waits > 0 {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.apply_waits = false;
        state.taken = true;
        Held(self)
    }

    /// For an import: when nobody else wants to write.
    pub(crate) fn for_import(&self) -> Held<'_> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.imports_wait += 1;
        while state.taken || state.desk_waits > 0 || state.apply_waits {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.imports_wait -= 1;
        state.of_others += 1;
        state.taken = true;
        Held(self)
    }

    /// For the upkeep: when no import wants to write either.
    pub(crate) fn for_upkeep(&self) -> Held<'_> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.taken || state.desk_waits > 0 || state.apply_waits || state.imports_wait > 0 {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.taken = true;
        Held(self)
    }

    /// How often the desk and imports have had their turn: apply has it every moment while anybody answers, and goes on beside
    /// the upkeep.
    pub(crate) fn taken_by_others(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).of_others
    }
}

impl Held<'_> {
    /// Whether somebody waits who goes before an import.
    pub(crate) fn is_wanted(&self) -> bool {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.desk_waits > 0 || state.apply_waits
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).taken = false;
        self.0.freed.notify_all();
    }
}
