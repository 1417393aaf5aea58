//! The engine as one of several nodes: what others ask, what it tells of itself, and what reached a learner on other ways.

use super::Engine;
use crate::cluster::ClusterFigures;
use crate::messages::ToShard;
use crate::observe::NodesView;
use domain::ids::{DeckId, RunId, UserId};
use domain::owner::Epoch;
use domain::owner::claim::Answer;
use domain::session::Input;
use std::time::Duration;

/// The longest that a welcome waits for the learner's inbox to be read once more.
const INBOX_WITHIN: Duration = Duration::from_secs(1);

impl Engine {
    /// Why this node should get no new work, as the other nodes see it.
    pub fn unready(&self) -> Option<String> {
        self.shared.cluster.as_ref().and_then(|cluster| cluster.unready())
    }

    /// What this node counted of its life among others; `None` where there are none.
    pub fn cluster_figures(&self) -> Option<ClusterFigures> {
        self.shared.cluster.as_ref().map(|cluster| cluster.figures())
    }

    /// Another node needs this learner, whom the run is believed to have under this epoch.
    pub async fn asked(&self, run: RunId, user: UserId, epoch: Epoch) -> Answer {
        match &self.shared.cluster {
            Some(cluster) => {
                // A release that has begun goes on, whether or not somebody waits for the answer.
                let (cluster, shared) = (cluster.clone(), self.shared.clone());
                let asked = async move { cluster.asked(&shared, run, user, epoch).await };
                self.shared.runtime.spawn(asked).await.unwrap_or(Answer::NotNow)
            }
            None => Answer::NotMine,
        }
    }

    /// This node goes: others take its learners at once. To be called when everything is stored.
    pub async fn leave(&self) {
        if let Some(cluster) = &self.shared.cluster {
            cluster.leave().await;
        }
    }

    /// Somebody has written into this learner's inbox.
    pub fn inbox_named(&self, user: UserId) {
        if let Some(cluster) = self.shared.cluster.clone() {
            let shared = self.shared.clone();
            self.shared.runtime.spawn(async move { cluster.inbox_named(&shared, user).await });
        }
    }

    /// A device that was told of saved answers comes in, perhaps from an owner that had been declared dead and did not know
    /// it. Before it is welcomed a session that is here reads the learner's inbox, in which such an owner has left a word.
    /// A store that does not answer holds nobody up for long.
    pub async fn returns_with_saved(&self, user: UserId) {
        let Some(cluster) = self.shared.cluster.clone() else { return };
        if self.shared.registry.home(user).is_none() {
            // What is loaded now is loaded with its inbox.
            return;
        }
        let shared = self.shared.clone();
        let look = self.shared.runtime.spawn(async move { cluster.inbox_named(&shared, user).await });
        // It goes on by itself when it takes longer.
        let _ = tokio::time::timeout(INBOX_WITHIN, look).await;
    }

    /// This node and the others; `None` where a process has its store alone.
    pub fn nodes(&self) -> Option<NodesView> {
        self.shared.cluster.as_ref().map(|cluster| cluster.view())
    }

    /// What is stored of this learner's progress in a deck was marked to be folded again: the session, if there is one,
    /// reads it anew.
    pub async fn progress_marked(&self, user: UserId, deck: DeckId) {
        if let Some(home) = self.shared.registry.home(user) {
            let input = Input::Imported(deck);
            self.shared.tell(home.shard, ToShard::Input { user, input }).await;
        }
    }
}
