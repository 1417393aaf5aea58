//! Caches: what an owner keeps for one learner, besides the log. It is asked before each step of an append what must be
//! in the inbox first, gathers the progress of durable entries, and says what may be written, promised and cleared.
//!
//! An append goes like this; every `await` stands for a write whose outcome is known before going on:
//!
//! ```text
//! if caches.before_log(id, place, wall)      { await inbox(id);  caches.marked(id) }
//! await log(entry)
//! if caches.before_ack(id, tick, last_beat)  { await inbox(id);  caches.marked(id) }
//! caches.appended(id, card, progress)
//! acknowledge
//! ```
//!
//! A flush like this: `flush` → write its rows → `progress_stored` → write the checkpoint → `checkpoint_stored`; and later,
//! when a beat was applied that was sent after that, `clearable` → delete these inbox rows → `cleared`.

use super::{Beat, Epoch, Subject, Timing};
use crate::ids::{DeckId, EntryId, RunId};
use crate::limits::INBOX_REMEMBERED;
use std::collections::{BTreeMap, BTreeSet};

/// What is kept of a card's fold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cached<P> {
    /// The progress after all entries of the card that this owner knows.
    Whole(P),
    /// Not to be trusted: whoever needs it folds the card from the log.
    Stale,
}

/// Where an entry stands among those of its card that the owner knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// After all of them.
    Last,
    /// Before one of them, or not known.
    Earlier,
}

/// The checkpoint: every entry done before `folded_to_ms` is in stored progress, unless the inbox names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// Unix milliseconds.
    pub folded_to_ms: i64,
    /// The write time of the row. Of two writes the one with the higher time stays, whichever arrives last.
    pub write_time: i64,
}

/// Progress rows to write, each whole, all with this write time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlushPlan<P> {
    /// The write time of each row.
    pub write_time: i64,
    /// The rows.
    pub rows: Vec<(Subject, Cached<P>)>,
}

/// A card whose progress is not stored yet.
#[derive(Clone, Debug)]
struct Dirty<P> {
    cached: Cached<P>,
    /// The oldest entry that stored progress lacks.
    oldest: EntryId,
}

/// What this owner knows of an inbox row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Marked {
    /// The entry is in no progress yet.
    Unfolded,
    /// It is in the progress of a card that is to be written.
    Folded,
    /// That progress is being written.
    Flushing,
    /// Progress with it was stored at this tick.
    Stored(u64),
    /// The row is being deleted.
    Clearing,
}

/// The machine: one a learner and a tenure. `P` is a card's progress, whatever the store makes of it.
#[derive(Clone, Debug)]
pub struct Caches<P> {
    run: RunId,
    epoch: Epoch,
    timing: Timing,
    /// What has been promised, or will be as soon as a write under way is stored. Unix milliseconds.
    folded_to_ms: i64,
    last_write_tick_ms: u64,
    /// Entries on their way into the log.
    in_flight: BTreeSet<EntryId>,
    dirty: BTreeMap<Subject, Dirty<P>>,
    flushing: BTreeMap<Subject, Dirty<P>>,
    flush_wall_ms: Option<i64>,
    inbox: BTreeMap<EntryId, Marked>,
    /// Cards of which the session in memory lacks an entry: its progress is never written by this owner again.
    behind: BTreeSet<Subject>,
}

impl<P: Clone> Caches<P> {
    /// Only a load makes caches: see [`super::load`].
    pub(super) fn new(run: RunId, epoch: Epoch, timing: Timing, folded_to_ms: i64) -> Caches<P> {
        Caches {
            run,
            epoch,
            timing,
            folded_to_ms,
            last_write_tick_ms: 0,
            in_flight: BTreeSet::new(),
            dirty: BTreeMap::new(),
            flushing: BTreeMap::new(),
            flush_wall_ms: None,
            inbox: BTreeMap::new(),
            behind: BTreeSet::new(),
        }
    }

    /// Under which epoch its caches are written.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    // ---- appends

    /// An entry is about to be written to the log. Whether its inbox row must be written first: always where the
    /// next load would not find it by itself, because it is old, or because it comes out of order in its card.
    pub fn before_log(&mut self, id: EntryId, place: Place, wall_ms: i64) -> bool {
        self.in_flight.insert(id);
        let late = id.at_ms() < wall_ms.saturating_sub(self.timing.late_after_ms);
        // A clock that went back must not put an entry under what was promised already.
        late || id.at_ms() < self.folded_to_ms || place == Place::Earlier
    }

    /// The entry is in the log. Whether its inbox row must be written before it is acknowledged: when this owner may
    /// have been declared dead meanwhile, another may have loaded before the entry was there.
    pub fn before_ack(&self, id: EntryId, tick_ms: u64, beat: Option<Beat>) -> bool {
        let fresh = |beat: Beat| {
            beat.run == self.run && tick_ms.saturating_sub(beat.sent_tick_ms) <= self.timing.beat_fresh_ms
        };
        !self.inbox.contains_key(&id) && !beat.is_some_and(fresh)
    }

