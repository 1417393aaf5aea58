//! The class as it stands: a seat for each student with the newest cell, sums over cards and over all. A newer cell takes
//! the place of the older one in every sum, so nothing counts twice however often and in whatever order cells come.

mod seat;
mod sums;
mod wrong;

pub(super) use seat::Seat;
use sums::CardSums;
use wrong::WrongGroups;

use super::cell::{Cell, CellVersion, Figures, Presence, Vote};
use super::document::{Ask, Round};
use super::input::Student;
use super::minutes::{Hour, Minute};
use super::output::{AskOutcome, CardRow, RoundOutcome, StudentRow, Totals};
use super::record::WrongText;
use super::standing::{self, WrongGroup};
use crate::ids::{CardId, UserId};
use crate::limits::{SILENT_AFTER_MS, STUDENTS_PER_LESSON};
use crate::session::Now;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Something that a monitor shows under a key of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Key {
    /// The document.
    Document,
    /// The question.
    Ask,
    /// A card, by its place in the lesson.
    Card(u32),
    /// A minute, by its place in the hour.
    Minute(u8),
    /// The commonest wrong answers.
    Wrong,
    /// A student.
    Student(UserId),
    /// A student who is shown no longer.
    Removed(UserId),
    /// The totals alone.
    Totals,
}

/// All seats of a lesson.
#[derive(Debug, Default)]
pub(super) struct Seats {
    /// The newest call for cells: the epoch of the lesson's owner, and how often it has called.
    call: (u64, u64),
    seats: BTreeMap<UserId, Seat>,
    cards: CardSums,
    wrong: WrongGroups,
    hour: Hour,
    totals: Totals,
    /// Seats of which nothing is known that is as new as the newest call.
    unknown: usize,
    /// What changed and was not shown yet.
    changed: BTreeSet<Key>,
}

impl Seats {
    /// No seats yet, and the texts of wrong answers that the record has.
    pub(super) fn new(epoch: u64, texts: &[WrongText]) -> Seats {
        Seats { call: (epoch, 0), wrong: WrongGroups::knowing(texts), ..Seats::default() }
    }

    /// Everybody is called.
    pub(super) fn call(&mut self) {
        self.call.1 += 1;
    }

    /// Everybody is called, and nobody is known before an answer.
    pub(super) fn call_anew(&mut self) {
        self.call();
        self.seats.values_mut().for_each(|seat| seat.is_known = false);
        self.unknown = self.seats.len();
    }

    /// The newest call.
    pub(super) fn called(&self) -> (u64, u64) {
        self.call
    }

    /// What changed since it was asked last.
    pub(super) fn take_changed(&mut self) -> BTreeSet<Key> {
        std::mem::take(&mut self.changed)
    }

    pub(super) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    pub(super) fn touch(&mut self, key: Key) {
        self.changed.insert(key);
    }

    /// Names are hidden or shown: every row is another.
    pub(super) fn touch_all(&mut self) {
        self.changed.extend(self.seats.keys().map(|student| Key::Student(*student)));
    }

    /// Who belongs to the lesson now. Of more than a lesson has room for the first by their ids have a seat.
    pub(super) fn seat(&mut self, students: impl IntoIterator<Item = Student>) {
        let mut wanted: BTreeMap<UserId, Student> = students.into_iter().map(|s| (s.id, s)).collect();
        while wanted.len() > STUDENTS_PER_LESSON {
            wanted.pop_last();
        }
        let gone: Vec<UserId> = self.seats.keys().filter(|id| !wanted.contains_key(id)).copied().collect();
        gone.into_iter().for_each(|student| self.unseat(student));
        for (id, student) in wanted {
            match self.seats.get_mut(&id) {
                Some(seat) if seat.student == student => {}
                Some(seat) => {
                    seat.student = student;
                    self.changed.insert(Key::Student(id));
                }
                None => {
                    self.seats.insert(id, Seat::new(student));
                    self.unknown += 1;
                    self.changed.remove(&Key::Removed(id));
                    self.changed.insert(Key::Student(id));
                }
            }
        }
        self.totals.students = u32::try_from(self.seats.len()).unwrap_or(u32::MAX);
        self.changed.insert(Key::Totals);
    }

