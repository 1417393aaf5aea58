//! What the threads of one store share.

use crate::filed::Recent;
use crate::folder::Folder;
use crate::index::Index;
use crate::options::Options;
use crate::stats::Stats;
use crate::turn::Turn;
use crate::versions::Versions;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Commits whose age is remembered; when more wait, the newest are told apart no longer.
const AGES_MAX: usize = 100_000;

/// `main.db` is checkpointed when about so many rows were written to it.
pub(crate) const CHECKPOINT_ROWS: u64 = 50_000;

/// What apply waits for.
#[derive(Debug, Default)]
pub(crate) struct ApplyOrders {
    /// Whoever wants apply to rest.
    pub(crate) holds: usize,
    /// Apply is at work on a batch.
    pub(crate) running: bool,
    /// The store closes.
    pub(crate) stop: bool,
}

/// Shared by all threads.
pub(crate) struct Shared {
    pub(crate) folder: Folder,
    pub(crate) options: Options,
    pub(crate) index: Index,
    pub(crate) turn: Turn,
    pub(crate) versions: Versions,
    /// What the desk filed last.
    pub(crate) filed: Recent,
    /// The newest row that is durable and in the index.
    pub(crate) visible_upto: AtomicI64,
    /// The last row that is in `main.db`, durably, and no longer in the index.
    pub(crate) applied_upto: AtomicI64,
    pub(crate) trimmed_upto: AtomicI64,
    /// The journal must be opened again before it is used.
    pub(crate) poisoned: AtomicBool,
    pub(crate) orders: Mutex<ApplyOrders>,
    pub(crate) woken: Condvar,
    /// Roughly how much was written to `main.db` since its last checkpoint, in rows.
    pub(crate) main_rows_unchecked: AtomicU64,
    pub(crate) appended_rows: AtomicU64,
    pub(crate) append_commits: AtomicU64,
    pub(crate) applied_rows: AtomicU64,
    pub(crate) apply_batches: AtomicU64,
    pub(crate) apply_failures: AtomicU64,
    pub(crate) imported_rows: AtomicU64,
    pub(crate) condensed_logs: AtomicU64,
    pub(crate) indexed_cards: AtomicU64,
    ages: Mutex<VecDeque<(i64, Instant)>>,
}

impl Shared {
    pub(crate) fn new(folder: Folder, options: Options, applied_upto: i64) -> Self {
        Self {
            folder,
            options,
            index: Index::new(),
            turn: Turn::default(),
            versions: Versions::default(),
            filed: Recent::default(),
            visible_upto: AtomicI64::new(applied_upto),
            applied_upto: AtomicI64::new(applied_upto),
            trimmed_upto: AtomicI64::new(0),
            poisoned: AtomicBool::new(false),
            orders: Mutex::default(),
            woken: Condvar::new(),
            main_rows_unchecked: AtomicU64::new(0),
            appended_rows: AtomicU64::new(0),
            append_commits: AtomicU64::new(0),
            applied_rows: AtomicU64::new(0),
            apply_batches: AtomicU64::new(0),
            apply_failures: AtomicU64::new(0),
            imported_rows: AtomicU64::new(0),
            condensed_logs: AtomicU64::new(0),
            indexed_cards: AtomicU64::new(0),
            ages: Mutex::default(),
        }
    }

    pub(crate) fn orders(&self) -> MutexGuard<'_, ApplyOrders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows up to this one are durable and in the index: apply may take them.
    pub(crate) fn publish(&self, upto: i64) {
        let mut ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        if ages.len() < AGES_MAX {
            ages.push_back((upto, Instant::now()));
        }
        drop(ages);
        // Under the lock, so that apply cannot look before and sleep after.
        let _orders = self.orders();
        self.visible_upto.store(upto, Ordering::Release);
        self.woken.notify_all();
    }

    /// Rows up to this one are applied.
    pub(crate) fn applied(&self, upto: i64) {
        self.applied_upto.store(upto, Ordering::Release);
        let mut ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        while ages.front().is_some_and(|(row, _)| *row <= upto) {
            ages.pop_front();
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        let ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        let backlog_age = ages.front().map_or(Duration::ZERO, |(_, since)| since.elapsed());
        drop(ages);
        Stats {
            backlog_rows: self.index.len(),
            backlog_age,
            last_row: self.visible_upto.load(Ordering::Acquire),
            applied_upto: self.applied_upto.load(Ordering::Acquire),
            trimmed_upto: self.trimmed_upto.load(Ordering::Acquire),
            appended_rows: self.appended_rows.load(Ordering::Relaxed),
            append_commits: self.append_commits.load(Ordering::Relaxed),
            applied_rows: self.applied_rows.load(Ordering::Relaxed),
            apply_batches: self.apply_batches.load(Ordering::Relaxed),
            apply_failures: self.apply_failures.load(Ordering::Relaxed),
            imported_rows: self.imported_rows.load(Ordering::Relaxed),
            condensed_logs: self.condensed_logs.load(Ordering::Relaxed),
            indexed_cards: self.indexed_cards.load(Ordering::Relaxed),
            poisoned: self.poisoned.load(Ordering::Acquire),
            broken: false,
        }
    }
}
