//! After the writer: what became durable, who hears of it, and when. Nothing that anybody else sees rests on an entry
//! that is not durable.

use super::Session;
use super::decks::CardKey;
use super::pending::Pending;
use super::types::*;
use crate::ids::EntryId;

impl Session {
    /// The one place where an accepted command gets its verdict.
    pub(super) fn outcome(&mut self, now: Now, id: EntryId, outcome: Outcome, fx: &mut Vec<Effect>) {
        let place = self.pending.place(id);
        let Some(pending) = self.pending.remove(id) else { return };
        let is_mark = pending.entry.mark_of().is_some();
        self.lesson_decided(&pending.entry, outcome);
        match outcome {
            Outcome::Durable => {
                self.known.insert(id, pending.digest);
                self.tell_work(id, pending.digest);
                self.tell_surprise(&pending, fx);
                for (socket, seq) in &pending.waiters {
                    self.decide(*socket, *seq);
                }
                self.tell_others(now, &pending, fx);
            }
            Outcome::Never => {
                self.forget_refused(id);
                self.pending.refused(pending.key, pending.before, place);
                if let Some(study) = self.decks.get_mut(&pending.key.0) {
                    study.mark_stale(pending.key.1);
                    let today = self.today;
                    study.recount(today);
                }
                self.forget_queues();
                for (socket, seq) in &pending.waiters {
                    self.refuse(*socket, *seq, id, Refusal::Internal, fx);
                }
            }
        }
        if is_mark {
            self.mark_decided(id, outcome, fx);
        }
    }

    fn tell_surprise(&self, pending: &Pending, fx: &mut Vec<Effect>) {
        if !pending.surprises || !self.sockets.contains_key(&pending.from) {
            return;
        }
        let about = self.card_id(pending.key).zip(self.state_shown(pending.from, pending.key));
        let Some(about) = about else { return };
        let changed = Changed {
            reason: Reason::Rescheduled,
            drop: Vec::new(),
            card: None,
            about: Some(about),
            left: Some(self.left(pending.from)),
        };
        fx.push(Effect::Send { socket: pending.from, out: Out::Changed(Box::new(changed)) });
    }

    /// The other devices of the learner hear of what is durable now.
    fn tell_others(&mut self, now: Now, pending: &Pending, fx: &mut Vec<Effect>) {
        let key = pending.key;
        let others: Vec<SocketId> = self
            .sockets
            .iter()
            .filter(|(id, socket)| {
                **id != pending.from && socket.sitting.as_ref().is_some_and(|sitting| sitting.covers(key.0))
            })
            .map(|(id, _)| *id)
            .collect();
        if others.is_empty() {
            return;
        }
        if self.pending.concern(key) {
            // A later entry about the same card is on its way: its verdict tells the state after both.
            return;
        }
        self.requeue(key);
        for socket in others {
            let holds = self.sockets.get(&socket).is_some_and(|s| s.held.iter().any(|held| held.key == key));
            if holds && matches!(pending.reason, Reason::Set | Reason::Undone | Reason::Regraded) {
                self.refresh_held(now, socket, key, pending.reason, fx);
                continue;
            }
            let Some(about) = self.state_in_memory(key) else { continue };
            let drop = if holds { vec![about.0] } else { Vec::new() };
            if let Some(state) = self.sockets.get_mut(&socket) {
                state.held.retain(|held| held.key != key);
            }
            let left = Some(self.left(socket));
            let changed = Changed { reason: pending.reason, drop, card: None, about: Some(about), left };
            fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
        }
    }

    /// A card and its state as this session knows it, with what is not durable yet.
    pub(super) fn state_in_memory(
        &self,
        key: CardKey,
    ) -> Option<(crate::ids::CardId, crate::state::CardState)> {
        let study = self.decks.get(&key.0)?;
        let card = study.deck.card(key.1)?.id;
        Some((card, study.state(key.1)))
    }

    /// A held card has changed: it is shown anew at its place, or dropped when it may no longer be dealt today.
    pub(super) fn refresh_held(
        &mut self,
        now: Now,
        socket: SocketId,
        key: CardKey,
        reason: Reason,
        fx: &mut Vec<Effect>,
    ) {
        let Some(state) = self.sockets.get(&socket) else { return };
        let Some(at) = state.held.iter().position(|held| held.key == key) else { return };
        let Some(was) = state.held.get(at).cloned() else { return };
        let kind = state.sitting.as_ref().and_then(|sitting| {
            let study = self.decks.get(&key.0)?;
            if self.is_pending_elsewhere(socket, key) {
                // What another device did to it is not durable, and must not show.
                return study.shows(key.1).then_some(was.kind);
            }
            sitting.kind(study, key).or_else(|| self.still_extra(key, was.kind))
        });
        let changed = match kind.and_then(|kind| self.held(now, socket, key, kind)) {
            Some(mut held) => {
                held.arrived_tick_ms = was.arrived_tick_ms;
                if reason != Reason::Edited && held.asked.mode() == was.asked.mode() {
                    // What was shown to choose from may have been chosen from already.
                    (held.asked, held.near) = (was.asked, was.near);
                }
                if let Some(state) = self.sockets.get_mut(&socket) {
                    state.held.remove(at);
                    // What was undone goes before all others, wherever the undo came from.
                    state.held.insert(if reason == Reason::Undone { 0 } else { at }, held.clone());
                }
                let card = self.deal(socket, &held);
                Changed { reason, drop: Vec::new(), card, about: None, left: None }
            }
            None => {
                if let Some(state) = self.sockets.get_mut(&socket) {
                    state.held.remove(at);
                }
                self.forget_queues();
                let drop = self.state_in_memory(key).map(|(card, _)| card).into_iter().collect();
                Changed { reason, drop, card: None, about: None, left: Some(self.left(socket)) }
            }
        };
        fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
    }

    /// A card that was shown beyond the schedule stays so while it can be shown at all.
    fn still_extra(&self, key: CardKey, was: Kind) -> Option<Kind> {
        let study = self.decks.get(&key.0)?;
        let state = study.state(key.1);
        let shown = study.shows(key.1) && !state.suspended && !state.is_buried(self.today);
        (was == Kind::Extra && shown).then_some(Kind::Extra)
    }

    /// `saved` leaves when the watermark moved.
    pub(super) fn tell_saved(&mut self, socket: SocketId, fx: &mut Vec<Effect>) {
        let Some(state) = self.sockets.get_mut(&socket) else { return };
        if state.decided > state.told_saved {
            state.told_saved = state.decided;
            fx.push(Effect::Send { socket, out: Out::Saved(state.decided) });
        }
    }
}
