//! What a teacher's command makes of a record: pure, and refused before anything changed.

use super::document::{Ask, Assigned, LessonState, Round};
use super::input::Command;
use super::output::Refusal;
use super::record::{Accepting, Record};
use crate::entry::Fnv;
use crate::ids::{AskId, DeckId, EntryId, UserId};
use crate::limits::{
    ACCEPTING_MAX, ASK_LONGEST_MS, ASSIGNED_CARDS_MAX, ASSIGNED_MAX, ASSIGNED_TO_MAX, EXTRA_PERCENT_MAX,
    LESSON_COMMANDS_KNOWN, MESSAGE_BYTES_MAX, TYPED_BYTES_MAX,
};
use std::sync::Arc;

/// Who says it, under which id, and when (Unix milliseconds).
#[derive(Clone, Copy, Debug)]
pub(super) struct Saying {
    pub id: EntryId,
    pub by: UserId,
    pub wall_ms: i64,
}

impl Record {
    /// Carries a command out on the record. The version rises, and the id is remembered.
    pub(super) fn change(
        &mut self,
        saying: Saying,
        command: &Command,
        is_student: impl Fn(UserId) -> bool,
    ) -> Result<(), Refusal> {
        if command.needs_a_lesson() && !self.is_on() {
            return Err(Refusal::NoLesson);
        }
        self.carry_out(saying, command, is_student)?;
        self.said(saying.id, command);
        Ok(())
    }

    /// A command was carried out: the version rises, and its id is remembered.
    pub(super) fn said(&mut self, id: EntryId, command: &Command) {
        self.document.version += 1;
        if self.said.len() >= LESSON_COMMANDS_KNOWN {
            self.said.pop_front();
        }
        self.said.push_back((id, command.digest()));
    }

    fn carry_out(
        &mut self,
        saying: Saying,
        command: &Command,
        is_student: impl Fn(UserId) -> bool,
    ) -> Result<(), Refusal> {
        match command {
            // The report of the lesson before needs its figures.
            Command::Open { .. } if self.is_on() || !self.reported => return Err(Refusal::Busy),
            Command::Open { lesson } => {
                let document = super::Document {
                    lesson: Some(*lesson),
                    state: LessonState::Open,
                    ..Record::new(self.document.class).document
                };
                let (version, said) = (self.document.version, std::mem::take(&mut self.said));
                let accepting = std::mem::take(&mut self.accepting);
                *self =
                    Record { said, accepting, opened_ms: saying.wall_ms, ..Record::new(self.document.class) };
                self.document = super::Document { version, ..document };
            }
            Command::Pause => self.pause(saying.wall_ms),
            Command::Resume => self.resume(saying.wall_ms),
            Command::Close => self.close(saying.wall_ms),
            Command::Message(Some(text)) if text.len() > MESSAGE_BYTES_MAX => return Err(Refusal::Malformed),
            Command::Message(text) => self.document.message = text.clone().filter(|text| !text.is_empty()),
            Command::Assign { deck, cards, to } => self.assign(*deck, cards, to, is_student)?,
            Command::Withdraw { deck } => self.document.assigned.retain(|assigned| assigned.deck != *deck),
            Command::Ask { ask, deck, card, round, closes_ms } => {
                let opened_ms = saying.wall_ms;
                let (id, deck, card) = (*ask, *deck, *card);
                self.put(Ask { id, deck, card, round: *round, opened_ms, closes_ms: *closes_ms })?;
            }
            Command::EndAsk => (self.document.ask, self.first_round) = (None, None),
            Command::CloseAsk { ask } => self.close_vote(*ask, saying.wall_ms)?,
            // It is carried out when its cards are chosen.
            Command::WarmUp { .. } => return Err(Refusal::Busy),
            Command::Accept { deck, card, text } => {
                if text.trim().is_empty() || text.len() > TYPED_BYTES_MAX {
                    return Err(Refusal::Malformed);
                }
                if self.accepting.len() >= ACCEPTING_MAX {
                    return Err(Refusal::Busy);
                }
                let (said, by) = (saying.id, saying.by);
                self.accepting.push(Accepting { said, by, deck: *deck, card: *card, text: text.clone() });
            }
            Command::ExtraTime { student, percent } => {
                if !is_student(*student) {
                    return Err(Refusal::UnknownStudent);
                }
                if *percent > EXTRA_PERCENT_MAX {
                    return Err(Refusal::Malformed);
                }
            }
            Command::Remove { student } if !is_student(*student) => return Err(Refusal::UnknownStudent),
            Command::Remove { student } => drop(self.removed.insert(*student)),
            Command::HideNames(hidden) => self.document.hide_names = *hidden,
        }
        Ok(())
    }

