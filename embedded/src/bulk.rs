//! The thread that stores what imports bring: straight into `main.db`, because nothing is acknowledged before it is
//! there, and sorted, because rows at random keys cost ten times what rows in order cost.
//!
//! Its transactions go after those of the desk and of apply, and end soon when one of them waits; while answers come in a
//! burst it rests as apply does. What it writes counts for nobody before the learner's log has the job's commit, so no
//! reader has to see all of it or nothing.

use crate::condensed;
use crate::error::{During, OpenError};
use crate::import_index::Filing;
use crate::pace::Pace;
use crate::rows::{INSERT_LOG, LogPlace, insert_log};
use crate::schema::{IMPORTED_ROWS, meta, open_write, set_meta};
use crate::shared::{CHECKPOINT_ROWS, Shared};
use domain::entry::LogEntry;
use domain::ids::UserId;
use ports::{Cause, StoreError};
use rusqlite::{Connection, TransactionBehavior};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Page cache of the connection: what is filed of a chapter, and the entries beside it. Both are written in their order.
const CACHE_KIB: u32 = 8 * 1_024;

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
        let mut rest = &entries[..];
        while !rest.is_empty() {
            let began = Instant::now();
            let written = self.write(user, rest, began);
            self.shared.versions.changed(user);
            match written {
                Ok(rows) => rest = rest.get(rows..).unwrap_or_default(),
                Err(error) => {
                    self.open_again(error.cause);
                    return Err(error);
                }
            }
            self.checkpoint_if_large();
            self.step_back(began.elapsed());
        }
        Ok(())
    }

    /// Writes the first of these entries in one transaction, as many as there is time for; returns how many.
    ///
    /// The longer it is, the fewer pages of the index by card are written again by the next one: they lie close together,
    /// and each transaction changes nearly all of them.
    fn write(&mut self, user: UserId, entries: &[LogEntry], began: Instant) -> Result<usize, StoreError> {
        const DOING: &str = "store what an import brings";
        let shared = Arc::clone(&self.shared);
        let turn = shared.turn.for_import();
        let tx = self.main.transaction_with_behavior(TransactionBehavior::Immediate).during(DOING)?;
        let mut number: i64 = meta(&tx, IMPORTED_ROWS).during(DOING)?.unwrap_or(0);
        let first = number + 1;
        let mut filing = Filing::default();
        let mut scratch = Vec::with_capacity(256);
        let mut written = 0;
        {
            let mut insert = tx.prepare_cached(INSERT_LOG).during(DOING)?;
            for part in entries.chunks(shared.options.import_rows_a_turn.max(1)) {
                for entry in part {
                    number += 1;
                    let place = LogPlace::of_import(number, entry.card().is_some());
                    let placed = (place, entry);
                    // One that is there already is filed already.
                    if insert_log(&mut insert, user, placed, entry.card(), &mut scratch).during(DOING)? {
                        filing.note(place.chapter(), entry);
                    }
                }
                written += part.len();
                if turn.is_wanted()
                    || !rest_after(&mut self.pace, self.began, &shared, began.elapsed()).is_zero()
                {
                    break;
                }
            }
        }
        filing.write(&tx, user, first).during(DOING)?;
        condensed::touched(&tx, user, entries.iter().take(written)).during(DOING)?;
        set_meta(&tx, IMPORTED_ROWS, number).during(DOING)?;
        tx.commit().during(DOING)?;
        shared.main_rows_unchecked.fetch_add(written as u64, Ordering::Relaxed);
        shared.imported_rows.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    /// Leaves the time to what learners wait for, but not past the end of the store.
    fn step_back(&mut self, worked: Duration) {
        let rest = rest_after(&mut self.pace, self.began, &self.shared, worked);
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

/// How long to rest after work, because answers come in a burst.
pub(crate) fn rest_after(pace: &mut Pace, since: Instant, shared: &Shared, worked: Duration) -> Duration {
    pace.rest(since.elapsed(), worked, 0, shared.appended_rows.load(Ordering::Relaxed))
}
