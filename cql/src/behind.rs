//! Writing behind: progress of owned learners, coalesced by card, batched by deck, and the checkpoints that speak for it.
//! A write that fails is not tried for long here: the learner comes again ([`Due`]), and others go on.

mod due;

use crate::caches::{Patience, Whole};
use crate::options::Options;
use crate::store::Inner;
use crate::task;
use crate::tenure::{Share, Tenure};
use domain::ids::{CardId, DeckId, UserId};
use domain::owner::caches::{Cached, FlushPlan};
use due::{Due, Pace};
use futures_util::{StreamExt, stream};
use ports::StoreError;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// How often it is told that writing still fails, in milliseconds.
const TROUBLE_TOLD_EVERY_MS: u64 = 30_000;

/// Who waits to be written.
pub(crate) struct Behind {
    due: Mutex<Due>,
    /// Somebody has been written: there is a place.
    freed: Arc<Notify>,
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
    pub(crate) fn new(options: &Options) -> Self {
        let pace = Pace {
            at_once: options.behind_at_once,
            again_first_ms: options.behind_again_first_ms,
            again_longest_ms: options.behind_again_longest_ms,
        };
        Self {
            due: Mutex::new(Due::new(pace)),
            freed: Arc::default(),
            rows: Arc::default(),
            trouble: Mutex::default(),
        }
    }

    fn due(&self) -> MutexGuard<'_, Due> {
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
        let at_once = dirty >= options.behind_rows_a_learner;
        let at = if at_once { 0 } else { options.clock.tick_ms().saturating_add(options.behind_longest_ms) };
        self.due().wait(user, at);
    }

    /// Whether so much waits that nothing more of this learner should come. Learners whose last write failed fill half of
    /// the room at most: the other half is for those who can be written.
    pub(crate) fn is_full(&self, user: UserId, options: &Options) -> bool {
        let (rows, most) = (self.rows(), options.behind_rows_max);
        rows >= most || (rows >= most / 2 && self.due().is_in_trouble(user))
    }

    /// Progress rows that wait.
    pub(crate) fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    /// What came of a learner's turn.
    fn ended(&self, user: UserId, tick_ms: u64, outcome: &Result<(), StoreError>) {
        let in_trouble = {
            let mut due = self.due();
            due.ended(user, tick_ms, outcome.is_err());
            due.in_trouble()
        };
        match outcome {
            Err(error) => self.tell(tick_ms, in_trouble, Some(error)),
            Ok(()) if in_trouble == 0 => self.tell(tick_ms, 0, None),
            Ok(()) => {}
        }
        self.freed.notify_one();
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
    let Some(freed) = store.upgrade().map(|inner| Arc::clone(&inner.behind.freed)) else { return };
    loop {
        tokio::select! {
            _ = look.tick() => {}
            () = freed.notified() => {}
        }
        let Some(inner) = store.upgrade() else { return };
        let tick_ms = inner.options.clock.tick_ms();
        loop {
            let next = inner.behind.due().next(tick_ms);
            let Some(user) = next else { break };
            // Nobody waits for another's write.
            tokio::spawn(turn(Arc::clone(&inner), user));
        }
    }
}

/// A learner's turn.
async fn turn(inner: Arc<Inner>, user: UserId) {
    let written = look_after(&inner, user).await;
    inner.behind.ended(user, inner.options.clock.tick_ms(), &written);
}

/// Writes everything that waits, of all learners, as before this process ends; how many learners' could not be written.
pub(crate) async fn flush_all(inner: &Arc<Inner>) -> usize {
    let mut users = inner.tenures.waiting();
    {
        let due = inner.behind.due();
        // Whoever cannot be written must not take the time of the others.
        users.sort_by_key(|user| due.is_in_trouble(*user));
    }
    let written = stream::iter(users).map(|user| look_after(inner, user));
    let written = written.buffer_unordered(inner.options.behind_at_once.max(1));
    written.filter(|written| std::future::ready(written.is_err())).count().await
}

async fn look_after(inner: &Arc<Inner>, user: UserId) -> Result<(), StoreError> {
    let Some(tenure) = inner.tenures.get(user) else { return Ok(()) };
    let tick_ms = inner.options.clock.tick_ms();
    let since_ms = tick_ms.saturating_sub(tenure.held().checkpoint_tick_ms);
    let checkpoint = since_ms >= inner.options.checkpoint_every_ms;
    let flushed = flush(inner, &tenure, checkpoint).await;
    let held = tenure.held();
    // Inbox rows wait for a beat before they may go.
    let waits = held.caches.dirty_cards() > 0 || !held.noted.is_empty();
    drop(held);
    if waits {
        inner.behind.due().wait(user, tick_ms.saturating_add(inner.options.behind_longest_ms));
    }
    flushed
}

/// Writes what waits of one learner, the checkpoint if it is wanted, and clears what the inbox no longer needs. It comes
/// to its end whatever becomes of whoever asked for it: of a learner whose flush stopped half-way nothing more would be
/// written, and nobody else could have the learner.
pub(crate) async fn flush(
    inner: &Arc<Inner>,
    tenure: &Arc<Tenure>,
    checkpoint: bool,
) -> Result<(), StoreError> {
    let (inner, tenure) = (Arc::clone(inner), Arc::clone(tenure));
    task::owned(async move { flush_here(&inner, &tenure, checkpoint).await }).await
}

async fn flush_here(inner: &Inner, tenure: &Tenure, checkpoint: bool) -> Result<(), StoreError> {
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
        stored = inner.caches.put_checkpoint(tenure.user, epoch, promised, Patience::Short).await;
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
            inner.caches.put_deck(tenure.user, deck, Patience::Short).await?;
            tenure.held().decks.insert(deck);
        }
        let stored = inner.caches.put_progress(tenure.user, deck, &rows, plan.write_time, Patience::Short);
        stored.await?;
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
