//! Commands that the engine cannot take are put aside for a person to look at: rows that the store can never hold, and
//! commands that break their session. One task, so that a store that is down delays no verdict of anybody else.

use crate::engine::Shared;
use crate::messages::Aside;
use domain::limits::{RETRY_FIRST_MS, RETRY_LONGEST_MS};
use ports::ReviewStore;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

pub(crate) async fn run<S: ReviewStore>(
    shared: Arc<Shared>,
    store: Arc<S>,
    mut waiting: mpsc::Receiver<Aside>,
) {
    while let Some(Aside { what, then }) = waiting.recv().await {
        let mut wait_ms = RETRY_FIRST_MS;
        while let Err(error) = store.quarantine(what.clone()).await {
            tracing::error!(%error, "quarantine failed; it is tried again");
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            wait_ms = (wait_ms * 2).min(RETRY_LONGEST_MS);
        }
        if let Some((shard, message)) = then {
            shared.tell(shard, message).await;
        }
    }
}
