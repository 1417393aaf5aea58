//! What the user does, and how it reaches the server.

use super::link::Link;
use super::{Action, Core, Now};
use crate::event::{Event, SetAside};
use crate::outbox::{Entry, Outbox};
use crate::record::{Record, binds};
use protocol::{
    Answer, Body, Card, ClientFrame, Command, Confidence, ErrorCode, Numbered, Reply, Set, SetChange, Start,
    Undo, id_time_ms,
};
use std::sync::Arc;
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
        self.may_intend()?;
        let Shown { deck_id, card_id, elapsed_ms, confidence, early } = shown;
        let sitting = self.sitting.dealt;
        let elapsed_ms = elapsed_ms.min(protocol::limits::ELAPSED_MS_MAX);
        let answer = Answer { deck_id, card_id, reply, elapsed_ms, sitting, confidence, early };
        let held = self.held.remove(card_id);
        self.sitting.gone(card_id);
        let shown = held.is_some();
        let id = self.intend(now, Body::Answer(answer), held, out)?;
        if shown {
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
        self.intend(now, Body::Undo(Undo { of }), None, out)
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
        self.intend(now, Body::Set(Set { deck_id, card_id, change }), None, out)
    }

    /// Begins a sitting, now or as soon as there is a connection, and again after each reconnect. While another is
    /// being asked for, it waits until that one has its answer.
    pub fn start(&mut self, now: Now, start: Start, out: &mut Vec<Action>) {
        if !matches!(self.link, Link::Live(_)) {
            self.sitting.wanted = Some(start);
        } else if self.sitting.is_asking() {
            self.sitting.ask_later(start);
        } else {
            self.ask(now, start, out);
        }
    }

    pub(super) fn ask(&mut self, now: Now, start: Start, out: &mut Vec<Action>) {
        self.send(now, &ClientFrame::Start(start.clone()), out);
        self.sitting.ask(start);
    }

    /// Whose command it would be.
    fn may_intend(&self) -> Result<Uuid, IntentError> {
        let user = self.user.ok_or(IntentError::NobodyYet)?;
        if self.outbox.is_full() { Err(IntentError::OutboxFull) } else { Ok(user) }
    }

    /// Makes a command; `held` is the card that it answers, if that was held.
    fn intend(
        &mut self,
        now: Now,
        body: Body,
        held: Option<Arc<Card>>,
        out: &mut Vec<Action>,
    ) -> Result<Uuid, IntentError> {
        let user = self.may_intend()?;
        let id = self.ids.make(self.corrected_ms(now));
        if let (Some(card), Link::Live(_)) = (held, &self.link) {
            self.answered.insert(id, card);
        }
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
        if let Some(start) = self.sitting.due_again(now.tick_ms) {
            self.ask(now, start, out);
        }
        // What is to be written goes first, all at once.
        let mut texts = Vec::new();
        while let Some(text) = self.next_command(now, out) {
            texts.push(text);
        }
        out.extend(texts.into_iter().map(Action::Send));
    }

    /// The next command to send, if there is one and room for it.
    fn next_command(&mut self, now: Now, out: &mut Vec<Action>) -> Option<String> {
        let user = self.user?;
        loop {
            let Link::Live(live) = &mut self.link else { return None };
            if live.leaving.is_some() || live.verdicts.in_flight() >= live.in_flight_max {
                return None;
            }
            let id = self.outbox.take_next(user)?;
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
            self.sitting.sent(&entry.command);
            if !entry.sent {
                entry.sent = true;
                out.push(Action::Persist(Record::Sent { id }));
            }
            return Some(text);
        }
    }

    /// Takes a command out of the outbox for good, visibly.
    pub(super) fn set_aside(&mut self, id: Uuid, code: &str, message: &str, out: &mut Vec<Action>) {
        let Some(entry) = self.outbox.remove(id) else { return };
        self.sitting.decided(id);
        if let Some(card) = self.answered.remove(&id)
            && code != ErrorCode::Internal.as_str()
            && self.held.give_back(card)
        {
            // The server holds it here still.
            self.tell_held(out);
        }
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

    /// Makes the ids of commands anew that were never sent, so that they have the corrected time. None of them is of
    /// the future: whoever set a clock right in between did nothing tomorrow.
    pub(super) fn correct_clock(&mut self, now: Now, offset_ms: i64, out: &mut Vec<Action>) {
        self.offset_ms = offset_ms;
        let Some(user) = self.user else { return };
        let now_ms = self.corrected_ms(now);
        let unsent = self.outbox.unsent_of(user);
        let is_wrong = |id: &Uuid| {
            let made_with = self.outbox.get(*id).map_or(offset_ms, |entry| entry.offset_ms);
            made_with.abs_diff(offset_ms) > CORRECTION_MIN_MS || id_time_ms(*id) > now_ms + CORRECTION_MIN_MS
        };
        if !unsent.iter().any(is_wrong) {
            return;
        }
        self.ids.rewind(self.outbox.newest_sent().max(self.last_settled));
        for from in unsent {
            let Some(entry) = self.outbox.remove(from) else { continue };
            self.rename(from, entry, now_ms, out);
        }
    }

    fn rename(&mut self, from: Uuid, entry: Entry, now_ms: u64, out: &mut Vec<Action>) {
        let Entry { user, mut command, offset_ms, .. } = entry;
        let time = id_time_ms(from).saturating_add_signed(self.offset_ms.saturating_sub(offset_ms));
        let time = time.min(now_ms);
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