    /// Time stands still.
    pub(super) fn pause(&mut self, wall_ms: i64) {
        if self.document.state == LessonState::Open {
            self.document.state = LessonState::Paused;
            self.paused_since_ms = Some(wall_ms);
        }
    }

    /// Time goes on.
    pub(super) fn resume(&mut self, wall_ms: i64) {
        if self.document.state == LessonState::Paused {
            self.document.state = LessonState::Open;
            let since_ms = self.paused_since_ms.take().unwrap_or(wall_ms);
            self.paused_ms = self.paused_ms.saturating_add(wall_ms.saturating_sub(since_ms).max(0));
        }
    }

    /// The lesson is over; what was put and assigned ends with it.
    pub(super) fn close(&mut self, wall_ms: i64) {
        self.resume(wall_ms);
        self.document.state = LessonState::Closed;
        (self.document.ask, self.first_round) = (None, None);
        self.document.assigned.clear();
        self.closed_ms = Some(wall_ms);
        self.reported = false;
    }

    fn assign(
        &mut self,
        deck: DeckId,
        cards: &[crate::ids::CardId],
        to: &[UserId],
        is_student: impl Fn(UserId) -> bool,
    ) -> Result<(), Refusal> {
        if cards.len() > ASSIGNED_CARDS_MAX || to.len() > ASSIGNED_TO_MAX {
            return Err(Refusal::Malformed);
        }
        if !to.iter().all(|student| is_student(*student)) {
            return Err(Refusal::UnknownStudent);
        }
        self.add_assigned(Assigned { deck, cards: Arc::from(cards), to: Arc::from(to) })
    }

    /// Assigns, if there is room.
    pub(super) fn add_assigned(&mut self, assigned: Assigned) -> Result<(), Refusal> {
        if self.document.assigned.len() >= ASSIGNED_MAX {
            return Err(Refusal::TooMany);
        }
        self.document.assigned.push(assigned);
        Ok(())
    }

    /// The vote on this question is over from now on, as if it had been put until a moment ago: who has extra time has it
    /// in proportion to the time that it was open. A vote that is closed stays as it is.
    fn close_vote(&mut self, id: AskId, wall_ms: i64) -> Result<(), Refusal> {
        let ask = self.document.ask.as_mut().filter(|ask| ask.id == id).ok_or(Refusal::UnknownAsk)?;
        ask.closes_ms = ask.closes_ms.min(wall_ms.max(ask.opened_ms).saturating_sub(1));
        Ok(())
    }

    fn put(&mut self, ask: Ask) -> Result<(), Refusal> {
        let open_ms = ask.closes_ms.saturating_sub(ask.opened_ms);
        if !(1..=ASK_LONGEST_MS).contains(&open_ms) {
            return Err(Refusal::Malformed);
        }
        match ask.round {
            Round::First => self.first_round = None,
            Round::Second => {
                let first = self.document.ask.filter(|put| {
                    (put.id, put.deck, put.card) == (ask.id, ask.deck, ask.card)
                        && put.round == Round::First
                        && put.is_closed(ask.opened_ms, 0)
                });
                self.first_round = Some(first.ok_or(Refusal::UnknownAsk)?);
            }
        }
        self.document.ask = Some(ask);
        Ok(())
    }
}

