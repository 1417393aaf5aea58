//! What is counted of live lessons.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of all classes of a node.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) cells: AtomicU64,
    pub(super) cells_dropped: AtomicU64,
    pub(super) encoded: AtomicU64,
    pub(super) sent: AtomicU64,
    pub(super) commands: AtomicU64,
    pub(super) monitors: AtomicU64,
    pub(super) fell: AtomicU64,
    pub(super) not_stored: AtomicU64,
    pub(super) regraded: AtomicU64,
}

/// The same at one moment, since the server's start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClassFigures {
    /// Classes that are in memory here.
    pub classes: u64,
    /// Lessons that other nodes have, for students who are here.
    pub followed: u64,
    /// Monitors that watch them now.
    pub monitors: u64,
    /// Cells that came.
    pub cells: u64,
    /// Cells for which there was no room.
    pub cells_dropped: u64,
    /// Pictures that were encoded.
    pub encoded: u64,
    /// Pictures that were sent; more than were encoded where several watch.
    pub sent: u64,
    /// Commands of teachers.
    pub commands: u64,
    /// Classes that panicked.
    pub fell: u64,
    /// Records that could not be stored at the first try.
    pub not_stored: u64,
    /// Answers that were graded anew because a text was accepted.
    pub regraded: u64,
}

impl Counters {
    pub(super) fn read(&self, classes: usize, followed: usize) -> ClassFigures {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ClassFigures {
            classes: u64::try_from(classes).unwrap_or(u64::MAX),
            followed: u64::try_from(followed).unwrap_or(u64::MAX),
            monitors: of(&self.monitors),
            cells: of(&self.cells),
            cells_dropped: of(&self.cells_dropped),
            encoded: of(&self.encoded),
            sent: of(&self.sent),
            commands: of(&self.commands),
            fell: of(&self.fell),
            not_stored: of(&self.not_stored),
            regraded: of(&self.regraded),
        }
    }
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
