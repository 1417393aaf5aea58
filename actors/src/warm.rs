//! Warming up: a node that has just started reads the decks that are most in use at another node before it says that it is
//! ready. Without it a whole school that comes back after a roll-out waits for the same few decks. Only a convenience:
//! whatever goes wrong, the node is ready all the same.

use crate::engine::{Engine, Shared};
use domain::ids::{DeckId, RunId};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Decks that a node names as its hottest, and that another one reads ahead.
pub const HOT_DECKS: usize = 256;
/// Nodes that are asked, one after another, until one has something to tell.
const ASKED_MAX: usize = 3;
/// Decks that are read at once.
const READ_AT_ONCE: usize = 8;
/// How long a node may warm up before it is ready.
const WARM_WITHIN: Duration = Duration::from_secs(5);

impl Engine {
    /// The decks that are most in use here, if this is the run that is asked; of another run nothing is told.
    pub fn hot_decks(&self, run: RunId) -> Vec<DeckId> {
        match &self.shared.cluster {
            Some(cluster) if cluster.run() == run => self.decks().hot(HOT_DECKS),
            Some(_) | None => Vec::new(),
        }
    }

    /// Reads the decks that are most in use at another node; says how many. A node without others has nothing to do.
    pub async fn warm_up(&self) -> usize {
        let shared = self.shared.clone();
        let warming = self.shared.runtime().spawn(async move {
            tokio::time::timeout(WARM_WITHIN, warm_up(&shared)).await.unwrap_or_default()
        });
        warming.await.unwrap_or_default()
    }
}

async fn warm_up(shared: &Arc<Shared>) -> usize {
    let Some(cluster) = &shared.cluster else { return 0 };
    let decks = cluster.hot_elsewhere(ASKED_MAX).await;
    let mut reads = JoinSet::new();
    let mut read = 0;
    for deck in decks.into_iter().take(HOT_DECKS) {
        while reads.len() >= READ_AT_ONCE {
            read += usize::from(matches!(reads.join_next().await, Some(Ok(true))));
        }
        let cache = shared.decks.clone();
        reads.spawn(async move { matches!(cache.get_since(deck, 0).await, Ok(Some(_))) });
    }
    while let Some(done) = reads.join_next().await {
        read += usize::from(matches!(done, Ok(true)));
    }
    read
}
