//! The numbers of a socket's commands: each is taken once, gets one verdict, and `saved` follows them without a gap.

use super::types::*;
use super::{DoneState, Session};
use crate::ids::EntryId;
use crate::limits::BUSY_REMEMBERED;

impl Session {
    /// Takes a command's number; closes the socket when it breaks the sequence.
    pub(super) fn take_seq(
        &mut self,
        now: Now,
        socket: SocketId,
        seq: u64,
        id: EntryId,
        fx: &mut Vec<Effect>,
    ) -> bool {
        let Some(state) = self.sockets.get_mut(&socket) else { return false };
        if state.next_seq != seq {
            fx.push(Effect::Send { socket, out: Out::Close(Closing::BrokenSequence) });
            self.detach(now, socket);
            return false;
        }
        state.next_seq += 1;
        state.commands.push_back(Some(id));
        state.undecided += 1;
        if let DoneState::Asking(_) = state.done {
            // The figures that are being read would not hold this command.
            state.done = DoneState::Studying;
        }
        state.acted_tick_ms = now.tick_ms;
        state.lost_on_screen = false;
        true
    }

    /// A verdict: refused.
    pub(super) fn refuse(
        &mut self,
        socket: SocketId,
        seq: u64,
        id: EntryId,
        refusal: Refusal,
        fx: &mut Vec<Effect>,
    ) {
        if let Some(state) = self.sockets.get_mut(&socket) {
            if refusal == Refusal::Busy {
                if state.busy.len() >= BUSY_REMEMBERED {
                    state.busy.pop_first();
                }
                state.busy.insert(id);
            } else {
                state.busy.remove(&id);
            }
            fx.push(Effect::Send { socket, out: Out::Refused { seq, id, refusal } });
        }
        self.decide(socket, seq);
    }

    /// Marks a command as decided and moves the watermark over all that are.
    pub(super) fn decide(&mut self, socket: SocketId, seq: u64) {
        let Some(state) = self.sockets.get_mut(&socket) else { return };
        let Some(at) = seq.checked_sub(state.decided + 1).and_then(|n| usize::try_from(n).ok()) else {
            return;
        };
        if state.commands.get_mut(at).and_then(Option::take).is_some() {
            state.undecided = state.undecided.saturating_sub(1);
        }
        while state.commands.front() == Some(&None) {
            state.commands.pop_front();
            state.decided += 1;
        }
    }

    /// The id's last verdict on this socket is `busy` no longer.
    pub(super) fn forget_busy(&mut self, socket: SocketId, id: EntryId) {
        if let Some(state) = self.sockets.get_mut(&socket) {
            state.busy.remove(&id);
        }
    }
}
