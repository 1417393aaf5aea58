//! The turn of the study day in the middle of a session.

use super::types::*;
use super::{DoneState, Session};
use crate::day::ZoneHistory;

impl Session {
    pub(super) fn read_day(&mut self, now: Now) {
        self.today = self.zones.stamp(now.wall_ms).day;
        self.day_from_ms = self.zones.day_start_ms(self.today, now.wall_ms);
        self.day_ends_ms = self.zones.day_start_ms(self.today.plus(1), now.wall_ms);
    }

    /// Where the learner is was told, or read again. It may have been read before what is known already was told.
    pub(super) fn zones_changed(&mut self, now: Now, zones: ZoneHistory, fx: &mut Vec<Effect>) {
        if zones.is_older_than(&self.zones) {
            return;
        }
        self.zones = zones;
        self.day_ends_ms = i64::MIN;
        self.turn_of_day(now, fx);
    }

    /// Notices a new study day, forwards or (by the developer's clock, or a change of zone) backwards.
    pub(super) fn turn_of_day(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if now.wall_ms >= self.day_from_ms && now.wall_ms < self.day_ends_ms {
            return;
        }
        let before = self.today;
        self.read_day(now);
        if self.today == before {
            return;
        }
        let today = self.today;
        for study in self.decks.values_mut() {
            study.recount(today);
        }
        self.returned.clear();
        let sockets: Vec<SocketId> =
            self.sockets.iter().filter(|(_, s)| s.sitting.is_some()).map(|(id, _)| *id).collect();
        let mut screens = Vec::new();
        for &socket in &sockets {
            screens.push(self.drop_all(socket, fx));
        }
        for &socket in &sockets {
            let by_deck = self.left_by_deck(socket);
            fx.push(Effect::Send { socket, out: Out::Queue(listed(&by_deck), self.left(socket)) });
        }
        // The card on screen comes first if it is still due; the other places are filled after this turn.
        for (socket, screen) in sockets.into_iter().zip(screens) {
            let sitting = self.sockets.get(&socket).and_then(|s| s.sitting.as_ref());
            let kind = sitting.zip(screen).and_then(|(sitting, key)| {
                self.has_credit(sitting.window).then(|| self.may_deal(socket, sitting, key))?
            });
            if let Some((key, kind)) = screen.zip(kind) {
                self.hand_out(now, socket, key, kind, fx);
            }
        }
    }

    /// Takes all cards from a socket for a new day; returns the one on screen.
    fn drop_all(&mut self, socket: SocketId, fx: &mut Vec<Effect>) -> Option<super::decks::CardKey> {
        let state = self.sockets.get_mut(&socket)?;
        let held = std::mem::take(&mut state.held);
        state.done = DoneState::Studying;
        if let Some(sitting) = &mut state.sitting {
            sitting.more = Limits::default();
            sitting.queue = None;
        }
        let drop = held.iter().filter_map(|held| self.card_id(held.key)).collect();
        let changed = Changed { reason: Reason::NewDay, drop, card: None, about: None, left: None };
        fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
        held.first().map(|held| held.key)
    }
}

/// Decks with a count above zero, as many as a frame lists.
pub(super) fn listed(by_deck: &[(crate::ids::DeckId, Counts)]) -> Vec<(crate::ids::DeckId, Counts)> {
    by_deck
        .iter()
        .filter(|(_, counts)| !counts.is_zero())
        .take(crate::limits::DECKS_PER_QUEUE)
        .copied()
        .collect()
}
