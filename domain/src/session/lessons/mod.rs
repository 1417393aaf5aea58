//! Lessons of the learner's classes: what the session is told of them, and what it tells. Nothing here waits: a cell is an
//! effect like any other, and figures that are not known yet are read beside all else.

mod asked;
mod assigned;
mod cells;
mod counting;

use super::types::*;
use super::{DoneState, Session};
use crate::day::Day;
use crate::entry::{Body, LogEntry};
use crate::ids::{ClassId, DeckId, EntryId};
use crate::lesson::Told;
use crate::lesson::cell::{CellVersion, Presence};
use crate::lesson::count::Count;
use crate::lesson::votes::AskAnswer;
use crate::limits::LESSONS_PER_LEARNER;
use crate::owner::Epoch;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// All that a session knows of the lessons of its learner's classes.
#[derive(Debug, Default)]
pub(super) struct Lessons {
    attended: Vec<Attended>,
    /// Decks of lessons that are being read.
    decks: Option<Token>,
    /// Decks of lessons that were read, or are not there.
    decks_asked: BTreeSet<DeckId>,
    /// The version of the newest cell.
    version: CellVersion,
    /// When something was last done on a socket, Unix milliseconds.
    seen_ms: i64,
}

impl Lessons {
    /// Nothing is known yet, in the hands of an owner of this epoch.
    pub(super) fn of_owner(epoch: Epoch) -> Lessons {
        Lessons { version: CellVersion { epoch, n: 0 }, ..Lessons::default() }
    }
}

/// One lesson.
#[derive(Debug)]
struct Attended {
    told: Arc<Told>,
    /// The learner's extra time, in percent.
    extra_percent: u16,
    /// `None` until what was answered before is read.
    count: Option<Count>,
    reading: Option<Reading>,
    /// It is to be read once more.
    is_old: bool,
    /// Durable answers to the card that is put to the class.
    answers: Vec<AskAnswer>,
    /// When answers that are not durable yet reached the server, of those that may be votes.
    on_the_way: BTreeMap<EntryId, i64>,
    /// Votes of questions before, oldest first.
    voted: VecDeque<EntryId>,
    /// Cards that were put twice, of questions before to which the learner has no first vote, oldest first.
    talked: VecDeque<(Day, (DeckId, crate::ids::CardId))>,
    /// The lesson is over, and its last cell was not told.
    owes_last: bool,
    /// The epoch and number of the call that was answered last.
    answered_call: Option<(u64, u64)>,
    has_changed: bool,
    /// Since when an answer is on its way of which nothing was told (monotonic milliseconds).
    unsaved_since_tick_ms: Option<u64>,
    changed_cards: BTreeSet<crate::ids::CardId>,
    /// In minutes since 1970.
    changed_minutes: BTreeSet<i64>,
    recalls: Recalls,
    told_tick_ms: Option<u64>,
    whole_tick_ms: Option<u64>,
    presence: Presence,
}

/// How well the cards of the lesson are remembered, as it was told last: a cell looks anew only at those that changed.
#[derive(Debug, Default)]
struct Recalls {
    /// On which day; `None` where all are to be looked at anew.
    day: Option<Day>,
    permille: BTreeMap<(DeckId, crate::ids::CardId), u16>,
}

/// The log is being read.
#[derive(Debug)]
struct Reading {
    token: Token,
    /// What became durable meanwhile.
    since: Vec<LogEntry>,
}

impl Session {
    /// Whether anything is known of a lesson: most of the time nothing is.
    pub(super) fn has_lessons(&self) -> bool {
        !self.lessons.attended.is_empty()
    }

    /// The owner of a class has told of its lesson. Of two the newer holds.
    pub(super) fn class_told(&mut self, now: Now, told: &Arc<Told>, fx: &mut Vec<Effect>) {
        let class = told.class();
        let at = self.lessons.attended.iter().position(|attended| attended.told.class() == class);
        let known = at.and_then(|at| self.lessons.attended.get(at));
        if known.is_some_and(|known| known.told.at >= told.at) {
            return;
        }
        let Some(extra_percent) = told.students.get(&self.user).copied() else {
            if let Some(at) = at {
                self.lessons.attended.remove(at);
                self.show_class(&Arc::new(told.without_lesson()), 0, fx);
                self.lesson_moved();
            }
            return;
        };
        let before = known.map(|known| (known.told.document.clone(), known.extra_percent));
        self.keep_told(now, at, told.clone(), extra_percent);
        let (was, had_percent) = before.unzip();
        if was.as_ref() != Some(&told.document) || had_percent != Some(extra_percent) {
            self.show_class(&told.document, extra_percent, fx);
        }
        if was.as_ref() != Some(&told.document) {
            self.lesson_moved();
            self.tell_assigned(was.as_deref(), told, fx);
        }
    }

