//! One student's place in a lesson.

use crate::check::later::shown;
use crate::lesson::cell::{Cell, CellVersion, Figures, Presence, Vote, WrongAnswer};
use crate::lesson::document::Ask;
use crate::lesson::input::Student;
use crate::lesson::minutes::{Minute, Minutes};
use crate::lesson::output::{StudentRow, Totals};
use crate::lesson::struggle::struggle;
use crate::limits::{ASK_LATE_MS, MINUTES_KEPT, SILENT_AFTER_MS, WRONG_ANSWERS_PER_SEAT};
use std::borrow::Cow;

/// A cell that says less than was counted from the log is believed when the student's owner says so again after this
/// time, in milliseconds: until then it may be late news of an owner before.
const DOUBT_MS: u64 = 5_000;

/// A student's answers to one card of the lesson.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::lesson) struct SeatTally {
    /// The card's place in the lesson.
    pub card: u32,
    pub answers: u32,
    pub wrong: u32,
    pub recall_permille: Option<u16>,
}

impl SeatTally {
    /// Of somebody who has not answered the card.
    pub(super) const fn none(card: u32) -> SeatTally {
        SeatTally { card, answers: 0, wrong: 0, recall_permille: None }
    }
}

/// One seat.
#[derive(Debug)]
pub(in crate::lesson) struct Seat {
    pub student: Student,
    /// The newest cell's; `None` before the first.
    pub version: Option<CellVersion>,
    /// What is known is as new as the newest call: a cell that answers it came, or a count from the log.
    pub is_known: bool,
    /// Counted from the log, because no cell came.
    is_recounted: bool,
    doubted: Option<(CellVersion, u64)>,
    /// The newest figures; cards and votes lie beside them.
    pub figures: Figures,
    pub tallies: Vec<SeatTally>,
    pub minutes: Minutes,
    /// Votes on the question that is put, one a round.
    pub votes: Vec<Vote>,
    pub heard_tick_ms: u64,
    /// Not heard of for long.
    pub is_silent: bool,
}

impl Seat {
    pub(super) fn new(student: Student) -> Seat {
        Seat {
            student,
            version: None,
            is_known: false,
            is_recounted: false,
            doubted: None,
            figures: Figures::default(),
            tallies: Vec::new(),
            minutes: Minutes::default(),
            votes: Vec::new(),
            heard_tick_ms: 0,
            is_silent: false,
        }
    }

    /// Takes note of a cell; whether it is newer than what is known.
    pub(super) fn is_news(&mut self, cell: &Cell, call: (u64, u64), tick_ms: u64) -> bool {
        if self.version.is_some_and(|known| cell.version <= known) {
            self.is_known |= cell.called_by >= call;
            return false;
        }
        if !self.is_doubtful(cell, tick_ms) {
            self.version = Some(cell.version);
            self.is_known |= cell.called_by >= call;
            self.is_recounted = false;
            return true;
        }
        false
    }

    /// A count from the log; whether it is to be shown.
    pub(super) fn is_recount_news(&mut self, figures: &Figures, tick_ms: u64) -> bool {
        let is_other = self.version.is_none() || figures.correct != self.figures.correct;
        let says_more = figures.answered > self.figures.answered;
        let says_else = says_more || (figures.answered == self.figures.answered && is_other);
        let is_news = (!self.is_known && says_else) || (self.is_unheard(tick_ms) && says_more);
        (self.is_recounted, self.is_known) = (self.is_recounted || is_news, true);
        is_news
    }

    /// Whether nothing was heard of the student for long.
    pub(super) fn is_unheard(&self, tick_ms: u64) -> bool {
        tick_ms.saturating_sub(self.heard_tick_ms) > SILENT_AFTER_MS
    }

    /// A count from the log, with what only a cell tells.
    pub(super) fn as_counted(&self, counted: &Figures) -> Figures {
        let known = &self.figures;
        let mut figures = counted.clone();
        if self.version.is_some() {
            (figures.presence, figures.wrong) = (known.presence, known.wrong.clone());
            figures.recall_permille = known.recall_permille;
            figures.last_seen_ms = figures.last_seen_ms.max(known.last_seen_ms);
        }
        figures
    }

    /// Whether a cell says less than was counted, and may be late news.
    fn is_doubtful(&mut self, cell: &Cell, tick_ms: u64) -> bool {
        if !self.is_recounted || cell.figures.answered >= self.figures.answered {
            return false;
        }
        let (version, since_tick_ms) = *self.doubted.get_or_insert((cell.version, tick_ms));
        cell.version < version || tick_ms.saturating_sub(since_tick_ms) < DOUBT_MS
    }

    /// Takes the minutes of a cell, and gives each that changed as it was and as it is. Those that a partial cell does not
    /// name stay as they were.
    pub(super) fn take_minutes(&mut self, minutes: &[Minute], is_whole: bool) -> Vec<[Option<Minute>; 2]> {
        let before = is_whole.then(|| std::mem::take(&mut self.minutes));
        let mut changed = Vec::new();
        for minute in minutes.get(minutes.len().saturating_sub(MINUTES_KEPT)..).unwrap_or_default() {
            let known = self.minutes.put(*minute);
            let was = before.as_ref().map_or(known, |before| before.get(minute.at));
            changed.push([was, Some(*minute)]);
        }
        let gone = before.iter().flat_map(Minutes::all).filter(|gone| self.minutes.get(gone.at).is_none());
        changed.extend(gone.map(|gone| [Some(*gone), None]));
        changed
    }

