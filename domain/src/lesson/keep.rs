//! Keeping the record: one store at a time, and nothing that a command did is told to anybody before it is durable.

use super::Lesson;
use super::change::{Needs, Saying};
use super::input::{Command, MonitorId, NotStored};
use super::output::{Closing, Effect, Refusal};
use super::record::Record;
use crate::ids::{EntryId, UserId};
use crate::limits::{LESSON_COMMANDS_WAITING, RETRY_FIRST_MS, RETRY_LONGEST_MS};
use crate::session::Now;
use std::collections::VecDeque;
use std::sync::Arc;

/// A command that waits for its record to be durable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub version: u64,
    pub monitor: MonitorId,
    pub seq: u64,
    pub id: EntryId,
}

/// The record on its way to the store.
#[derive(Debug)]
pub(super) struct Keep {
    /// As the last command left it.
    pub next: Record,
    /// As it is stored: what everybody sees.
    pub durable: Arc<Record>,
    in_flight: Option<Arc<Record>>,
    waiting: VecDeque<Waiting>,
    /// What follows from commands, once they are durable.
    then: Vec<(u64, Effect)>,
    tries: u32,
    not_before_tick_ms: u64,
}

impl Keep {
    pub(super) fn new(record: Record) -> Keep {
        Keep {
            durable: Arc::new(record.clone()),
            next: record,
            in_flight: None,
            waiting: VecDeque::new(),
            then: Vec::new(),
            tries: 0,
            not_before_tick_ms: 0,
        }
    }

    /// Whether a change is not durable.
    pub(super) fn owes(&self) -> bool {
        self.next.document.version > self.durable.document.version
    }

    /// When the store is to be tried (monotonic milliseconds), if it is.
    pub(super) fn deadline(&self) -> Option<u64> {
        (self.owes() && self.in_flight.is_none()).then_some(self.not_before_tick_ms)
    }

    /// Sends what is newest to the store, unless something is on its way.
    pub(super) fn submit(&mut self, tick_ms: u64, fx: &mut Vec<Effect>) {
        if self.deadline().is_some_and(|at| tick_ms >= at) {
            let record = Arc::new(self.next.clone());
            self.in_flight = Some(record.clone());
            fx.push(Effect::Store(record));
        }
    }

    /// A command waits for its record; `false` when there is no room.
    pub(super) fn wait(&mut self, waiting: Waiting) -> bool {
        let has_room = self.waiting.len() < LESSON_COMMANDS_WAITING;
        if has_room {
            self.waiting.push_back(waiting);
        }
        has_room
    }

    fn then(&mut self, effect: Effect) {
        self.then.push((self.next.document.version, effect));
    }
}

impl Lesson {
    /// A teacher's command.
    pub(super) fn command(
        &mut self,
        now: Now,
        (monitor, seq): (MonitorId, u64),
        (id, by): (EntryId, UserId),
        command: &Command,
        fx: &mut Vec<Effect>,
    ) {
        let verdict = self.try_command(now, (monitor, seq), (id, by), command, fx);
        if let Err(refusal) = verdict {
            fx.push(Effect::Verdict { monitor, seq, id, refusal: Some(refusal) });
        }
        self.tell_durable(fx);
    }

    fn try_command(
        &mut self,
        now: Now,
        (monitor, seq): (MonitorId, u64),
        (id, by): (EntryId, UserId),
        command: &Command,
        fx: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        if let Some(warming) = self.warming(id) {
            return warming.join((monitor, seq), command);
        }
        let known = self.keep.next.said.iter().find(|(said, _)| *said == id).map(|(_, digest)| *digest);
        if self.keep.waiting.len() >= LESSON_COMMANDS_WAITING {
            return Err(Refusal::Busy);
        }
        match known {
            Some(digest) if digest != command.digest() => return Err(Refusal::IdReused),
            Some(_) => {}
            // It is not known yet what it is judged by: it comes again under its id.
            None if !self.may_judge(command) => return Err(Refusal::Busy),
            None if command.is_chosen_first() => {
                return self.begin_warm_up(now, (monitor, seq), id, command, fx);
            }
            None => {
                let seats = &self.seats;
                let saying = Saying { id, by, wall_ms: now.wall_ms };
                let before = self.keep.next.rounds().last().copied();
                self.keep.next.change(saying, command, |student| seats.has(student))?;
                self.ask_ended(before);
                self.follow(id, command);
            }
        }
        let version = self.keep.next.document.version;
        self.keep.waiting.push_back(Waiting { version, monitor, seq, id });
        Ok(())
    }

