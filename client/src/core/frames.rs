//! What the server says.

use super::link::Link;
use super::{Action, Core, Now};
use crate::event::Event;
use crate::record::Record;
use crate::violation::Violation;
use protocol::{Card, ChangeReason, Changed, ErrorCode, ErrorFrame, Queue, ServerFrame};
use std::sync::Arc;
use uuid::Uuid;

/// The wait after `busy` when the server names none.
const BUSY_WAIT_MS: u64 = 1_000;

impl Core {
    pub(super) fn frame(&mut self, now: Now, text: &str, out: &mut Vec<Action>) {
        let frame = match ServerFrame::decode(text) {
            Ok(frame) => frame,
            Err(bad) => {
                violated(Violation::Unreadable(bad.to_string()), out);
                return;
            }
        };
        match self.link {
            Link::Live(_) => self.live_frame(now, frame, out),
            Link::Greeting { hello_wall_ms, .. } => self.first_frame(now, hello_wall_ms, frame, out),
            Link::Away { .. } | Link::Connecting | Link::NeedsToken | Link::Stopped => {}
        }
    }

    fn first_frame(&mut self, now: Now, hello_wall_ms: i64, frame: ServerFrame, out: &mut Vec<Action>) {
        match frame {
            ServerFrame::Welcome(welcome) => {
                self.welcomed(now, hello_wall_ms, &welcome, out);
                let foreign = self.outbox.count_of_others(welcome.user_id);
                out.push(Action::Tell(Event::Welcome(welcome)));
                out.push(Action::Tell(Event::Unsaved(self.unsaved())));
                if foreign > 0 {
                    out.push(Action::Tell(Event::ForeignEntries(foreign)));
                }
                // The outbox goes first: `start` is to be answered by what follows from it.
                self.pump(now, out);
                if let Some(start) = self.sitting.wanted.clone() {
                    self.ask(now, start, out);
                }
            }
            ServerFrame::Error(error) => out.push(Action::Tell(Event::Notice(error))),
            ServerFrame::Goodbye(_) | ServerFrame::Beat | ServerFrame::Unknown(_) => {}
            ServerFrame::Renewed(_)
            | ServerFrame::Queue(_)
            | ServerFrame::Card(_)
            | ServerFrame::Graded(_)
            | ServerFrame::Saved(_)
            | ServerFrame::Changed(_)
            | ServerFrame::Done(_)
            | ServerFrame::Class(_) => violated(Violation::OutOfTurn("a frame before welcome"), out),
        }
    }

    fn live_frame(&mut self, now: Now, frame: ServerFrame, out: &mut Vec<Action>) {
        match frame {
            ServerFrame::Welcome(_) => violated(Violation::OutOfTurn("welcome"), out),
            ServerFrame::Queue(queue) => self.queue(now, queue, out),
            ServerFrame::Card(card) => self.card(*card, out),
            ServerFrame::Changed(changed) => self.changed(&changed, out),
            ServerFrame::Saved(saved) => self.saved(saved.seq, out),
            ServerFrame::Error(error) => self.error(now, error, out),
            ServerFrame::Graded(graded) => out.push(Action::Tell(Event::Graded(graded))),
            ServerFrame::Class(class) => out.push(Action::Tell(Event::Class(class))),
            ServerFrame::Done(done) => {
                let held = self.held.cards().len();
                if held > 0 {
                    violated(Violation::DoneTooEarly(held), out);
                }
                out.push(Action::Tell(Event::Done(done)));
            }
            ServerFrame::Goodbye(goodbye) => {
                self.goodbye(now, goodbye.reconnect_after_ms);
                let reconnect_in_ms = goodbye.reconnect_after_ms;
                out.push(Action::Tell(Event::Goodbye { reason: goodbye.reason, reconnect_in_ms }));
            }
            ServerFrame::Renewed(_) | ServerFrame::Beat | ServerFrame::Unknown(_) => {}
        }
    }

    fn queue(&mut self, now: Now, queue: Queue, out: &mut Vec<Action>) {
        let next = self.sitting.queued();
        self.held.forget();
        self.answered.clear();
        out.push(Action::Tell(Event::Queue(queue)));
        self.tell_held(out);
        if let Some(start) = next {
            self.ask(now, start, out);
        }
    }

    fn card(&mut self, card: Card, out: &mut Vec<Action>) {
        let (left, saved) = (card.left, card.saved);
        match self.unheard_answer(&card) {
            // The server will take it as answered when it hears of it; it is shown again only if it refuses that.
            Some(answer) => drop(self.answered.insert(answer, Arc::new(card))),
            None => {
                let window = self.sitting.window();
                if let Err(violation) = self.held.deal(card, window) {
                    let old = matches!(violation, Violation::WindowExceeded { .. })
                        .then(|| self.sitting.disproved())
                        .flatten();
                    match old {
                        Some(old) => drop(self.held.remove(old)),
                        None => violated(violation, out),
                    }
                }
                self.tell_held(out);
            }
        }
        if let Some(left) = left {
            out.push(Action::Tell(Event::Left(left)));
        }
        if let Some(seq) = saved {
            self.saved(seq, out);
        }
    }

