//! Writing behind: progress of owned learners, coalesced by card, batched by deck, and the checkpoints that speak for it.

use crate::caches::Whole;
use crate::options::Options;
use crate::store::Inner;
use crate::tenure::Tenure;
use domain::ids::{CardId, DeckId, UserId};
use domain::owner::caches::{Cached, FlushPlan};
use futures_util::{StreamExt, stream};
use ports::StoreError;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Who waits to be written.
#[derive(Default)]
pub(crate) struct Behind {
    /// Since when, in ticks; 0 for at once.
    due: Mutex<HashMap<UserId, u64>>,
    rows: AtomicUsize,
}

impl Behind {
    fn due(&self) -> MutexGuard<'_, HashMap<UserId, u64>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A learner has so many cards waiting, some of them new.
    pub(crate) fn wait(&self, user: UserId, dirty: usize, new: usize, options: &Options) {
        self.rows.fetch_add(new, Ordering::Relaxed);
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
        self.rows.load(Ordering::Relaxed) >= options.behind_rows_max
    }

    /// Progress rows that wait.
    pub(crate) fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    fn written(&self, rows: usize) {
        let less = |waiting: usize| Some(waiting.saturating_sub(rows));
        let _ = self.rows.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
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
}

/// Looks for what has waited long enough, as long as the store lives.
pub(crate) async fn run(store: Weak<Inner>, look_ms: u64) {
    loop {
        tokio::time::sleep(Duration::from_millis(look_ms)).await;
        let Some(inner) = store.upgrade() else { return };
        let due = inner.behind.take_due(&inner.options);
        let inner = &inner;
        stream::iter(due)
            .for_each_concurrent(inner.options.behind_at_once.max(1), |user| async move {
                if let Some(tenure) = inner.tenures.get(user) {
                    look_after(inner, &tenure).await;
                }
            })
            .await;
    }
}

async fn look_after(inner: &Inner, tenure: &Tenure) {
    let tick_ms = inner.options.clock.tick_ms();
    let since_ms = tick_ms.saturating_sub(tenure.held().checkpoint_tick_ms);
    let checkpoint = since_ms >= inner.options.checkpoint_every_ms;
    if let Err(error) = flush(inner, tenure, checkpoint).await {
        tracing::warn!(%error, user = %tenure.user, "progress could not be written behind; it waits");
    }
    let held = tenure.held();
    let dirty = held.caches.dirty_cards();
    // Inbox rows wait for a beat before they may go.
    let waits = dirty > 0 || !held.noted.is_empty();
    drop(held);
    if waits {
        inner.behind.due().entry(tenure.user).or_insert(tick_ms);
    }
}

/// Writes what waits of one learner, the checkpoint if it is wanted, and clears what the inbox no longer needs.
pub(crate) async fn flush(inner: &Inner, tenure: &Tenure, checkpoint: bool) -> Result<(), StoreError> {
    let _one = tenure.flushing.lock().await;
    let clock = &inner.options.clock;
    let plan = tenure.held().caches.flush(clock.tick_ms(), clock.wall_ms());
    let Some(plan) = plan else { return Ok(()) };
    if let Err(error) = write_progress(inner, tenure, &plan).await {
        tenure.held().caches.put_back();
        return Err(error);
    }
    inner.behind.written(plan.rows.len());
    let (epoch, promised) = {
        let mut held = tenure.held();
        (held.caches.epoch(), held.caches.progress_stored(&plan, clock.tick_ms()))
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
    let mut held = tenure.held();
    held.caches.cleared(&ids);
    // However it ended: a row that is still there goes at a later load.
    rows.iter().for_each(|row| held.forget(row));
    cleared
}
