//! The Lesson: one class's live lesson, as a pure machine. Inputs and time go in, effects come out. What shapes it:
//!
//! * **The document is state, never an event.** It is stored at each change and published whole when it is durable; a
//!   command has its verdict then, and is carried out once, by its id.
//! * **Cells are absolute and the newest wins.** A student's owner tells figures since the lesson's start, by (epoch, n). Sums
//!   are made by taking a seat's old cell out and its new one in: nothing counts twice, whatever is lost, doubled or late.
//! * **A lesson outlives its owner.** A new one goes on from the record, gathers the figures anew, and shows nothing before
//!   they are known: what a teacher saw never falls.
//! * **A monitor gets the newest state, not a queue**, four times a second at most, and a second one costs no second
//!   computation.

pub mod cell;
mod change;
pub mod count;
pub mod document;
mod gather;
pub mod input;
mod keep;
pub mod minutes;
pub mod output;
pub mod record;
pub mod report;
mod seats;
pub mod standing;
pub mod struggle;
mod texts;
mod told;
mod view;
pub mod votes;
mod warming;
pub mod warmup;
mod watch;

pub use cell::{Cell, CellVersion, Figures, Presence};
pub use document::{Ask, Document, LessonState, Round};
pub use input::{Command, Input, MonitorId, NotStored, Student};
pub use output::{CardRow, Closing, Effect, Refusal, View};
pub use record::Record;
pub use told::Told;

use crate::ids::UserId;
use crate::limits::{ASKS_KEPT, LESSON_ALONE_MS, RECOUNTS_AT_ONCE, TEACHER_GRACE_MS};
use crate::session::Now;
use gather::Gather;
use keep::Keep;
use seats::{Key, Seats};
use std::sync::Arc;
use warming::Warming;
use watch::Watch;

/// How often it is looked who fell silent, in milliseconds.
const SILENCE_EVERY_MS: u64 = 1_000;
/// A report that nobody confirms is given again after this time, in milliseconds.
const REPORT_AGAIN_MS: u64 = 5_000;

/// One class's lesson in the hands of its owner.
#[derive(Debug)]
pub struct Lesson {
    keep: Keep,
    seats: Seats,
    watch: Watch,
    /// Warm-ups whose cards are being chosen.
    warming: Vec<Warming>,
    /// Figures are being gathered: after it was taken over, and for the report.
    gather: Option<Gather>,
    /// Who is enrolled.
    roster: Vec<Student>,
    /// The roster is known.
    is_seated: bool,
    /// The class is no more.
    is_gone: bool,
    /// Since when no teacher watches (monotonic milliseconds).
    alone_since_tick_ms: Option<u64>,
    silence_tick_ms: u64,
    report_tick_ms: Option<u64>,
    /// When it was looked last which texts of wrong answers are to be kept (monotonic milliseconds).
    texts_tick_ms: u64,
    /// Of those who were not heard of for long, the last who was counted.
    counted_up_to: Option<UserId>,
    is_retired: bool,
}

impl Lesson {
    /// A lesson from its record, in the hands of an owner of this epoch. Nothing else is known yet: the roster comes as
    /// [`Input::Roster`].
    pub fn load(record: Record, epoch: u64, now: Now) -> Lesson {
        let has_figures = record.is_on() || !record.reported;
        let seats = Seats::new(epoch, &record.texts);
        Lesson {
            keep: Keep::new(record),
            seats,
            watch: Watch::new(epoch << 32),
            warming: Vec::new(),
            gather: has_figures.then(|| Gather::new(now)),
            roster: Vec::new(),
            is_seated: false,
            is_gone: false,
            alone_since_tick_ms: Some(now.tick_ms),
            silence_tick_ms: now.tick_ms,
            report_tick_ms: None,
            texts_tick_ms: now.tick_ms,
            counted_up_to: None,
            is_retired: false,
        }
    }

    /// What follows at once from a record that was taken over: everybody gets the document, and what was accepted is
    /// carried out; doing so twice is doing it once.
    pub fn begin(&self, fx: &mut Vec<Effect>) {
        fx.push(Effect::Publish(self.document()));
        fx.extend(self.keep.durable.accepting.iter().cloned().map(Effect::CarryOut));
    }

    /// Takes one input. All that follows from it is in `fx`, in order.
    pub fn handle(&mut self, now: Now, input: Input, fx: &mut Vec<Effect>) {
        if self.is_retired {
            return;
        }
        match input {
            Input::Watch { monitor } => self.watched(monitor, fx),
            Input::Unwatch { monitor } => self.unwatched(now, monitor),
            Input::Ready { monitor } => self.watch.ready(monitor),
            Input::Command { monitor, seq, id, by, command } => {
                self.command(now, (monitor, seq), (id, by), &command, fx);
            }
            Input::Roster(students) => self.enrolled(students),
            Input::Gone => self.is_gone = true,
            Input::Cells(cells) => self.cells(now, &cells),
            Input::Recounted { student, figures } => self.recounted(now, student, figures.as_deref()),
            Input::Stored { version } => self.stored(now, version, fx),
            Input::NotStored { version, why } => self.not_stored(now, version, why, fx),
            Input::CellsMissed => {
                self.seats.call();
                fx.push(Effect::CallCells);
            }
            Input::NobodyTells => self.recount_unheard(now, fx),
            Input::CarriedOut { said } => self.carried_out(said),
            Input::WarmedUp { said, cards } => self.warmed_up(said, cards.as_deref(), fx),
            Input::Reported => self.reported(),
            Input::Tick => {}
        }
        if !self.is_retired {
            self.settle(now, fx);
        }
    }