    /// Keeps figures, cut to what a seat has room for. Returns the wrong answers before.
    pub(super) fn keep(&mut self, mut figures: Figures) -> Vec<WrongAnswer> {
        (figures.cards, figures.votes, figures.minutes) = (Vec::new(), Vec::new(), Vec::new());
        let spare = figures.wrong.len().saturating_sub(WRONG_ANSWERS_PER_SEAT);
        figures.wrong.drain(..spare);
        for text in figures.wrong.iter_mut().filter_map(|wrong| wrong.text.as_mut()) {
            if let Cow::Owned(cut) = shown(text) {
                *text = cut.into();
            }
        }
        std::mem::replace(&mut self.figures, figures).wrong
    }

    /// Takes the votes of a cell: while a round is open as the cell says, since a vote may be taken back; after its close
    /// only what was missing, and whether what stands is correct, since a text may be accepted. `true` if something changed.
    pub(super) fn vote(&mut self, votes: &[Vote], wall_ms: i64, asks: &[Ask]) -> bool {
        let extra = self.student.extra_percent;
        let mut changed = false;
        for ask in asks {
            let of_round = |vote: &&Vote| (vote.ask, vote.round) == (ask.id, ask.round);
            let told = votes.iter().filter(of_round).find(|vote| ask.takes(vote.reached_ms, extra)).copied();
            let at = self.votes.iter().position(|vote| of_round(&vote));
            let is_over = wall_ms > ask.closes_for(extra).saturating_add(ASK_LATE_MS);
            match (at.and_then(|at| self.votes.get_mut(at)), told) {
                (None, Some(vote)) => self.votes.push(vote),
                (Some(known), Some(vote)) if !is_over && *known != vote => *known = vote,
                (Some(known), Some(vote))
                    if (known.reached_ms, known.said) == (vote.reached_ms, vote.said)
                        && known.is_correct != vote.is_correct =>
                {
                    known.is_correct = vote.is_correct;
                }
                (Some(_), None) if !is_over => self.votes.retain(|vote| !of_round(&vote)),
                (Some(_), _) | (None, None) => continue,
            }
            changed = true;
        }
        changed
    }

    /// Adds the seat to the totals, or takes it out of them.
    pub(super) fn count(&self, totals: &mut Totals, is_added: bool) {
        self.count_as(self.is_silent, totals, is_added);
    }

    pub(super) fn count_as(&self, is_silent: bool, totals: &mut Totals, is_added: bool) {
        let figures = &self.figures;
        let sum = |total: &mut u64, n: u64| {
            *total = if is_added { total.saturating_add(n) } else { total.saturating_sub(n) };
        };
        let here = u32::from(figures.presence == Presence::Here && !is_silent);
        totals.here = if is_added { totals.here + here } else { totals.here.saturating_sub(here) };
        sum(&mut totals.answered, figures.answered.into());
        sum(&mut totals.correct, figures.correct.into());
        sum(&mut totals.sure_and_wrong, figures.sure_and_wrong.into());
        sum(&mut totals.elapsed_ms, figures.elapsed_ms);
        sum(&mut totals.unsaved, figures.unsaved.into());
        for (total, n) in totals.grades.iter_mut().zip(figures.grades) {
            sum(total, n.into());
        }
    }

    /// The row without the moment that it is of: two that are equal here need not be sent.
    pub(super) fn shown(&self, is_silent: bool) -> StudentRow {
        let mut row = self.row_as(is_silent, false);
        row.as_of_ms = 0;
        row
    }

    pub(in crate::lesson) fn row(&self, hide_names: bool) -> StudentRow {
        self.row_as(self.is_silent, hide_names)
    }

    fn row_as(&self, is_silent: bool, hide_names: bool) -> StudentRow {
        let figures = &self.figures;
        let mean_ms = figures.elapsed_ms.checked_div(figures.answered.into()).unwrap_or(0);
        StudentRow {
            student: self.student.id,
            name: (!hide_names).then(|| self.student.name.clone()),
            presence: match figures.presence {
                Presence::Here if is_silent => Presence::Away,
                Presence::Here => Presence::Here,
                Presence::Away => Presence::Away,
                Presence::Left => Presence::Left,
            },
            deck: figures.deck,
            answered: figures.answered,
            correct: figures.correct,
            streak: figures.streak,
            mean_ms: u32::try_from(mean_ms).unwrap_or(u32::MAX),
            last_seen_ms: figures.last_seen_ms,
            struggling: struggle(figures),
            sure_and_wrong: figures.sure_and_wrong,
            recall_permille: figures.recall_permille,
            extra_percent: self.student.extra_percent,
            as_of_ms: figures.as_of_ms,
        }
    }
}
