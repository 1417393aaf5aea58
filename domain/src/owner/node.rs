//! Node: a node's own life. It beats, and as long as a beat is applied nobody has declared it dead; it watches the beats
//! of the others, and declares dead who stands still. No clocks of two machines are compared for that: a watcher counts
//! its own ticks.
//!
//! A run that learns that it was declared dead is over: whoever drives it drops every learner, closes their sockets, and
//! begins a new run.

use super::{Beat, Timing};
use crate::ids::RunId;
use crate::limits::RUNS_WATCHED;
use std::collections::BTreeMap;

/// A node as the list of nodes has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeRow {
    /// Its run.
    pub run: RunId,
    /// Nobody has declared it dead.
    pub alive: bool,
    /// Differs from beat to beat.
    pub beat: u64,
    /// Its wall clock at that beat, Unix milliseconds.
    pub wall_ms: i64,
}

/// A beat to send: applied only if the row still says alive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BeatOut {
    /// Of which run.
    pub run: RunId,
    /// Its number.
    pub beat: u64,
}

/// What became of a beat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BeatOutcome {
    /// It is applied.
    Applied,
    /// It is not: the run was declared dead.
    NotApplied,
    /// Not known; it may still be applied.
    Unknown,
}

/// Whether a run goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Life {
    /// It goes on.
    On,
    /// It is over: everything is dropped, sockets are closed, and a new run begins.
    Over,
}

/// A run to declare dead: applied only if it is alive and its beat is still this one. Without the latter a node that woke
/// and beat just now would believe to be an owner for another few seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Declare {
    /// The run.
    pub run: RunId,
    /// The beat that stood still.
    pub beat: u64,
}

/// When a list of nodes was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadAt {
    /// When the read was sent: what it shows is no older.
    pub sent_tick_ms: u64,
    /// When it returned: what it shows is no younger.
    pub done_tick_ms: u64,
    /// The wall clock at its return, Unix milliseconds.
    pub wall_ms: i64,
}

/// Why a node should get no new work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotReady {
    /// Its clock differs from the others'.
    #[error("the clock is {apart_ms} ms ahead of the other nodes' median")]
    ClockApart {
        /// Milliseconds; negative when it is behind.
        apart_ms: i64,
    },
    /// Its clock went back and has not caught up.
    #[error("the clock went back by {by_ms} ms")]
    ClockWentBack {
        /// Milliseconds.
        by_ms: i64,
    },
}

/// Another run as it was seen.
#[derive(Clone, Copy, Debug)]
struct Seen {
    beat: u64,
    /// When it was first known to stand at this beat.
    since_tick_ms: u64,
    /// Own beats applied until then.
    own_applied: u64,
    /// How far the own clock was ahead of a beat that was seen soon after it was sent, in milliseconds. `None` until
    /// one was: how old a beat was that stood there already is not known.
    ahead_ms: Option<i64>,
}

/// One run of a node.
#[derive(Clone, Debug)]
pub struct Node {
    run: RunId,
    timing: Timing,
    began_tick_ms: u64,
    next_beat_tick_ms: u64,
    beats: u64,
    flying_since_tick_ms: Option<u64>,
    last_applied: Option<Beat>,
    applied: u64,
    others: BTreeMap<RunId, Seen>,
    /// The newest read of the list that returned.
    last_read: Option<ReadAt>,
    /// Nobody is declared dead by a read that was sent before this.
    patient_until_tick_ms: u64,
    wall_highest_ms: i64,
    is_over: bool,
}

impl Node {
    /// A run whose registration was sent then, and is known to be applied. That counts as its first beat.
    pub fn registered(run: RunId, sent_tick_ms: u64, timing: Timing) -> Node {
        Node {
            run,
            timing,
            began_tick_ms: sent_tick_ms,
            next_beat_tick_ms: sent_tick_ms.saturating_add(timing.beat_every_ms),
            beats: 0,
            flying_since_tick_ms: None,
            last_applied: Some(Beat { run, sent_tick_ms }),
            applied: 0,
            others: BTreeMap::new(),
            last_read: None,
            patient_until_tick_ms: 0,
            wall_highest_ms: i64::MIN,
            is_over: false,
        }
    }

    /// The same, where the store was away until this tick: the others have time to be back at it.
    #[must_use]
    pub fn patient(mut self, from_tick_ms: u64) -> Node {
        self.be_patient(from_tick_ms);
        self
    }

    /// The same, after another run of the same process that is over: it knows when the store was last seen.
    #[must_use]
    pub fn following(mut self, before: &Node) -> Node {
        self.last_read = self.last_read.or(before.last_read);
        self.patient_until_tick_ms = self.patient_until_tick_ms.max(before.patient_until_tick_ms);
        self
    }

    /// Nobody is declared dead for as long as nodes are back at the store apart, and as a beat may stand still.
    fn be_patient(&mut self, from_tick_ms: u64) {
        let patience_ms = self.timing.dead_after_ms.saturating_add(self.timing.back_within_ms);
        let until_tick_ms = from_tick_ms.saturating_add(patience_ms);
        self.patient_until_tick_ms = self.patient_until_tick_ms.max(until_tick_ms);
    }

    /// Its run.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The newest beat known to be applied.
    pub fn last_beat(&self) -> Option<Beat> {
        self.last_applied
    }