    /// The document as everybody sees it.
    pub fn document(&self) -> std::sync::Arc<Document> {
        std::sync::Arc::new(self.keep.durable.document.clone())
    }

    /// The record as it is stored: what everybody may know of.
    pub fn record(&self) -> &Record {
        &self.keep.durable
    }

    /// Whether it may be dropped: nobody watches, no lesson is on, and nothing is owed.
    pub fn is_idle(&self) -> bool {
        let record = &self.keep.durable;
        let owes = self.keep.owes() || !record.reported || !record.accepting.is_empty();
        self.is_retired || (!self.watch.is_watched() && !record.is_on() && !owes)
    }

    /// Whether figures are being gathered after the lesson was taken over, and nothing is shown before they are known.
    pub fn is_gathering(&self) -> bool {
        self.gather.as_ref().is_some_and(|gather| !gather.shows())
    }

    /// How often it has called for cells: whoever is told of the lesson is told this, too.
    pub fn calls(&self) -> u64 {
        self.seats.called().1
    }

    /// The newest version of a student's cell that it knows: what a student's owner may ask before it sends one again.
    pub fn knows(&self, student: crate::ids::UserId) -> Option<CellVersion> {
        self.seats.version_of(student)
    }

    /// The newest moment (monotonic milliseconds) until which nothing happens by itself.
    pub fn next_deadline(&self) -> Option<u64> {
        if self.is_retired {
            return None;
        }
        let cut = (self.is_shown() && self.seats.has_changed()).then(|| self.watch.cut_at());
        let silence =
            self.seats.has_somebody().then(|| self.silence_tick_ms.saturating_add(SILENCE_EVERY_MS));
        let gather = self.gather.as_ref().filter(|_| self.is_seated).map(Gather::deadline);
        let report = self.report_tick_ms.map(|at| at.saturating_add(REPORT_AGAIN_MS));
        let alone = self.alone_since_tick_ms.filter(|_| self.may_end_alone()).map(|since| {
            let ends = self.ends_alone();
            since.saturating_add(if ends { TEACHER_GRACE_MS } else { LESSON_ALONE_MS })
        });
        let texts = self.texts_deadline();
        [cut, silence, gather, report, alone, texts, self.keep.deadline()].into_iter().flatten().min()
    }

    /// The hardest cards as they stand, at most `count`.
    pub fn hardest(&self, count: usize) -> Vec<CardRow> {
        let cards: Vec<CardRow> = self.seats.card_rows().collect();
        standing::hardest(&cards, count)
    }

    fn watched(&mut self, monitor: MonitorId, fx: &mut Vec<Effect>) {
        if self.watch.add(monitor) {
            self.alone_since_tick_ms = None;
        } else {
            fx.push(Effect::Close { monitor, why: Closing::TooMany });
        }
    }

    fn unwatched(&mut self, now: Now, monitor: MonitorId) {
        self.watch.remove(monitor);
        if !self.watch.is_watched() && self.alone_since_tick_ms.is_none() {
            self.alone_since_tick_ms = Some(now.tick_ms);
        }
    }

    /// Who is enrolled: it is read every few seconds, and mostly says what is known.
    fn enrolled(&mut self, students: Vec<Student>) {
        self.is_gone = false;
        if !self.is_seated || self.roster != students {
            (self.roster, self.is_seated) = (students, true);
            self.seat();
        }
    }

    /// Gives everybody a seat who is enrolled and was not removed.
    fn seat(&mut self) {
        let removed = &self.keep.durable.removed;
        self.seats.seat(self.roster.iter().filter(|student| !removed.contains(&student.id)).cloned());
        self.watch.forget_pictures();
    }

    fn cells(&mut self, now: Now, cells: &[Arc<Cell>]) {
        let record = &self.keep.durable;
        if !record.is_on() && record.reported {
            return;
        }
        let rounds = record.rounds();
        for cell in cells.iter().filter(|cell| Some(cell.lesson) == record.document.lesson) {
            self.seats.take(cell, now.tick_ms, now.wall_ms, &rounds);
        }
    }

    fn recounted(&mut self, now: Now, student: crate::ids::UserId, figures: Option<&Figures>) {
        if let Some(gather) = &mut self.gather {
            gather.counted(student);
        }
        if let Some(figures) = figures {
            self.seats.recounted(student, figures, now, &self.keep.durable.rounds());
        }
    }

