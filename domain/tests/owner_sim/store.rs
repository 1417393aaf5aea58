//! The store as every node sees it: tables whose single operations are atomic, and nothing more.

use domain::ids::{CardId, DeckId, EntryId, RunId, UserId};
use domain::owner::Subject;
use domain::owner::caches::{Cached, Checkpoint};
use domain::owner::claim::{Change, Changed, Ownership};
use domain::owner::load::InboxRow;
use domain::owner::node::{BeatOut, BeatOutcome, Declare, NodeRow};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A card's progress: which entries are in it.
pub type Folded = Rc<BTreeSet<EntryId>>;

pub fn subject(card: u64) -> Subject {
    (DeckId::from_u128(1), CardId::from_u128(u128::from(card)))
}

/// A cell that the write with the highest time wins; of equal times, the deletion.
#[derive(Clone, Copy, Debug)]
struct Cell {
    time: i64,
    marked_ms: Option<i64>,
}

#[derive(Default)]
pub struct Store {
    pub log: BTreeMap<(UserId, EntryId), Subject>,
    inbox: BTreeMap<(UserId, EntryId), Cell>,
    progress: BTreeMap<(UserId, Subject), (i64, Cached<Folded>)>,
    checkpoints: BTreeMap<UserId, Checkpoint>,
    owners: BTreeMap<UserId, Ownership>,
    nodes: BTreeMap<RunId, NodeRow>,
    /// Entries that caches held before the log did.
    pub invented: Vec<EntryId>,
}

fn of<V>(map: &BTreeMap<(UserId, EntryId), V>, user: UserId) -> impl Iterator<Item = (EntryId, &V)> {
    let last = EntryId::from_bytes([0xff; 16]);
    map.range((user, EntryId::MIN)..=(user, last)).map(|((_, id), value)| (*id, value))
}

impl Store {
    // ---- the log and its caches

    pub fn append(&mut self, user: UserId, id: EntryId, subject: Subject) {
        self.log.insert((user, id), subject);
    }

    pub fn has(&self, user: UserId, id: EntryId) -> bool {
        self.log.contains_key(&(user, id))
    }

    pub fn entries(&self, user: UserId) -> Vec<(EntryId, Subject)> {
        of(&self.log, user).map(|(id, subject)| (id, *subject)).collect()
    }

    pub fn card_log(&self, user: UserId, card: Subject) -> BTreeSet<EntryId> {
        of(&self.log, user).filter(|(_, subject)| **subject == card).map(|(id, _)| id).collect()
    }

    pub fn mark(&mut self, user: UserId, id: EntryId, wall_ms: i64) {
        self.set_inbox(user, id, Cell { time: wall_ms, marked_ms: Some(wall_ms) });
    }

    pub fn clear(&mut self, user: UserId, id: EntryId, wall_ms: i64) {
        self.set_inbox(user, id, Cell { time: wall_ms, marked_ms: None });
    }

    fn set_inbox(&mut self, user: UserId, id: EntryId, cell: Cell) {
        let stored = self.inbox.entry((user, id)).or_insert(cell);
        if cell.time > stored.time || (cell.time == stored.time && cell.marked_ms.is_none()) {
            *stored = cell;
        }
    }

    pub fn inbox(&self, user: UserId) -> Vec<InboxRow> {
        of(&self.inbox, user)
            .filter_map(|(id, cell)| Some(InboxRow { id, marked_ms: cell.marked_ms? }))
            .collect()
    }

    pub fn put_progress(&mut self, user: UserId, subject: Subject, time: i64, cached: Cached<Folded>) {
        if let Cached::Whole(folded) = &cached {
            let log = &self.log;
            self.invented.extend(folded.iter().filter(|id| !log.contains_key(&(user, **id))));
        }
        match self.progress.get(&(user, subject)) {
            Some((stored, _)) if *stored > time => {}
            Some(_) | None => {
                self.progress.insert((user, subject), (time, cached));
            }
        }
    }

