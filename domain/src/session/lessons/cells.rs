//! Cells: what the session tells of its learner, four times a second at most, and whole every ten seconds. A cell may be
//! lost; the next one says all of it again. An answer on its way is worth a cell only when it takes long: mostly it is
//! durable a moment later, and told of once, without waiting for the next quarter of a second. When a lesson is over, one
//! whole cell follows as soon as nothing of the lesson is on its way: its report is made of these.

use super::super::Session;
use super::super::types::*;
use super::{Attended, Recalls};
use crate::lesson::cell::{Cell, Figures, Presence, Tally, WrongAnswer};
use crate::lesson::count::{Count, WrongDigest};
use crate::limits::{AWAY_AFTER_MS, CELL_EVERY_MS, CELL_WHOLE_EVERY_MS};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Session {
    /// Tells each lesson what it does not know yet, if it is time.
    pub(in crate::session) fn tell_cells(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if !self.has_lessons() {
            return;
        }
        let presence = self.presence(now);
        for at in 0..self.lessons.attended.len() {
            if self.lessons.attended.get(at).is_some_and(|attended| self.waits_with_last(attended)) {
                continue;
            }
            let Some(attended) = self.lessons.attended.get_mut(at) else { return };
            attended.has_changed |= attended.presence != presence;
            let Some(is_whole) = attended.is_due(now, presence) else { continue };
            let Some(cell) = self.cell(now, at, presence, is_whole) else { continue };
            let Some(attended) = self.lessons.attended.get_mut(at) else { return };
            attended.was_told(now, presence, is_whole);
            fx.push(Effect::Cell { class: attended.class(), cell: Arc::new(cell) });
        }
    }

    /// When a cell is due by itself (monotonic milliseconds).
    pub(in crate::session) fn cells_deadline(&self) -> Option<u64> {
        let is_here = !self.sockets.is_empty();
        let told = self.lessons.attended.iter().filter(|attended| !self.waits_with_last(attended));
        told.filter_map(|attended| attended.deadline(is_here)).min()
    }

    /// Whether a lesson is over of which something is not durable yet, or is being counted.
    fn waits_with_last(&self, attended: &Attended) -> bool {
        let is_counted = attended.reading.is_none() && !attended.is_old;
        attended.owes_last && !(is_counted && self.unsaved_in(attended) == 0)
    }

    fn presence(&mut self, now: Now) -> Presence {
        let Some(acted) = self.sockets.values().map(|socket| socket.acted_tick_ms).max() else {
            return Presence::Left;
        };
        let quiet_ms = now.tick_ms.saturating_sub(acted);
        self.lessons.seen_ms = now.wall_ms.saturating_sub(i64::try_from(quiet_ms).unwrap_or(0));
        if quiet_ms < AWAY_AFTER_MS { Presence::Here } else { Presence::Away }
    }

    fn cell(&mut self, now: Now, at: usize, presence: Presence, is_whole: bool) -> Option<Cell> {
        let mut recalls = std::mem::take(&mut self.lessons.attended.get_mut(at)?.recalls);
        let figures = self.figures_now(at, is_whole, &mut recalls);
        self.lessons.attended.get_mut(at)?.recalls = recalls;
        let mut figures = figures?;
        let attended = self.lessons.attended.get(at)?;
        let lesson = attended.told.document.lesson?;
        figures.presence = presence;
        figures.last_seen_ms = figures.last_seen_ms.max(self.lessons.seen_ms);
        figures.unsaved = self.unsaved_in(attended);
        figures.as_of_ms = now.wall_ms;
        figures.votes = attended.votes();
        figures.wrong = attended.count.iter().flat_map(Count::wrong).map(|w| self.wrong(w)).collect();
        let called_by = attended.call();
        let version = &mut self.lessons.version;
        // Numbers of two lives never meet, and those of the later one are higher.
        version.n = version.n.max(now.tick_ms << super::super::TOKENS_PER_MS_BITS) + 1;
        let version = *version;
        Some(Cell { student: self.user, lesson, version, called_by, figures })
    }

    /// A wrong answer with its text; without one where only the log knows of it, which keeps no texts.
    fn wrong(&self, wrong: &WrongDigest) -> WrongAnswer {
        let WrongDigest { card, digest, times } = *wrong;
        WrongAnswer { card, digest, text: self.wrong_text(card, digest).cloned(), times }
    }

    /// What was counted, with how well the cards are remembered now. A cell that is not whole costs what changed: the other
    /// cards are remembered as they were told last, on the same day.
    fn figures_now(&self, at: usize, is_whole: bool, recalls: &mut Recalls) -> Option<Figures> {
        let attended = self.lessons.attended.get(at)?;
        let count = attended.count.as_ref()?;
        let mut figures = match is_whole {
            true => count.figures(),
            false => count.part(&attended.changed_cards, &attended.changed_minutes),
        };
        if is_whole || recalls.day != Some(self.today) {
            *recalls = Recalls { day: Some(self.today), permille: BTreeMap::new() };
            let all = if is_whole { Vec::new() } else { count.figures().cards };
            for tally in &all {
                self.recall(tally, recalls);
            }
        }
        for tally in &mut figures.cards {
            tally.recall_permille = self.recall(tally, recalls);
        }
        let sum: u32 = recalls.permille.values().map(|permille| u32::from(*permille)).sum();
        let mean = u32::try_from(recalls.permille.len()).ok().and_then(|known| sum.checked_div(known));
        figures.recall_permille = mean.and_then(|mean| u16::try_from(mean).ok());
        Some(figures)
    }

    /// How well a card is remembered today, in permille; it is noted.
    fn recall(&self, tally: &Tally, recalls: &mut Recalls) -> Option<u16> {
        let key = (tally.deck, tally.card);
        let recall = self.decks.get(&tally.deck).and_then(|study| {
            let state = study.state(study.deck.index_of(tally.card)?);
            state.recall(self.today, &study.deck.settings.fold_params())
        });
        let permille = recall.map(|recall| (recall * 1_000.0 + 0.5) as u16);
        match permille {
            Some(permille) => recalls.permille.insert(key, permille),
            None => recalls.permille.remove(&key),
        };
        permille
    }
}

