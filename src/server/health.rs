//! How a server is: whether it is ready for new work, and what is not as it should be.

use std::sync::atomic::{AtomicBool, Ordering};

/// The health of a server. Not ready is for start, drain and own faults alone: when something that all nodes share
/// is down, the node stays ready and says `degraded`, so that a hiccup is not turned into a blackout.
#[derive(Debug, Default)]
pub struct Health {
    ready: AtomicBool,
}

impl Health {
    /// Says whether new work may come.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    /// Whether new work may come.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }
}
