//! Pictures for monitors: everything, or what changed.

use super::Lesson;
use super::output::{Effect, View};
use super::seats::Key;
use crate::limits::WRONG_GROUPS_SHOWN;
use crate::session::Now;
use std::sync::Arc;

impl Lesson {
    /// Whether somebody watches, and there is something to be seen.
    pub(super) fn is_shown(&self) -> bool {
        self.watch.is_watched() && self.is_seated && !self.is_gathering()
    }

    /// Cuts a version when it is time, and sends each monitor what it lacks, if it can take it.
    pub(super) fn show(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if !self.is_shown() {
            return;
        }
        if self.seats.has_changed() && now.tick_ms >= self.watch.cut_at() {
            self.watch.cut(self.seats.take_changed(), now.tick_ms);
        }
        for (from, monitors) in self.watch.take_lacking() {
            match from {
                None => {
                    let version = self.watch.version();
                    let (keep, seats) = (&self.keep, &self.seats);
                    let view = self.watch.snapshot(|| everything(keep, seats, version));
                    let send = |monitor| Effect::Snapshot { monitor, view: view.clone() };
                    fx.extend(monitors.into_iter().map(send));
                }
                Some(from) => {
                    let view = self.watch.delta(from).unwrap_or_else(|| Arc::new(self.changes(from)));
                    self.watch.keep_delta(from, view.clone());
                    fx.push(Effect::Delta { monitors, from, view });
                }
            }
        }
    }

    fn changes(&self, from: u64) -> View {
        let document = &self.keep.durable.document;
        let mut view = View { version: self.watch.version(), totals: self.seats.totals(), ..View::default() };
        for key in self.watch.since(from) {
            match key {
                Key::Document => view.document = Some(self.document()),
                Key::Ask => view.ask = document.ask.map(|ask| self.seats.outcome(&ask)),
                Key::Card(card) => view.cards.extend(self.seats.card_row(card)),
                Key::Minute(place) => view.minutes.extend(self.seats.minute(place)),
                Key::Student(student) => {
                    view.students.extend(self.seats.student_row(student, document.hide_names));
                }
                Key::Removed(student) => view.removed.push(student),
                Key::Wrong => view.wrong = Some(self.seats.wrong(WRONG_GROUPS_SHOWN)),
                Key::Totals => {}
            }
        }
        view
    }
}

fn everything(keep: &super::keep::Keep, seats: &super::seats::Seats, version: u64) -> View {
    let document = &keep.durable.document;
    View {
        version,
        document: Some(Arc::new(document.clone())),
        students: seats.all().map(|seat| seat.row(document.hide_names)).collect(),
        removed: Vec::new(),
        cards: seats.card_rows().collect(),
        minutes: seats.minutes(),
        wrong: Some(seats.wrong(WRONG_GROUPS_SHOWN)),
        totals: seats.totals(),
        ask: document.ask.map(|ask| seats.outcome(&ask)),
    }
}
