//! Several devices of one learner: no card is held by two sockets. A socket that holds nothing may take one card over,
//! from what lies ahead on the device that holds most, or from a screen that nobody has touched for a minute.

use super::Session;
use super::decks::CardKey;
use super::types::*;
use crate::ids::CardId;
use crate::limits::TAKEOVER_AFTER_MS;

impl Session {
    pub(super) fn card_id(&self, key: CardKey) -> Option<CardId> {
        self.decks.get(&key.0).and_then(|study| study.deck.card(key.1)).map(|card| card.id)
    }

    /// Nothing can be handed out: an empty socket takes one card over, if there is one to take.
    pub(super) fn take_over(&mut self, now: Now, socket: SocketId, fx: &mut Vec<Effect>) {
        let Some(state) = self.sockets.get(&socket) else { return };
        if !state.held.is_empty() || state.lost_on_screen {
            return;
        }
        let Some((from, at)) = self.card_to_take(now, socket) else { return };
        let Some(giver) = self.sockets.get_mut(&from) else { return };
        if at >= giver.held.len() {
            return;
        }
        let held = giver.held.remove(at);
        if at == 0 {
            giver.lost_on_screen = true;
        }
        self.tell_taken(from, held.key, fx);
        let kind = self
            .sockets
            .get(&socket)
            .and_then(|s| s.sitting.as_ref())
            .and_then(|sitting| self.may_deal(socket, sitting, held.key))
            .unwrap_or(held.kind);
        let Some(mut taken) = self.held(now, held.key, kind) else { return };
        taken.arrived_tick_ms = now.tick_ms;
        if let Some(state) = self.sockets.get_mut(&socket) {
            state.held.push(taken);
            state.done = super::DoneState::Studying;
        }
        if let Some(deal) = self.deal(socket, held.key, kind) {
            fx.push(Effect::Send { socket, out: Out::Card(Box::new(deal)) });
        }
    }

    /// The card to take over: from whom, and at which place.
    fn card_to_take(&self, now: Now, socket: SocketId) -> Option<(SocketId, usize)> {
        let sitting = self.sockets.get(&socket)?.sitting.as_ref()?;
        let fits = |key: CardKey| {
            sitting.covers(key.0)
                && self.decks.get(&key.0).is_some_and(|study| sitting.kind(study, key).is_some())
                && !self.pending.concern(key)
        };
        let ahead = self
            .sockets
            .iter()
            .filter(|(id, other)| **id != socket && other.held.len() > 1)
            .filter_map(|(id, other)| {
                let at = (1..other.held.len()).rev().find(|&at| fits(other.held[at].key))?;
                Some((other.held.len(), *id, at))
            })
            .max_by_key(|(holds, _, _)| *holds);
        if let Some((_, from, at)) = ahead {
            return Some((from, at));
        }
        self.sockets
            .iter()
            .filter(|(id, _)| **id != socket)
            .find(|(_, other)| {
                other.held.first().is_some_and(|held| {
                    let since = held.arrived_tick_ms.max(other.acted_tick_ms);
                    fits(held.key) && now.tick_ms.saturating_sub(since) >= TAKEOVER_AFTER_MS
                })
            })
            .map(|(id, _)| (*id, 0))
    }

    /// Another socket that holds the card loses it.
    pub(super) fn take_from_others(&mut self, socket: SocketId, key: CardKey, fx: &mut Vec<Effect>) {
        let Some(holder) = self.holder_of(key).filter(|holder| *holder != socket) else { return };
        if let Some(state) = self.sockets.get_mut(&holder) {
            state.held.retain(|held| held.key != key);
        }
        self.tell_taken(holder, key, fx);
    }

    fn tell_taken(&self, from: SocketId, key: CardKey, fx: &mut Vec<Effect>) {
        let changed = Changed {
            reason: Reason::TakenOver,
            drop: self.card_id(key).into_iter().collect(),
            card: None,
            about: None,
            left: None,
        };
        fx.push(Effect::Send { socket: from, out: Out::Changed(Box::new(changed)) });
    }

    /// How many cards this socket could be handed if no other device held them.
    pub(super) fn held_elsewhere(&self, socket: SocketId) -> u32 {
        let Some(sitting) = self.sockets.get(&socket).and_then(|s| s.sitting.as_ref()) else { return 0 };
        let held = self.sockets.iter().filter(|(id, _)| **id != socket).flat_map(|(_, s)| &s.held);
        let n = held.filter(|held| sitting.covers(held.key.0)).count();
        u32::try_from(n).unwrap_or(u32::MAX)
    }

    /// When, by the monotonic clock, a waiting socket may take a card from an untouched screen.
    pub(super) fn takeover_deadline(&self) -> Option<u64> {
        let waits = |socket: &super::Socket| {
            socket.sitting.is_some() && socket.held.is_empty() && !socket.lost_on_screen
        };
        if !self.sockets.values().any(waits) {
            return None;
        }
        self.sockets
            .values()
            .filter_map(|other| {
                let held = other.held.first()?;
                Some(held.arrived_tick_ms.max(other.acted_tick_ms) + TAKEOVER_AFTER_MS)
            })
            .min()
    }
}
