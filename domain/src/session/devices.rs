//! Several devices of one learner: no card is held by two sockets. A socket that holds nothing may take one card over,
//! from what lies ahead on the device that holds most, or from a screen that nobody has touched for a minute.

use super::decks::CardKey;
use super::types::*;
use super::{Held, Session, Sitting};
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
        let Some((from, at, kind)) = self.card_to_take(now, socket) else { return };
        let Some(giver) = self.sockets.get_mut(&from) else { return };
        if at >= giver.held.len() {
            return;
        }
        let held = giver.held.remove(at);
        if at == 0 {
            giver.lost_on_screen = true;
        }
        self.tell_taken(from, held.key, fx);
        self.hand_out(now, socket, held.key, kind, fx);
    }

    /// As what a card that another device holds could be handed to this sitting.
    fn fits(&self, sitting: &Sitting, held: &Held) -> Option<Kind> {
        if self.pending.concern(held.key) || self.locked.contains_key(&held.key) {
            return None;
        }
        self.would_fit(sitting, held)
    }

    /// The same once nothing about the card is on its way any more.
    fn would_fit(&self, sitting: &Sitting, held: &Held) -> Option<Kind> {
        let (deck, _) = held.key;
        if !sitting.covers(deck) {
            return None;
        }
        let kind = sitting.kind(self.decks.get(&deck)?, held.key)?;
        self.limits_allow(sitting, deck, kind, Some(held.kind)).then_some(kind)
    }

    /// The card to take over: from whom, at which place, and as what.
    fn card_to_take(&self, now: Now, socket: SocketId) -> Option<(SocketId, usize, Kind)> {
        let sitting = self.sockets.get(&socket)?.sitting.as_ref()?;
        let ahead = self
            .sockets
            .iter()
            .filter(|(id, other)| **id != socket && other.held.len() > 1)
            .filter_map(|(id, other)| {
                let ahead = other.held.iter().enumerate().skip(1).rev();
                let (at, kind) =
                    ahead.filter_map(|(at, held)| Some((at, self.fits(sitting, held)?))).next()?;
                Some((other.held.len(), *id, at, kind))
            })
            .max_by_key(|(holds, _, _, _)| *holds);
        if let Some((_, from, at, kind)) = ahead {
            return Some((from, at, kind));
        }
        self.sockets
            .iter()
            .filter(|(id, _)| **id != socket)
            .filter(|(_, other)| other.untouched_from().is_some_and(|at| at <= now.tick_ms))
            .find_map(|(id, other)| Some((*id, 0, self.fits(sitting, other.held.first()?)?)))
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
        let n = held.filter(|held| self.would_fit(sitting, held).is_some()).count();
        u32::try_from(n).unwrap_or(u32::MAX)
    }

    /// When, by the monotonic clock, a waiting socket may take a card from an untouched screen.
    pub(super) fn takeover_deadline(&self, now: Now) -> Option<u64> {
        let waits = self
            .sockets
            .values()
            .any(|socket| socket.sitting.is_some() && socket.held.is_empty() && !socket.lost_on_screen);
        if !waits {
            return None;
        }
        self.sockets
            .values()
            .filter_map(|socket| socket.untouched_from())
            .filter(|at| *at > now.tick_ms)
            .min()
    }
}

impl super::Socket {
    /// From when on (monotonic) the card on screen counts as untouched.
    fn untouched_from(&self) -> Option<u64> {
        let held = self.held.first()?;
        Some(held.arrived_tick_ms.max(self.acted_tick_ms).saturating_add(TAKEOVER_AFTER_MS))
    }
}
