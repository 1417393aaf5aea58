//! What is shown changes under a running session: edited and deleted cards, new cards, new decks, revoked ones.

use super::decks::CardKey;
use super::reread::Why;
use super::types::*;
use super::{DoneState, Session};
use crate::deck::Deck;
use crate::ids::DeckId;
use crate::limits::{DECKS_PER_SESSION, RETRY_LONGEST_MS};
use std::sync::Arc;

impl Session {
    /// A new revision of a deck: held cards are shown anew or dropped, new cards raise the counts.
    pub(super) fn deck_changed(&mut self, now: Now, deck: Arc<Deck>, fx: &mut Vec<Effect>) {
        let id = deck.id;
        let today = self.today;
        self.forget_recalls();
        let Some(study) = self.decks.get_mut(&id) else {
            let newer = self.decks_told.get(&id).is_none_or(|told| told.revision < deck.revision);
            if newer && self.is_reading() && self.decks_told.len() < DECKS_PER_SESSION {
                self.decks_told.insert(id, deck);
            }
            return;
        };
        if deck.revision <= study.deck.revision {
            return;
        }
        let before = std::mem::replace(&mut study.deck, deck);
        let refold = study.deck.settings.fold_params() != before.settings.fold_params();
        study.recount(today);
        let available = study.available();
        self.forget_queues();
        if refold {
            self.reread(id, Why::Parameters, fx);
        }
        let grew = self.decks.get(&id).is_some_and(|s| s.deck.cards().len() > before.cards().len());
        for socket in self.sockets_over(id) {
            let held: Vec<CardKey> = self
                .sockets
                .get(&socket)
                .map(|s| s.held.iter().map(|held| held.key).filter(|key| key.0 == id).collect())
                .unwrap_or_default();
            for key in held {
                self.held_card_changed(now, socket, key, &before, fx);
            }
            if grew && !available.is_zero() {
                let left = Some(self.left(socket));
                let changed =
                    Changed { reason: Reason::Imported, drop: Vec::new(), card: None, about: None, left };
                fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
            }
            self.wake(socket);
        }
    }

    pub(super) fn sockets_over(&self, deck: DeckId) -> Vec<SocketId> {
        let over = |s: &super::Socket| s.sitting.as_ref().is_some_and(|sitting| sitting.covers(deck));
        self.sockets.iter().filter(|(_, s)| over(s)).map(|(id, _)| *id).collect()
    }

    /// A socket that was done may have something again.
    fn wake(&mut self, socket: SocketId) {
        if let Some(state) = self.sockets.get_mut(&socket)
            && let DoneState::Asking(_) = state.done
        {
            state.done = DoneState::Studying;
        }
    }

    fn held_card_changed(
        &mut self,
        now: Now,
        socket: SocketId,
        key: CardKey,
        before: &Deck,
        fx: &mut Vec<Effect>,
    ) {
        let Some(study) = self.decks.get(&key.0) else { return };
        if !study.shows(key.1) {
            return self.drop_hidden(socket, key, fx);
        }
        let revision = |deck: &Deck| deck.card(key.1).map(|card| card.revision);
        if revision(&study.deck) != revision(before) {
            self.refresh_held(now, socket, key, Reason::Edited, fx);
        }
    }

    /// A card that can no longer be shown goes, with the reason why.
    fn drop_hidden(&mut self, socket: SocketId, key: CardKey, fx: &mut Vec<Effect>) {
        let study = self.decks.get(&key.0);
        let lives = study.is_some_and(|study| {
            study.deck.deleted_ms.is_none()
                && study.deck.card(key.1).is_some_and(|card| card.deleted_ms.is_none())
        });
        let reason = if lives { Reason::Withdrawn } else { Reason::Deleted };
        self.drop_held(socket, key, reason, fx);
    }

    fn drop_held(&mut self, socket: SocketId, key: CardKey, reason: Reason, fx: &mut Vec<Effect>) {
        if let Some(state) = self.sockets.get_mut(&socket) {
            state.held.retain(|held| held.key != key);
        }
        let drop = self.card_id(key).into_iter().collect();
        let changed = Changed { reason, drop, card: None, about: None, left: Some(self.left(socket)) };
        fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
    }

    /// Who sees what changed, or where the learner is: that and the loaded decks are read again, and sittings over
    /// everything look for more.
    pub(super) fn access_changed(&mut self, fx: &mut Vec<Effect>) {
        // What is being read now may be from before the change. One look at a time: however often it is told, what is
        // owed is one more. For what is read for nobody nobody waits: it is looked at when it has arrived.
        self.access_unread = self.is_awaiting() || self.access_fetch.is_some();
        self.access_changed_while_loading |= !self.loads.is_empty();
        if self.access_fetch.is_some() {
            return;
        }
        let decks: Vec<DeckId> = self.decks.keys().copied().collect();
        self.access_fetch = Some(self.fetch(Want::Access(decks), fx));
        self.rescope_all(fx);
    }

    /// The store could not be read: a revocation must not be lost with it.
    pub(super) fn access_is_unread(&mut self, now: Now) {
        self.access_unread = true;
        self.read_again_tick_ms = now.tick_ms.saturating_add(RETRY_LONGEST_MS);
    }

    pub(super) fn read_access_again(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let reads = self.is_awaiting() || self.access_fetch.is_some();
        if self.access_unread && now.tick_ms >= self.read_again_tick_ms && !reads {
            self.access_unread = false;
            self.access_changed(fx);
        }
    }

    /// It was read again: the day may be another where the learner is, and cards of decks that are no longer the learner's
    /// to see are dropped.
    pub(super) fn access_fetched(
        &mut self,
        now: Now,
        facts: Result<Facts, FetchFailed>,
        fx: &mut Vec<Effect>,
    ) {
        let Ok(Facts::Access(Access { zones, decks })) = facts else { return self.access_is_unread(now) };
        self.zones_changed(now, zones, fx);
        for SeenDeck { deck, spans } in decks {
            let id = deck.id;
            self.deck_changed(now, deck, fx);
            let today = self.today;
            if let Some(study) = self.decks.get_mut(&id) {
                study.spans = spans;
                study.recount(today);
            }
        }
        self.forget_queues();
        let sockets: Vec<SocketId> = self.sockets.keys().copied().collect();
        for socket in sockets {
            let hidden: Vec<CardKey> = self
                .sockets
                .get(&socket)
                .map(|s| s.held.iter().map(|held| held.key).collect::<Vec<_>>())
                .unwrap_or_default()
                .into_iter()
                .filter(|key| self.decks.get(&key.0).is_none_or(|study| !study.shows(key.1)))
                .collect();
            for key in hidden {
                self.drop_hidden(socket, key, fx);
            }
        }
    }
}