    /// The inbox row of an entry that is being appended is stored.
    pub fn marked(&mut self, id: EntryId) {
        self.remember(id, Marked::Unfolded);
    }

    /// The entry is durable, and this is its card's progress after it. Never before it is durable.
    pub fn appended(&mut self, id: EntryId, subject: Subject, progress: Cached<P>) {
        self.in_flight.remove(&id);
        self.set_dirty(id, subject, progress);
        if let Some(marked) = self.inbox.get_mut(&id) {
            *marked = Marked::Folded;
        }
    }

    /// The entry is durable and concerns no card.
    pub fn appended_alone(&mut self, id: EntryId) {
        self.in_flight.remove(&id);
    }

    /// The entry can never be stored.
    pub fn refused(&mut self, id: EntryId) {
        self.in_flight.remove(&id);
        self.inbox.remove(&id);
    }

    /// The session folded a card again without a new entry.
    pub fn joined(&mut self, subject: Subject, progress: Cached<P>) {
        // No entry needs it: it holds back no promise.
        let oldest = EntryId::from_bytes([0xff; 16]);
        self.set_dirty(oldest, subject, progress);
    }

    /// A command came that is in the log already, and the session did not know it: perhaps a write of an owner that
    /// died, which landed after the load. Whether its inbox row must be written before the verdict, because this owner's
    /// progress may lack the entry. Once that is stored: [`Caches::found_marked`].
    pub fn found(&self, id: EntryId) -> bool {
        !self.in_flight.contains(&id) && !self.inbox.contains_key(&id)
    }

    /// The inbox row of such an entry is stored. The card's progress is not trusted again before the next load; a session
    /// that goes on should fold the card again now.
    pub fn found_marked(&mut self, id: EntryId, subject: Subject) {
        self.behind.insert(subject);
        self.distrust(id, subject);
        self.remember(id, Marked::Folded);
    }

    /// Inbox rows that were read again and whose entries are in the log: somebody else appended them. The cards that the
    /// session must fold again.
    pub fn inbox_again(&mut self, found: impl IntoIterator<Item = (EntryId, Subject)>) -> Vec<Subject> {
        let mut fresh = BTreeSet::new();
        let mut again = Vec::new();
        for (id, subject) in found {
            // One entry may concern several cards.
            if fresh.contains(&id) || self.found(id) {
                fresh.insert(id);
                self.found_marked(id, subject);
                again.push(subject);
            }
        }
        again
    }

    // ---- reads

    /// A card's progress where what is stored is older.
    pub fn newest(&self, subject: Subject) -> Option<&Cached<P>> {
        self.dirty.get(&subject).or_else(|| self.flushing.get(&subject)).map(|dirty| &dirty.cached)
    }

    /// The same for all such cards of a deck.
    pub fn newest_of(&self, deck: DeckId) -> BTreeMap<Subject, &Cached<P>> {
        let flushing = self.flushing.iter().chain(&self.dirty);
        flushing
            .filter(|((of, _), _)| *of == deck)
            .map(|(subject, dirty)| (*subject, &dirty.cached))
            .collect()
    }

    // ---- writing behind

    /// Cards whose progress waits to be written.
    pub fn dirty_cards(&self) -> usize {
        self.dirty.len()
    }

    /// The same, and those whose progress is being written.
    pub fn waiting_cards(&self) -> usize {
        self.dirty.len() + self.flushing.len()
    }

    /// Whether a write of caches is under way. A learner is not released meanwhile.
    pub fn is_writing(&self) -> bool {
        self.flush_wall_ms.is_some() || self.inbox.values().any(|marked| *marked == Marked::Clearing)
    }

    /// Whether nothing is lost to the next owner's convenience by letting go now.
    pub fn is_clean(&self) -> bool {
        !self.is_writing() && self.dirty.is_empty() && self.in_flight.is_empty()
    }

    /// What to write now, unless a flush is under way. Without rows it is worth while for the checkpoint alone.
    pub fn flush(&mut self, tick_ms: u64, wall_ms: i64) -> Option<FlushPlan<P>> {
        if self.flush_wall_ms.is_some() {
            return None;
        }
        let write_time = self.next_write_time(tick_ms)?;
        self.flush_wall_ms = Some(wall_ms);
        self.flushing = std::mem::take(&mut self.dirty);
        for marked in self.inbox.values_mut().filter(|marked| **marked == Marked::Folded) {
            *marked = Marked::Flushing;
        }
        let rows = self.flushing.iter().map(|(subject, dirty)| (*subject, dirty.cached.clone())).collect();
        Some(FlushPlan { write_time, rows })
    }

    /// The rows of the plan are stored. The checkpoint that may be written now, with the same write time.
    pub fn progress_stored(&mut self, plan: &FlushPlan<P>, tick_ms: u64) -> Checkpoint {
        self.flushing.clear();
        for marked in self.inbox.values_mut().filter(|marked| **marked == Marked::Flushing) {
            *marked = Marked::Stored(tick_ms);
        }
        let begun_ms = self.flush_wall_ms.unwrap_or(i64::MIN);
        let oldest_ms = self.oldest_unstored().map_or(i64::MAX, |id| id.at_ms());
        let folded_to_ms = begun_ms.saturating_sub(self.timing.folded_lag_ms).min(oldest_ms);
        self.folded_to_ms = self.folded_to_ms.max(folded_to_ms);
        Checkpoint { folded_to_ms: self.folded_to_ms, write_time: plan.write_time }
    }

