//! LearnerCommit: how rows become durable in a store that keeps a partition a learner, as a pure machine. There is no
//! commit to share, so each learner has flights of its own: what a slow partition holds up is its learner's alone.
//!
//! - **One flight a learner at a time.** What is offered meanwhile goes together with the next one: batches grow with the
//!   time that the store takes, and with nothing else. A flight is a run of the learner's oldest rows.
//! - **No flight holds two rows of one card**, as in [`GroupCommit`](super::GroupCommit) and for the same reason.
//! - **The mark of an import flies alone**, as in [`GroupCommit`](super::GroupCommit) and for the same reason.
//! - **A bounded number of flights at once.** Who waits for a place waits in line, so that nobody starves. Failures halve
//!   the number and each success adds one to it (additive increase, multiplicative decrease: Chiu and Jain 1989), so that
//!   a store that comes back is not run over by all who waited for it.
//! - **What is unknown is tried again** after a pause of the learner's own, which grows; and of those who try again no
//!   more than a quarter of all flights, so that they do not stand in the way of those whose partition is well.

use super::{Barrier, Decided, Landed, Offer, Row, retry_wait_ms};
use crate::ids::{CardId, DeckId, UserId};
use crate::limits::FLIGHTS_MIN;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Of this many flights one may be another try.
const RETRIES_ONE_IN: usize = 4;

/// Rows of one learner that leave together.
#[derive(Clone, PartialEq, Debug)]
pub struct Flight {
    /// Its name: rises with each flight.
    pub number: u64,
    /// The learner.
    pub user: UserId,
    /// The rows, oldest first.
    pub offers: Vec<Offer>,
}

/// Where a learner stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Place {
    /// Nothing waits.
    #[default]
    Idle,
    /// In line for a flight.
    InLine,
    /// A flight is out.
    Out,
    /// The last flight came to nothing known: the next one waits for its time, and then for its place.
    Resting,
}

#[derive(Debug, Default)]
struct Learner {
    place: Place,
    /// Rows that are not with the store, oldest first.
    waiting: VecDeque<Row>,
    in_flight: Vec<Row>,
    /// Flights in a row that came to nothing known.
    tries: u32,
    undecided: usize,
    barriers: Vec<Barrier>,
    /// Cards of which a row was refused: rows after it rest on what is not stored, until the session has folded the
    /// card again and says so by a row of progress alone.
    refused: BTreeSet<(DeckId, CardId)>,
}

/// A flight that is out.
#[derive(Clone, Copy, Debug)]
struct Out {
    user: UserId,
    is_retry: bool,
}

/// The machine: one for a store with a partition a learner.
#[derive(Debug)]
pub struct LearnerCommit {
    flights_max: usize,
    rows_max: usize,
    /// Flights that may be out now: between [`FLIGHTS_MIN`] and `flights_max`.
    window: usize,
    learners: BTreeMap<UserId, Learner>,
    /// Learners in line, first one first.
    in_line: VecDeque<UserId>,
    /// Learners that rest, by the time until which they do.
    resting: BTreeSet<(u64, UserId)>,
    /// Learners that have rested, in line for another try.
    rested: VecDeque<UserId>,
    out: BTreeMap<u64, Out>,
    retries_out: usize,
    retried_last: bool,
    flown: u64,
    offered: u64,
    undecided: usize,
    passed: Vec<Decided>,
}

impl LearnerCommit {
    /// A machine that has at most `flights_max` flights out at once, each of at most `rows_max` rows.
    pub fn new(flights_max: usize, rows_max: usize) -> LearnerCommit {
        let flights_max = flights_max.max(1);
        LearnerCommit {
            flights_max,
            rows_max: rows_max.max(1),
            window: flights_max,
            learners: BTreeMap::new(),
            in_line: VecDeque::new(),
            resting: BTreeSet::new(),
            rested: VecDeque::new(),
            out: BTreeMap::new(),
            retries_out: 0,
            retried_last: false,
            flown: 0,
            offered: 0,
            undecided: 0,
            passed: Vec::new(),
        }
    }

    /// Takes a row.
    pub fn offer(&mut self, mut offer: Offer) {
        let learner = self.learners.entry(offer.user).or_default();
        if offer.append.entry.is_none() {
            learner.refused.remove(&offer.append.about);
        }
        offer.stale |= learner.refused.contains(&offer.append.about);
        self.offered += 1;
        self.undecided += 1;
        learner.undecided += 1;
        learner.waiting.push_back(Row { number: self.offered, offer });
        if learner.place == Place::Idle {
            learner.place = Place::InLine;
            self.in_line.push_back(offer.user);
        }
    }

    /// Takes a barrier: it is decided when all rows of this learner that were offered before it are. What follows it
    /// rests on what is stored, so refused rows of the learner are forgotten with it.
    pub fn barrier(&mut self, name: u64, user: UserId) {
        match self.learners.get_mut(&user).filter(|learner| learner.undecided > 0) {
            Some(learner) => {
                let left = learner.undecided;
                learner.barriers.push(Barrier { name, user, number: self.offered, left });
            }
            None => {
                self.learners.remove(&user);
                self.passed.push(Decided::Barrier(name));
            }
        }
    }

    /// Rows that are neither durable nor refused.
    pub fn undecided(&self) -> usize {
        self.undecided
    }

    /// Flights that are out.
    pub fn flights(&self) -> usize {
        self.out.len()
    }

    /// How many flights may be out now.
    pub fn window(&self) -> usize {
        self.window
    }

