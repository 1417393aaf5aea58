//! Warm-ups on their way: a teacher wants one, its cards are chosen outside, by what those who are there remember, and then
//! they are assigned like any others. Nothing of it is in the record before that: an owner that takes over knows of no
//! warm-up, has given no verdict on it, and chooses anew when the command comes again.

use super::Lesson;
use super::document::Assigned;
use super::input::{Command, MonitorId};
use super::keep::Waiting;
use super::output::{Effect, Refusal};
use crate::ids::{CardId, EntryId, LessonId, UserId};
use crate::limits::{ASSIGNED_TO_MAX, WARM_UP_CARDS_MAX, WARM_UP_STUDENTS_MAX, WARM_UPS_AT_ONCE};
use crate::session::Now;
use std::sync::Arc;

/// A warm-up whose cards are being chosen.
#[derive(Debug)]
pub(super) struct Warming {
    said: EntryId,
    command: Command,
    lesson: Option<LessonId>,
    /// Who was there when it was asked for.
    there: Vec<UserId>,
    /// Everybody of the class was.
    are_all: bool,
    /// Who waits for the verdict: a command may come again before it has one.
    waiting: Vec<(MonitorId, u64)>,
}

impl Lesson {
    /// The warm-up of this id, if its cards are being chosen.
    pub(super) fn warming(&mut self, id: EntryId) -> Option<&mut Warming> {
        self.warming.iter_mut().find(|warming| warming.said == id)
    }

    /// A teacher wants a warm-up: its cards are to be chosen.
    pub(super) fn begin_warm_up(
        &mut self,
        now: Now,
        by: (MonitorId, u64),
        said: EntryId,
        command: &Command,
        fx: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let Command::WarmUp { deck, count } = *command else { return Err(Refusal::Malformed) };
        let record = &self.keep.next;
        if !record.is_on() {
            return Err(Refusal::NoLesson);
        }
        let count = usize::from(count);
        if !(1..=WARM_UP_CARDS_MAX).contains(&count) {
            return Err(Refusal::Malformed);
        }
        // An owner that has just taken over does not know yet who is there.
        let is_known = self.gather.is_none() && self.is_seated;
        if !is_known || self.warming.len() >= WARM_UPS_AT_ONCE {
            return Err(Refusal::Busy);
        }
        let there: Vec<UserId> = self.seats.there(now.tick_ms).collect();
        if there.is_empty() {
            return Err(Refusal::NothingToReview);
        }
        let students = evenly(&there, WARM_UP_STUDENTS_MAX);
        let are_all = there.len() == self.seats.all().count();
        let (command, lesson) = (command.clone(), record.document.lesson);
        self.warming.push(Warming { said, command, lesson, there, are_all, waiting: vec![by] });
        fx.push(Effect::ChooseWarmUp { said, deck, count, students });
        Ok(())
    }

    /// Cards were chosen, or could not be.
    pub(super) fn warmed_up(&mut self, said: EntryId, cards: Option<&[CardId]>, fx: &mut Vec<Effect>) {
        let Some(at) = self.warming.iter().position(|warming| warming.said == said) else { return };
        let warming = self.warming.swap_remove(at);
        let verdict = cards.ok_or(Refusal::Busy).and_then(|cards| self.assign_warm_up(&warming, cards));
        for (monitor, seq) in warming.waiting {
            let waits = verdict.and_then(|version| {
                let has_room = self.keep.wait(Waiting { version, monitor, seq, id: said });
                has_room.then_some(()).ok_or(Refusal::Busy)
            });
            if let Err(refusal) = waits {
                fx.push(Effect::Verdict { monitor, seq, id: said, refusal: Some(refusal) });
            }
        }
    }

    /// The chosen cards are assigned to those who were there and still belong to the class; the version in which they are.
    fn assign_warm_up(&mut self, warming: &Warming, cards: &[CardId]) -> Result<u64, Refusal> {
        let Command::WarmUp { deck, .. } = warming.command else { return Err(Refusal::Malformed) };
        let record = &mut self.keep.next;
        if !record.is_on() || record.document.lesson != warming.lesson {
            return Err(Refusal::NoLesson);
        }
        let seats = &self.seats;
        let there: Vec<UserId> =
            warming.there.iter().filter(|student| seats.has(**student)).copied().collect();
        if cards.is_empty() || there.is_empty() {
            return Err(Refusal::NothingToReview);
        }
        // Of more than can be named everybody gets them.
        let is_for_all = warming.are_all || there.len() > ASSIGNED_TO_MAX;
        let to: Arc<[UserId]> = if is_for_all { Arc::default() } else { there.into() };
        record.add_assigned(Assigned { deck, cards: cards.into(), to })?;
        record.said(warming.said, &warming.command);
        Ok(record.document.version)
    }
}

impl Warming {
    /// The command comes again while its cards are being chosen: it waits with the first.
    pub(super) fn join(&mut self, by: (MonitorId, u64), command: &Command) -> Result<(), Refusal> {
        if command.digest() != self.command.digest() {
            return Err(Refusal::IdReused);
        }
        if self.waiting.len() >= crate::limits::MONITORS_PER_LESSON {
            return Err(Refusal::Busy);
        }
        self.waiting.push(by);
        Ok(())
    }
}

/// At most `count` of these, evenly over all.
fn evenly(all: &[UserId], count: usize) -> Vec<UserId> {
    let step = all.len().div_ceil(count.max(1)).max(1);
    all.iter().step_by(step).copied().collect()
}