    /// When a beat is to be sent next, in ticks.
    pub fn next_beat_tick_ms(&self) -> u64 {
        self.next_beat_tick_ms
    }

    /// The beat that is to be sent now, if one is. One at a time is under way.
    pub fn beat(&mut self, tick_ms: u64) -> Option<BeatOut> {
        if self.is_over || self.flying_since_tick_ms.is_some() || tick_ms < self.next_beat_tick_ms {
            return None;
        }
        self.beats += 1;
        self.flying_since_tick_ms = Some(tick_ms);
        self.next_beat_tick_ms = tick_ms.saturating_add(self.timing.beat_every_ms);
        Some(BeatOut { run: self.run, beat: self.beats })
    }

    /// What became of the beat under way.
    pub fn beaten(&mut self, outcome: BeatOutcome, tick_ms: u64) -> Life {
        let sent_tick_ms = self.flying_since_tick_ms.take();
        match outcome {
            BeatOutcome::Applied => {
                if let Some(sent_tick_ms) = sent_tick_ms {
                    self.last_applied = Some(Beat { run: self.run, sent_tick_ms });
                    self.applied += 1;
                }
            }
            BeatOutcome::NotApplied => self.is_over = true,
            BeatOutcome::Unknown => {}
        }
        self.is_over |= tick_ms.saturating_sub(self.began_tick_ms) >= self.timing.run_longest_ms;
        if self.is_over { Life::Over } else { Life::On }
    }

    /// The list of nodes was read. Which runs are to be declared dead.
    pub fn saw(&mut self, at: ReadAt, rows: &[NodeRow]) -> Vec<Declare> {
        let living: BTreeMap<RunId, NodeRow> = rows
            .iter()
            .filter(|row| row.alive && row.run != self.run)
            .take(RUNS_WATCHED)
            .map(|row| (row.run, *row))
            .collect();
        self.others.retain(|run, _| living.contains_key(run));
        let last = self.last_read.replace(at);
        let since_done_ms = |last: ReadAt| at.done_tick_ms.saturating_sub(last.done_tick_ms);
        if last.is_some_and(|last| since_done_ms(last) > self.timing.dead_after_ms) {
            // The store was away. Whoever is back at it first sees the beats of all others as they were before.
            self.be_patient(at.done_tick_ms);
        }
        let still: Vec<Declare> = living
            .values()
            .filter(|row| self.stands_still(at, last, row))
            .map(|row| Declare { run: row.run, beat: row.beat })
            .collect();
        if at.sent_tick_ms < self.patient_until_tick_ms { Vec::new() } else { still }
    }

    fn stands_still(&mut self, at: ReadAt, last: Option<ReadAt>, row: &NodeRow) -> bool {
        let stood_already = Seen {
            beat: row.beat,
            since_tick_ms: at.done_tick_ms,
            own_applied: self.applied,
            ahead_ms: None,
        };
        let seen = self.others.entry(row.run).or_insert(stood_already);
        if seen.beat != row.beat {
            // A beat that had to wait on its way is old when it is seen. Only one that comes soon after the one before, and
            // soon after a read, says something of the clocks.
            let apart_ms = u64::try_from(self.timing.clock_apart_ms).unwrap_or(0);
            let is_new = |since_tick_ms: u64| at.done_tick_ms.saturating_sub(since_tick_ms) <= apart_ms;
            let is_young = last.is_some_and(|last| is_new(last.sent_tick_ms)) && is_new(seen.since_tick_ms);
            let ahead_ms = is_young.then(|| at.wall_ms.saturating_sub(row.wall_ms)).or(seen.ahead_ms);
            *seen = Seen { ahead_ms, ..stood_already };
        }
        // From the return of one read to the sending of another: so long, at least, it has not beaten.
        at.sent_tick_ms.saturating_sub(seen.since_tick_ms) >= self.timing.dead_after_ms
            && self.applied.saturating_sub(seen.own_applied) >= self.timing.beats_meanwhile
    }

    /// Whether this node should get new work. To be asked about once a second.
    pub fn ready(&mut self, wall_ms: i64) -> Result<(), NotReady> {
        self.wall_highest_ms = self.wall_highest_ms.max(wall_ms);
        let by_ms = self.wall_highest_ms.saturating_sub(wall_ms);
        if by_ms > 0 {
            return Err(NotReady::ClockWentBack { by_ms });
        }
        match self.apart_ms() {
            Some(apart_ms) if apart_ms.abs() > self.timing.clock_apart_ms => {
                Err(NotReady::ClockApart { apart_ms })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// How far the own clock is ahead of the others' median, in milliseconds, to within about half a beat. `None` when
    /// nobody else was seen beating.
    pub fn apart_ms(&self) -> Option<i64> {
        let mut ahead: Vec<i64> = self.others.values().filter_map(|seen| seen.ahead_ms).collect();
        ahead.sort_unstable();
        // A beat is seen up to one interval after it was sent.
        let seen_late_ms = i64::try_from(self.timing.beat_every_ms / 2).unwrap_or(0);
        ahead.get(ahead.len() / 2).map(|median| median.saturating_sub(seen_late_ms))
    }
}

#[cfg(test)]
mod tests;
