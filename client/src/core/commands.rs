//! What the user does, and how it reaches the server.

use super::link::Link;
use super::{Action, Core, Now};
use crate::event::{Event, SetAside};
use crate::outbox::{Entry, Outbox};
use crate::record::{Record, binds};
use protocol::{
    Answer, Body, ClientFrame, Command, Confidence, Numbered, Reply, Set, SetChange, Start, Undo, id_time_ms,
};
use uuid::Uuid;

/// A correction smaller than this is not worth new ids.
const CORRECTION_MIN_MS: u64 = 1_000;
/// Frames that a client could not have sent in time are put aside under this code.
const TOO_LARGE: &str = "too_large";

/// Why an intent is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntentError {
    /// Before the first `welcome` it is not known whose command it would be.
    #[error("not connected yet: it is not known whose answer this would be")]
    NobodyYet,
    /// Too many commands wait for their verdicts.
    #[error("too many answers wait to be saved")]
    OutboxFull,
}

/// A card as it was shown, for an answer to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The deck that the card is in.
    pub deck_id: Uuid,
    /// The card.
    pub card_id: Uuid,
    /// From showing the front to the reply, ms.
    pub elapsed_ms: u32,
    /// How sure the learner was.
    pub confidence: Option<Confidence>,
    /// Whether a card that is not due is to be scheduled all the same.
    pub early: bool,
}

impl Core {
    /// Answers a card; it is no longer held. Gives the id of the answer.
    ///
    /// # Errors
    /// [`IntentError`]; nothing happened then.
    pub fn answer(
        &mut self,
        now: Now,
        shown: Shown,
        reply: Reply,
        out: &mut Vec<Action>,
    ) -> Result<Uuid, IntentError> {
        let Shown { deck_id, card_id, elapsed_ms, confidence, early } = shown;
        let sitting = self.sitting.dealt;
        let elapsed_ms = elapsed_ms.min(protocol::limits::ELAPSED_MS_MAX);
        let answer = Answer { deck_id, card_id, reply, elapsed_ms, sitting, confidence, early };
        let id = self.intend(now, Body::Answer(answer), out)?;
        if self.held.remove(card_id) {
            self.tell_held(out);
        }
        Ok(id)
    }

    /// Takes back an answer or a set.
    ///
    /// # Errors
    /// [`IntentError`]; nothing happened then.
    pub fn undo(&mut self, now: Now, of: Uuid, out: &mut Vec<Action>) -> Result<Uuid, IntentError> {
        let of = self.renamed.get(&of).copied().unwrap_or(of);
        self.intend(now, Body::Undo(Undo { of }), out)
    }

    /// Sets a property of a card.
    ///
    /// # Errors
    /// [`IntentError`]; nothing happened then.
    pub fn set(
        &mut self,
        now: Now,
        deck_id: Uuid,
        card_id: Uuid,
        change: SetChange,
        out: &mut Vec<Action>,
    ) -> Result<Uuid, IntentError> {
        self.intend(now, Body::Set(Set { deck_id, card_id, change }), out)
    }

    /// Begins a sitting, now or as soon as there is a connection, and again after each reconnect.
    pub fn start(&mut self, now: Now, start: Start, out: &mut Vec<Action>) {
        if matches!(self.link, Link::Live(_)) {
            self.ask(now, start, out);
        } else {
            self.sitting.wanted = Some(start);
        }
    }

    pub(super) fn ask(&mut self, now: Now, start: Start, out: &mut Vec<Action>) {
        self.sitting.retry_at = None;
        self.send(now, &ClientFrame::Start(start.clone()), out);
        self.sitting.asked = Some(start);
    }

    fn intend(&mut self, now: Now, body: Body, out: &mut Vec<Action>) -> Result<Uuid, IntentError> {
        let user = self.user.ok_or(IntentError::NobodyYet)?;
        if self.outbox.is_full() {
            return Err(IntentError::OutboxFull);
        }
        let id = self.ids.make(self.corrected_ms(now));
        let command = Command { id, body };
        let offset_ms = self.offset_ms;
        out.push(Action::Persist(Record::Made { user, command: command.clone(), offset_ms, replaces: None }));
        self.outbox.insert(Entry { user, command, offset_ms, sent: false });
        self.tick(now, out);
        Ok(id)
    }

