//! The way of rows into the store: the machine of the store's shape, what becomes of each row, and when that is known.

use crate::node::Node;
use crate::plan::Bug;
use crate::run::{Event, Sim};
use domain::commit::{Decided, GroupCommit, Landed, LearnerCommit, Offer};
use domain::ids::{EntryId, UserId};
use domain::session::{Input, Outcome};

/// Rows of one batch, and flights at once, at most.
const ROWS_MAX: usize = 8;
const FLIGHTS_MAX: usize = 3;

/// The machine: of a store with one journal, or with a partition a learner.
pub enum Writer {
    Journal(GroupCommit),
    /// One machine. Two are a bug: rows go to them by turns.
    Learners(Vec<LearnerCommit>, usize),
}

/// A batch that is with the store: which machine's, and its number there.
pub type BatchKey = (usize, u64);

/// A row with the store: what is said of it, and whether it takes effect.
pub type Fate = (Offer, Landed, bool);

impl Writer {
    pub fn new(apart: bool, bug: Option<Bug>) -> Writer {
        let machines = if bug == Some(Bug::TwoWriters) { 2 } else { 1 };
        let learners = || LearnerCommit::new(FLIGHTS_MAX, ROWS_MAX);
        match apart {
            true => Writer::Learners((0..machines).map(|_| learners()).collect(), 0),
            false => Writer::Journal(GroupCommit::new(ROWS_MAX)),
        }
    }

    pub fn offer(&mut self, offer: Offer) {
        match self {
            Writer::Journal(machine) => machine.offer(offer),
            Writer::Learners(machines, turn) => {
                *turn = (*turn + 1) % machines.len();
                machines[*turn].offer(offer);
            }
        }
    }

    pub fn barrier(&mut self, name: u64, user: UserId) {
        match self {
            Writer::Journal(machine) => machine.barrier(name, user),
            Writer::Learners(machines, _) => machines[0].barrier(name, user),
        }
    }

    fn submit(&mut self, tick_ms: u64, decided: &mut Vec<Decided>) -> Option<(BatchKey, Vec<Offer>)> {
        match self {
            Writer::Journal(machine) => Some(((0, 0), machine.submit(tick_ms, decided)?)),
            Writer::Learners(machines, _) => machines.iter_mut().enumerate().find_map(|(at, machine)| {
                let flight = machine.submit(tick_ms, decided)?;
                assert!(
                    flight.offers.iter().all(|offer| offer.user == flight.user),
                    "a flight of two learners"
                );
                Some(((at, flight.number), flight.offers))
            }),
        }
    }

    fn returned(
        &mut self,
        batch: BatchKey,
        tick_ms: u64,
        landed: &[Landed],
        jitter: u64,
        to: &mut Vec<Decided>,
    ) {
        match self {
            Writer::Journal(machine) => machine.returned(tick_ms, landed, jitter, to),
            Writer::Learners(machines, _) => {
                machines[batch.0].returned(batch.1, tick_ms, landed, jitter, to);
            }
        }
    }

    /// When the machine wants to be asked again although nothing happens.
    fn next_tick_ms(&self) -> Option<u64> {
        match self {
            Writer::Journal(machine) => {
                (!machine.is_flying() && machine.undecided() > 0).then(|| machine.not_before_tick_ms())
            }
            Writer::Learners(machines, _) => machines.iter().filter_map(LearnerCommit::next_tick_ms).min(),
        }
    }
}

impl Node {
    /// Rows that rest on each other are never with the store together, and a learner has one batch there.
    fn invariant_order_is_kept(&self, batch: BatchKey, offers: &[Offer]) {
        for (at, offer) in offers.iter().enumerate() {
            let same = |other: &&Offer| (other.user, other.append.about) == (offer.user, offer.append.about);
            assert!(!offers[..at].iter().any(|other| same(&other)), "two rows of a card in one batch");
        }
        if let Writer::Learners(..) = self.writer {
            let users = |rows: &[Fate]| rows.iter().map(|(offer, _, _)| offer.user).next();
            let others = self.batches.iter().filter(|(key, _)| **key != batch);
            let others: Vec<UserId> = others.filter_map(|(_, rows)| users(rows)).collect();
            let mine = offers.first().map(|offer| offer.user);
            assert!(!others.iter().any(|user| Some(*user) == mine), "two flights of one learner at once");
            assert!(others.len() < FLIGHTS_MAX, "too many flights at once");
        }
    }
}

