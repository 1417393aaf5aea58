//! Whether a server wants work, and what it goes on without. It stays ready: what all nodes share is no reason to take one of them away, and a
//! hiccup must not become a blackout. `docs/OPERATIONS.md` says what each reason means and what to do.

use super::Storage;
use crate::metrics::Sources;

/// What does not work as it should.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// The store takes nothing at the moment: answers are shown and wait, `saved` waits with them.
    Store,
    /// Other nodes are not heard: what they change is found by looking, within half a minute and the time that a
    /// check takes.
    Bus,
    /// Rate limits are counted by this node alone.
    Limits,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 3] = [Reason::Store, Reason::Bus, Reason::Limits];

    /// Its name in `readyz`, and as a metric's label.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Store => "store",
            Reason::Bus => "bus",
            Reason::Limits => "limits",
        }
    }
}

impl Sources {
    /// Why the server wants no new work, if it does not: start, drain, or a fault of its own.
    pub fn not_ready(&self) -> Option<&'static str> {
        // What only a new start mends is said as not ready, so that somebody starts it anew.
        if self.store.stats().broken || self.engine.is_broken() {
            return Some("a part of the server has failed: start it again");
        }
        if !self.health.is_ready() {
            return Some("starting or going down");
        }
        self.engine.unready().map(|_| "not in step with the other nodes")
    }

    /// What does not work now. Asked often: no I/O.
    pub fn degraded(&self) -> Vec<Reason> {
        let store = match &self.store {
            Storage::Embedded(store) => store.stats().poisoned,
            Storage::Cql(store) => store.stats().is_away,
        };
        let bus = self.bus.as_ref().is_some_and(|bus| !bus.stats().connected);
        let limits = self.quota.as_ref().is_some_and(|quota| !quota.stats().is_shared);
        let wrong = [(Reason::Store, store), (Reason::Bus, bus), (Reason::Limits, limits)];
        wrong.into_iter().filter_map(|(reason, is_wrong)| is_wrong.then_some(reason)).collect()
    }
}