    fn unseat(&mut self, student: UserId) {
        let Some(mut seat) = self.seats.remove(&student) else { return };
        self.unknown -= usize::from(!seat.is_known);
        seat.count(&mut self.totals, false);
        let mut none = Figures { is_whole: true, ..Figures::default() };
        let touched = self.cards.replace(student, &mut seat.tallies, &mut none);
        self.changed.extend(touched.into_iter().map(Key::Card));
        for minute in seat.minutes.all() {
            self.changed.extend(self.hour.exchange(Some(*minute), None).map(Key::Minute));
        }
        if self.wrong.replace(&seat.figures.wrong, &mut Vec::new()) {
            self.changed.insert(Key::Wrong);
        }
        self.changed.remove(&Key::Student(student));
        self.changed.extend([Key::Removed(student), Key::Totals, Key::Ask]);
    }

    /// Another lesson begins: nobody has done anything in it.
    pub(super) fn clear(&mut self) {
        let students: Vec<Student> = self.seats.values().map(|seat| seat.student.clone()).collect();
        *self = Seats { call: self.call, ..Seats::default() };
        self.seat(students);
    }

    /// The votes of the question before say nothing of this one.
    pub(super) fn forget_votes(&mut self) {
        self.seats.values_mut().for_each(|seat| seat.votes.clear());
        self.changed.insert(Key::Ask);
    }

    /// A vote was closed early: what came after its close is none.
    pub(super) fn forget_late_votes(&mut self, rounds: &[Ask]) {
        for seat in self.seats.values_mut() {
            let extra = seat.student.extra_percent;
            let of_round =
                |vote: &Vote| rounds.iter().find(|ask| (ask.id, ask.round) == (vote.ask, vote.round));
            seat.votes.retain(|vote| of_round(vote).is_none_or(|ask| ask.takes(vote.reached_ms, extra)));
        }
        self.changed.insert(Key::Ask);
    }

