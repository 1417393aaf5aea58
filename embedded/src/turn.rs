//! Whose turn it is to write `main.db`. SQLite lets one connection write at a time and makes the others poll; apply
//! would take the lock again before a poller wakes. Here the desk goes before the next slice of apply, and that before
//! the next part of an import.

use std::sync::{Condvar, Mutex, PoisonError};

#[derive(Debug, Default)]
struct State {
    taken: bool,
    desk_waits: usize,
    apply_waits: bool,
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
        while state.taken || state.desk_waits > 0 || state.apply_waits {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.taken = true;
        Held(self)
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
