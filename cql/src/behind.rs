//! Writing behind: progress of owned learners, coalesced by card, batched by deck, and the checkpoints that speak for it.

use crate::caches::Whole;
use crate::options::Options;
use crate::store::Inner;
use crate::tenure::{Share, Tenure};
use domain::ids::{CardId, DeckId, UserId};
use domain::owner::caches::{Cached, FlushPlan};
use futures_util::{StreamExt, stream};
use ports::StoreError;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// How often it is told that writing still fails, in milliseconds.
const TROUBLE_TOLD_EVERY_MS: u64 = 30_000;

/// Who waits to be written.
#[derive(Default)]
pub(crate) struct Behind {
    /// Since when, in ticks; 0 for at once.
    due: Mutex<HashMap<UserId, u64>>,
    /// Progress rows that wait, of all learners.
    rows: Arc<AtomicUsize>,
    /// Since when writing fails, and when that was last told, in ticks.
    trouble: Mutex<Option<Trouble>>,
}

#[derive(Clone, Copy)]
struct Trouble {
    since_tick_ms: u64,
    told_tick_ms: u64,
}

impl Behind {
    fn due(&self) -> MutexGuard<'_, HashMap<UserId, u64>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new learner's part of the rows that wait.
    pub(crate) fn share(&self) -> Share {
        Share::new(&self.rows)
    }

    /// A learner has so many cards waiting.
    pub(crate) fn wait(&self, user: UserId, dirty: usize, options: &Options) {
        if dirty == 0 {
            return;
        }
        let since = if dirty >= options.behind_rows_a_learner { 0 } else { options.clock.tick_ms() };
        let mut due = self.due();
        let waits = due.entry(user).or_insert(since);
        *waits = (*waits).min(since);
    }

    /// Whether so much waits that nothing more should come.
    pub(crate) fn is_full(&self, options: &Options) -> bool {
        self.rows() >= options.behind_rows_max
    }

    /// Progress rows that wait.
    pub(crate) fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    fn take_due(&self, options: &Options) -> Vec<UserId> {
        let now = options.clock.tick_ms();
        let mut taken = Vec::new();
        self.due().retain(|user, since| {
            let is_due = now.saturating_sub(*since) >= options.behind_longest_ms;
            if is_due {
                taken.push(*user);
            }
            !is_due
        });
        taken
    }

    /// Says that writing fails when it begins to and every now and then, and when it has ended: not once a learner.
    fn tell(&self, tick_ms: u64, learners: usize, failed: Option<&StoreError>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (failed, *trouble) {
            (Some(_), Some(known)) if tick_ms.saturating_sub(known.told_tick_ms) < TROUBLE_TOLD_EVERY_MS => {}
            (Some(error), known) => {
                tracing::warn!(%error, learners, "progress could not be written behind; it waits");
                let since_tick_ms = known.map_or(tick_ms, |known| known.since_tick_ms);
                *trouble = Some(Trouble { since_tick_ms, told_tick_ms: tick_ms });
            }
            (None, Some(known)) => {
                let after_s = tick_ms.saturating_sub(known.since_tick_ms) / 1_000;
                tracing::info!(after_s, "progress is written behind again");
                *trouble = None;
            }
            (None, None) => {}
        }
    }
}

/// Looks for what has waited long enough, as long as the store lives.
pub(crate) async fn run(store: Weak<Inner>, look_ms: u64) {
    let mut look = tokio::time::interval(Duration::from_millis(look_ms.max(1)));
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let Some(inner) = store.upgrade() else { return };
        let due = inner.behind.take_due(&inner.options);
        let tick_ms = inner.options.clock.tick_ms();
        let learners = due.len();
        let failed = look_after_all(&inner, due).await;
        if learners > 0 {
            inner.behind.tell(tick_ms, failed.len(), failed.first());
        }
    }
}

