//! The writer: the one task that awaits appends. A store with one journal has group commit ([`journal`]); in a store
//! with a partition a learner each learner has flights of its own ([`learners`]). Each shard hears which of its rows are
//! durable in one message a turn.

mod journal;
mod learners;

use crate::engine::Shared;
use crate::messages::{Aside, ToShard, ToWriter};
use domain::commit::{Decided, Landed, Offer};
use domain::directory::ShardNo;
use domain::session::Outcome;
use ports::{Cause, ProgressWrite, Quarantined, ReviewStore, Row, RowOutcome, Shape};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::sync::mpsc;

pub(crate) async fn run<S: ReviewStore>(
    shared: Arc<Shared>,
    store: Arc<S>,
    batches: mpsc::Receiver<ToWriter>,
) {
    match store.shape() {
        Shape::Journal { rows_max } => journal::run(shared, store, batches, rows_max).await,
        Shape::PerLearner { lanes, rows_max } => {
            learners::run(shared, store, batches, (lanes, rows_max)).await;
        }
    }
}

/// Appends rows and says what became of each.
async fn append<S: ReviewStore>(shared: &Shared, store: &S, offers: &[Offer]) -> Vec<Landed> {
    let rows: Arc<[Row]> = offers.iter().map(row).collect();
    let began = Instant::now();
    let outcomes = store.append(rows).await;
    let durable = outcomes.iter().filter(|outcome| **outcome == RowOutcome::Durable).count();
    shared.telemetry.append_finished(offers.len(), durable, began.elapsed());
    let mut poisoned = false;
    let landed = outcomes
        .iter()
        .map(|outcome| match outcome {
            RowOutcome::Durable => Landed::Durable,
            RowOutcome::Unknown(cause) => {
                poisoned |= *cause == Cause::Poisoned;
                shared.telemetry.store_error(*cause);
                Landed::Unknown
            }
            RowOutcome::Never(cause) => {
                shared.telemetry.store_error(*cause);
                Landed::Never
            }
        })
        .collect();
    if poisoned && let Err(error) = store.reopen().await {
        tracing::error!(%error, "the store could not be reopened; it is tried again");
    }
    landed
}

/// What one shard is told after a turn.
#[derive(Default)]
struct Told {
    decided: Vec<(domain::ids::UserId, domain::ids::EntryId, Outcome)>,
    barriers: Vec<u64>,
    /// Rows and barriers of the shard that are decided now.
    settled: usize,
    /// Rows among them.
    rows: usize,
}

/// What is decided, by the shard that wants to hear of it, and the rows that go to quarantine.
fn sort_out(decided: Vec<Decided>) -> (BTreeMap<ShardNo, Told>, Vec<Offer>) {
    let mut told: BTreeMap<ShardNo, Told> = BTreeMap::new();
    let mut never = Vec::new();
    for decided in decided {
        match decided {
            Decided::Durable(offer) => note(&mut told, &offer, Some(Outcome::Durable)),
            Decided::Never(offer) => {
                note(&mut told, &offer, None);
                never.push(offer);
            }
            Decided::Barrier(name) => {
                let shard = ShardNo::try_from(name >> 48).unwrap_or(0);
                let told = told.entry(shard).or_default();
                told.barriers.push(name);
                told.settled += 1;
            }
        }
    }
    (told, never)
}

/// Counts a row as settled; without an outcome its session is told later.
fn note(told: &mut BTreeMap<ShardNo, Told>, offer: &Offer, outcome: Option<Outcome>) {
    let told = told.entry(offer.shard).or_default();
    told.rows += 1;
    told.settled += 1;
    if let (Some(id), Some(outcome)) = (offer.entry_id(), outcome) {
        told.decided.push((offer.user, id, outcome));
    }
}

/// Tells a shard; with `landed` it may hand over its next batch.
async fn tell(shared: &Shared, shard: ShardNo, told: Told, landed: bool) {
    shared.undecided_rows.fetch_sub(told.rows, Ordering::Relaxed);
    let message = ToShard::Committed { decided: told.decided, barriers: told.barriers, landed };
    shared.tell(shard, message).await;
}

/// Keeps what can never be stored. Until that is durable its client is not told.
async fn put_aside(shared: &Shared, offer: &Offer) {
    let Some(entry) = offer.append.entry else { return };
    tracing::error!(user = %offer.user, entry = %entry.id, "a row can never be stored and goes to quarantine");
    let mut raw = Vec::new();
    ports::codec::encode_entry(&entry, &mut raw);
    let what = Quarantined {
        user: offer.user,
        id: entry.id,
        at_ms: shared.clock.now().wall_ms,
        reason: "the store can never hold this row".to_owned(),
        raw,
    };
    let decided = vec![(offer.user, entry.id, Outcome::Never)];
    let told = ToShard::Committed { decided, barriers: Vec::new(), landed: false };
    if shared.aside.send(Aside { what, then: Some((offer.shard, told)) }).await.is_err() {
        tracing::error!(user = %offer.user, "nobody puts commands aside any more");
    }
}

fn row(offer: &Offer) -> Row {
    if offer.is_mark() {
        // It concerns every card of its job, which the store makes stale.
        return Row {
            user: offer.user,
            entry: offer.append.entry,
            about: None,
            progress: ProgressWrite::None,
        };
    }
    let progress = if offer.stale {
        ProgressWrite::Stale
    } else {
        ProgressWrite::Whole(offer.append.state, offer.append.params_key)
    };
    Row { user: offer.user, entry: offer.append.entry, about: Some(offer.append.about), progress }
}
