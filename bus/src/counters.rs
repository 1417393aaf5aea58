//! What is counted.

use ports::BusStats;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters of one node's bus.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connected: AtomicBool,
    pub(crate) published: Count,
    pub(crate) sent: Count,
    pub(crate) received: Count,
    pub(crate) merged: Count,
    pub(crate) unknown: Count,
    pub(crate) unknown_versions: Count,
    pub(crate) broken: Count,
    pub(crate) connections: Count,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// What is counted here; what waits, and what was given up, is known elsewhere.
    pub(crate) fn stats(&self) -> BusStats {
        BusStats {
            connected: self.connected.load(Ordering::Acquire),
            published: self.published.get(),
            sent: self.sent.get(),
            received: self.received.get(),
            merged: self.merged.get(),
            dropped: 0,
            unknown: self.unknown.get(),
            unknown_versions: self.unknown_versions.get(),
            broken: self.broken.get(),
            reconnects: self.connections.get().saturating_sub(1),
            waiting_out: 0,
            waiting_in: 0,
        }
    }
}
