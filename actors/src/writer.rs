//! The writer: the one task that awaits appends. Batches of all shards go through the [`GroupCommit`] machine; each
//! shard hears which of its rows are durable in one message a commit.

use crate::engine::Shared;
use crate::messages::{Aside, Item, ToShard, ToWriter};
use domain::commit::{Decided, GroupCommit, Landed, Offer};
use domain::directory::ShardNo;
use domain::limits::COMMIT_EVERY_MS;
use domain::session::Outcome;
use ports::{Cause, ProgressWrite, Quarantined, ReviewStore, Row, RowOutcome};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

pub(crate) async fn run<S: ReviewStore>(
    shared: Arc<Shared>,
    store: Arc<S>,
    mut batches: mpsc::Receiver<ToWriter>,
) {
    let rows_max = match store.shape() {
        ports::Shape::Journal { rows_max } | ports::Shape::PerLearner { rows_max, .. } => rows_max,
    };
    let machine = GroupCommit::new(rows_max).paced(COMMIT_EVERY_MS);
    let mut writer = Writer { shared, store, machine, owed: BTreeMap::new() };
    loop {
        let waits = writer.machine.undecided() > 0;
        if waits {
            while let Ok(batch) = batches.try_recv() {
                writer.take(batch);
            }
        } else {
            match batches.recv().await {
                Some(batch) => writer.take(batch),
                None => return,
            }
            while let Ok(batch) = batches.try_recv() {
                writer.take(batch);
            }
        }
        writer.turn(&mut batches).await;
    }
}

struct Writer<S> {
    shared: Arc<Shared>,
    store: Arc<S>,
    machine: GroupCommit,
    /// Rows of each shard's batch that are not decided yet.
    owed: BTreeMap<ShardNo, usize>,
}

/// What one shard is told after a commit.
#[derive(Default)]
struct Told {
    decided: Vec<(domain::ids::UserId, domain::ids::EntryId, Outcome)>,
    barriers: Vec<u64>,
    /// Rows and barriers of the shard's batch that are decided now.
    settled: usize,
    /// Rows among them.
    rows: usize,
}

impl<S: ReviewStore> Writer<S> {
    fn take(&mut self, batch: ToWriter) {
        let owed = self.owed.entry(batch.shard).or_default();
        for item in batch.items {
            match item {
                Item::Row(offer) => {
                    *owed += 1;
                    self.machine.offer(offer);
                }
                Item::Barrier { name, user } => {
                    *owed += 1;
                    self.machine.barrier(name, user);
                }
            }
        }
    }

    /// One submission, or a wait for the time of the next try.
    async fn turn(&mut self, batches: &mut mpsc::Receiver<ToWriter>) {
        let mut decided = Vec::new();
        let tick_ms = self.shared.clock.now().tick_ms;
        match self.machine.submit(tick_ms, &mut decided) {
            Some(offers) => {
                let landed = self.append(&offers).await;
                let tick_ms = self.shared.clock.now().tick_ms;
                self.machine.returned(tick_ms, &landed, self.shared.jitter(1_000), &mut decided);
            }
            None if decided.is_empty() => {
                let wait = self.machine.not_before_tick_ms().saturating_sub(tick_ms).max(1);
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(wait)) => {}
                    batch = batches.recv() => if let Some(batch) = batch { self.take(batch) },
                }
            }
            None => {}
        }
        self.tell(decided).await;
    }

    async fn append(&self, offers: &[Offer]) -> Vec<Landed> {
        let rows: Arc<[Row]> = offers.iter().map(row).collect();
        let began = Instant::now();
        let outcomes = self.store.append(rows).await;
        let durable = outcomes.iter().filter(|outcome| **outcome == RowOutcome::Durable).count();
        self.shared.telemetry.append_finished(offers.len(), durable, began.elapsed());
        let mut poisoned = false;
        let landed = outcomes
            .iter()
            .map(|outcome| match outcome {
                RowOutcome::Durable => Landed::Durable,
                RowOutcome::Unknown(cause) => {
                    poisoned |= *cause == Cause::Poisoned;
                    self.shared.telemetry.store_error(*cause);
                    Landed::Unknown
                }
                RowOutcome::Never(cause) => {
                    self.shared.telemetry.store_error(*cause);
                    Landed::Never
                }
            })
            .collect();
        if poisoned && let Err(error) = self.store.reopen().await {
            tracing::error!(%error, "the store could not be reopened; it is tried again");
        }
        landed
    }

    async fn tell(&mut self, decided: Vec<Decided>) {
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
        for (shard, told) in told {
            let owed = self.owed.entry(shard).or_default();
            *owed = owed.saturating_sub(told.settled);
            let landed = *owed == 0;
            self.shared.undecided_rows.fetch_sub(told.rows, Ordering::Relaxed);
            let message = ToShard::Committed { decided: told.decided, barriers: told.barriers, landed };
            self.shared.tell(shard, message).await;
        }
        // Nobody waits for another's quarantine: the others were told before.
        for offer in never {
            self.put_aside(&offer).await;
        }
    }

    /// Keeps what can never be stored. Until that is durable its client is not told.
    async fn put_aside(&self, offer: &Offer) {
        let Some(entry) = offer.append.entry else { return };
        tracing::error!(user = %offer.user, entry = %entry.id, "a row can never be stored and goes to quarantine");
        let mut raw = Vec::new();
        ports::codec::encode_entry(&entry, &mut raw);
        let what = Quarantined {
            user: offer.user,
            id: entry.id,
            at_ms: self.shared.clock.now().wall_ms,
            reason: "the store can never hold this row".to_owned(),
            raw,
        };
        let decided = vec![(offer.user, entry.id, Outcome::Never)];
        let told = ToShard::Committed { decided, barriers: Vec::new(), landed: false };
        if self.shared.aside.send(Aside { what, then: Some((offer.shard, told)) }).await.is_err() {
            tracing::error!(user = %offer.user, "nobody puts commands aside any more");
        }
    }
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

fn row(offer: &Offer) -> Row {
    let progress = if offer.stale {
        ProgressWrite::Stale
    } else {
        ProgressWrite::Whole(offer.append.state, offer.append.params_key)
    };
    Row { user: offer.user, entry: offer.append.entry, about: Some(offer.append.about), progress }
}
