//! Owners and tenures in memory: for tests of whoever drives the machines, without a server. What is lost or late is told
//! by the test.

use domain::ids::{EntryId, RunId, UserId};
use domain::owner::claim::{Change, Changed, Ownership};
use domain::owner::node::{BeatOut, BeatOutcome, Declare, NodeRow};
use domain::owner::{Beat, Epoch, Subject};
use ports::{Boxed, Cause, NodeEntry, Owners, StoreError, Tenures};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Who owns whom and who is alive, as all nodes see it. Clones are the same table.
#[derive(Clone, Default)]
pub struct MemoryOwners {
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    nodes: BTreeMap<RunId, NodeEntry>,
    owners: BTreeMap<UserId, Ownership>,
    /// Nothing is answered: a store that is away.
    is_away: bool,
    /// So many of the next changes are carried out, and their outcome is lost.
    unheard_changes: usize,
    /// Changes of owners that were tried.
    changes: usize,
    /// So many of the next registrations fail.
    failing_registrations: usize,
}

impl MemoryOwners {
    /// Nobody owns anybody.
    pub fn new() -> Self {
        Self::default()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it fails whatever it is asked, or no longer.
    pub fn set_away(&self, is_away: bool) {
        self.table().is_away = is_away;
    }

    /// The next changes are carried out, and nobody hears of it.
    pub fn lose_outcomes(&self, changes: usize) {
        self.table().unheard_changes = changes;
    }

    /// Changes of owners that were tried so far, whatever became of them.
    pub fn changes(&self) -> usize {
        self.table().changes
    }

    /// The next registrations fail.
    pub fn fail_registrations(&self, registrations: usize) {
        self.table().failing_registrations = registrations;
    }

    /// Somebody declares this run dead, whatever its beat.
    pub fn declare(&self, run: RunId) {
        if let Some(node) = self.table().nodes.get_mut(&run) {
            node.row.alive = false;
        }
    }

    /// A node that beats no more: it was registered by somebody else.
    pub fn put_node(&self, run: RunId, address: &str, wall_ms: i64) {
        let row = NodeRow { run, alive: true, beat: 0, wall_ms };
        self.table().nodes.insert(run, NodeEntry { row, address: address.to_owned() });
    }

    /// Makes a learner somebody's.
    pub fn put_owner(&self, user: UserId, run: Option<RunId>, epoch: Epoch) {
        self.table().owners.insert(user, Ownership { run, epoch });
    }

    /// Who owns the learner.
    pub fn owner_of(&self, user: UserId) -> Ownership {
        self.table().owners.get(&user).copied().unwrap_or_default()
    }

    /// The runs that are alive, with their addresses.
    pub fn living(&self) -> Vec<(RunId, String)> {
        let table = self.table();
        let living = table.nodes.values().filter(|node| node.row.alive);
        living.map(|node| (node.row.run, node.address.clone())).collect()
    }
}

fn away() -> StoreError {
    StoreError::new(Cause::Unavailable, "the store is away")
}

impl Owners for MemoryOwners {
    fn register(&self, run: RunId, address: String, wall_ms: i64) -> Boxed<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut table = self.table();
            if table.failing_registrations > 0 {
                table.failing_registrations -= 1;
                return Err(away());
            }
            if table.is_away {
                return Err(away());
            }
            let row = NodeRow { run, alive: true, beat: 0, wall_ms };
            let is_new = !table.nodes.contains_key(&run);
            table.nodes.entry(run).or_insert(NodeEntry { row, address });
            Ok(is_new)
        })
    }

    fn beat(&self, beat: BeatOut, address: String, wall_ms: i64) -> Boxed<'_, BeatOutcome> {
        Box::pin(async move {
            let mut table = self.table();
            if table.is_away {
                return BeatOutcome::Unknown;
            }
            match table.nodes.get_mut(&beat.run).filter(|node| node.row.alive) {
                Some(node) => {
                    node.row = NodeRow { run: beat.run, alive: true, beat: beat.beat, wall_ms };
                    node.address = address;
                    BeatOutcome::Applied
                }
                None => BeatOutcome::NotApplied,
            }
        })
    }

    fn declare_dead(&self, dead: Declare) -> Boxed<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut table = self.table();
            if table.is_away {
                return Err(away());
            }
            let found = table.nodes.get_mut(&dead.run);
            let found = found.filter(|node| node.row.alive && node.row.beat == dead.beat);
            Ok(found.map(|node| node.row.alive = false).is_some())
        })
    }

    fn is_alive(&self, run: RunId) -> Boxed<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let table = self.table();
            if table.is_away {
                return Err(away());
            }
            Ok(table.nodes.get(&run).is_some_and(|node| node.row.alive))
        })
    }

    fn nodes(&self) -> Boxed<'_, Result<Vec<NodeEntry>, StoreError>> {
        Box::pin(async move {
            let table = self.table();
            if table.is_away { Err(away()) } else { Ok(table.nodes.values().cloned().collect()) }
        })
    }

    fn owner(&self, user: UserId) -> Boxed<'_, Result<Ownership, StoreError>> {
        Box::pin(async move { if self.table().is_away { Err(away()) } else { Ok(self.owner_of(user)) } })
    }

    fn change(&self, user: UserId, change: Change) -> Boxed<'_, Changed> {
        Box::pin(async move {
            let mut table = self.table();
            table.changes += 1;
            if table.is_away {
                return Changed::Unknown;
            }
            let row = table.owners.get(&user).copied().unwrap_or_default();
            let is_expected = row.epoch == change.expected.epoch
                && (change.run.is_some() || row.run == change.expected.run);
            if !is_expected {
                return Changed::NotApplied(row);
            }
            table.owners.insert(user, change.after());
            if table.unheard_changes > 0 {
                table.unheard_changes -= 1;
                return Changed::Unknown;
            }
            Changed::Applied
        })
    }
}

