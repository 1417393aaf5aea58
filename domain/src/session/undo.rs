//! Undo: an entry of its own that names another. The card goes back to the head of what the socket holds.

use super::command::{Id, Target};
use super::decks::CardKey;
use super::types::*;
use super::work::{Gathered, Step};
use super::{DoneState, Session};
use crate::entry::{Body, LogEntry};
use crate::ids::EntryId;
use crate::limits::{UNDO_AGE_MS, UNDO_DEPTH};

impl Session {
    /// Works on an undo.
    pub(super) fn undo(
        &mut self,
        now: Now,
        socket: SocketId,
        (seq, id): (u64, EntryId),
        of: EntryId,
        gathered: &mut Gathered,
        fx: &mut Vec<Effect>,
    ) -> Step {
        let entry = self.undo_entry(id, of);
        match self.look_up(socket, (seq, id), entry.content_digest(), gathered, fx) {
            Id::Settled => return Step::Done,
            Id::Ask => return Step::Need(Want::Entries(vec![id])),
            Id::New => {}
        }
        match self.try_undo(now, socket, (seq, id), of, entry, gathered, fx) {
            Ok(step) => step,
            Err(refusal) => {
                self.refuse(socket, seq, id, refusal, fx);
                Step::Done
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one command")]
    fn try_undo(
        &mut self,
        now: Now,
        socket: SocketId,
        (seq, id): (u64, EntryId),
        of: EntryId,
        entry: LogEntry,
        gathered: &mut Gathered,
        fx: &mut Vec<Effect>,
    ) -> Result<Step, Refusal> {
        if !self.time_is_possible(now, id) {
            return Err(Refusal::BadTime);
        }
        let of_is_busy = self.sockets.get(&socket).is_some_and(|s| s.busy.contains(&of));
        if of_is_busy || self.is_overrun() {
            return Err(Refusal::Busy);
        }
        let Some(named) = self.named(of, gathered) else {
            if gathered.named.is_none() {
                // The slot of the id's own look-up is filled first, so that this answer lands in the other.
                gathered.entries.get_or_insert_with(Vec::new);
                return Ok(Step::Need(Want::Named(of)));
            }
            return Err(Refusal::UnknownEntry);
        };
        if !named.can_be_undone() {
            return Err(Refusal::UnknownEntry);
        }
        let Some((deck, card)) = named.card() else { return Err(Refusal::UnknownEntry) };
        if self.is_closed_vote(now, of) {
            return Err(Refusal::AskClosed);
        }
        let old = id.at_ms().saturating_sub(of.at_ms()) > UNDO_AGE_MS;
        if old && gathered.before.is_none() {
            return Ok(Step::Need(Want::Before(id, UNDO_DEPTH)));
        }
        let Some(study) = self.decks.get(&deck) else {
            return if gathered.decks_asked {
                Err(Refusal::UnknownEntry)
            } else {
                Ok(Step::Need(Want::Decks(vec![deck])))
            };
        };
        let index = study.deck.index_of(card).ok_or(Refusal::UnknownEntry)?;
        let target = Target { key: (deck, index), card };
        if let Some(by) = self.locked.get(&target.key)
            && *by != socket
        {
            return Ok(Step::WaitForCard(target.key));
        }
        let state = match self.fold_with(socket, &target, Some(entry), gathered) {
            Ok(state) => state,
            Err(want) => return Ok(Step::Need(want)),
        };
        let repeated = self.is_undone(of, target.key, gathered);
        // What is undone already stays undone, however old it is.
        let among_last = gathered.before.as_ref().is_none_or(|before| self.is_among_last(id, of, before));
        if old && !repeated && !among_last {
            return Err(Refusal::UndoTooOld);
        }
        self.hand_to_writer((socket, seq), &target, entry, state, Reason::Undone, false, fx);
        self.forget_queues();
        self.forget_extra(&named, target.key);
        if !repeated {
            self.bring_back(now, socket, target.key, fx);
        }
        Ok(Step::Done)
    }

    /// A sitting whose answer beyond the schedule is taken back may be handed the card again.
    fn forget_extra(&mut self, named: &LogEntry, key: CardKey) {
        let sitting = named.review().and_then(|review| review.sitting);
        for of_it in self.sockets.values_mut().filter_map(|socket| socket.sitting.as_mut()) {
            if Some(of_it.id) == sitting {
                of_it.extras_done.remove(&key);
            }
        }
    }

    /// The entry that an undo names: pending, or as the store has it.
    fn named(&self, of: EntryId, gathered: &Gathered) -> Option<LogEntry> {
        let pending = self.pending.get(of).map(|pending| pending.entry);
        pending.or_else(|| gathered.named.iter().flatten().find(|entry| entry.id == of).copied())
    }

    fn is_among_last(&self, id: EntryId, of: EntryId, stored: &[EntryId]) -> bool {
        let pending = self.pending.all().map(|p| p.entry).filter(LogEntry::can_be_undone).map(|e| e.id);
        let mut ids: Vec<EntryId> = pending.chain(stored.iter().copied()).filter(|e| *e < id).collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.dedup();
        ids.iter().take(UNDO_DEPTH).any(|e| *e == of)
    }

    fn is_undone(&self, of: EntryId, key: CardKey, gathered: &Gathered) -> bool {
        let stored = gathered.card_log.iter().flatten().copied();
        let pending = self.pending_of(key).into_iter().chain(gathered.were_pending.iter().copied());
        stored.chain(pending).any(|entry| matches!(entry.body, Body::Undo { of: named } if named == of))
    }

    /// The card goes before all that the socket holds; another that holds it loses it.
    fn bring_back(&mut self, now: Now, socket: SocketId, key: CardKey, fx: &mut Vec<Effect>) {
        let Some(sitting) = self.sockets.get(&socket).and_then(|s| s.sitting.as_ref()) else { return };
        let Some(study) = self.decks.get(&key.0) else { return };
        let state = study.state(key.1);
        if !study.shows(key.1) || state.suspended || state.is_buried(self.today) {
            // Only the verdict comes; but a card that is held must not stay.
            return self.refresh_held(now, socket, key, Reason::Undone, fx);
        }
        let window = sitting.window;
        let kind = self.kind_shown(key);
        self.take_from_others(socket, key, fx);
        let Some(held) = self.held(now, socket, key, kind) else { return };
        self.returned.retain(|returned| *returned != key);
        let mut dropped = None;
        if let Some(state) = self.sockets.get_mut(&socket) {
            state.held.retain(|held| held.key != key);
            if state.held.len() >= window {
                dropped = state.held.pop();
            }
            state.held.insert(0, held.clone());
            state.done = DoneState::Studying;
        }
        if let Some(dropped) = &dropped {
            self.returned.push_front(dropped.key);
        }
        let drop = dropped.and_then(|held| self.card_id(held.key)).into_iter().collect();
        let card = self.deal(socket, &held);
        let changed =
            Changed { reason: Reason::Undone, drop, card, about: None, left: Some(self.left(socket)) };
        fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
    }
}
