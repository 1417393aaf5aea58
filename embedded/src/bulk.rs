//! The thread that stores what imports bring: straight into `main.db`, because nothing is acknowledged before it is
//! there, and sorted, because rows at random keys cost ten times what rows in order cost.
//!
//! Its transactions are short and go after those of the desk and of apply, and while answers come in a burst it rests
//! as apply does. What it writes counts for nobody before the learner's log has the job's commit, so no reader has to
//! see all of it or nothing.

use crate::error::{During, OpenError};
use crate::pace::Pace;
use crate::rows::{INSERT_LOG, ImportCards, LogPlace, insert_log};
use crate::schema::{IMPORTED_ROWS, meta, open_write, set_meta};
use crate::shared::{CHECKPOINT_ROWS, Shared};
use domain::entry::LogEntry;
use domain::ids::UserId;
use ports::{Cause, StoreError};
use rusqlite::{Connection, TransactionBehavior};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Page cache of the connection: a chapter's part of the index, and what is written beside it.
const CACHE_KIB: u32 = 32 * 1_024;

/// The thread's own.
pub(crate) struct Bulk {
    main: Connection,
    shared: Arc<Shared>,
    began: Instant,
    pace: Pace,
}

impl Bulk {
    pub(crate) fn open(shared: Arc<Shared>) -> Result<Self, OpenError> {
        let main = open_write(&shared.folder.main(), shared.options.vfs.as_deref(), CACHE_KIB)?;
        let pace = Pace::new(shared.options.apply_full_rows);
        Ok(Self { main, shared, began: Instant::now(), pace })
    }

    /// Stores entries of a job. Of those that are there already the stored ones stay.
    pub(crate) fn append(&mut self, user: UserId, mut entries: Vec<LogEntry>) -> Result<(), StoreError> {
        entries.sort_unstable_by_key(|entry| (entry.id, entry.job));
        entries.dedup_by_key(|entry| (entry.id, entry.job));
        let rows = self.shared.options.import_rows_a_transaction.max(1);
        for part in entries.chunks(rows) {
            let began = Instant::now();
            if let Err(error) = self.write(user, part) {
                self.open_again(error.cause);
                return Err(error);
            }
            self.checkpoint_if_large();
            self.step_back(began.elapsed());
        }
        Ok(())
    }

    fn write(&mut self, user: UserId, part: &[LogEntry]) -> Result<(), StoreError> {
        const DOING: &str = "store what an import brings";
        let shared = Arc::clone(&self.shared);
        let _turn = shared.turn.for_import();
        let tx = self.main.transaction_with_behavior(TransactionBehavior::Immediate).during(DOING)?;
        let mut number: i64 = meta(&tx, IMPORTED_ROWS).during(DOING)?.unwrap_or(0);
        let mut cards = ImportCards::default();
        let mut scratch = Vec::with_capacity(256);
        {
            let mut insert = tx.prepare_cached(INSERT_LOG).during(DOING)?;
            for entry in part {
                number += 1;
                let place = LogPlace::of_import(number);
                insert_log(&mut insert, user, (place, entry), entry.card(), &mut scratch).during(DOING)?;
                cards.note(entry);
            }
        }
        cards.write(&tx, user).during(DOING)?;
        set_meta(&tx, IMPORTED_ROWS, number).during(DOING)?;
        tx.commit().during(DOING)?;
        shared.main_rows_unchecked.fetch_add(part.len() as u64, Ordering::Relaxed);
        shared.imported_rows.fetch_add(part.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Leaves the time to what learners wait for, but not past the end of the store.
    fn step_back(&mut self, worked: Duration) {
        let came = self.shared.appended_rows.load(Ordering::Relaxed);
        let rest = self.pace.rest(self.began.elapsed(), worked, 0, came);
        if rest.is_zero() {
            return;
        }
        let orders = self.shared.orders();
        let slept = self.shared.woken.wait_timeout_while(orders, rest, |orders| !orders.stop);
        drop(slept.unwrap_or_else(PoisonError::into_inner));
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
    fn open_again(&mut self, cause: Cause) {
        tracing::warn!(%cause, "what an import brings could not be stored");
        if !crate::desk::breaks_handle(cause) {
            return;
        }
        match Self::open(Arc::clone(&self.shared)) {
            Ok(fresh) => *self = fresh,
            Err(error) => tracing::error!(%error, "main.db could not be opened again"),
        }
    }
}
