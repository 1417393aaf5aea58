//! The thread that condenses logs of which figures were asked (`condensed`). Nobody waits for it, it goes after everybody
//! else, and what it has not done is read from the log as it is.

use crate::bulk::rest_after;
use crate::condensed::condense;
use crate::error::{During, OpenError};
use crate::pace::Pace;
use crate::schema::open_write;
use crate::shared::Shared;
use domain::ids::UserId;
use ports::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Page cache of the connection, in KiB: logs are read once.
const CACHE_KIB: u32 = 2 * 1_024;

/// The thread's own.
pub(crate) struct Condenser {
    main: Connection,
    shared: Arc<Shared>,
    began: Instant,
    pace: Pace,
}

impl Condenser {
    pub(crate) fn open(shared: Arc<Shared>) -> Result<Self, OpenError> {
        let file = shared.folder.main();
        let main = open_write(&file, shared.options.vfs.as_deref(), CACHE_KIB)?;
        // What a power cut takes back is condensed again; the next transaction of anybody else has it on the disk.
        main.pragma_update(None, "synchronous", "NORMAL")
            .map_err(|error| OpenError::Sqlite { file, error })?;
        let pace = Pace::new(shared.options.apply_full_rows);
        Ok(Self { main, shared, began: Instant::now(), pace })
    }

    /// Condenses what these learners' logs have more, one after the other, until the store closes.
    pub(crate) fn condense(&mut self, users: &[UserId]) -> Result<(), StoreError> {
        let mut ended = Ok(());
        for user in users {
            if self.shared.orders().stop {
                break;
            }
            let began = Instant::now();
            if let Err(error) = self.one(*user) {
                tracing::warn!(%error, "answers could not be condensed");
                if crate::desk::breaks_handle(error.cause) {
                    *self = Self::open(Arc::clone(&self.shared))
                        .map_err(|error| StoreError::new(ports::Cause::Unavailable, error.to_string()))?;
                }
                // Others' logs may be read.
                ended = Err(error);
            }
            self.step_back(began.elapsed());
        }
        ended
    }

    fn one(&mut self, user: UserId) -> Result<(), StoreError> {
        const DOING: &str = "condense answers";
        let _turn = self.shared.turn.for_import();
        let tx = self.main.transaction_with_behavior(TransactionBehavior::Immediate).during(DOING)?;
        let rows = condense(&tx, user, self.shared.options.condense_entries_max)?;
        tx.commit().during(DOING)?;
        self.shared.main_rows_unchecked.fetch_add(rows as u64, Ordering::Relaxed);
        self.shared.condensed_logs.fetch_add(u64::from(rows > 0), Ordering::Relaxed);
        Ok(())
    }

    /// Leaves half of the time to others, and more in a burst, but not past the end of the store.
    fn step_back(&mut self, worked: Duration) {
        let rest = rest_after(&mut self.pace, self.began, &self.shared, worked).max(worked);
        let orders = self.shared.orders();
        let slept = self.shared.woken.wait_timeout_while(orders, rest, |orders| !orders.stop);
        drop(slept.unwrap_or_else(PoisonError::into_inner));
    }
}