    /// Sends what may go, oldest id first, while there is room.
    pub(super) fn pump(&mut self, now: Now, out: &mut Vec<Action>) {
        self.outbox.wake(now.tick_ms);
        if self.sitting.retry_at.is_some_and(|at| at <= now.tick_ms)
            && let Some(start) = self.sitting.asked.take().or_else(|| self.sitting.wanted.clone())
        {
            self.ask(now, start, out);
        }
        let Some(user) = self.user else { return };
        loop {
            let Link::Live(live) = &mut self.link else { return };
            if live.leaving.is_some() || live.verdicts.in_flight() >= live.in_flight_max {
                return;
            }
            let Some(id) = self.outbox.take_next(user) else { return };
            let frame_bytes_max = live.frame_bytes_max;
            let Some(entry) = self.outbox.get_mut(id) else { continue };
            let seq = live.verdicts.next_seq();
            let text = ClientFrame::Command(Numbered { seq, command: entry.command.clone() }).encode();
            if text.len() > frame_bytes_max {
                self.set_aside(id, TOO_LARGE, "longer than the server accepts", out);
                continue;
            }
            live.verdicts.sent(id);
            live.last_sent = now.tick_ms;
            if !entry.sent {
                entry.sent = true;
                out.push(Action::Persist(Record::Sent { id }));
            }
            out.push(Action::Send(text));
        }
    }

    /// Takes a command out of the outbox for good, visibly.
    pub(super) fn set_aside(&mut self, id: Uuid, code: &str, message: &str, out: &mut Vec<Action>) {
        let Some(entry) = self.outbox.remove(id) else { return };
        if binds(code) {
            self.last_settled = self.last_settled.max(Some(id));
        } else {
            self.ids.rewind(self.outbox.newest().max(self.last_settled));
        }
        let (code, message) = (code.to_owned(), message.to_owned());
        out.push(Action::Persist(Record::Refused {
            user: entry.user,
            id,
            code: code.clone(),
            message: message.clone(),
        }));
        out.push(Action::Tell(Event::Refused(SetAside { command: entry.command, code, message })));
    }

    /// Makes the ids of commands anew that were never sent, so that they have the corrected time.
    pub(super) fn correct_clock(&mut self, offset_ms: i64, out: &mut Vec<Action>) {
        self.offset_ms = offset_ms;
        let Some(user) = self.user else { return };
        let unsent = self.outbox.unsent_of(user);
        let mut made_with = unsent.iter().filter_map(|id| self.outbox.get(*id)).map(|entry| entry.offset_ms);
        if !made_with.any(|made_with| made_with.abs_diff(offset_ms) > CORRECTION_MIN_MS) {
            return;
        }
        self.ids.rewind(self.outbox.newest_sent().max(self.last_settled));
        for from in unsent {
            let Some(entry) = self.outbox.remove(from) else { continue };
            self.rename(from, entry, out);
        }
    }

    fn rename(&mut self, from: Uuid, entry: Entry, out: &mut Vec<Action>) {
        let Entry { user, mut command, offset_ms, .. } = entry;
        let time = id_time_ms(from).saturating_add_signed(self.offset_ms.saturating_sub(offset_ms));
        command.id = self.ids.make(time);
        if let Body::Undo(undo) = &mut command.body {
            undo.of = self.renamed.get(&undo.of).copied().unwrap_or(undo.of);
        }
        let (to, offset_ms) = (command.id, self.offset_ms);
        if self.renamed.len() < Outbox::ENTRIES_MAX {
            self.renamed.insert(from, to);
        }
        let replaces = Some(from);
        out.push(Action::Persist(Record::Made { user, command: command.clone(), offset_ms, replaces }));
        out.push(Action::Tell(Event::Renamed { from, to }));
        self.outbox.insert(Entry { user, command, offset_ms, sent: false });
    }
}