    fn keep_told(&mut self, now: Now, at: Option<usize>, told: Arc<Told>, extra_percent: u16) {
        let attended = &mut self.lessons.attended;
        let Some(known) = at.and_then(|at| attended.get_mut(at)) else {
            if attended.len() >= LESSONS_PER_LEARNER {
                let places = attended.iter().enumerate();
                let least = places.min_by_key(|(_, of)| (of.counts(), of.told.opened_ms, of.class()));
                let Some((least, _)) = least.filter(|(_, of)| !of.counts() || told.is_on()) else { return };
                attended.remove(least);
            }
            attended.push(Attended::new(told, extra_percent));
            self.lessons.decks_asked.clear();
            return;
        };
        if known.told.document.lesson != told.document.lesson {
            let voted = std::mem::take(&mut known.voted);
            *known = Attended { voted, ..Attended::new(told, extra_percent) };
        } else {
            known.ask_moves_on(now, self.today, &told);
            known.owes_last |= known.told.is_on() && !told.is_on();
            (known.told, known.extra_percent, known.has_changed) = (told, extra_percent, true);
        }
        self.lessons.decks_asked.clear();
    }

    /// What may be handed out has changed.
    fn lesson_moved(&mut self) {
        self.forget_queues();
        for socket in self.sockets.values_mut() {
            if let DoneState::Asking(_) = socket.done {
                socket.done = DoneState::Studying;
            }
        }
    }

    fn show_class(&self, document: &Arc<crate::lesson::Document>, extra_percent: u16, fx: &mut Vec<Effect>) {
        for socket in self.sockets.keys() {
            let out = Out::Class(document.clone(), extra_percent);
            fx.push(Effect::Send { socket: *socket, out });
        }
    }

    /// What follows for lessons from any input, before cards are handed out.
    pub(super) fn attend(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if !self.has_lessons() {
            return;
        }
        self.read_lesson_decks(now, fx);
        self.read_lessons(now, fx);
        self.put_asked(now, fx);
    }

    /// The class in whose lesson an answer of this moment is given, and what the entry says of it. Of several the one that has
    /// put this card and has no vote on it yet, else the one whose lesson began last.
    pub(super) fn stamp_class(&self, entry: &mut LogEntry) {
        let at_ms = entry.id.at_ms();
        let Body::Review(review) = &mut entry.body else { return };
        let about = (review.deck, review.card);
        let holds = |attended: &&Attended| {
            let told = &attended.told;
            told.is_on() && at_ms >= told.opened_ms && told.concerns(about.0)
        };
        let held_by = self.lessons.attended.iter().filter(holds);
        let newest = held_by.max_by_key(|attended| {
            (attended.waits_for(about, at_ms), attended.told.opened_ms, attended.class())
        });
        review.class = newest.map(Attended::class);
    }

    /// Whether a lesson that is paused holds this deck's cards back.
    pub(super) fn is_held_back(&self, deck: DeckId) -> bool {
        self.lessons.attended.iter().any(|attended| {
            let told = &attended.told;
            told.is_on() && told.is_paused() && told.concerns(deck)
        })
    }

    /// Cards may be remembered otherwise than was told, without an answer.
    pub(super) fn forget_recalls(&mut self) {
        for attended in &mut self.lessons.attended {
            attended.recalls.day = None;
        }
    }

    /// Whether a lesson is paused: nobody is told then that nothing is left.
    pub(super) fn waits_for_teacher(&self) -> bool {
        self.lessons.attended.iter().any(|attended| attended.told.is_on() && attended.told.is_paused())
    }

    /// The decks of lessons that are being read, so that revisions which are told meanwhile are kept.
    pub(super) fn reads_lesson_decks(&self) -> bool {
        self.lessons.decks.is_some()
    }

    /// Something was fetched for a lesson; `false` if it was not.
    pub(super) fn lesson_fetched(
        &mut self,
        now: Now,
        token: Token,
        facts: Result<Facts, FetchFailed>,
        fx: &mut Vec<Effect>,
    ) -> Option<Result<Facts, FetchFailed>> {
        if self.lessons.decks == Some(token) {
            self.lessons.decks = None;
            self.lesson_decks_read(now, facts, fx);
            return None;
        }
        let reads = |attended: &Attended| attended.reading.as_ref().is_some_and(|r| r.token == token);
        let Some(at) = self.lessons.attended.iter().position(reads) else { return Some(facts) };
        self.lesson_read(now, at, facts);
        None
    }
}

impl Attended {
    fn new(told: Arc<Told>, extra_percent: u16) -> Attended {
        Attended {
            told,
            extra_percent,
            count: None,
            reading: None,
            is_old: false,
            answers: Vec::new(),
            on_the_way: BTreeMap::new(),
            voted: VecDeque::new(),
            talked: VecDeque::new(),
            owes_last: false,
            answered_call: None,
            has_changed: true,
            unsaved_since_tick_ms: None,
            changed_cards: BTreeSet::new(),
            changed_minutes: BTreeSet::new(),
            recalls: Recalls::default(),
            told_tick_ms: None,
            whole_tick_ms: None,
            presence: Presence::Left,
        }
    }

    fn class(&self) -> ClassId {
        self.told.class()
    }

    /// Whether answers are counted: while the lesson is on, and until the last of them was told.
    fn counts(&self) -> bool {
        self.told.is_on() || self.owes_last
    }
}
