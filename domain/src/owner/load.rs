//! Load: from what an owner's caches are made. The reads come in one order, which the types hold: a stale owner may be
//! writing its caches at the same time, progress first, then the checkpoint that speaks for it, and at last the inbox
//! rows go. Whoever reads the other way round (checkpoint, inbox, then the rest) sees nothing that has gone already
//! without seeing what replaced it.
//!
//! ```text
//! Load::claimed(run, epoch) → read checkpoint → .checkpoint(row) → read inbox → .inbox(rows)
//!     → read the log from `from_ms()`, and the rows of `ids()` → .log(found) → write the fence → .stored()
//! ```
//!
//! Progress rows are read after the inbox: here or, deck by deck, later. The fence is the checkpoint as it was read, under the
//! new epoch: no older owner moves it any more. It is stored before the first acknowledgement.

use super::caches::{Caches, Checkpoint};
use super::{Epoch, Subject, Timing};
use crate::ids::{EntryId, RunId};
use std::collections::{BTreeMap, BTreeSet};

/// The learner is claimed; the checkpoint is read first.
#[derive(Clone, Debug)]
pub struct Load {
    run: RunId,
    epoch: Epoch,
    timing: Timing,
}

/// The checkpoint is read; the inbox comes next.
#[derive(Clone, Debug)]
pub struct AtInbox {
    load: Load,
    folded_to_ms: i64,
}

/// An inbox row as it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InboxRow {
    /// The entry that it names.
    pub id: EntryId,
    /// When it was written, Unix milliseconds.
    pub marked_ms: i64,
}

/// The inbox is read; the log's tail and the named entries come next.
#[derive(Clone, Debug)]
pub struct AtLog {
    load: Load,
    folded_to_ms: i64,
    inbox: BTreeMap<EntryId, i64>,
}

/// An entry of the tail or one that the inbox names, with a card that it concerns. An entry that concerns several cards
/// comes several times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// The entry.
    pub id: EntryId,
    /// The card: its own, that of the entry which an undo names; `None` if it concerns none.
    pub subject: Option<Subject>,
    /// The newest entry that the card's stored progress holds, where it was read (after the inbox) and is not stale. What
    /// is older than that and not in the inbox is in it.
    pub stored_last: Option<EntryId>,
}

/// All is read; the fence must be stored before the caches may be used.
#[derive(Clone, Debug)]
pub struct Fence<P> {
    caches: Caches<P>,
    checkpoint: Checkpoint,
}

impl Load {
    /// The learner is this run's under this epoch.
    pub fn claimed(run: RunId, epoch: Epoch, timing: Timing) -> Load {
        Load { run, epoch, timing }
    }

    /// The checkpoint, if there is one. Without one the whole log is the tail.
    pub fn checkpoint(self, folded_to_ms: Option<i64>) -> AtInbox {
        AtInbox { load: self, folded_to_ms: folded_to_ms.unwrap_or(0) }
    }
}

impl AtInbox {
    /// The learner's inbox.
    pub fn inbox(self, rows: impl IntoIterator<Item = InboxRow>) -> AtLog {
        let inbox = rows.into_iter().map(|row| (row.id, row.marked_ms)).collect();
        AtLog { load: self.load, folded_to_ms: self.folded_to_ms, inbox }
    }
}

impl AtLog {
    /// The log is wanted from here on, Unix milliseconds of the entries' own time.
    pub fn from_ms(&self) -> i64 {
        self.folded_to_ms
    }

    /// And these entries, as far as they are in the log.
    pub fn ids(&self) -> impl Iterator<Item = EntryId> + '_ {
        self.inbox.keys().copied()
    }

    /// The entries found. `None` when the run has lived too long to write caches.
    pub fn log<P: Clone>(
        self,
        found: impl IntoIterator<Item = Found>,
        tick_ms: u64,
        wall_ms: i64,
    ) -> Option<Fence<P>> {
        let Load { run, epoch, timing } = self.load;
        let mut caches = Caches::new(run, epoch, timing, self.folded_to_ms);
        let mut in_log = BTreeSet::new();
        for Found { id, subject, stored_last } in found {
            let named = self.inbox.contains_key(&id);
            let is_held = !named && stored_last.is_some_and(|last| id <= last);
            if let Some(subject) = subject.filter(|_| !is_held) {
                caches.distrust(id, subject);
            }
            if named {
                caches.remember_loaded(id);
                in_log.insert(id);
            }
        }
        for (id, marked_ms) in &self.inbox {
            if !in_log.contains(id) && wall_ms.saturating_sub(*marked_ms) > timing.inbox_orphan_ms {
                caches.remember_superfluous(*id, tick_ms);
            }
        }
        let checkpoint =
            Checkpoint { folded_to_ms: self.folded_to_ms, write_time: caches.next_write_time(tick_ms)? };
        Some(Fence { caches, checkpoint })
    }
}

impl<P> Fence<P> {
    /// What to write.
    pub fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    /// It is stored: the owner may append and acknowledge.
    pub fn stored(self) -> Caches<P> {
        self.caches
    }
}
