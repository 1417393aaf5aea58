//! Owners in memory, shared by the nodes of one process: for tests of what lies above.

use domain::ids::{RunId, UserId};
use domain::owner::claim::{Change, Changed, Ownership};
use domain::owner::node::{BeatOut, BeatOutcome, Declare, NodeRow};
use ports::{NodeEntry, Owners, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
struct Tables {
    nodes: BTreeMap<RunId, NodeEntry>,
    owners: BTreeMap<UserId, Ownership>,
}

/// The tables. Clones are handles of one.
#[derive(Clone, Default)]
pub struct MemoryOwners(Arc<Mutex<Tables>>);

impl MemoryOwners {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Owners for MemoryOwners {
    async fn register(&self, run: RunId, address: &str, wall_ms: i64) -> Result<(), StoreError> {
        let row = NodeRow { run, alive: true, beat: 0, wall_ms };
        self.tables().nodes.insert(run, NodeEntry { row, address: address.to_owned() });
        Ok(())
    }

    async fn beat(&self, beat: BeatOut, _address: &str, wall_ms: i64) -> BeatOutcome {
        match self.tables().nodes.get_mut(&beat.run).filter(|entry| entry.row.alive) {
            Some(entry) => {
                entry.row = NodeRow { beat: beat.beat, wall_ms, ..entry.row };
                BeatOutcome::Applied
            }
            None => BeatOutcome::NotApplied,
        }
    }

    async fn nodes(&self) -> Result<Vec<NodeEntry>, StoreError> {
        Ok(self.tables().nodes.values().cloned().collect())
    }

    async fn is_alive(&self, run: RunId) -> Result<bool, StoreError> {
        Ok(self.tables().nodes.get(&run).is_some_and(|entry| entry.row.alive))
    }

    async fn declare_dead(&self, dead: Declare) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let entry = tables.nodes.get_mut(&dead.run);
        Ok(match entry.filter(|entry| entry.row.alive && entry.row.beat == dead.beat) {
            Some(entry) => {
                entry.row.alive = false;
                true
            }
            None => false,
        })
    }

    async fn owner(&self, user: UserId) -> Result<Ownership, StoreError> {
        Ok(self.tables().owners.get(&user).copied().unwrap_or_default())
    }

    async fn change(&self, user: UserId, change: Change) -> Changed {
        let mut tables = self.tables();
        let row = tables.owners.entry(user).or_default();
        if *row != change.expected {
            return Changed::NotApplied(*row);
        }
        *row = change.after();
        Changed::Applied
    }
}
