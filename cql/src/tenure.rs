//! What this process keeps of each learner that it owns: small, and bounded by what waits to be written.

use crate::caches::{CacheTables, Noted, Whole};
use crate::keys::first_id_at;
use crate::log::{Filed, Log};
use domain::entry::Body;
use domain::ids::{CardId, DeckId, EntryId, JobId, RunId, UserId};
use domain::owner::caches::Caches;
use domain::owner::load::{AtLog, Found, InboxRow, Load};
use domain::owner::{Epoch, Subject, Timing};
use ports::{LogRange, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// One learner that this process owns.
pub(crate) struct Tenure {
    pub(crate) user: UserId,
    pub(crate) epoch: Epoch,
    state: Mutex<Held>,
    /// One flush at a time.
    pub(crate) flushing: tokio::sync::Mutex<()>,
}

/// A learner's part of a sum of all learners. It leaves the sum with its learner, whatever became of what waited.
#[derive(Default)]
pub(crate) struct Share {
    of: Arc<AtomicUsize>,
    rows: usize,
}

impl Share {
    pub(crate) fn new(of: &Arc<AtomicUsize>) -> Self {
        Self { of: Arc::clone(of), rows: 0 }
    }

    fn set(&mut self, rows: usize) {
        self.of.fetch_add(rows, Ordering::Relaxed);
        self.of.fetch_sub(self.rows, Ordering::Relaxed);
        self.rows = rows;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// The newest entries of a learner: their ids and content digests, and whether there are more.
pub(crate) struct Newest {
    pub(crate) ids: Vec<(EntryId, u64)>,
    pub(crate) more: bool,
}

/// The record itself.
pub(crate) struct Held {
    pub(crate) caches: Caches<Whole>,
    /// When the inbox rows were written that this owner may have to clear.
    pub(crate) noted: BTreeMap<EntryId, i64>,
    /// Months and decks that are noted as used.
    pub(crate) months: BTreeSet<i32>,
    pub(crate) decks: BTreeSet<DeckId>,
    /// Decks of which something was kept in this tenure, written or not.
    pub(crate) touched: BTreeSet<DeckId>,
    /// The newest entries as they were before it was looked what the caches lack; until a session begins with them, or
    /// this owner appends.
    pub(crate) newest: Option<Newest>,
    /// When the checkpoint was last written, in ticks.
    pub(crate) checkpoint_tick_ms: u64,
    /// Its part of the rows that wait in the whole store.
    pub(crate) share: Share,
}

impl Tenure {
    pub(crate) fn new(user: UserId, held: Held) -> Self {
        let epoch = held.caches.epoch();
        Self { user, epoch, state: Mutex::new(held), flushing: tokio::sync::Mutex::new(()) }
    }

    /// The record. Not to be held while anything is awaited.
    pub(crate) fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing within panics half-way through a change; what a reader left is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The learners that this process owns.
#[derive(Default)]
pub(crate) struct Tenures {
    of: RwLock<HashMap<UserId, Arc<Tenure>>>,
}

impl Tenures {
    pub(crate) fn get(&self, user: UserId) -> Option<Arc<Tenure>> {
        self.of.read().unwrap_or_else(PoisonError::into_inner).get(&user).cloned()
    }

    pub(crate) fn insert(&self, tenure: Arc<Tenure>) {
        self.of.write().unwrap_or_else(PoisonError::into_inner).insert(tenure.user, tenure);
    }

    /// Removes this tenure of a learner, and no later one.
    pub(crate) fn remove_this(&self, tenure: &Arc<Tenure>) {
        let mut of = self.of.write().unwrap_or_else(PoisonError::into_inner);
        if of.get(&tenure.user).is_some_and(|now| Arc::ptr_eq(now, tenure)) {
            of.remove(&tenure.user);
        }
    }

    pub(crate) fn drain(&self) -> Vec<Arc<Tenure>> {
        self.of.write().unwrap_or_else(PoisonError::into_inner).drain().map(|(_, tenure)| tenure).collect()
    }

    /// The learners of whom something waits to be written, or is being written.
    pub(crate) fn waiting(&self) -> Vec<UserId> {
        let of = self.of.read().unwrap_or_else(PoisonError::into_inner);
        let waits = |tenure: &&Arc<Tenure>| tenure.held().caches.waiting_cards() > 0;
        of.values().filter(waits).map(|tenure| tenure.user).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.of.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// What the stored caches of a learner may lack.
pub(crate) struct Superset {
    pub(crate) at: AtLog,
    pub(crate) inbox: Vec<Noted>,
    /// The entries that it is about: the log's tail, and what the inbox names.
    pub(crate) rows: Vec<Filed>,
    pub(crate) found: Vec<Found>,
}

impl Superset {
    /// The cards whose stored progress must not be trusted.
    pub(crate) fn stale(&self) -> BTreeSet<Subject> {
        let named: BTreeSet<EntryId> = self.inbox.iter().map(|row| row.id).collect();
        let lacking = self.found.iter().filter(|found| {
            named.contains(&found.id) || found.stored_last.is_none_or(|last| found.id > last)
        });
        lacking.filter_map(|found| found.subject).collect()
    }
}

/// Reads checkpoint, inbox, log and progress, in this order: whoever writes the caches meanwhile writes progress,
/// checkpoint, and clears the inbox last, so nothing is gone here whose successor is not seen.
pub(crate) async fn read_superset(
    log: &Log,
    tables: &CacheTables,
    user: UserId,
    claim: (RunId, Epoch),
    timing: Timing,
) -> Result<Superset, StoreError> {
    let at = Load::claimed(claim.0, claim.1, timing).checkpoint(tables.checkpoint(user).await?);
    let inbox = tables.inbox(user).await?;
    let at = at.inbox(inbox.iter().map(|row| InboxRow { id: row.id, marked_ms: row.noted_us / 1_000 }));
    let from = first_id_at(at.from_ms());
    let tail = LogRange { from, before: None, newest_first: false, limit: usize::MAX };
    let mut rows = log.range(user, &tail).await?;
    // What an import brought counts with the mark of its job, which concerns all of its cards.
    let is_named: BTreeSet<EntryId> = inbox.iter().map(|row| row.id).collect();
    rows.retain(|row| row.entry.job.is_none() || is_named.contains(&row.entry.id));
    rows.extend(log.by_ids(user, at.ids().filter(|id| *id < from)).await?);
    let named = subjects(log, user, &rows).await?;
    let last = stored_last(tables, user, &named).await?;
    let found = named.into_iter().map(|(id, subject)| {
        let stored_last = subject.and_then(|subject| last.get(&subject).copied());
        Found { id, subject, stored_last }
    });
    Ok(Superset { at, inbox, found: found.collect(), rows })
}

/// Which cards the entries concern. The mark of an import concerns every card of its job.
pub(crate) async fn subjects(
    log: &Log,
    user: UserId,
    rows: &[Filed],
) -> Result<Vec<(EntryId, Option<Subject>)>, StoreError> {
    let mut named: Vec<(EntryId, Option<Subject>)> =
        rows.iter().map(|row| (row.entry.id, row.about)).collect();
    let mut marks: Vec<(EntryId, JobId)> = Vec::new();
    let mut undone: Vec<(EntryId, EntryId)> = Vec::new();
    for row in rows {
        match row.entry.body {
            Body::ImportCommit { job } | Body::ImportRevoke { job } | Body::Claim { job, .. } => {
                marks.push((row.entry.id, job));
            }
            Body::Undo { of } if row.about.is_none() => undone.push((row.entry.id, of)),
            Body::Undo { .. }
            | Body::Review(_)
            | Body::Set { .. }
            | Body::State { .. }
            | Body::Regrade(_) => {}
        }
    }
    if !undone.is_empty() {
        let of = log.by_ids(user, undone.iter().map(|(_, of)| *of)).await?;
        for (id, of) in undone.iter().flat_map(|(id, named)| {
            of.iter().filter(|row| row.entry.id == *named).map(|row| (*id, row.about))
        }) {
            named.push((id, of));
        }
    }
    if !marks.is_empty() {
        for (id, job) in marks {
            let cards = log.cards_of_job(user, job).await?;
            named.extend(cards.into_iter().map(|card| (id, Some(card))));
        }
    }
    Ok(named)
}

/// The newest entry that the stored progress of each of these cards holds, where it can be trusted.
async fn stored_last(
    tables: &CacheTables,
    user: UserId,
    named: &[(EntryId, Option<Subject>)],
) -> Result<HashMap<Subject, EntryId>, StoreError> {
    let mut decks: BTreeMap<DeckId, BTreeSet<CardId>> = BTreeMap::new();
    for (deck, card) in named.iter().filter_map(|(_, subject)| *subject) {
        decks.entry(deck).or_default().insert(card);
    }
    let mut last = HashMap::new();
    for (deck, cards) in decks {
        let cards: Vec<CardId> = cards.into_iter().collect();
        let rows = tables.progress_of(user, deck, &cards).await?;
        let whole = rows.into_iter().filter(|row| row.params_key != 0);
        last.extend(whole.filter_map(|row| Some(((deck, row.card), row.state.last?))));
    }
    Ok(last)
}

impl Held {
    /// Counts what waits now; how many cards have to be written.
    pub(crate) fn count(&mut self) -> usize {
        self.share.set(self.caches.waiting_cards());
        self.caches.dirty_cards()
    }

    /// Remembers when an inbox row was written, the last time.
    pub(crate) fn note(&mut self, row: Noted) {
        if self.noted.len() < domain::limits::INBOX_REMEMBERED || self.noted.contains_key(&row.id) {
            let noted_us = self.noted.entry(row.id).or_insert(row.noted_us);
            *noted_us = (*noted_us).max(row.noted_us);
        }
    }

    /// The rows of these entries.
    pub(crate) fn noted_of(&self, ids: &[EntryId]) -> Vec<Noted> {
        let known = ids.iter().filter_map(|id| Some((id, self.noted.get(id)?)));
        known.map(|(id, noted_us)| Noted { id: *id, noted_us: *noted_us }).collect()
    }

    /// The row is gone, unless it was written again meanwhile.
    pub(crate) fn forget(&mut self, row: &Noted) {
        if self.noted.get(&row.id) == Some(&row.noted_us) {
            self.noted.remove(&row.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenure(user: UserId, epoch: Epoch) -> Arc<Tenure> {
        let load = Load::claimed(RunId::from_u128(1), epoch, Timing::STANDARD);
        let caches = load.checkpoint(None).inbox([]).log([], 1, 1).unwrap().stored();
        Arc::new(Tenure::new(
            user,
            Held {
                caches,
                noted: BTreeMap::new(),
                months: BTreeSet::new(),
                decks: BTreeSet::new(),
                touched: BTreeSet::new(),
                newest: None,
                checkpoint_tick_ms: 0,
                share: Share::default(),
            },
        ))
    }

    #[test]
    fn the_end_of_a_tenure_leaves_the_next_one_of_the_learner_alone() {
        let (tenures, user) = (Tenures::default(), UserId::from_u128(7));
        let (first, second) = (tenure(user, 1), tenure(user, 3));
        tenures.insert(Arc::clone(&first));
        tenures.insert(second);
        tenures.remove_this(&first);
        let left = tenures.get(user).unwrap();
        assert_eq!(left.epoch, 3);
        tenures.remove_this(&left);
        assert_eq!(tenures.len(), 0);
    }
}
