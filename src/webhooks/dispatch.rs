//! Gives webhooks their turns: a bounded number at once, each webhook once, when something happened in its feed or an
//! attempt is due.

use super::Inner;
use super::deliver::Look;
use super::limits::{
    DELIVERIES_AT_ONCE, HOOKS_MAX, HOOKS_PER_PAGE, REFRESH_EVERY_MS, REFRESH_SHARED_EVERY_MS, STORE_AWAY_MS,
};
use crate::events::News;
use ports::{Feed, HookId, WebhookRecord, WebhooksError};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

/// The longest that nothing is looked at.
const IDLE: Duration = Duration::from_secs(60);
/// The shortest rest of the task.
const AT_LEAST: Duration = Duration::from_millis(5);

/// A webhook that is looked after.
struct Watched {
    feed: Feed,
    /// When it has its next turn; `None`: at news.
    due: Option<Instant>,
    is_busy: bool,
    /// Something happened while it had its turn.
    again: bool,
}

/// The webhooks that are looked after, and whose turn it is.
#[derive(Default)]
struct Table(BTreeMap<HookId, Watched>);

impl Table {
    /// These are all there are now.
    fn refresh(&mut self, hooks: &[WebhookRecord], now: Instant) {
        let known: BTreeMap<HookId, Feed> = hooks.iter().map(|hook| (hook.id, hook.feed)).collect();
        self.0.retain(|id, watched| watched.is_busy || known.contains_key(id));
        for (id, feed) in known {
            let new = || Watched { feed, due: Some(now), is_busy: false, again: false };
            self.0.entry(id).or_insert_with(new);
        }
    }

    /// Something happened in this feed, or, without one, perhaps in any.
    fn news(&mut self, feed: Option<Feed>, now: Instant) {
        for watched in self.0.values_mut().filter(|watched| feed.is_none_or(|feed| watched.feed == feed)) {
            if watched.is_busy {
                watched.again = true;
            } else if watched.due.is_none() {
                watched.due = Some(now);
            }
        }
    }

    /// Somebody has changed a webhook: rests may be over.
    fn changed(&mut self, now: Instant) {
        for watched in self.0.values_mut() {
            watched.again |= watched.is_busy;
            watched.due = Some(now);
        }
    }

    /// The next whose turn it is.
    fn next(&mut self, now: Instant) -> Option<HookId> {
        let is_due = |watched: &Watched| !watched.is_busy && watched.due.is_some_and(|due| due <= now);
        let due = self.0.iter_mut().filter(|(_, watched)| is_due(watched));
        // Who has waited longest.
        let (id, watched) = due.min_by_key(|(_, watched)| watched.due)?;
        (watched.is_busy, watched.due, watched.again) = (true, None, false);
        Some(*id)
    }

    /// A turn has ended.
    fn ended(&mut self, id: HookId, look: Look, now: Instant) {
        let Some(watched) = self.0.get_mut(&id) else { return };
        watched.is_busy = false;
        if watched.again {
            watched.due = Some(now);
            return;
        }
        match look {
            Look::AtNews => watched.due = None,
            Look::After(rest) => watched.due = Some(now + rest),
            Look::Never => drop(self.0.remove(&id)),
        }
    }

    /// How long until somebody's turn.
    fn rest(&self, now: Instant) -> Duration {
        let free = self.0.values().filter(|watched| !watched.is_busy);
        let next = free.filter_map(|watched| watched.due).min();
        next.map_or(IDLE, |due| due.saturating_duration_since(now)).clamp(AT_LEAST, IDLE)
    }
}

/// The turns that are under way, at most [`DELIVERIES_AT_ONCE`].
#[derive(Default)]
struct Turns {
    tasks: JoinSet<Look>,
    whose: HashMap<Id, HookId>,
}

