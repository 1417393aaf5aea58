//! The loader: everything that a session needs to know and has not in memory. Bounded, so that a thousand learners
//! arriving at once are a queue.

mod failures;
mod reader;
mod since;

pub(crate) use reader::Reader;

use crate::cluster::Place;
use crate::engine::Shared;
use crate::messages::{Job, NotLoaded, ToShard};
use domain::ids::{EntryId, UserId};
use domain::owner::Epoch;
use domain::session::{Facts, FetchFailed, SessionSeed, Want};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// After which a read has failed, its tries included.
const READ_MAX: Duration = Duration::from_secs(30);

pub(crate) async fn run(shared: Arc<Shared>, mut jobs: mpsc::Receiver<Job>) {
    let permits = Arc::new(Semaphore::new(shared.limits.loads_at_once));
    let claims = Arc::new(Semaphore::new(shared.limits.claims_at_once));
    while let Some(job) = jobs.recv().await {
        if let (Some(cluster), &Job::Activate { user, incarnation, shard }) = (&shared.cluster, &job) {
            let (shared, cluster) = (shared.clone(), cluster.clone());
            let (claims, permits) = (claims.clone(), permits.clone());
            // Who waits for a place among the claims, or until an owner is declared dead, must not keep others from
            // reading. There is one such task a learner who is being loaded, as the registry has it.
            tokio::spawn(async move {
                let Ok(claim) = claims.acquire_owned().await else { return };
                let place = cluster.acquire(&shared, user).await;
                drop(claim);
                let seed = match place {
                    Place::Here(epoch) => {
                        let Ok(_permit) = permits.acquire_owned().await else { return };
                        seed(&shared, user, epoch).await
                    }
                    Place::Elsewhere(address) => Err(NotLoaded::Elsewhere(address)),
                    Place::Unknown => Err(NotLoaded::NotNow),
                };
                shared.tell(shard, ToShard::Activated { user, incarnation, seed }).await;
            });
            continue;
        }
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        let shared = shared.clone();
        tokio::spawn(async move {
            carry_out(&shared, job).await;
            drop(permit);
        });
    }
}

async fn carry_out(shared: &Arc<Shared>, job: Job) {
    match job {
        Job::Activate { user, incarnation, shard } => {
            let seed = seed(shared, user, 0).await;
            shared.tell(shard, ToShard::Activated { user, incarnation, seed }).await;
        }
        Job::Fetch { user, token, want, shard } => {
            let notices = shared.notices.load(Ordering::Acquire);
            let (reader, asked) = (shared.reader.clone(), want.clone());
            let mut facts = contained(kind_of(&want), async move { reader.answer(user, asked).await }).await;
            let again = facts.as_ref().map_or(Vec::new(), |facts| came_again(&want, facts));
            if found_again(shared, user, again).await.is_err() {
                facts = Err(FetchFailed);
            }
            shared.tell(shard, ToShard::Fetched { user, token, facts, notices }).await;
        }
        Job::DeckChanged(deck) if !shared.decks.is_held(deck) => {}
        Job::DeckChanged(deck) => match shared.decks.reload(deck).await {
            Ok(Some(cached)) => {
                let number = shared.next_notice();
                for shard in shared.all_shards() {
                    let _ = shard.send(ToShard::Deck(cached.deck.clone(), number)).await;
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "a changed deck could not be read"),
        },
    }
}

/// What a session starts from, in the hands of an owner of this epoch.
async fn seed(shared: &Arc<Shared>, user: UserId, epoch: Epoch) -> Result<Box<SessionSeed>, NotLoaded> {
    let reader = shared.reader.clone();
    let seed = contained("seed", async move { reader.seed(user).await }).await;
    seed.map(|seed| Box::new(SessionSeed { epoch, ..seed })).map_err(|FetchFailed| NotLoaded::NotNow)
}

/// What a read is called in the log.
const fn kind_of(want: &Want) -> &'static str {
    match want {
        Want::Scope(_) => "scope",
        Want::Decks(_) => "decks",
        Want::Access(_) => "access",
        Want::Entries(_) => "entries",
        Want::Named(_) => "named",
        Want::CardLog(..) => "card_log",
        Want::Before(..) => "before",
        Want::Sitting(_) => "sitting",
        Want::Since(_) => "since",
    }
}

/// Commands that came again: what was looked up by their own ids, and found. What an undo names is none of them.
fn came_again(want: &Want, facts: &Facts) -> Vec<EntryId> {
    match (want, facts) {
        (Want::Entries(_), Facts::Entries(found)) => found.iter().map(|entry| entry.id).collect(),
        (
            Want::Scope(_)
            | Want::Decks(_)
            | Want::Access(_)
            | Want::Entries(_)
            | Want::Named(_)
            | Want::CardLog(..)
            | Want::Before(..)
            | Want::Sitting(_)
            | Want::Since(_),
            _,
        ) => Vec::new(),
    }
}

/// Commands that came again and are in the log may be writes of an owner that died, which landed after this one had
/// loaded: before their verdict the caches must not be able to lack them.
async fn found_again(shared: &Shared, user: UserId, entries: Vec<EntryId>) -> Result<(), FetchFailed> {
    let Some(cluster) = &shared.cluster else { return Ok(()) };
    if entries.is_empty() {
        return Ok(());
    }
    cluster.found_again(shared, user, entries).await.map_err(|error| {
        tracing::warn!(%error, %user, "commands that came again could not be noted");
        FetchFailed
    })
}

/// A read on a task of its own: one that panics, or never ends, has failed, and whoever waits for it hears so.
async fn contained<T: Send + 'static>(
    kind: &'static str,
    read: impl Future<Output = Result<T, FetchFailed>> + Send + 'static,
) -> Result<T, FetchFailed> {
    let task = tokio::spawn(read);
    let stop = task.abort_handle();
    match tokio::time::timeout(READ_MAX, task).await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => {
            tracing::error!(%error, kind, "a read for a session panicked");
            Err(FetchFailed)
        }
        Err(_) => {
            failures::failed(kind, &format_args!("not answered within {} s", READ_MAX.as_secs()));
            stop.abort();
            Err(FetchFailed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::entry::Body;

    #[test]
    fn a_command_that_came_again_is_named_whatever_it_does_and_what_an_undo_names_is_not() {
        let [id, of] = [2, 1].map(kit::rows::id);
        let undo = kit::rows::entry(id, Body::Undo { of });
        let answer =
            kit::rows::review(of, kit::rows::deck(1), kit::rows::card(1), domain::grade::Grade::Good);
        let found = Facts::Entries(vec![undo]);
        assert_eq!(came_again(&Want::Entries(vec![id]), &found), [id]);
        assert_eq!(came_again(&Want::Named(of), &Facts::Entries(vec![answer])), []);
    }
}
