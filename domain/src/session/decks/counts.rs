//! What is available of a deck today, and what was used of its limits: counted along with each state, never by looking at all.

use super::DeckStudy;
use crate::day::Day;
use crate::ids::SittingId;
use crate::session::tally::{Class, Tally, Used, note_use};
use crate::session::types::{Counts, Limits};
use crate::state::{CardState, Scheduled};
use std::collections::{BTreeMap, BTreeSet};

/// Drills that are made room for at once when one more comes.
const DRILLS_ROOM: usize = 8;

impl DeckStudy {
    pub(super) fn count(&mut self, index: u32, add: bool) {
        let class = self.class(index);
        let Some(n) = self.available.of(class) else { return };
        *n = if add { *n + 1 } else { n.saturating_sub(1) };
        if class == Class::Drill
            && let Some(at_ms) = self.drill_at_ms(index)
        {
            self.note_drill((at_ms, index), add);
        }
    }

    fn note_drill(&mut self, drill: (i64, u32), add: bool) {
        match (self.drills.binary_search(&drill), add) {
            (Err(at), true) => {
                if self.drills.len() == self.drills.capacity() {
                    self.drills.reserve_exact(DRILLS_ROOM + self.drills.len() / 8);
                }
                self.drills.insert(at, drill);
            }
            (Ok(at), false) => {
                self.drills.remove(at);
            }
            (Ok(_), true) | (Err(_), false) => {}
        }
    }

    /// The answer of this state that counts against today's limits.
    pub(super) fn use_of(&self, state: &CardState) -> Option<Scheduled> {
        state.scheduled.filter(|s| s.day == self.today && !s.only_early)
    }

    pub(super) fn use_limits(&mut self, state: &CardState, add: bool) {
        if let Some(scheduled) = self.use_of(state) {
            note_use(&mut self.used, scheduled, add);
        }
    }

    /// What is available and what was used of today's limits if these cards had these states.
    pub(in crate::session) fn counts_if(&self, instead: &BTreeMap<u32, CardState>) -> Tally {
        let mut tally = Tally { available: self.available, used: self.used.clone() };
        let touched: BTreeSet<u32> = instead.keys().flat_map(|index| self.touched_by(*index)).collect();
        let row = |card: u32| instead.get(&card).copied().or_else(|| self.rows.get(card));
        for index in touched.into_iter().filter(|index| self.shows(*index) && !self.is_stale(*index)) {
            if let Some(n) = tally.available.of(self.class(index)) {
                *n = n.saturating_sub(1);
            }
            if let Some(n) = tally.available.of(self.class_if(index, &row)) {
                *n += 1;
            }
        }
        for (index, state) in instead {
            if let Some(scheduled) = self.use_of(&self.state(*index)) {
                note_use(&mut tally.used, scheduled, false);
            }
            if let Some(scheduled) = self.use_of(state) {
                note_use(&mut tally.used, scheduled, true);
            }
        }
        tally
    }

    /// What is available and what was used of today's limits.
    pub(in crate::session) fn counts(&self) -> Tally {
        Tally { available: self.available, used: self.used.clone() }
    }

    /// Counts everything anew: for a new day, a new revision, a change of who sees it.
    pub(in crate::session) fn recount(&mut self, today: Day) {
        self.today = today;
        self.available = Counts::default();
        self.drills.clear();
        self.used.clear();
        let cards = u32::try_from(self.deck.cards().len()).unwrap_or(u32::MAX);
        for index in 0..cards {
            self.count(index, true);
        }
        let states: Vec<CardState> = self.rows.iter().map(|(_, state)| state).collect();
        for state in &states {
            self.use_limits(state, true);
        }
    }

    /// What today's limits still allow this sitting of new cards and reviews; cards held now are not subtracted.
    pub(in crate::session) fn allowance(&self, sitting: SittingId, limits: Limits, more: Limits) -> Counts {
        self.allowance_of(&self.used, sitting, limits, more)
    }

    /// The same, by what was used as told.
    pub(in crate::session) fn allowance_of(
        &self,
        used: &[Used],
        sitting: SittingId,
        limits: Limits,
        more: Limits,
    ) -> Counts {
        let (mut mine, mut others) = ((0, 0), (0, 0));
        for used in used {
            let by = if used.sitting == Some(sitting) { &mut mine } else { &mut others };
            by.0 += used.new;
            by.1 += used.review;
        }
        let left = |lower: Option<u32>, deck: u32, more: Option<u32>, others: u32, mine: u32| {
            let open = deck.saturating_sub(others).saturating_add(more.unwrap_or(0));
            open.min(lower.unwrap_or(u32::MAX)).saturating_sub(mine)
        };
        let settings = &self.deck.settings;
        Counts {
            new: left(limits.new, settings.new_per_day, more.new, others.0, mine.0),
            review: left(limits.review, settings.reviews_per_day, more.review, others.1, mine.1),
            learning: u32::MAX,
        }
    }

    /// What is available today, limits aside.
    pub(in crate::session) fn available(&self) -> Counts {
        self.available
    }

    /// Where the running counts differ from a count from scratch; empty in a sound study.
    pub(in crate::session) fn contradictions(&self) -> Vec<String> {
        let mut fresh = self.clone();
        fresh.recount(self.today);
        let mut found = Vec::new();
        if fresh.available != self.available {
            found.push(format!("counts {:?}, recounted {:?}", self.available, fresh.available));
        }
        if fresh.drills != self.drills {
            found.push(format!("drills {:?}, recounted {:?}", self.drills, fresh.drills));
        }
        let used = |study: &DeckStudy| -> BTreeMap<Option<SittingId>, (u32, u32)> {
            let some = study.used.iter().filter(|used| used.new + used.review > 0);
            some.map(|used| (used.sitting, (used.new, used.review))).collect()
        };
        if used(&fresh) != used(self) {
            found.push(format!("used {:?}, recounted {:?}", self.used, fresh.used));
        }
        found
    }
}