impl Turns {
    fn begin(&mut self, inner: &Arc<Inner>, id: HookId) {
        let inner = Arc::clone(inner);
        let task = self.tasks.spawn(async move { inner.turn(id).await });
        self.whose.insert(task.id(), id);
    }

    /// The next turn that ends, and when to look at its webhook again; nothing when none is under way.
    async fn ended(&mut self) -> Option<(Option<HookId>, Look)> {
        let ended = self.tasks.join_next_with_id().await?;
        let (task, look) = ended.unwrap_or_else(|error: JoinError| {
            // What fell may fall again: it is left alone for a while, and nobody else hears of it.
            tracing::error!(%error, "a delivery fell");
            (error.id(), Look::After(Duration::from_millis(STORE_AWAY_MS)))
        });
        Some((self.whose.remove(&task), look))
    }
}

/// Gives turns until it is to stop.
pub(super) async fn run(inner: Arc<Inner>, mut stop: watch::Receiver<bool>) {
    let is_shared = inner.holders.me().is_some();
    let every_ms = if is_shared { REFRESH_SHARED_EVERY_MS } else { REFRESH_EVERY_MS };
    let mut news = inner.events.watch();
    let mut table = Table::default();
    let mut turns = Turns::default();
    let mut refresh_at = Instant::now();
    loop {
        let now = Instant::now();
        if refresh_at <= now {
            refresh_at = now + Duration::from_millis(every_ms);
            match all(&inner).await {
                Ok(hooks) => table.refresh(&hooks, Instant::now()),
                Err(error) => tracing::debug!(%error, "webhooks could not be read"),
            }
            if is_shared {
                // What other nodes append is news, too.
                table.news(None, Instant::now());
            }
        }
        while turns.tasks.len() < DELIVERIES_AT_ONCE
            && let Some(id) = table.next(Instant::now())
        {
            turns.begin(&inner, id);
        }
        let now = Instant::now();
        let is_full = turns.tasks.len() >= DELIVERIES_AT_ONCE;
        let rest = if is_full { IDLE } else { table.rest(now) };
        let rest = rest.min(refresh_at.saturating_duration_since(now).max(AT_LEAST));
        tokio::select! {
            Some((Some(id), look)) = turns.ended() => table.ended(id, look, Instant::now()),
            heard = news.next(rest) => match heard {
                News::Of(feed) => table.news(Some(feed), Instant::now()),
                News::Missed => table.news(None, Instant::now()),
                News::Nothing => {}
            },
            () = inner.changed.notified() => {
                refresh_at = Instant::now();
                table.changed(Instant::now());
            }
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    // What is under way ends where its outcome is known; nothing new begins.
    inner.is_stopping.store(true, Ordering::Release);
    while turns.ended().await.is_some() {}
    if let Err(error) = let_go(&inner).await {
        tracing::debug!(%error, "webhooks of this node are let go later");
    }
}

/// All active webhooks.
async fn all(inner: &Inner) -> Result<Vec<WebhookRecord>, WebhooksError> {
    let mut found: Vec<WebhookRecord> = Vec::new();
    while found.len() < HOOKS_MAX {
        let after = found.last().map(|hook| hook.id);
        let page = inner.store.active_webhooks(after, HOOKS_PER_PAGE).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
    tracing::warn!(HOOKS_MAX, "there are more webhooks than a node looks after");
    found.truncate(HOOKS_MAX);
    Ok(found)
}

/// Lets other nodes have the webhooks of this one.
async fn let_go(inner: &Inner) -> Result<(), WebhooksError> {
    let Some(me) = inner.holders.me() else { return Ok(()) };
    for hook in all(inner).await?.into_iter().filter(|hook| hook.holder == Some(me)) {
        let revision = hook.revision;
        match inner.store.put_webhook(WebhookRecord { holder: None, ..hook }, Some(revision)).await {
            // Who changes it meanwhile leaves it with a process that is gone: that is seen.
            Ok(_) | Err(WebhooksError::Changed) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
