//! Flights a learner: rows go through the [`LearnerCommit`] machine, and a shard hands over its next batch as soon as the
//! last one is here, because whose rows are in it no longer matters.

use super::{append, put_aside, sort_out, tell};
use crate::engine::Shared;
use crate::messages::{Item, ToWriter};
use domain::commit::{Decided, Flight, Landed, LearnerCommit};
use domain::directory::ShardNo;
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use ports::ReviewStore;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// A flight that came back: its number, and what became of its rows.
type Return = (u64, Vec<Landed>);

pub(super) async fn run<S: ReviewStore>(
    shared: Arc<Shared>,
    store: Arc<S>,
    mut batches: mpsc::Receiver<ToWriter>,
    (flights_max, rows_max): (usize, usize),
) {
    let machine = LearnerCommit::new(flights_max, rows_max);
    let mut writer =
        Writer { shared: shared.clone(), machine, emptied: BTreeSet::new(), decided: Vec::new() };
    let mut flights = FuturesUnordered::new();
    let mut is_open = true;
    while is_open || writer.machine.undecided() > 0 {
        for flight in writer.submit() {
            flights.push(fly(&shared, &*store, flight));
        }
        writer.tell().await;
        let rest = writer.rest();
        tokio::select! {
            batch = batches.recv(), if is_open => match batch {
                Some(batch) => {
                    writer.take(batch);
                    while let Ok(batch) = batches.try_recv() {
                        writer.take(batch);
                    }
                }
                None => is_open = false,
            },
            Some(returned) = flights.next() => {
                writer.returned(returned);
                while let Some(Some(returned)) = flights.next().now_or_never() {
                    writer.returned(returned);
                }
            }
            () = tokio::time::sleep(rest.unwrap_or_default()), if rest.is_some() => {}
            else => break,
        }
    }
}

async fn fly<S: ReviewStore>(shared: &Shared, store: &S, flight: Flight) -> Return {
    (flight.number, append(shared, store, &flight.offers).await)
}

struct Writer {
    shared: Arc<Shared>,
    machine: LearnerCommit,
    /// Shards whose batch is here and that do not know it yet.
    emptied: BTreeSet<ShardNo>,
    decided: Vec<Decided>,
}

impl Writer {
    fn take(&mut self, batch: ToWriter) {
        self.emptied.insert(batch.shard);
        for item in batch.items {
            match item {
                Item::Row(offer) => self.machine.offer(offer),
                Item::Barrier { name, user } => self.machine.barrier(name, user),
            }
        }
    }

    /// Everything that may leave now.
    fn submit(&mut self) -> Vec<Flight> {
        let tick_ms = self.shared.clock.now().tick_ms;
        std::iter::from_fn(|| self.machine.submit(tick_ms, &mut self.decided)).collect()
    }

    fn returned(&mut self, (number, landed): Return) {
        let (tick_ms, jitter) = (self.shared.clock.now().tick_ms, self.shared.jitter(1_000));
        self.machine.returned(number, tick_ms, &landed, jitter, &mut self.decided);
    }

    /// How long nothing happens by itself.
    fn rest(&self) -> Option<Duration> {
        let tick_ms = self.shared.clock.now().tick_ms;
        let next = self.machine.next_tick_ms()?;
        Some(Duration::from_millis(next.saturating_sub(tick_ms).max(1)))
    }

    async fn tell(&mut self) {
        let (mut told, never) = sort_out(std::mem::take(&mut self.decided));
        for shard in &self.emptied {
            told.entry(*shard).or_default();
        }
        for (shard, told) in told {
            let landed = self.emptied.remove(&shard);
            tell(&self.shared, shard, told, landed).await;
        }
        // Nobody waits for another's quarantine: the others were told before.
        for offer in never {
            put_aside(&self.shared, &offer).await;
        }
    }
}