    /// When the next learner has rested, in ticks; before that only a return or an offer changes anything.
    pub fn next_tick_ms(&self) -> Option<u64> {
        self.resting.first().map(|(at, _)| *at)
    }

    /// The next flight, if one may leave now: to be asked until there is none. Barriers that nothing holds back any
    /// more are in `decided`.
    pub fn submit(&mut self, tick_ms: u64, decided: &mut Vec<Decided>) -> Option<Flight> {
        decided.append(&mut self.passed);
        while let Some(&(at, user)) = self.resting.first().filter(|(at, _)| *at <= tick_ms) {
            self.resting.remove(&(at, user));
            self.rested.push_back(user);
        }
        if self.out.len() >= self.window {
            return None;
        }
        let (user, is_retry) = self.next_in_line()?;
        let learner = self.learners.get_mut(&user)?;
        let (rows_max, Learner { waiting, in_flight, .. }) = (self.rows_max, &mut *learner);
        while let Some(row) = waiting.front().filter(|_| in_flight.len() < rows_max) {
            let about = row.offer.append.about;
            let walled = row.offer.is_mark() || in_flight.last().is_some_and(|last| last.offer.is_mark());
            if walled && !in_flight.is_empty() {
                break;
            }
            if in_flight.iter().any(|boarded| boarded.offer.append.about == about) {
                break;
            }
            in_flight.extend(waiting.pop_front());
        }
        learner.place = Place::Out;
        self.flown += 1;
        self.out.insert(self.flown, Out { user, is_retry });
        self.retries_out += usize::from(is_retry);
        self.retried_last = is_retry;
        let offers = learner.in_flight.iter().map(|row| row.offer).collect();
        Some(Flight { number: self.flown, user, offers })
    }

    /// Those who try again and those who do not take turns, and the former have a share of the flights and no more.
    fn next_in_line(&mut self) -> Option<(UserId, bool)> {
        let may_retry = self.retries_out < (self.window / RETRIES_ONE_IN).max(1);
        let turn = !self.retried_last || self.in_line.is_empty();
        if may_retry
            && turn
            && let Some(user) = self.rested.pop_front()
        {
            return Some((user, true));
        }
        self.in_line.pop_front().map(|user| (user, false))
    }

    /// A flight returned; `landed` in the order of its rows (missing ones count as unknown). `jitter` is 0..=1000. What
    /// returns a second time is not heard.
    pub fn returned(
        &mut self,
        flight: u64,
        tick_ms: u64,
        landed: &[Landed],
        jitter: u64,
        decided: &mut Vec<Decided>,
    ) {
        let Some(Out { user, is_retry }) = self.out.remove(&flight) else { return };
        self.retries_out -= usize::from(is_retry);
        let Some(learner) = self.learners.get_mut(&user) else { return };
        let undecided = learner.undecided;
        let all_known = learner.land(landed, decided);
        self.undecided -= undecided - learner.undecided;
        if all_known {
            self.window = (self.window + 1).min(self.flights_max);
            learner.tries = 0;
            if learner.waiting.is_empty() {
                learner.place = Place::Idle;
            } else {
                learner.place = Place::InLine;
                self.in_line.push_back(user);
            }
        } else {
            // That those who were in trouble still are is no news.
            if !is_retry {
                self.window = (self.window / 2).max(FLIGHTS_MIN.min(self.flights_max));
            }
            learner.place = Place::Resting;
            self.resting.insert((tick_ms.saturating_add(retry_wait_ms(learner.tries, jitter)), user));
            learner.tries = learner.tries.saturating_add(1);
        }
        if learner.place == Place::Idle && learner.barriers.is_empty() && learner.refused.is_empty() {
            self.learners.remove(&user);
        }
    }
}

impl Learner {
    /// The rows of the flight are decided, or wait again, before all others. Whether all are decided.
    fn land(&mut self, landed: &[Landed], decided: &mut Vec<Decided>) -> bool {
        let mut again = Vec::new();
        for (at, mut row) in std::mem::take(&mut self.in_flight).into_iter().enumerate() {
            match landed.get(at).copied().unwrap_or(Landed::Unknown) {
                Landed::Durable => {
                    self.decide(&row);
                    decided.push(Decided::Durable(row.offer));
                }
                Landed::Unknown => again.push(row),
                Landed::Never => {
                    self.refuse(row.offer.append.about);
                    self.decide(&row);
                    row.offer.stale = true;
                    decided.push(Decided::Never(row.offer));
                }
            }
        }
        let all_known = again.is_empty();
        for row in again.into_iter().rev() {
            self.waiting.push_front(row);
        }
        self.pass_barriers(decided);
        all_known
    }

    fn decide(&mut self, row: &Row) {
        self.undecided = self.undecided.saturating_sub(1);
        for barrier in self.barriers.iter_mut().filter(|barrier| row.number <= barrier.number) {
            barrier.left = barrier.left.saturating_sub(1);
        }
    }

    /// What was offered after a refused row rests on what is not stored.
    fn refuse(&mut self, about: (DeckId, CardId)) {
        self.refused.insert(about);
        for row in self.waiting.iter_mut().filter(|row| row.offer.append.about == about) {
            row.offer.stale = true;
        }
    }

    fn pass_barriers(&mut self, decided: &mut Vec<Decided>) {
        let before = self.barriers.len();
        self.barriers.retain(|barrier| {
            if barrier.left == 0 {
                decided.push(Decided::Barrier(barrier.name));
            }
            barrier.left > 0
        });
        if self.barriers.len() < before {
            self.refused.clear();
        }
    }
}