    /// Some of those who were not heard of for long are counted from the log, the next ones by their ids at each time.
    fn recount_unheard(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if !self.keep.durable.is_on() || self.gather.is_some() {
            return;
        }
        let is_next = |student: &UserId| self.counted_up_to.is_none_or(|last| *student > last);
        let unheard = self.seats.unheard(now.tick_ms).filter(is_next);
        let some: Vec<UserId> = unheard.take(RECOUNTS_AT_ONCE).collect();
        self.counted_up_to = some.last().copied();
        if !some.is_empty() {
            fx.push(Effect::Recount(some));
        }
    }

    fn carried_out(&mut self, said: crate::ids::EntryId) {
        let next = &mut self.keep.next;
        let before = next.accepting.len();
        next.accepting.retain(|accepting| accepting.said != said);
        if next.accepting.len() < before {
            next.document.version += 1;
        }
    }

    fn reported(&mut self) {
        self.report_tick_ms = None;
        if !self.keep.next.reported && self.keep.next.closed_ms.is_some() {
            self.keep.next.reported = true;
            self.keep.next.document.version += 1;
        }
    }

    /// A durable record is seen by everybody: what it says holds from now on.
    fn adopt(&mut self, before: &Record, now: Now, fx: &mut Vec<Effect>) {
        let record = self.keep.durable.clone();
        if record.document.lesson != before.document.lesson {
            self.seats.clear();
            self.gather = None;
        }
        if record.is_over() && !(before.is_over() && record.document.lesson == before.document.lesson) {
            self.seats.call_anew();
            self.gather = Some(Gather::last(now, !self.is_gathering()));
        }
        if record.rounds() != before.rounds() {
            let id = |record: &Record| record.document.ask.map(|ask| ask.id);
            match id(&record) == id(before) {
                true => self.seats.forget_late_votes(&record.rounds()),
                false => self.seats.forget_votes(),
            }
        }
        if record.removed != before.removed {
            self.seat();
        }
        if record.document.hide_names != before.document.hide_names {
            self.seats.touch_all();
            self.watch.forget_pictures();
        }
        if record.document != before.document && !record.differs_in_texts_alone(before) {
            self.seats.touch(Key::Document);
            fx.push(Effect::Publish(self.document()));
        }
        if record.is_on() && !before.is_on() && !self.watch.is_watched() {
            self.alone_since_tick_ms = Some(now.tick_ms);
        }
    }

    /// A question gives way to another, or to none: how it came out is kept for the report.
    fn ask_ended(&mut self, before: Option<Ask>) {
        let next = &mut self.keep.next;
        let Some(ended) = before.filter(|ask| next.document.ask.map(|put| put.id) != Some(ask.id)) else {
            return;
        };
        if next.asked.len() >= ASKS_KEPT {
            next.asked.remove(0);
        }
        next.asked.push(self.seats.outcome(&ended));
    }

    /// What may follow from any input.
    fn settle(&mut self, now: Now, fx: &mut Vec<Effect>) {
        self.gather(now, fx);
        if now.tick_ms.saturating_sub(self.silence_tick_ms) >= SILENCE_EVERY_MS {
            self.silence_tick_ms = now.tick_ms;
            self.seats.notice_silence(now.tick_ms);
        }
        self.end_alone(now);
        self.keep_texts(now.tick_ms);
        self.keep.submit(now.tick_ms, fx);
        self.report(now, fx);
        self.show(now, fx);
    }

    /// Whether a lesson is on of which all is known: how a question came out is kept when it ends.
    fn may_end_alone(&self) -> bool {
        self.keep.next.is_on() && self.gather.is_none()
    }

    /// Whether something waits for a teacher that ends by itself without one.
    fn ends_alone(&self) -> bool {
        let document = &self.keep.next.document;
        document.state == LessonState::Paused || document.ask.is_some()
    }

    /// No teacher came back: a pause and a question end, and at last the lesson. So it does at once without a class.
    fn end_alone(&mut self, now: Now) {
        if !self.may_end_alone() {
            return;
        }
        let alone_ms = self.alone_since_tick_ms.map_or(0, |since| now.tick_ms.saturating_sub(since));
        let before = self.keep.next.document.ask;
        if alone_ms >= LESSON_ALONE_MS || self.is_gone {
            self.keep.next.close(now.wall_ms);
        } else if alone_ms >= TEACHER_GRACE_MS && self.ends_alone() {
            self.keep.next.resume(now.wall_ms);
            (self.keep.next.document.ask, self.keep.next.first_round) = (None, None);
        } else {
            return;
        }
        self.ask_ended(before);
        self.keep.next.document.version += 1;
    }

    /// A lesson that is over is told of once all is known, until somebody has stored it.
    fn report(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let record = &self.keep.durable;
        let is_owed = record.is_over() && self.keep.next.closed_ms.is_some();
        let is_due = self.report_tick_ms.is_none_or(|at| now.tick_ms.saturating_sub(at) >= REPORT_AGAIN_MS);
        if is_owed && is_due && self.gather.is_none() && !self.keep.next.reported {
            self.report_tick_ms = Some(now.tick_ms);
            fx.push(Effect::Report(Box::new(report::report(record, &self.seats, now.wall_ms))));
        }
    }
}