/// What a command can be judged by only when it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Needs {
    /// The record is enough.
    Record,
    /// Who is enrolled.
    Roster,
    /// Who is there.
    Presence,
    /// How the question stands that it ends.
    Votes,
}

impl Command {
    /// What it needs beside the record.
    pub(super) fn needs(&self) -> Needs {
        match self {
            Command::ExtraTime { .. } | Command::Remove { .. } => Needs::Roster,
            Command::Assign { to, .. } if !to.is_empty() => Needs::Roster,
            Command::Close | Command::Ask { .. } | Command::EndAsk => Needs::Votes,
            Command::WarmUp { .. } => Needs::Presence,
            Command::Open { .. }
            | Command::Pause
            | Command::Resume
            | Command::Message(_)
            | Command::Assign { .. }
            | Command::Withdraw { .. }
            | Command::CloseAsk { .. }
            | Command::Accept { .. }
            | Command::HideNames(_) => Needs::Record,
        }
    }

    /// Whether something has to be found out before it can be carried out.
    pub(super) const fn is_chosen_first(&self) -> bool {
        matches!(self, Command::WarmUp { .. })
    }

    /// Whether it means anything only while a lesson is on.
    const fn needs_a_lesson(&self) -> bool {
        match self {
            Command::Pause
            | Command::Resume
            | Command::Close
            | Command::Assign { .. }
            | Command::Withdraw { .. }
            | Command::Ask { .. }
            | Command::EndAsk
            | Command::CloseAsk { .. }
            | Command::WarmUp { .. }
            | Command::Remove { .. } => true,
            Command::Open { .. }
            | Command::Message(_)
            | Command::Accept { .. }
            | Command::ExtraTime { .. }
            | Command::HideNames(_) => false,
        }
    }

    /// A digest of what is asked: two commands of one id with different digests are two different things.
    pub fn digest(&self) -> u64 {
        let mut h = Fnv::new();
        match self {
            Command::Open { lesson } => {
                h.byte(1);
                h.bytes(lesson.bytes());
            }
            Command::Pause => h.byte(2),
            Command::Resume => h.byte(3),
            Command::Close => h.byte(4),
            Command::Message(text) => {
                h.byte(5);
                h.byte(u8::from(text.is_some()));
                h.bytes(text.as_deref().unwrap_or_default().as_bytes());
            }
            Command::Assign { deck, cards, to } => {
                h.byte(6);
                h.bytes(deck.bytes());
                h.bytes(&cards.len().to_le_bytes());
                cards.iter().for_each(|card| h.bytes(card.bytes()));
                to.iter().for_each(|student| h.bytes(student.bytes()));
            }
            Command::Withdraw { deck } => {
                h.byte(7);
                h.bytes(deck.bytes());
            }
            Command::Ask { ask, deck, card, round, closes_ms } => {
                h.byte(8);
                h.bytes(ask.bytes());
                h.bytes(deck.bytes());
                h.bytes(card.bytes());
                h.byte(u8::from(*round == Round::Second));
                h.bytes(&closes_ms.to_le_bytes());
            }
            Command::EndAsk => h.byte(9),
            Command::Accept { deck, card, text } => {
                h.byte(10);
                h.bytes(deck.bytes());
                h.bytes(card.bytes());
                h.bytes(text.as_bytes());
            }
            Command::ExtraTime { student, percent } => {
                h.byte(11);
                h.bytes(student.bytes());
                h.bytes(&percent.to_le_bytes());
            }
            Command::Remove { student } => {
                h.byte(12);
                h.bytes(student.bytes());
            }
            Command::HideNames(hidden) => {
                h.byte(13);
                h.byte(u8::from(*hidden));
            }
            Command::CloseAsk { ask } => {
                h.byte(14);
                h.bytes(ask.bytes());
            }
            Command::WarmUp { deck, count } => {
                h.byte(15);
                h.bytes(deck.bytes());
                h.bytes(&count.to_le_bytes());
            }
        }
        h.0
    }
}
