//! The end of a sitting for now: `done`, with figures from the log, and when something will come by itself.

use super::types::*;
use super::{DoneState, Session, Sitting};
use crate::limits::{DRILL_AHEAD_MS, RETRY_LONGEST_MS};

impl Session {
    /// Asks for the sitting's figures when the socket holds nothing, nothing can be handed out and every command of
    /// it has its verdict.
    pub(super) fn tell_done(&mut self, now: Now, socket: SocketId, fx: &mut Vec<Effect>) {
        if now.tick_ms < self.read_again_tick_ms || !self.is_done(socket) {
            return;
        }
        let Some(state) = self.sockets.get(&socket) else { return };
        let Some(sitting) = &state.sitting else { return };
        if state.done == DoneState::Studying {
            let token = self.fetch(Want::Sitting(sitting.id), fx);
            if let Some(state) = self.sockets.get_mut(&socket) {
                state.done = DoneState::Asking(token);
            }
        }
    }

    fn is_done(&self, socket: SocketId) -> bool {
        if self.waits_for_teacher() {
            return false;
        }
        self.sockets.get(&socket).is_some_and(|state| {
            let ready = |sitting: &Sitting| self.has_credit(sitting.window) && !self.awaits_rows(sitting);
            state.sitting.as_ref().is_some_and(ready)
                && state.held.is_empty()
                && state.commands.is_empty()
                && state.inbox.is_empty()
        })
    }

    /// Whether rows of its decks are being read again that may bring cards.
    fn awaits_rows(&self, sitting: &Sitting) -> bool {
        sitting.decks.iter().any(|deck| self.decks.get(deck).is_some_and(|study| study.is_distrusted()))
    }

    /// The figures were read: `done` leaves, unless cards came meanwhile.
    pub(super) fn figures_read(
        &mut self,
        now: Now,
        socket: SocketId,
        facts: Result<Facts, FetchFailed>,
        fx: &mut Vec<Effect>,
    ) {
        let still = self.is_done(socket);
        let held_elsewhere = self.held_elsewhere(socket);
        let next_due_at_ms = self.next_due_at_ms(now, socket);
        let Some(state) = self.sockets.get_mut(&socket) else { return };
        let Some(sitting) = &state.sitting else { return };
        let figures = match facts {
            Ok(Facts::Sitting(figures)) if still => figures,
            Ok(_) => {
                state.done = DoneState::Studying;
                return;
            }
            Err(FetchFailed) => {
                state.done = DoneState::Studying;
                self.read_again_tick_ms = now.tick_ms.saturating_add(RETRY_LONGEST_MS);
                return;
            }
        };
        let done = Done {
            sitting: sitting.id,
            decks: sitting.asked.clone().unwrap_or_default(),
            answered: figures.answered,
            cards: u32::try_from(figures.cards.len()).unwrap_or(u32::MAX),
            correct: figures.correct,
            elapsed_ms: figures.elapsed_ms,
            next_due_at_ms,
            held_elsewhere: (held_elsewhere > 0).then_some(held_elsewhere),
        };
        state.done = DoneState::Told;
        fx.push(Effect::Send { socket, out: Out::Done(done) });
    }

    /// When the next card would come by itself: the earliest drill of today, else the rollover that opens the earliest
    /// due day, or tomorrow's when today's limits held cards back.
    fn next_due_at_ms(&self, now: Now, socket: SocketId) -> Option<i64> {
        let sitting = self.sockets.get(&socket)?.sitting.as_ref()?;
        let hidden = |deck, index| self.is_pending_elsewhere(socket, (deck, index));
        let mine = |deck, study: &super::decks::DeckStudy, index| {
            let key = (deck, index);
            self.holder_of(key).is_none() && !hidden(deck, index) && sitting.kind(study, key).is_some()
        };
        let drill = self
            .studied(sitting)
            .filter_map(|(deck, study)| study.drills().find(|(_, index)| mine(deck, study, *index)))
            .min();
        if let Some((at_ms, _)) = drill {
            return Some(at_ms.max(now.wall_ms));
        }
        let tomorrow = self.today.plus(1);
        let held_back = self.studied(sitting).any(|(_, study)| {
            let available = study.available();
            available.new > 0 || available.review > 0
        });
        let earliest = self
            .studied(sitting)
            .filter_map(|(deck, study)| study.next_due_day(|index| hidden(deck, index)))
            .min();
        let day = if held_back { Some(tomorrow) } else { earliest };
        day.map(|day| self.zones.day_start_ms(day, now.wall_ms))
    }

    /// When this machine wants to be woken at the latest: monotonic milliseconds.
    pub fn next_deadline(&self, now: Now) -> Option<u64> {
        let read = Some(self.read_again_tick_ms).filter(|at| *at > now.tick_ms);
        let cells = self.cells_deadline();
        if self.sockets.is_empty() {
            return [read, cells].into_iter().flatten().min();
        }
        let after = |wall_ms: i64| {
            now.tick_ms.saturating_add(u64::try_from(wall_ms.saturating_sub(now.wall_ms)).unwrap_or(0))
        };
        let day = Some(after(self.day_ends_ms));
        let drill = self
            .sockets
            .values()
            .filter_map(|socket| socket.sitting.as_ref().filter(|s| socket.held.len() < s.window))
            .flat_map(|sitting| self.studied(sitting))
            .filter_map(|(_, study)| study.drills().map(|(at_ms, _)| at_ms).find(|at| *at > now.wall_ms))
            .map(|at_ms| {
                let ahead = at_ms.saturating_sub(DRILL_AHEAD_MS);
                after(if ahead > now.wall_ms { ahead } else { at_ms })
            })
            .min();
        [day, drill, read, cells, self.takeover_deadline(now)].into_iter().flatten().min()
    }
}