/// Looks after learners, some at once; why some of them could not be written.
async fn look_after_all(inner: &Inner, users: Vec<UserId>) -> Vec<StoreError> {
    let looked = stream::iter(users).map(|user| async move {
        let tenure = inner.tenures.get(user)?;
        look_after(inner, &tenure).await.err()
    });
    looked
        .buffer_unordered(inner.options.behind_at_once.max(1))
        .filter_map(std::future::ready)
        .collect()
        .await
}

/// Writes everything that waits, of all learners, as before this process ends; how many learners' could not be written.
pub(crate) async fn flush_all(inner: &Inner) -> usize {
    look_after_all(inner, inner.tenures.waiting()).await.len()
}

async fn look_after(inner: &Inner, tenure: &Tenure) -> Result<(), StoreError> {
    let tick_ms = inner.options.clock.tick_ms();
    let since_ms = tick_ms.saturating_sub(tenure.held().checkpoint_tick_ms);
    let checkpoint = since_ms >= inner.options.checkpoint_every_ms;
    let flushed = flush(inner, tenure, checkpoint).await;
    let held = tenure.held();
    // Inbox rows wait for a beat before they may go.
    let waits = held.caches.dirty_cards() > 0 || !held.noted.is_empty();
    drop(held);
    if waits {
        inner.behind.due().entry(tenure.user).or_insert(tick_ms);
    }
    flushed
}

/// Writes what waits of one learner, the checkpoint if it is wanted, and clears what the inbox no longer needs.
pub(crate) async fn flush(inner: &Inner, tenure: &Tenure, checkpoint: bool) -> Result<(), StoreError> {
    let _one = tenure.flushing.lock().await;
    let clock = &inner.options.clock;
    let plan = tenure.held().caches.flush(clock.tick_ms(), clock.wall_ms());
    let Some(plan) = plan else { return Ok(()) };
    if let Err(error) = write_progress(inner, tenure, &plan).await {
        let mut held = tenure.held();
        held.caches.put_back();
        held.count();
        return Err(error);
    }
    let (epoch, promised) = {
        let mut held = tenure.held();
        let promised = held.caches.progress_stored(&plan, clock.tick_ms());
        held.count();
        (held.caches.epoch(), promised)
    };
    let mut stored = Ok(());
    if checkpoint {
        stored = inner.caches.put_checkpoint(tenure.user, epoch, promised).await;
    }
    {
        let mut held = tenure.held();
        // A promise that was not stored leaves the next owner a longer tail, and nothing else.
        held.caches.checkpoint_stored();
        if checkpoint && stored.is_ok() {
            held.checkpoint_tick_ms = clock.tick_ms();
        }
    }
    stored?;
    clear(inner, tenure).await
}

async fn write_progress(inner: &Inner, tenure: &Tenure, plan: &FlushPlan<Whole>) -> Result<(), StoreError> {
    let mut decks: BTreeMap<DeckId, Vec<(CardId, Cached<Whole>)>> = BTreeMap::new();
    for ((deck, card), cached) in &plan.rows {
        decks.entry(*deck).or_default().push((*card, cached.clone()));
    }
    for (deck, rows) in decks {
        let is_new = !tenure.held().decks.contains(&deck);
        if is_new {
            inner.caches.put_deck(tenure.user, deck).await?;
            tenure.held().decks.insert(deck);
        }
        inner.caches.put_progress(tenure.user, deck, &rows, plan.write_time).await?;
    }
    Ok(())
}

async fn clear(inner: &Inner, tenure: &Tenure) -> Result<(), StoreError> {
    let (ids, rows) = {
        let mut held = tenure.held();
        let ids = held.caches.clearable(inner.last_beat());
        let rows = held.noted_of(&ids);
        (ids, rows)
    };
    if ids.is_empty() {
        return Ok(());
    }
    let cleared = inner.caches.clear_inbox(tenure.user, &rows).await;
    if cleared.is_ok() {
        inner.client.figures().inbox_cleared(rows.len());
    }
    let mut held = tenure.held();
    held.caches.cleared(&ids);
    // However it ended: a row that is still there goes at a later load.
    rows.iter().for_each(|row| held.forget(row));
    cleared
}
