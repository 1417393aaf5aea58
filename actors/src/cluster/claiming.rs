//! How a node comes to a learner: the steps of a claim are carried out, and the learner is adopted.

use super::{Cluster, Place, State, fold_again};
use crate::engine::Shared;
use domain::ids::{RunId, UserId};
use domain::owner::Epoch;
use domain::owner::claim::{Claim, Step};
use ports::StoreError;
use std::sync::Arc;
use std::time::Duration;

/// How long a node looks for a learner before the socket that waits is told to come back: longer than it takes to
/// declare an owner dead.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(12);
/// How often it is looked whether a learner has been let go.
const LET_GO_LOOK: Duration = Duration::from_millis(20);

impl Cluster {
    /// Finds a learner, who has an entry in this node's registry; takes the learner if nobody else has one.
    pub(crate) async fn acquire(&self, shared: &Arc<Shared>, user: UserId) -> Place {
        let place = match tokio::time::timeout(ACQUIRE_WITHIN, self.claim(shared, user)).await {
            Ok(Ok(place)) => place,
            Ok(Err(error)) => {
                tracing::warn!(%error, %user, "a learner could not be claimed");
                Place::Unknown
            }
            Err(_) => Place::Unknown,
        };
        match place {
            Place::Here(_) => self.counters.claimed.one_more(),
            Place::Elsewhere(_) => self.counters.found_elsewhere.one_more(),
            Place::Unknown => self.counters.not_found.one_more(),
        }
        place
    }

    async fn claim(&self, shared: &Arc<Shared>, user: UserId) -> Result<Place, StoreError> {
        let (run, taken) = loop {
            {
                let state = self.state();
                // A run that is not known to be registered would own what nobody believes to be owned.
                let is_registered = state.node.is_some();
                let run = state.run;
                if is_registered && state.releases.may_start(user) && !state.settling.is_under_way(run, user)
                {
                    break (run, state.taken.is_unread(user));
                }
            }
            tokio::time::sleep(LET_GO_LOOK).await;
        };
        let (mut claim, mut step) = Claim::resume(run, self.options.timing, taken);
        loop {
            step = match step {
                Step::ReadOwner => match self.options.owners.owner(user).await {
                    Ok(row) => claim.row(row),
                    Err(error) => unread(&error, &mut claim),
                },
                Step::ReadAlive(other) => match self.options.owners.is_alive(other).await {
                    Ok(alive) => claim.alive(alive),
                    Err(error) => unread(&error, &mut claim),
                },
                Step::Ask { run: other, epoch } => claim.answered(self.ask(other, user, epoch).await),
                Step::Change(change) => {
                    if claim.is_from_dead() {
                        self.of_run(run, |state| state.taken.tried(user));
                    }
                    claim.changed(self.options.owners.change(user, change).await)
                }
                Step::Wait { wait_ms } => {
                    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                    claim.waited()
                }
                Step::Relay(other) => {
                    self.of_run(run, |state| state.taken.done(user));
                    return Ok(self.address_of(other).map_or(Place::Unknown, Place::Elsewhere));
                }
                Step::Mine { epoch, from_dead } => {
                    self.adopt(shared, user, run, epoch, from_dead).await?;
                    self.of_run(run, |state| state.taken.done(user));
                    return Ok(Place::Here(epoch));
                }
            };
        }
    }

    /// Changes what is known of this run, if it is not over.
    fn of_run(&self, run: RunId, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        if state.run == run {
            change(&mut state);
        }
    }

    async fn adopt(
        &self,
        shared: &Arc<Shared>,
        user: UserId,
        run: RunId,
        epoch: Epoch,
        from_dead: bool,
    ) -> Result<(), StoreError> {
        let tenures = &self.options.tenures;
        // A session that fell has left what it knew of the caches.
        if let Err(error) = tenures.release(user).await {
            tracing::warn!(%error, %user, "caches of an earlier session were not written: they are made from the log");
        }
        tenures.adopt(user, run, epoch).await?;
        if from_dead {
            self.counters.from_dead.one_more();
            let (engine, tenures) = (Arc::downgrade(shared), tenures.clone());
            let again = Duration::from_millis(self.options.timing.inbox_again_ms);
            tokio::spawn(async move {
                tokio::time::sleep(again).await;
                let Some(shared) = engine.upgrade() else { return };
                match tenures.inbox_again(user).await {
                    Ok(cards) => fold_again(&shared, user, &cards).await,
                    Err(error) => tracing::warn!(%error, %user, "an inbox could not be read once more"),
                }
            });
        }
        Ok(())
    }
}

fn unread(error: &StoreError, claim: &mut Claim) -> Step {
    tracing::debug!(%error, "a claim could not read");
    claim.wait()
}
