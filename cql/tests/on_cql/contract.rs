//! What every store keeps, kept by this one.

use crate::owned::Owned;
use crate::server::shared_store;
use cql::Options;
use kit::apart::Apart;
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT_VIEW: AtomicU64 = AtomicU64::new(1);

/// A view of the shared keyspace with learners of its own; `None` without a server.
async fn fresh(options: Options) -> Option<Apart<Owned>> {
    let store = shared_store(&options).await?;
    let view = NEXT_VIEW.fetch_add(1, Ordering::Relaxed);
    Some(Apart { store: Owned::new(store, u128::from(view)), view })
}

/// What is kept is asked here, not how soon: as the server's own timeouts, and a wait that a busy machine needs.
fn patient() -> Options {
    Options {
        attempt_timeout_ms: 10_000,
        write_within_ms: 60_000,
        read_within_ms: 60_000,
        append_patience_ms: 60_000,
        ..Options::default()
    }
}

/// With the settings of a server: progress is read from what waits to be written.
mod written_late {
    use super::*;

    kit::store_contract!({
        let Some(store) = fresh(patient()).await else {
            return;
        };
        (store, ())
    });
}

/// With everything small, and progress written at once: it is read from the tables.
mod written_at_once {
    use super::*;

    kit::store_contract!({
        let options = Options {
            behind_longest_ms: 0,
            behind_look_ms: 1,
            page_rows: 3,
            keys_a_read: 2,
            batch_rows_max: 3,
            lanes: 2,
            ..patient()
        };
        let Some(store) = fresh(options).await else { return };
        (store, ())
    });
}