    /// The checkpoint is stored too: the flush is over.
    pub fn checkpoint_stored(&mut self) {
        self.flush_wall_ms = None;
    }

    /// The flush is given up: what it held goes with the next one.
    pub fn put_back(&mut self) {
        self.flush_wall_ms = None;
        for (subject, older) in std::mem::take(&mut self.flushing) {
            let oldest = older.oldest;
            let dirty = self.dirty.entry(subject).or_insert(older);
            dirty.oldest = dirty.oldest.min(oldest);
        }
        for marked in self.inbox.values_mut().filter(|marked| **marked == Marked::Flushing) {
            *marked = Marked::Folded;
        }
    }

    /// Inbox rows that have become superfluous: progress with the entry was stored, and a beat that was sent after that
    /// was applied, so the write was still an owner's and is not hidden by another's.
    pub fn clearable(&mut self, beat: Option<Beat>) -> Vec<EntryId> {
        let Some(beat) = beat.filter(|beat| beat.run == self.run) else { return Vec::new() };
        let mut ids = Vec::new();
        for (id, marked) in &mut self.inbox {
            if matches!(*marked, Marked::Stored(tick_ms) if beat.sent_tick_ms > tick_ms) {
                *marked = Marked::Clearing;
                ids.push(*id);
            }
        }
        ids
    }

    /// The deletes have returned, however they ended: a row that is still there goes at a later load.
    pub fn cleared(&mut self, ids: &[EntryId]) {
        for id in ids {
            if self.inbox.get(id).is_some_and(|marked| *marked == Marked::Clearing) {
                self.inbox.remove(id);
            }
        }
    }

    // ---- within

    /// A card is to be folded from the log by whoever loads it.
    pub(super) fn distrust(&mut self, id: EntryId, subject: Subject) {
        self.set_dirty(id, subject, Cached::Stale);
    }

    /// An inbox row that was there at the load, and whose entry is in the log.
    pub(super) fn remember_loaded(&mut self, id: EntryId) {
        self.remember(id, Marked::Folded);
    }

    /// An inbox row that was there at the load, and that no progress will ever need.
    pub(super) fn remember_superfluous(&mut self, id: EntryId, tick_ms: u64) {
        self.remember(id, Marked::Stored(tick_ms));
    }

    fn remember(&mut self, id: EntryId, marked: Marked) {
        // A row that is forgotten stays in the store until another load.
        if self.inbox.len() < INBOX_REMEMBERED {
            self.inbox.insert(id, marked);
        }
    }

    fn set_dirty(&mut self, id: EntryId, subject: Subject, progress: Cached<P>) {
        let cached = if self.behind.contains(&subject) { Cached::Stale } else { progress };
        match self.dirty.get_mut(&subject) {
            Some(dirty) => *dirty = Dirty { cached, oldest: dirty.oldest.min(id) },
            None => {
                self.dirty.insert(subject, Dirty { cached, oldest: id });
            }
        }
    }

    fn oldest_unstored(&self) -> Option<EntryId> {
        let dirty = self.dirty.values().chain(self.flushing.values()).map(|dirty| dirty.oldest);
        dirty.chain(self.in_flight.first().copied()).min()
    }

    pub(super) fn next_write_time(&mut self, tick_ms: u64) -> Option<i64> {
        let tick_ms = tick_ms.max(self.last_write_tick_ms + 1);
        self.last_write_tick_ms = tick_ms;
        write_time(self.epoch, tick_ms)
    }
}

/// The write time of a cache row: a later epoch's is always higher, however old the process of an earlier one is. `None`
/// when a run has lived too long to tell.
pub fn write_time(epoch: Epoch, tick_ms: u64) -> Option<i64> {
    let low = i64::from(u32::try_from(tick_ms).ok()?);
    let high = i64::from(u32::try_from(epoch).ok().filter(|epoch| epoch >> 31 == 0)?);
    Some(high << 32 | low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::CardId;
    use crate::owner::load::Load;

    #[test]
    fn an_entry_in_the_inbox_that_concerns_several_cards_makes_each_of_them_be_folded_again_once() {
        let load = Load::claimed(RunId::from_u128(1), 1, Timing::STANDARD);
        let mut caches: Caches<()> =
            load.checkpoint(None).inbox([]).log([], 1, 1).map(|fence| fence.stored()).unwrap();
        let mark = EntryId::from_u128(5);
        let cards = [1, 2].map(|card| (DeckId::from_u128(9), CardId::from_u128(card)));
        let found = cards.map(|card| (mark, card));
        assert_eq!(caches.inbox_again(found), cards);
        assert_eq!(caches.inbox_again(found), []);
    }
}