impl Attended {
    /// Whether a cell is due, and whether it names all cards.
    fn is_due(&self, now: Now, presence: Presence) -> Option<bool> {
        if !self.counts() || self.count.is_none() {
            return None;
        }
        let is_called = self.answered_call != Some(self.call());
        let since = |then: Option<u64>| then.map_or(u64::MAX, |then| now.tick_ms.saturating_sub(then));
        let wants_whole = is_called || self.owes_last || since(self.whole_tick_ms) >= CELL_WHOLE_EVERY_MS;
        let is_soon = since(self.told_tick_ms) >= CELL_EVERY_MS;
        // Whoever is not there has said so, and says nothing more until something changes.
        let is_there = presence != Presence::Left;
        let waits_long = self.unsaved_since_tick_ms.is_some_and(|then| since(Some(then)) >= CELL_EVERY_MS);
        let has_changed = self.has_changed || waits_long;
        match (is_called, is_soon && (has_changed || (is_there && wants_whole))) {
            (true, _) => Some(true),
            (false, true) => Some(wants_whole),
            (false, false) => None,
        }
    }

    fn was_told(&mut self, now: Now, presence: Presence, is_whole: bool) {
        self.answered_call = Some(self.call());
        self.told_tick_ms = Some(now.tick_ms);
        if is_whole {
            self.whole_tick_ms = Some(now.tick_ms);
        }
        (self.presence, self.has_changed, self.owes_last) = (presence, false, false);
        self.unsaved_since_tick_ms = None;
        self.changed_cards.clear();
        self.changed_minutes.clear();
    }

    fn call(&self) -> (u64, u64) {
        (self.told.at.0, self.told.calls)
    }

    fn deadline(&self, is_here: bool) -> Option<u64> {
        if !self.counts() || self.count.is_none() {
            return None;
        }
        let soon = self.told_tick_ms.unwrap_or(0).saturating_add(CELL_EVERY_MS);
        let whole = self.whole_tick_ms.unwrap_or(0).saturating_add(CELL_WHOLE_EVERY_MS).max(soon);
        let unsaved = self.unsaved_since_tick_ms.map(|since| since.saturating_add(CELL_EVERY_MS).max(soon));
        match (self.has_changed, is_here) {
            (true, _) => Some(soon),
            (false, true) => Some(unsaved.map_or(whole, |unsaved| unsaved.min(whole))),
            (false, false) => unsaved,
        }
    }
}
