//! A lesson that was taken over knows its record and no figures. It calls for cells, counts from the log whoever has nobody
//! to answer, and shows nothing until all are known: what a teacher saw before never falls. Cells are made from durable
//! entries, so what is counted now is no less than what was shown.
//!
//! A lesson that is over gathers once more: answers given just before are in no cell yet, and its report is made once. What
//! is known is shown meanwhile.

use super::Lesson;
use super::output::Effect;
use crate::ids::UserId;
use crate::limits::{GATHER_CELLS_MS, GATHER_LONGEST_MS, RECOUNTS_AT_ONCE, REPORT_LONGEST_MS};
use crate::session::Now;
use std::collections::BTreeSet;

/// Those whose count failed are asked for again after this time, in milliseconds.
const COUNT_AGAIN_MS: u64 = 1_000;

/// A gathering that goes on.
#[derive(Debug)]
pub(super) struct Gather {
    /// When it began, and called.
    since_tick_ms: u64,
    has_called: bool,
    /// Monitors are shown what there is.
    shows: bool,
    /// When there is something to do again.
    next_tick_ms: u64,
    /// Who is still to be counted from the log; found anew when it is empty.
    left: Vec<UserId>,
    /// Who is being counted from the log.
    asked: BTreeSet<UserId>,
}

impl Gather {
    pub(super) fn new(now: Now) -> Gather {
        Gather {
            since_tick_ms: now.tick_ms,
            has_called: false,
            shows: false,
            next_tick_ms: now.tick_ms,
            left: Vec::new(),
            asked: BTreeSet::new(),
        }
    }

    /// The last one, which begins with the end of the lesson: the document that says so calls.
    pub(super) fn last(now: Now, shows: bool) -> Gather {
        let next_tick_ms = now.tick_ms.saturating_add(GATHER_CELLS_MS);
        Gather { has_called: true, shows, next_tick_ms, ..Gather::new(now) }
    }

    /// Whether monitors are shown what there is.
    pub(super) fn shows(&self) -> bool {
        self.shows
    }

    pub(super) fn deadline(&self) -> u64 {
        self.next_tick_ms
    }

    /// A count came, or failed: then it is asked for again after a while.
    pub(super) fn counted(&mut self, student: UserId) {
        self.asked.remove(&student);
    }
}

impl Lesson {
    /// Goes on gathering, until all are known or it has taken too long; for a report it may take longer.
    pub(super) fn gather(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let Some(gather) = &mut self.gather else { return };
        if !self.is_seated {
            return;
        }
        if !gather.has_called {
            (gather.has_called, gather.since_tick_ms) = (true, now.tick_ms);
            gather.next_tick_ms = now.tick_ms.saturating_add(GATHER_CELLS_MS);
            self.seats.call_anew();
            fx.push(Effect::CallCells);
        }
        let waited_ms = now.tick_ms.saturating_sub(gather.since_tick_ms);
        let longest_ms = if self.keep.durable.is_on() { GATHER_LONGEST_MS } else { REPORT_LONGEST_MS };
        if self.seats.unknown_count() == 0 || waited_ms >= longest_ms {
            self.gather = None;
            return;
        }
        gather.shows |= waited_ms >= GATHER_LONGEST_MS;
        if now.tick_ms >= gather.next_tick_ms {
            gather.next_tick_ms = now.tick_ms.saturating_add(COUNT_AGAIN_MS);
            if gather.left.is_empty() && waited_ms >= GATHER_CELLS_MS {
                gather.left =
                    self.seats.unknown().filter(|student| !gather.asked.contains(student)).collect();
                gather.left.reverse();
            }
        }
        let mut next = Vec::new();
        while gather.asked.len() < RECOUNTS_AT_ONCE
            && let Some(student) = gather.left.pop()
        {
            if self.seats.is_unknown(student) && gather.asked.insert(student) {
                next.push(student);
            }
        }
        if !next.is_empty() {
            fx.push(Effect::Recount(next));
        }
    }
}