    /// Whether all is known by which a command is judged: just after a lesson was taken over it is not.
    fn may_judge(&self, command: &Command) -> bool {
        match command.needs() {
            Needs::Record => true,
            Needs::Roster => self.is_seated,
            Needs::Presence => self.is_seated && self.gather.is_none(),
            Needs::Votes => {
                let is_put = self.keep.next.is_on() && self.keep.next.document.ask.is_some();
                !is_put || self.gather.is_none()
            }
        }
    }

    /// What a command brings about beside the record.
    fn follow(&mut self, id: EntryId, command: &Command) {
        match command {
            Command::Accept { .. } => {
                let accepting =
                    self.keep.next.accepting.iter().find(|accepting| accepting.said == id).cloned();
                if let Some(accepting) = accepting {
                    self.keep.then(Effect::CarryOut(accepting));
                }
            }
            Command::ExtraTime { student, percent } => {
                self.keep.then(Effect::KeepExtraTime { student: *student, percent: *percent });
            }
            Command::Open { .. }
            | Command::Pause
            | Command::Resume
            | Command::Close
            | Command::Message(_)
            | Command::Assign { .. }
            | Command::Withdraw { .. }
            | Command::Ask { .. }
            | Command::EndAsk
            | Command::CloseAsk { .. }
            | Command::WarmUp { .. }
            | Command::Remove { .. }
            | Command::HideNames(_) => {}
        }
    }

    /// The record of this version is durable: commands have their verdicts, and everybody sees it.
    pub(super) fn stored(&mut self, now: Now, version: u64, fx: &mut Vec<Effect>) {
        let Some(record) = self.keep.in_flight.take_if(|record| record.document.version == version) else {
            return;
        };
        (self.keep.tries, self.keep.not_before_tick_ms) = (0, 0);
        let before = std::mem::replace(&mut self.keep.durable, record);
        self.adopt(&before, now, fx);
        self.tell_durable(fx);
        let (due, later) =
            std::mem::take(&mut self.keep.then).into_iter().partition(|(at, _)| *at <= version);
        self.keep.then = later;
        let due: Vec<(u64, Effect)> = due;
        fx.extend(due.into_iter().map(|(_, effect)| effect));
    }

    /// Verdicts of commands whose record is durable.
    fn tell_durable(&mut self, fx: &mut Vec<Effect>) {
        let version = self.keep.durable.document.version;
        while self.keep.waiting.front().is_some_and(|waiting| waiting.version <= version) {
            let Some(Waiting { monitor, seq, id, .. }) = self.keep.waiting.pop_front() else { return };
            fx.push(Effect::Verdict { monitor, seq, id, refusal: None });
        }
    }

    /// The record could not be stored: it is tried again, or it is no longer ours.
    pub(super) fn not_stored(&mut self, now: Now, version: u64, why: NotStored, fx: &mut Vec<Effect>) {
        let is_it = |record: &mut Arc<Record>| record.document.version == version;
        if self.keep.in_flight.take_if(is_it).is_none() {
            return;
        }
        match why {
            NotStored::Unknown => {
                let wait_ms =
                    RETRY_FIRST_MS.saturating_mul(1 << self.keep.tries.min(16)).min(RETRY_LONGEST_MS);
                self.keep.tries = self.keep.tries.saturating_add(1);
                self.keep.not_before_tick_ms = now.tick_ms.saturating_add(wait_ms);
            }
            NotStored::Fenced => self.retire(fx),
        }
    }

    /// The class has another owner: whoever watches comes back there.
    fn retire(&mut self, fx: &mut Vec<Effect>) {
        self.is_retired = true;
        for monitor in self.watch.all() {
            fx.push(Effect::Close { monitor, why: Closing::OwnerChanged });
        }
        fx.push(Effect::Retire);
    }
}
