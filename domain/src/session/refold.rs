//! A card's state after an entry: one step when the entry comes last in the card's order, else a fold of its log. What
//! rests on a refused row is folded again in the background, and the store's row with it.

use super::Session;
use super::command::Target;
use super::decks::{CardKey, DeckStudy};
use super::types::*;
use super::work::Gathered;
use crate::entry::LogEntry;
use crate::fold::{Live, fold_card};
use crate::ids::EntryId;
use crate::limits::{REPAIRS_AT_ONCE, RETRY_LONGEST_MS};
use crate::state::{CardState, CountedAs};

impl Session {
    /// The card's state after this entry: a step when the entry comes last, else a fold of its log. With it whether
    /// somebody who was shown the card elsewhere or earlier can hardly have foreseen it: a late entry, or one that
    /// counts as extra.
    pub(super) fn state_after(
        &mut self,
        socket: SocketId,
        target: &Target,
        entry: &LogEntry,
        gathered: &mut Gathered,
    ) -> Result<(CardState, bool), Want> {
        let (deck, index) = target.key;
        let Some(study) = self.decks.get(&deck) else { return Ok((CardState::NEW, false)) };
        let params = study.deck.settings.fold_params();
        let before = study.state(index);
        if !study.is_stale(index) && before.last.is_none_or(|last| entry.id > last) {
            let (state, counted) = before.after(entry, &params);
            return Ok((state, counted == Some(CountedAs::Extra)));
        }
        Ok((self.fold_with(socket, target, Some(*entry), gathered)?, true))
    }

    /// Folds a card's whole log with one more entry; asks for the log first and holds the card meanwhile.
    pub(super) fn fold_with(
        &mut self,
        socket: SocketId,
        target: &Target,
        entry: Option<LogEntry>,
        gathered: &mut Gathered,
    ) -> Result<CardState, Want> {
        let Some(log) = &gathered.card_log else {
            self.locked.insert(target.key, socket);
            gathered.were_pending = self.pending_of(target.key);
            return Err(Want::CardLog(target.key.0, target.card));
        };
        let mut entries = log.clone();
        entries.extend(gathered.were_pending.iter().copied());
        entries.extend(self.pending_of(target.key));
        entries.extend(entry);
        Ok(self.fold_of(target, &entries))
    }

    /// The fold of one card over these entries and the marks among them.
    pub(super) fn fold_of(&self, target: &Target, entries: &[LogEntry]) -> CardState {
        let params = self.decks.get(&target.key.0).map(|s| s.deck.settings.fold_params()).unwrap_or_default();
        let live = Live::of(entries.iter().chain(&self.marks));
        let name = Some((target.key.0, target.card));
        let own: Vec<LogEntry> = entries.iter().filter(|entry| entry.card() == name).copied().collect();
        fold_card(&own, &live, &params, |_, _| {})
    }

    /// Entries about a card that are not durable yet.
    pub(super) fn pending_of(&self, key: CardKey) -> Vec<LogEntry> {
        self.pending.about(key).map(|pending| pending.entry).collect()
    }

    /// What folds wait for the card's log must leave out an entry that is not in it and never will be.
    pub(super) fn forget_refused(&mut self, id: EntryId) {
        for work in self.sockets.values_mut().filter_map(|socket| socket.inbox.front_mut()) {
            work.gathered.were_pending.retain(|entry| entry.id != id);
        }
    }

    /// Whether rows that were folded when they were read wait to be written behind.
    pub fn owes_rows(&self) -> bool {
        self.decks.values().any(DeckStudy::owes_rows)
    }

    /// Writes behind what was folded when it was read, as it is now. A card about which something is on its way needs
    /// no such row: one with its state follows anyway.
    pub(super) fn write_behind(&mut self, rows: usize, fx: &mut Vec<Effect>) {
        let (pending, locked, mut left) = (&self.pending, &self.locked, rows);
        for (deck, study) in self.decks.iter_mut() {
            let params_key = study.deck.settings.fold_params().key();
            while left > 0
                && let Some(index) = study.next_unwritten()
            {
                let key = (*deck, index);
                if pending.concern(key) || locked.contains_key(&key) {
                    continue;
                }
                let Some(card) = study.deck.card(index).map(|card| card.id) else { continue };
                let state = study.state(index);
                left -= 1;
                fx.push(Effect::Append(Append { entry: None, about: (*deck, card), state, params_key }));
            }
        }
    }

    /// Asks for the log of cards whose state rests on an entry that could not be stored.
    pub(super) fn repair_stale(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if now.tick_ms < self.read_again_tick_ms {
            return;
        }
        let stale: Vec<CardKey> = self
            .decks
            .iter()
            .flat_map(|(deck, study)| study.unrepaired().map(|index| (*deck, index)))
            .filter(|key| !self.repairs.values().any(|k| k == key))
            .filter(|key| !self.pending.concern(*key) && !self.locked.contains_key(key))
            .take(REPAIRS_AT_ONCE.saturating_sub(self.repairs.len()))
            .collect();
        for key in stale {
            let Some(card) = self.state_in_memory(key).map(|(card, _)| card) else { continue };
            let token = self.fetch(Want::CardLog(key.0, card), fx);
            self.repairs.insert(token, key);
        }
    }

    /// A stale card's log arrived: its state is the fold again, and the store's row is put right.
    pub(super) fn repaired(
        &mut self,
        now: Now,
        key: CardKey,
        facts: Result<Facts, FetchFailed>,
        fx: &mut Vec<Effect>,
    ) {
        let Ok(Facts::CardLog(log)) = facts else {
            self.read_again_tick_ms = now.tick_ms.saturating_add(RETRY_LONGEST_MS);
            return;
        };
        let Some(card) = self.state_in_memory(key).map(|(card, _)| card) else { return };
        let target = Target { key, card };
        let state = self.fold_of(&target, &log);
        let Some(study) = self.decks.get_mut(&key.0) else { return };
        let params_key = study.deck.settings.fold_params().key();
        let differs = study.state(key.1) != state;
        study.mark_repaired(key.1);
        study.set_state(key.1, state);
        fx.push(Effect::Append(Append { entry: None, about: (key.0, card), state, params_key }));
        self.requeue(key);
        // A card about which a command is being worked on has left its screen already.
        let differs = differs && !self.locked.contains_key(&key);
        if let Some(socket) = self.holder_of(key).filter(|_| differs) {
            self.refresh_held(now, socket, key, Reason::Rescheduled, fx);
        }
    }
}