    /// An answer to this card that the server had not heard when it dealt it: one that waits here still, or that
    /// crossed a `start`.
    fn unheard_answer(&mut self, card: &Card) -> Option<Uuid> {
        let waiting = self.user.and_then(|user| self.outbox.waiting_answer(user, card.card_id));
        let crossed = self.sitting.crossed(card);
        waiting.or(crossed)
    }

    fn changed(&mut self, changed: &Changed, out: &mut Vec<Action>) {
        if changed.reason == ChangeReason::NewDay {
            self.sitting.new_day();
        }
        self.answered.retain(|_, card| !changed.drop.contains(&card.card_id));
        changed.drop.iter().for_each(|card_id| self.sitting.gone(*card_id));
        if self.held.change(changed) {
            self.tell_held(out);
        }
        if let Some(left) = changed.left {
            out.push(Action::Tell(Event::Left(left)));
        }
        if let (ChangeReason::Rescheduled, Some(card_id), Some(state)) =
            (changed.reason, changed.card_id, changed.state)
        {
            out.push(Action::Tell(Event::Rescheduled { card_id, state }));
        }
    }

    fn saved(&mut self, seq: u64, out: &mut Vec<Action>) {
        let Link::Live(live) = &mut self.link else { return };
        let durable = match live.verdicts.saved(seq) {
            Ok(durable) => durable,
            Err(violation) => {
                violated(violation, out);
                return;
            }
        };
        for id in durable {
            self.durable(id, out);
        }
    }

    fn durable(&mut self, id: Uuid, out: &mut Vec<Action>) {
        let Some(entry) = self.outbox.remove(id) else { return };
        self.answered.remove(&id);
        self.sitting.decided(id);
        let newest = self.last_saved.entry(entry.user).or_insert(id);
        *newest = (*newest).max(id);
        self.last_settled = self.last_settled.max(Some(id));
        out.push(Action::Persist(Record::Durable { user: entry.user, id }));
        out.push(Action::Tell(Event::Saved { id, unsaved: self.unsaved() }));
    }

    fn error(&mut self, now: Now, error: ErrorFrame, out: &mut Vec<Action>) {
        let Some(seq) = error.seq else {
            self.notice(now, error, out);
            return;
        };
        let Link::Live(live) = &mut self.link else { return };
        let id = match live.verdicts.refused(seq, error.id) {
            Ok(id) => id,
            Err(violation) => {
                violated(violation, out);
                return;
            }
        };
        if error.is_final.is_none() {
            violated(Violation::NoFinal { seq }, out);
        }
        if error.is_final == Some(false) {
            let retry_in_ms = self.jittered(error.retry_after_ms);
            self.outbox.put_off(id, now.tick_ms + retry_in_ms);
            out.push(Action::Tell(Event::Busy { id, retry_in_ms }));
            return;
        }
        self.set_aside(id, &error.code, &error.message, out);
    }

    /// An error that is no verdict.
    fn notice(&mut self, now: Now, error: ErrorFrame, out: &mut Vec<Action>) {
        match error.known() {
            Some(ErrorCode::TokenExpiring) => out.push(Action::GetToken),
            Some(ErrorCode::Busy) if self.sitting.is_asking() => {
                let retry_at = now.tick_ms + self.jittered(error.retry_after_ms);
                if let Some(start) = self.sitting.busy(retry_at) {
                    self.ask(now, start, out);
                }
            }
            Some(ErrorCode::Forbidden | ErrorCode::Malformed) => {
                if let Some(start) = self.sitting.refused() {
                    self.ask(now, start, out);
                }
            }
            Some(
                ErrorCode::UnknownType
                | ErrorCode::BadTime
                | ErrorCode::IdReused
                | ErrorCode::UnknownCard
                | ErrorCode::UnknownEntry
                | ErrorCode::UndoTooOld
                | ErrorCode::NotOffered
                | ErrorCode::Near
                | ErrorCode::AskClosed
                | ErrorCode::NoLesson
                | ErrorCode::UnknownStudent
                | ErrorCode::UnknownAsk
                | ErrorCode::TooMany
                | ErrorCode::NothingToReview
                | ErrorCode::Internal
                | ErrorCode::Busy,
            )
            | None => {}
        }
        out.push(Action::Tell(Event::Notice(error)));
    }

    fn jittered(&mut self, wait_ms: Option<u64>) -> u64 {
        let wait_ms = wait_ms.unwrap_or(BUSY_WAIT_MS).min(60_000);
        wait_ms + self.random.between(0, wait_ms / 2)
    }
}

fn violated(violation: Violation, out: &mut Vec<Action>) {
    out.push(Action::Tell(Event::Violation(violation)));
}