impl Sim {
    /// Batches leave whenever they may.
    pub fn submit(&mut self) {
        let mut decided = Vec::new();
        while let Some((key, batch)) = self.node.writer.submit(self.now.tick_ms, &mut decided) {
            self.node.invariant_order_is_kept(key, &batch);
            let whole = self.rng.below(3);
            let rows: Vec<Fate> = batch.into_iter().map(|offer| self.fate_of(offer, whole)).collect();
            if self.plan.bug == Some(Bug::EarlyAck) {
                for (offer, landed, _) in &rows {
                    if *landed != Landed::Never {
                        decided.push(Decided::Durable(*offer));
                    }
                }
            }
            self.node.batches.insert(key, rows);
            let run = self.node.run;
            // Some partitions are slow.
            let slow = self.plan.apart && !self.calm && self.rng.one_in(12);
            self.after(1, if slow { 2_500 } else { 25 }, Event::BatchApplied { run, batch: key });
        }
        let wake = self.node.writer.next_tick_ms().map(|at| at.max(self.now.tick_ms + 1));
        if let Some(at) = wake
            && self.node.writer_wakes_at != Some(at)
        {
            self.node.writer_wakes_at = Some(at);
            let run = self.node.run;
            self.at(at, Event::WriterTick { run });
        }
        self.decided(decided);
    }

    /// What becomes of a row: its outcome, and whether it takes effect. Half of the unknown batches are unknown as a
    /// whole, the others row by row.
    fn fate_of(&mut self, offer: Offer, whole: u64) -> Fate {
        let poisoned = |id: EntryId| self.plan.poison && id.tail().is_multiple_of(17);
        if offer.entry_id().is_some_and(poisoned) {
            return (offer, Landed::Never, false);
        }
        if self.plan.unknowns && !self.calm {
            let unknown = if whole == 0 { self.rng.one_in(2) } else { self.rng.one_in(9) };
            if unknown {
                return (offer, Landed::Unknown, self.rng.one_in(2));
            }
        }
        (offer, Landed::Durable, true)
    }

    pub fn batch_applied(&mut self, batch: BatchKey) {
        let rows = self.node.batches.get(&batch).cloned().unwrap_or_default();
        let trusts = self.plan.bug == Some(Bug::TrustStale);
        for (mut offer, _, effect) in rows {
            if effect {
                offer.stale &= !trusts;
                self.apply(&offer);
            }
        }
        let run = self.node.run;
        self.after(1, 25, Event::BatchReturned { run, batch });
    }

    pub fn batch_returned(&mut self, batch: BatchKey) {
        let rows = self.node.batches.remove(&batch).unwrap_or_default();
        let lies = self.plan.bug == Some(Bug::NeverIsDurable);
        let landed: Vec<Landed> = rows
            .iter()
            .map(|(_, landed, _)| if lies && *landed == Landed::Never { Landed::Durable } else { *landed })
            .collect();
        let mut decided = Vec::new();
        let jitter = self.rng.below(1_001);
        let is_lost = self.plan.bug == Some(Bug::LostReturn) && landed.contains(&Landed::Unknown);
        if !is_lost {
            self.node.writer.returned(batch, self.now.tick_ms, &landed, jitter, &mut decided);
        }
        self.decided(decided);
        self.submit();
    }

    fn decided(&mut self, decided: Vec<Decided>) {
        for decided in decided {
            let (offer, outcome) = match decided {
                Decided::Durable(offer) => (offer, Outcome::Durable),
                Decided::Never(offer) => (offer, Outcome::Never),
                Decided::Barrier(name) => {
                    self.barrier_passed(name);
                    continue;
                }
            };
            if let Some(id) = offer.entry_id() {
                if outcome == Outcome::Never {
                    self.quarantined.insert(id);
                    self.refused_cards.insert((offer.user, offer.append.about.1));
                }
                self.input(offer.user, Input::Outcome { id, outcome });
            }
        }
    }
}
