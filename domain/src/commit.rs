//! GroupCommit: how rows become durable in a store with one journal, as a pure machine ([`LearnerCommit`] is the one for
//! a store with a partition a learner). It clocks itself: what is offered while nothing is in
//! flight is submitted at once, what is offered meanwhile goes together when the batch returns. Each row is reported by
//! itself; a row whose outcome is unknown is tried again until it is known.
//!
//! **The mark of an import is a wall** within its learner's rows: it leaves when all that were offered before it are
//! decided, and what is offered after it leaves when it is decided. The store makes the progress of the marked cards
//! stale with it; a row from before the mark, folded without it, must not come after that.
//!
//! **No batch holds two rows of one card.** A row carries its card's progress and so rests on the row before it; it
//! leaves only when that one is decided. Therefore, whatever part of a batch took effect, no stored progress rests on
//! an entry that is not stored, and no undo is stored before the answer that it names.

mod learners;

pub use learners::{Flight, LearnerCommit};

use crate::ids::{CardId, DeckId, EntryId, UserId};
use crate::limits::{RETRY_FIRST_MS, RETRY_LONGEST_MS};
use crate::session::Append;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A row on its way to the store.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Offer {
    /// The learner.
    pub user: UserId,
    /// The shard that wants to hear of it.
    pub shard: u16,
    /// The row.
    pub append: Append,
    /// The stored progress must not be trusted after this row.
    pub stale: bool,
}

/// What an offer's submission came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Landed {
    /// Durable.
    Durable,
    /// Not known: it is tried again.
    Unknown,
    /// It can never be stored.
    Never,
}

/// What left the machine.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Decided {
    /// This row is durable.
    Durable(Offer),
    /// This row can never be stored: it belongs into quarantine, then its session is told.
    Never(Offer),
    /// Everything that was offered before this barrier is decided.
    Barrier(u64),
}

type Subject = (UserId, DeckId, CardId);

/// What a row is about that concerns no card: the mark of an import.
pub const NO_CARD: (DeckId, CardId) = (DeckId::from_u128(0), CardId::from_u128(0));

#[derive(Clone, Copy, Debug)]
struct Row {
    /// Rises with each offer.
    number: u64,
    offer: Offer,
}

#[derive(Clone, Copy, Debug)]
struct Barrier {
    name: u64,
    user: UserId,
    /// Rows of the learner with a smaller number were offered before it.
    number: u64,
    /// How many of them are undecided.
    left: usize,
}

/// What a mark holds back of its learner.
#[derive(Debug)]
struct Wall {
    /// Rows that were offered after it, itself first as long as it has not left.
    waiting: VecDeque<Row>,
    /// It has left, and is not decided.
    mark_is_out: bool,
}

/// The machine: one for a store with one journal.
#[derive(Debug, Default)]
pub struct GroupCommit {
    /// Rows that may leave, at most one of each card.
    ready: VecDeque<Row>,
    /// Learners with a mark that is not decided.
    walls: BTreeMap<UserId, Wall>,
    /// Every card with a row in `ready` or in flight, and the rows that wait behind it.
    behind: BTreeMap<Subject, VecDeque<Row>>,
    in_flight: Vec<Row>,
    flying: bool,
    rows_max: usize,
    undecided: usize,
    undecided_of: BTreeMap<UserId, usize>,
    offered: u64,
    barriers: Vec<Barrier>,
    tries: u32,
    not_before_tick_ms: u64,
    every_ms: u64,
    /// Cards of which a row was refused: rows after it rest on what is not stored, until the session has folded the
    /// card again and says so by a row of progress alone.
    refused: BTreeSet<Subject>,
}

impl GroupCommit {
    /// A machine that submits at most `rows_max` rows at once.
    pub fn new(rows_max: usize) -> GroupCommit {
        GroupCommit { rows_max: rows_max.max(1), ..GroupCommit::default() }
    }

    /// Takes a row.
    pub fn offer(&mut self, mut offer: Offer) {
        let subject = subject(&offer);
        if offer.append.entry.is_none() {
            self.refused.remove(&subject);
        }
        offer.stale |= self.refused.contains(&subject);
        self.offered += 1;
        self.undecided += 1;
        *self.undecided_of.entry(offer.user).or_default() += 1;
        let row = Row { number: self.offered, offer };
        match self.walls.get_mut(&offer.user) {
            Some(wall) => wall.waiting.push_back(row),
            None if offer.is_mark() => {
                let wall = Wall { waiting: VecDeque::from([row]), mark_is_out: false };
                self.walls.insert(offer.user, wall);
                self.open_wall(offer.user);
            }
            None => self.board(row),
        }
    }

    /// The row leaves next, or behind those of its card.
    fn board(&mut self, row: Row) {
        let subject = subject(&row.offer);
        match self.behind.get_mut(&subject) {
            Some(waiting) => waiting.push_back(row),
            None => {
                self.behind.insert(subject, VecDeque::new());
                self.ready.push_back(row);
            }
        }
    }

    /// Lets go what nothing holds back any more: rows up to the next mark, or that mark alone.
    fn open_wall(&mut self, user: UserId) {
        let undecided = self.undecided_of.get(&user).copied().unwrap_or(0);
        while let Some(wall) = self.walls.get_mut(&user) {
            let all_decided = undecided == wall.waiting.len();
            let next_is_mark = wall.waiting.front().is_some_and(|next| next.offer.is_mark());
            if !all_decided && (wall.mark_is_out || next_is_mark) {
                return;
            }
            wall.mark_is_out = next_is_mark;
            match wall.waiting.pop_front() {
                Some(row) => self.board(row),
                None => drop(self.walls.remove(&user)),
            }
        }
    }