    /// Students with a socket, at work or not, of whom was heard lately, by their ids.
    pub(super) fn there(&self, tick_ms: u64) -> impl Iterator<Item = UserId> + '_ {
        let is_there = move |seat: &&Seat| {
            let is_quiet = tick_ms.saturating_sub(seat.heard_tick_ms) > SILENT_AFTER_MS;
            seat.figures.presence != Presence::Left && !is_quiet
        };
        self.seats.values().filter(is_there).map(|seat| seat.student.id)
    }

    /// Takes a cell, if it is newer than what is known. `true` if its student has a seat.
    pub(super) fn take(&mut self, cell: &Cell, tick_ms: u64, wall_ms: i64, asks: &[Ask]) -> bool {
        let Some(seat) = self.seats.get_mut(&cell.student) else { return false };
        seat.heard_tick_ms = tick_ms;
        let was_silent = std::mem::take(&mut seat.is_silent);
        let was_known = seat.is_known;
        let is_news = seat.is_news(cell, self.call, tick_ms);
        self.unknown -= usize::from(seat.is_known && !was_known);
        if is_news {
            self.replace(cell.student, &cell.figures, wall_ms, asks, was_silent);
        } else if was_silent {
            self.heard_again(cell.student);
        }
        true
    }

    /// A student was counted from the log: that holds until a cell comes.
    pub(super) fn recounted(&mut self, student: UserId, figures: &Figures, now: Now, asks: &[Ask]) {
        let Some(seat) = self.seats.get_mut(&student) else { return };
        let was_known = seat.is_known;
        let is_news = seat.is_recount_news(figures, now.tick_ms);
        self.unknown -= usize::from(!was_known);
        if is_news {
            let (figures, is_silent) = (seat.as_counted(figures), seat.is_silent);
            self.replace(student, &figures, now.wall_ms, asks, is_silent);
        }
    }

    fn replace(&mut self, student: UserId, figures: &Figures, wall_ms: i64, asks: &[Ask], was_silent: bool) {
        let Some(seat) = self.seats.get_mut(&student) else { return };
        let before = (seat.shown(was_silent), self.totals);
        seat.count_as(was_silent, &mut self.totals, false);
        let mut figures = figures.clone();
        let touched = self.cards.replace(student, &mut seat.tallies, &mut figures);
        if seat.vote(&figures.votes, wall_ms, asks) {
            self.changed.insert(Key::Ask);
        }
        for [before, now] in seat.take_minutes(&figures.minutes, figures.is_whole) {
            self.changed.extend(self.hour.exchange(before, now).map(Key::Minute));
        }
        let wrong = seat.keep(figures);
        if self.wrong.replace(&wrong, &mut seat.figures.wrong) {
            self.changed.insert(Key::Wrong);
        }
        seat.count(&mut self.totals, true);
        if seat.shown(false) != before.0 {
            self.changed.insert(Key::Student(student));
        }
        if self.totals != before.1 {
            self.changed.insert(Key::Totals);
        }
        self.changed.extend(touched.into_iter().map(Key::Card));
    }

    fn heard_again(&mut self, student: UserId) {
        let Some(seat) = self.seats.get_mut(&student) else { return };
        if seat.figures.presence == Presence::Here {
            self.totals.here += 1;
            self.changed.extend([Key::Student(student), Key::Totals]);
        }
    }

    /// Whoever was not heard of for long is away.
    pub(super) fn notice_silence(&mut self, tick_ms: u64) {
        for (student, seat) in &mut self.seats {
            let is_quiet = tick_ms.saturating_sub(seat.heard_tick_ms) > SILENT_AFTER_MS;
            if is_quiet && !seat.is_silent && seat.figures.presence == Presence::Here {
                seat.is_silent = true;
                self.totals.here = self.totals.here.saturating_sub(1);
                self.changed.extend([Key::Student(*student), Key::Totals]);
            }
        }
    }

    /// Whether somebody is there who may fall silent.
    pub(super) fn has_somebody(&self) -> bool {
        self.totals.here > 0
    }

    /// Students who were not heard of for long.
    pub(super) fn unheard(&self, tick_ms: u64) -> impl Iterator<Item = UserId> + '_ {
        self.seats.values().filter(move |seat| seat.is_unheard(tick_ms)).map(|seat| seat.student.id)
    }

    /// Students of whom nothing is known that is as new as the newest call.
    pub(super) fn unknown(&self) -> impl Iterator<Item = UserId> + '_ {
        self.seats.values().filter(|seat| !seat.is_known).map(|seat| seat.student.id)
    }

    pub(super) fn unknown_count(&self) -> usize {
        self.unknown
    }

    pub(super) fn is_unknown(&self, student: UserId) -> bool {
        self.seats.get(&student).is_some_and(|seat| !seat.is_known)
    }

    pub(super) fn has(&self, student: UserId) -> bool {
        self.seats.contains_key(&student)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values()
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    pub(super) fn student_row(&self, student: UserId, hide_names: bool) -> Option<StudentRow> {
        self.seats.get(&student).map(|seat| seat.row(hide_names))
    }

    pub(super) fn card_row(&self, card: u32) -> Option<CardRow> {
        self.cards.row(card)
    }

    pub(super) fn card_rows(&self) -> impl Iterator<Item = CardRow> + '_ {
        self.cards.rows()
    }

    /// The minute at a place in the hour.
    pub(super) fn minute(&self, place: u8) -> Option<Minute> {
        self.hour.minute(place)
    }

    /// The minutes in which something was answered, at most as many as an hour has.
    pub(super) fn minutes(&self) -> Vec<Minute> {
        self.hour.all()
    }

    /// The newest version of a student's cell.
    pub(super) fn version_of(&self, student: UserId) -> Option<CellVersion> {
        self.seats.get(&student).and_then(|seat| seat.version)
    }

    /// The texts of wrong answers to a card, by the digest that the log has.
    pub(super) fn texts_of(&self, card: CardId) -> impl Iterator<Item = (u64, &Arc<str>)> {
        self.wrong.texts_of(card)
    }

    /// Whether a text is known that is not kept.
    pub(super) fn has_new_texts(&self) -> bool {
        self.wrong.has_new()
    }

    /// The texts to be kept.
    pub(super) fn keep_texts(&mut self) -> Vec<WrongText> {
        self.wrong.keep()
    }

    /// The commonest wrong answers, at most `count`.
    pub(super) fn wrong(&self, count: usize) -> Vec<WrongGroup> {
        standing::commonest(&self.wrong.all().collect::<Vec<_>>(), count)
    }

    /// How a question comes out in the rounds that it has had.
    pub(super) fn outcome(&self, ask: &Ask) -> AskOutcome {
        let rounds = [Round::First, Round::Second].into_iter().filter(|round| *round <= ask.round);
        AskOutcome { ask: *ask, rounds: rounds.map(|round| self.round(ask, round)).collect() }
    }

    fn round(&self, ask: &Ask, round: Round) -> RoundOutcome {
        let mut said = BTreeMap::new();
        let mut outcome = RoundOutcome { round, votes: 0, correct: 0, said: Vec::new() };
        let votes = self.seats.values().flat_map(|seat| &seat.votes);
        for vote in votes.filter(|vote| (vote.ask, vote.round) == (ask.id, round)) {
            outcome.votes += 1;
            outcome.correct += u32::from(vote.is_correct);
            *said.entry(vote.said).or_insert(0_u32) += 1;
        }
        outcome.said = said.into_iter().collect();
        outcome.said.sort_by_key(|(said, times)| (std::cmp::Reverse(*times), *said));
        outcome
    }
}
