//! What a node counts of its life among others.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of a node.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) claimed: Count,
    pub(crate) found_elsewhere: Count,
    pub(crate) not_found: Count,
    pub(crate) from_dead: Count,
    pub(crate) released: Count,
    pub(crate) beats: Count,
    pub(crate) beats_late: Count,
    pub(crate) beats_unknown: Count,
    pub(crate) declared_dead: Count,
    pub(crate) runs_lost: Count,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn one_more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a node counted since the process began, over all its runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClusterFigures {
    /// Learners that this node took, or had already.
    pub claimed: u64,
    /// Learners that were found at another node.
    pub found_elsewhere: u64,
    /// Looks for a learner that came to no end in time.
    pub not_found: u64,
    /// Of those taken: from runs that were declared dead.
    pub from_dead: u64,
    /// Learners that were let go for another node.
    pub released: u64,
    /// Beats that were applied.
    pub beats: u64,
    /// Of those: beats that took longer than the time between two.
    pub beats_late: u64,
    /// Beats whose outcome nobody knows.
    pub beats_unknown: u64,
    /// Other nodes that this one declared dead, or tried to.
    pub declared_dead: u64,
    /// Runs of this node that others declared dead.
    pub runs_lost: u64,
    /// Nodes that beat, this one included, as they were seen last.
    pub nodes_alive: usize,
}

impl Counters {
    pub(crate) fn figures(&self, nodes_alive: usize) -> ClusterFigures {
        ClusterFigures {
            claimed: self.claimed.get(),
            found_elsewhere: self.found_elsewhere.get(),
            not_found: self.not_found.get(),
            from_dead: self.from_dead.get(),
            released: self.released.get(),
            beats: self.beats.get(),
            beats_late: self.beats_late.get(),
            beats_unknown: self.beats_unknown.get(),
            declared_dead: self.declared_dead.get(),
            runs_lost: self.runs_lost.get(),
            nodes_alive,
        }
    }
}
