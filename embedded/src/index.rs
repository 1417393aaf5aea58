//! Which journal rows of a learner are not applied yet: learner -> row numbers, in memory, rebuilt at the start.

use domain::ids::UserId;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Parts with a lock each, so that removing a large batch never makes the writer wait for long.
const SHARDS: usize = 64;

type Shard = HashMap<UserId, Vec<i64>>;

/// The index.
pub(crate) struct Index {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    rows: AtomicU64,
}

impl Index {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            rows: AtomicU64::new(0),
        }
    }

    fn shard(&self, user: UserId) -> MutexGuard<'_, Shard> {
        let at = usize::try_from(self.hasher.hash_one(user) % SHARDS as u64).unwrap_or(0);
        // The remainder is below SHARDS.
        #[allow(clippy::indexing_slicing)]
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a row; the numbers of a learner arrive rising.
    pub(crate) fn add(&self, user: UserId, row: i64) {
        self.shard(user).entry(user).or_default().push(row);
        self.rows.fetch_add(1, Ordering::Relaxed);
    }

    /// The learner's rows, oldest first.
    pub(crate) fn rows_of(&self, user: UserId) -> Vec<i64> {
        self.shard(user).get(&user).cloned().unwrap_or_default()
    }

    /// Removes the learner's rows up to this one.
    pub(crate) fn applied(&self, user: UserId, upto: i64) {
        let mut shard = self.shard(user);
        let Some(rows) = shard.get_mut(&user) else { return };
        let gone = rows.partition_point(|&row| row <= upto);
        rows.drain(..gone);
        if rows.is_empty() {
            shard.remove(&user);
        }
        self.rows.fetch_sub(gone as u64, Ordering::Relaxed);
    }

    /// Rows in it.
    pub(crate) fn len(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Every learner in it.
    pub(crate) fn users(&self) -> Vec<UserId> {
        let mut users = Vec::new();
        for shard in &self.shards {
            users.extend(shard.lock().unwrap_or_else(PoisonError::into_inner).keys().copied());
        }
        users
    }
}
