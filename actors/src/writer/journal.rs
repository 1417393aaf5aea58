//! Group commit: batches of all shards go through the [`GroupCommit`] machine, one at a time.

use super::{append, put_aside, sort_out, tell};
use crate::engine::Shared;
use crate::messages::{Item, ToWriter};
use domain::commit::{Decided, GroupCommit};
use domain::directory::ShardNo;
use domain::limits::COMMIT_EVERY_MS;
use ports::ReviewStore;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

pub(super) async fn run<S: ReviewStore>(
    shared: Arc<Shared>,
    store: Arc<S>,
    mut batches: mpsc::Receiver<ToWriter>,
    rows_max: usize,
) {
    let machine = GroupCommit::new(rows_max).paced(COMMIT_EVERY_MS);
    let mut writer = Writer { shared, store, machine, owed: BTreeMap::new() };
    loop {
        if writer.machine.undecided() == 0 {
            match batches.recv().await {
                Some(batch) => writer.take(batch),
                None => return,
            }
        }
        while let Ok(batch) = batches.try_recv() {
            writer.take(batch);
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
                let landed = append(&self.shared, &*self.store, &offers).await;
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

    async fn tell(&mut self, decided: Vec<Decided>) {
        let (told, never) = sort_out(decided);
        for (shard, told) in told {
            let owed = self.owed.entry(shard).or_default();
            *owed = owed.saturating_sub(told.settled);
            let landed = *owed == 0;
            tell(&self.shared, shard, told, landed).await;
        }
        // Nobody waits for another's quarantine: the others were told before.
        for offer in never {
            put_aside(&self.shared, &offer).await;
        }
    }
}