    /// A card's progress; a card without a row has none of its entries in it.
    pub fn progress(&self, user: UserId, subject: Subject) -> Cached<Folded> {
        let row = self.progress.get(&(user, subject));
        row.map_or_else(|| Cached::Whole(Folded::default()), |(_, cached)| cached.clone())
    }

    /// Which entries an owner would have in its state that loaded at this moment, with all others dead.
    pub fn seen_by_a_load(&self, user: UserId, reads_last: bool) -> BTreeSet<EntryId> {
        let mut seen = BTreeSet::new();
        let mut folded_again = BTreeSet::new();
        for (id, card) in of(&self.log, user) {
            let Some(last) = self.last_stored(user, *card) else {
                folded_again.insert(*card);
                continue;
            };
            let is_named = self.inbox.get(&(user, id)).is_some_and(|cell| cell.marked_ms.is_some());
            let is_in_tail = self.checkpoint(user).is_none_or(|folded_to_ms| id.at_ms() >= folded_to_ms);
            if is_named || (is_in_tail && !(reads_last && last >= id)) {
                folded_again.insert(*card);
            }
        }
        for (id, card) in of(&self.log, user) {
            let is_stored = || matches!(self.progress.get(&(user, *card)), Some((_, Cached::Whole(folded))) if folded.contains(&id));
            if folded_again.contains(card) || is_stored() {
                seen.insert(id);
            }
        }
        seen
    }

    /// The newest entry in a card's stored progress; `None` if that is stale.
    fn last_stored(&self, user: UserId, card: Subject) -> Option<EntryId> {
        match self.progress.get(&(user, card)) {
            Some((_, Cached::Stale)) => None,
            Some((_, Cached::Whole(folded))) => folded.last().copied().or(Some(EntryId::MIN)),
            None => Some(EntryId::MIN),
        }
    }

    pub fn put_checkpoint(&mut self, user: UserId, row: Checkpoint) {
        match self.checkpoints.get(&user) {
            Some(stored) if stored.write_time > row.write_time => {}
            Some(_) | None => {
                self.checkpoints.insert(user, row);
            }
        }
    }

    pub fn checkpoint(&self, user: UserId) -> Option<i64> {
        self.checkpoints.get(&user).map(|row| row.folded_to_ms)
    }

    // ---- what changes by comparison

    pub fn owner(&self, user: UserId) -> Ownership {
        self.owners.get(&user).copied().unwrap_or_default()
    }

    pub fn change(&mut self, user: UserId, change: Change) -> Changed {
        let row = self.owners.entry(user).or_default();
        if *row != change.expected {
            return Changed::NotApplied(*row);
        }
        *row = change.after();
        Changed::Applied
    }

    pub fn register(&mut self, run: RunId, wall_ms: i64) {
        self.nodes.insert(run, NodeRow { run, alive: true, beat: 0, wall_ms });
    }

    pub fn beat(&mut self, beat: BeatOut, wall_ms: i64) -> BeatOutcome {
        match self.nodes.get_mut(&beat.run).filter(|row| row.alive) {
            Some(row) => {
                *row = NodeRow { beat: beat.beat, wall_ms, ..*row };
                BeatOutcome::Applied
            }
            None => BeatOutcome::NotApplied,
        }
    }

    pub fn declare_dead(&mut self, declare: Declare, whatever_beat: bool) -> bool {
        match self.nodes.get_mut(&declare.run).filter(|row| row.alive) {
            Some(row) if whatever_beat || row.beat == declare.beat => {
                row.alive = false;
                true
            }
            Some(_) | None => false,
        }
    }

    pub fn is_alive(&self, run: RunId) -> bool {
        self.nodes.get(&run).is_some_and(|row| row.alive)
    }

    pub fn nodes(&self) -> Vec<NodeRow> {
        self.nodes.values().copied().collect()
    }
}