/// One call of a node's tenures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tended {
    /// The learner was adopted by this run under this epoch.
    Adopted(UserId, RunId, Epoch),
    /// Its caches were written for the last time, and it was forgotten.
    Released(UserId),
    /// All were forgotten.
    ForgotAll,
    /// The inbox was read once more.
    InboxAgain(UserId),
    /// A command that came again was found in the log.
    FoundAgain(UserId, EntryId),
}

/// The caches of one node: it writes down what is asked of it. Clones are the same.
#[derive(Clone)]
pub struct MemoryTenures {
    diary: Arc<Mutex<Diary>>,
    /// Adoptions wait while this is shut.
    adopting: Arc<watch::Sender<bool>>,
    /// Releases wait while this is shut.
    releasing: Arc<watch::Sender<bool>>,
}

#[derive(Default)]
struct Diary {
    tended: Vec<Tended>,
    held: BTreeMap<UserId, (RunId, Epoch)>,
    writing: Vec<UserId>,
    again: Vec<Subject>,
    beat: Option<Beat>,
    /// So many of the next adoptions fail.
    failing_adoptions: usize,
}

impl Default for MemoryTenures {
    fn default() -> Self {
        MemoryTenures {
            diary: Arc::default(),
            adopting: Arc::new(watch::Sender::new(true)),
            releasing: Arc::new(watch::Sender::new(true)),
        }
    }
}

impl MemoryTenures {
    /// Nobody is held.
    pub fn new() -> Self {
        Self::default()
    }

    fn diary(&self) -> MutexGuard<'_, Diary> {
        self.diary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether adoptions end.
    pub fn let_adopt(&self, may: bool) {
        self.adopting.send_replace(may);
    }

    /// The next adoptions fail.
    pub fn fail_adoptions(&self, adoptions: usize) {
        self.diary().failing_adoptions = adoptions;
    }

    /// Whether releases end.
    pub fn let_release(&self, may: bool) {
        self.releasing.send_replace(may);
    }

    /// What was asked so far, in order.
    pub fn tended(&self) -> Vec<Tended> {
        self.diary().tended.clone()
    }

    /// Under which run and epoch the learner is held.
    pub fn held(&self, user: UserId) -> Option<(RunId, Epoch)> {
        self.diary().held.get(&user).copied()
    }

    /// A write of the learner's caches is under way, or is no longer.
    pub fn set_writing(&self, user: UserId, writes: bool) {
        let writing = &mut self.diary().writing;
        writing.retain(|of| *of != user);
        if writes {
            writing.push(user);
        }
    }

    /// Cards that inboxes name from now on.
    pub fn name_again(&self, cards: Vec<Subject>) {
        self.diary().again = cards;
    }

    /// The newest beat that it was told of.
    pub fn last_beat(&self) -> Option<Beat> {
        self.diary().beat
    }
}

impl Tenures for MemoryTenures {
    fn adopt(&self, user: UserId, run: RunId, epoch: Epoch) -> Boxed<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let _ = self.adopting.subscribe().wait_for(|may| *may).await;
            let mut diary = self.diary();
            if diary.failing_adoptions > 0 {
                diary.failing_adoptions -= 1;
                return Err(away());
            }
            diary.tended.push(Tended::Adopted(user, run, epoch));
            diary.held.insert(user, (run, epoch));
            Ok(())
        })
    }

    fn release(&self, user: UserId) -> Boxed<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let Some(held) = self.held(user) else { return Ok(()) };
            let _ = self.releasing.subscribe().wait_for(|may| *may).await;
            let mut diary = self.diary();
            diary.tended.push(Tended::Released(user));
            // A tenure that began meanwhile stays.
            if diary.held.get(&user) == Some(&held) {
                diary.held.remove(&user);
            }
            Ok(())
        })
    }

    fn flush_all(&self) -> Boxed<'_, usize> {
        Box::pin(async { 0 })
    }

    fn is_writing(&self, user: UserId) -> bool {
        self.diary().writing.contains(&user)
    }

    fn forget_all(&self) {
        let mut diary = self.diary();
        diary.tended.push(Tended::ForgotAll);
        diary.held.clear();
    }

    fn beaten(&self, beat: Beat) {
        self.diary().beat = Some(beat);
    }

    fn found_again(
        &self,
        user: UserId,
        entries: Vec<EntryId>,
    ) -> Boxed<'_, Result<Vec<Subject>, StoreError>> {
        Box::pin(async move {
            let mut diary = self.diary();
            diary.tended.extend(entries.into_iter().map(|id| Tended::FoundAgain(user, id)));
            Ok(diary.again.clone())
        })
    }

    fn inbox_again(&self, user: UserId) -> Boxed<'_, Result<Vec<Subject>, StoreError>> {
        Box::pin(async move {
            let mut diary = self.diary();
            diary.tended.push(Tended::InboxAgain(user));
            Ok(diary.again.clone())
        })
    }
}
