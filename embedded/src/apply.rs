//! The thread that moves journal rows into `main.db`. Batches grow by themselves: what came while one was
//! applied is the next one.

use crate::error::OpenError;
use crate::pace::Pace;
use crate::schema::{APPLIED_UPTO, open_read, open_write, set_meta};
use crate::shared::{ApplyOrders, CHECKPOINT_ROWS, Shared};
use crate::slices::{Batch, write_slice};
use rusqlite::{Connection, TransactionBehavior};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long apply sleeps when nothing comes; it is woken when something does.
const IDLE: Duration = Duration::from_secs(1);
/// First pause after a failure; it doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(50);
/// Longest pause after a failure.
const RETRY_MAX: Duration = Duration::from_secs(5);
/// Page cache of the connection that reads the journal in order.
const JOURNAL_CACHE_KIB: u32 = 2 * 1_024;

/// Apply.
pub(crate) struct Apply {
    journal: Connection,
    main: Connection,
    shared: Arc<Shared>,
    began: Instant,
    pace: Pace,
}

/// Why a batch was not applied.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Apply {
    pub(crate) fn open(shared: Arc<Shared>) -> Result<Self, OpenError> {
        let vfs = shared.options.vfs.as_deref();
        let main = open_write(&shared.folder.main(), vfs, shared.options.main_cache_kib)?;
        #[cfg(debug_assertions)]
        if shared.options.bugs.unsynced_apply {
            let _ = main.pragma_update(None, "synchronous", "NORMAL");
        }
        let journal = open_read(&shared.folder.journal(), vfs, JOURNAL_CACHE_KIB)?;
        let pace = Pace::new(shared.options.apply_full_rows);
        Ok(Self { journal, main, shared, began: Instant::now(), pace })
    }

    /// Works until the store closes.
    pub(crate) fn run(mut self) {
        let mut pause = RETRY_FIRST;
        while self.wait_for_rows() {
            let began = Instant::now();
            let applied = self.apply_batch();
            self.shared.orders().running = false;
            self.shared.woken.notify_all();
            match applied {
                Ok(rows) => {
                    pause = RETRY_FIRST;
                    self.checkpoint_if_large();
                    self.step_back(began.elapsed());
                    if rows < self.shared.options.apply_calm_rows {
                        self.rest(Duration::from_millis(self.shared.options.apply_rest_ms));
                    }
                }
                Err(error) => {
                    self.shared.apply_failures.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(%error, "the journal could not be applied, trying again");
                    self.rest(pause);
                    pause = (pause * 2).min(RETRY_MAX);
                    self.open_again();
                }
            }
        }
    }

    /// Waits until rows are there and nobody holds apply; `false` when the store closes.
    fn wait_for_rows(&mut self) -> bool {
        loop {
            let mut orders = self.shared.orders();
            if orders.stop {
                return false;
            }
            let behind = self.shared.applied_upto.load(Ordering::Acquire)
                < self.shared.visible_upto.load(Ordering::Acquire);
            if behind && orders.holds == 0 {
                orders.running = true;
                return true;
            }
            drop(sleep(&self.shared, orders, IDLE));
            self.checkpoint_if_large();
        }
    }

    /// Sleeps, but not past the end of the store, and not while somebody waits for the batch to end.
    fn rest(&self, pause: Duration) {
        let orders = self.shared.orders();
        let calm = |orders: &mut ApplyOrders| !orders.stop && orders.holds == 0;
        let slept = self.shared.woken.wait_timeout_while(orders, pause, calm);
        drop(slept.unwrap_or_else(PoisonError::into_inner));
    }

    /// Applies the next batch; returns its rows.
    fn apply_batch(&mut self) -> Result<usize, Failure> {
        let shared = Arc::clone(&self.shared);
        let after = shared.applied_upto.load(Ordering::Acquire);
        let visible = shared.visible_upto.load(Ordering::Acquire);
        let mut batch = Batch::read(&self.journal, after, visible, shared.options.apply_batch_rows_max)?;
        if batch.is_empty() {
            // Numbers without rows: nothing is left up to the newest one.
            batch.upto = visible;
        }
        #[cfg(debug_assertions)]
        if shared.options.bugs.index_cleared_early {
            self.forget(&batch);
        }
        self.write(&batch)?;
        // Only now: whoever reads the index from here on finds the rows in main.db.
        self.forget(&batch);
        shared.applied(batch.upto);
        shared.applied_rows.fetch_add(batch.len() as u64, Ordering::Relaxed);
        shared.apply_batches.fetch_add(1, Ordering::Relaxed);
        shared.main_rows_unchecked.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(batch.len())
    }

    /// Writes the batch in slices; `applied_upto` moves with the last one.
    fn write(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let moves_early = self.moves_early();
        let mut slices = batch.slices(self.shared.options.apply_slice_rows).peekable();
        loop {
            let slice = slices.next().unwrap_or(&[]);
            let last = slices.peek().is_none();
            let turn = self.shared.turn.for_apply();
            let began = Instant::now();
            let tx = self.main.transaction_with_behavior(TransactionBehavior::Immediate)?;
            write_slice(&tx, slice)?;
            if last {
                batch.quarantine(&tx)?;
            }
            if last || moves_early {
                set_meta(&tx, APPLIED_UPTO, batch.upto)?;
            }
            tx.commit()?;
            drop(turn);
            if last {
                return Ok(());
            }
            self.step_back(began.elapsed());
        }
    }

    /// Leaves the time to what learners wait for.
    fn step_back(&mut self, worked: Duration) {
        let shared = &self.shared;
        let (waiting, came) = (shared.index.len(), shared.appended_rows.load(Ordering::Relaxed));
        let rest = self.pace.rest(self.began.elapsed(), worked, waiting, came);
        if !rest.is_zero() {
            self.rest(rest);
        }
    }

    #[cfg(debug_assertions)]
    fn moves_early(&self) -> bool {
        self.shared.options.bugs.applied_with_first_slice
    }

    #[cfg(not(debug_assertions))]
    const fn moves_early(&self) -> bool {
        false
    }

    fn forget(&self, batch: &Batch) {
        for user in batch.users() {
            self.shared.index.applied(user, batch.upto);
        }
    }

    fn checkpoint_if_large(&self) {
        if self.shared.main_rows_unchecked.load(Ordering::Relaxed) < CHECKPOINT_ROWS {
            return;
        }
        self.shared.main_rows_unchecked.store(0, Ordering::Relaxed);
        if let Err(error) = self.main.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::warn!(%error, "main.db could not be checkpointed");
        }
    }

    /// A handle that failed is not used again.
    fn open_again(&mut self) {
        match Self::open(Arc::clone(&self.shared)) {
            Ok(fresh) => *self = fresh,
            Err(error) => tracing::error!(%error, "the store's files could not be opened again"),
        }
    }
}

fn sleep<'a>(
    shared: &'a Shared,
    orders: MutexGuard<'a, ApplyOrders>,
    at_most: Duration,
) -> MutexGuard<'a, ApplyOrders> {
    shared.woken.wait_timeout(orders, at_most).unwrap_or_else(PoisonError::into_inner).0
}
