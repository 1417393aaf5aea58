//! GroupCommit: how rows become durable, as a pure machine. It clocks itself: what is offered while nothing is in
//! flight is submitted at once, what is offered meanwhile goes together when the batch returns. Each row is reported by
//! itself; a row whose outcome is unknown is tried again until it is known, in its place, so that the rows of one card
//! never overtake each other.

use crate::ids::{CardId, DeckId, EntryId, UserId};
use crate::limits::{RETRY_FIRST_MS, RETRY_LONGEST_MS};
use crate::session::Append;
use std::collections::{BTreeSet, VecDeque};

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

#[derive(Clone, Copy, PartialEq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all items are rows; boxing them would cost an allocation an answer"
)]
enum Item {
    Row(Offer),
    Barrier { name: u64, user: UserId },
}

/// The machine: one for a store with one journal.
#[derive(Debug, Default)]
pub struct GroupCommit {
    queue: VecDeque<Item>,
    in_flight: Vec<Offer>,
    flying: bool,
    rows_max: usize,
    tries: u32,
    not_before_tick_ms: u64,
    refused: BTreeSet<(UserId, DeckId, CardId)>,
}

impl GroupCommit {
    /// A machine that submits at most `rows_max` rows at once.
    pub fn new(rows_max: usize) -> GroupCommit {
        GroupCommit { rows_max: rows_max.max(1), ..GroupCommit::default() }
    }

    /// Takes a row.
    pub fn offer(&mut self, offer: Offer) {
        self.queue.push_back(Item::Row(offer));
    }

    /// Takes a barrier: it is decided when all rows of this learner that were offered before it are.
    pub fn barrier(&mut self, name: u64, user: UserId) {
        self.queue.push_back(Item::Barrier { name, user });
    }

    /// Rows that are neither durable nor refused.
    pub fn undecided(&self) -> usize {
        self.queue.iter().filter(|item| matches!(item, Item::Row(_))).count() + self.in_flight.len()
    }

    /// The next batch, if one may leave now. Barriers that nothing holds back any more are in `decided`.
    pub fn submit(&mut self, tick_ms: u64, decided: &mut Vec<Decided>) -> Option<Vec<Offer>> {
        self.pass_barriers(decided);
        if self.flying || tick_ms < self.not_before_tick_ms {
            return None;
        }
        let mut kept = VecDeque::new();
        while self.in_flight.len() < self.rows_max {
            match self.queue.pop_front() {
                None => break,
                Some(Item::Row(mut offer)) => {
                    offer.stale |= self.refused.contains(&subject(&offer));
                    self.in_flight.push(offer);
                }
                Some(barrier @ Item::Barrier { .. }) => kept.push_back(barrier),
            }
        }
        while let Some(barrier) = kept.pop_back() {
            self.queue.push_front(barrier);
        }
        if self.in_flight.is_empty() {
            return None;
        }
        self.flying = true;
        Some(self.in_flight.clone())
    }

    /// The batch returned; `landed` in the order of its rows (missing ones count as unknown). `jitter` is 0..=1000.
    pub fn returned(&mut self, tick_ms: u64, landed: &[Landed], jitter: u64, decided: &mut Vec<Decided>) {
        self.flying = false;
        let batch = std::mem::take(&mut self.in_flight);
        let mut again = Vec::new();
        for (at, mut offer) in batch.into_iter().enumerate() {
            match landed.get(at).copied().unwrap_or(Landed::Unknown) {
                Landed::Durable => decided.push(Decided::Durable(offer)),
                Landed::Unknown => again.push(offer),
                Landed::Never => {
                    self.refused.insert(subject(&offer));
                    offer.stale = true;
                    decided.push(Decided::Never(offer));
                }
            }
        }
        if again.is_empty() {
            self.tries = 0;
            self.not_before_tick_ms = 0;
        } else {
            let wait = (RETRY_FIRST_MS << self.tries.min(10)).min(RETRY_LONGEST_MS);
            self.not_before_tick_ms = tick_ms + wait / 2 + wait * jitter.min(1_000) / 2_000;
            self.tries = self.tries.saturating_add(1);
        }
        for offer in again.into_iter().rev() {
            self.queue.push_front(Item::Row(offer));
        }
        self.forget_refused();
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

    /// A refused card is remembered while rows that rest on it may still come: until nothing of its learner waits.
    fn forget_refused(&mut self) {
        let waiting: BTreeSet<UserId> = self
            .queue
            .iter()
            .filter_map(|item| match item {
                Item::Row(offer) => Some(offer.user),
                Item::Barrier { .. } => None,
            })
            .collect();
        self.refused.retain(|(user, _, _)| waiting.contains(user));
    }

    fn pass_barriers(&mut self, decided: &mut Vec<Decided>) {
        let mut held: BTreeSet<UserId> = self.in_flight.iter().map(|offer| offer.user).collect();
        self.queue.retain(|item| match item {
            Item::Row(offer) => {
                held.insert(offer.user);
                true
            }
            Item::Barrier { name, user } => {
                let waits = held.contains(user);
                if !waits {
                    decided.push(Decided::Barrier(*name));
                }
                waits
            }
        });
    }
}

fn subject(offer: &Offer) -> (UserId, DeckId, CardId) {
    (offer.user, offer.append.about.0, offer.append.about.1)
}

impl Offer {
    /// The entry's id, if the row has an entry.
    pub fn entry_id(&self) -> Option<EntryId> {
        self.append.entry.map(|entry| entry.id)
    }
}