    /// Takes a barrier: it is decided when all rows of this learner that were offered before it are. What follows it
    /// rests on what is stored, so refused rows of the learner are forgotten with it.
    pub fn barrier(&mut self, name: u64, user: UserId) {
        let left = self.undecided_of.get(&user).copied().unwrap_or(0);
        self.barriers.push(Barrier { name, user, number: self.offered, left });
    }

    /// Batches leave no closer together than this.
    #[must_use]
    pub fn paced(self, every_ms: u64) -> GroupCommit {
        GroupCommit { every_ms, ..self }
    }

    /// Rows that are neither durable nor refused.
    pub fn undecided(&self) -> usize {
        self.undecided
    }

    /// The next batch, if one may leave now. Barriers that nothing holds back any more are in `decided`.
    pub fn submit(&mut self, tick_ms: u64, decided: &mut Vec<Decided>) -> Option<Vec<Offer>> {
        self.pass_barriers(decided);
        // A full batch gains nothing by waiting for company.
        let full = self.tries == 0 && self.ready.len() >= self.rows_max;
        let early = tick_ms < self.not_before_tick_ms && !full;
        if self.flying || early || self.ready.is_empty() {
            return None;
        }
        let rows = self.ready.len().min(self.rows_max);
        self.in_flight.extend(self.ready.drain(..rows));
        self.flying = true;
        self.not_before_tick_ms = tick_ms.saturating_add(self.every_ms);
        Some(self.in_flight.iter().map(|row| row.offer).collect())
    }

    /// The batch returned; `landed` in the order of its rows (missing ones count as unknown). `jitter` is 0..=1000.
    pub fn returned(&mut self, tick_ms: u64, landed: &[Landed], jitter: u64, decided: &mut Vec<Decided>) {
        self.flying = false;
        let batch = std::mem::take(&mut self.in_flight);
        let mut again = Vec::new();
        for (at, mut row) in batch.into_iter().enumerate() {
            match landed.get(at).copied().unwrap_or(Landed::Unknown) {
                Landed::Durable => {
                    self.decide(&row);
                    decided.push(Decided::Durable(row.offer));
                }
                Landed::Unknown => again.push(row),
                Landed::Never => {
                    self.refuse(subject(&row.offer));
                    self.decide(&row);
                    row.offer.stale = true;
                    decided.push(Decided::Never(row.offer));
                }
            }
        }
        self.set_next_try(tick_ms, !again.is_empty(), jitter);
        for row in again.into_iter().rev() {
            self.ready.push_front(row);
        }
        self.pass_barriers(decided);
    }

    /// When the next try may leave: monotonic milliseconds.
    pub fn not_before_tick_ms(&self) -> u64 {
        self.not_before_tick_ms
    }

    /// Whether a batch is with the store.
    pub fn is_flying(&self) -> bool {
        self.flying
    }

    fn set_next_try(&mut self, tick_ms: u64, failed: bool, jitter: u64) {
        if !failed {
            // The pace of the last submission stands.
            self.tries = 0;
            return;
        }
        self.not_before_tick_ms = tick_ms.saturating_add(retry_wait_ms(self.tries, jitter));
        self.tries = self.tries.saturating_add(1);
    }

    /// A row is out of the way: the next one of its card may leave.
    fn decide(&mut self, row: &Row) {
        let subject = subject(&row.offer);
        match self.behind.get_mut(&subject).and_then(VecDeque::pop_front) {
            Some(next) => self.ready.push_back(next),
            None => {
                self.behind.remove(&subject);
            }
        }
        self.undecided = self.undecided.saturating_sub(1);
        if let Some(left) = self.undecided_of.get_mut(&row.offer.user) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.undecided_of.remove(&row.offer.user);
            }
        }
        self.open_wall(row.offer.user);
        for barrier in &mut self.barriers {
            if barrier.user == row.offer.user && row.number <= barrier.number {
                barrier.left = barrier.left.saturating_sub(1);
            }
        }
    }

    /// What was offered after a refused row rests on what is not stored.
    fn refuse(&mut self, subject: Subject) {
        self.refused.insert(subject);
        let walled = self.walls.get_mut(&subject.0).into_iter().flat_map(|wall| &mut wall.waiting);
        let behind = self.behind.get_mut(&subject).into_iter().flatten();
        for row in behind.chain(walled.filter(|row| self::subject(&row.offer) == subject)) {
            row.offer.stale = true;
        }
    }

    fn pass_barriers(&mut self, decided: &mut Vec<Decided>) {
        let refused = &mut self.refused;
        self.barriers.retain(|barrier| {
            if barrier.left == 0 {
                decided.push(Decided::Barrier(barrier.name));
                refused.retain(|(user, _, _)| *user != barrier.user);
            }
            barrier.left > 0
        });
    }
}

/// The pause after so many tries that came to nothing known, in milliseconds: between half of it and all of it, by
/// `jitter` of 0..=1000.
fn retry_wait_ms(tries: u32, jitter: u64) -> u64 {
    let wait = (RETRY_FIRST_MS << tries.min(10)).min(RETRY_LONGEST_MS);
    wait / 2 + wait * jitter.min(1_000) / 2_000
}

fn subject(offer: &Offer) -> Subject {
    (offer.user, offer.append.about.0, offer.append.about.1)
}

impl Offer {
    /// Whether it is the mark of an import.
    pub fn is_mark(&self) -> bool {
        self.append.entry.is_some_and(|entry| entry.mark_of().is_some())
    }

    /// The entry's id, if the row has an entry.
    pub fn entry_id(&self) -> Option<EntryId> {
        self.append.entry.map(|entry| entry.id)
    }
}
