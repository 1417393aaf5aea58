//! Who is on the way into the log: a learner once, and so many learners at once.

use crate::store::Inner;
use domain::ids::UserId;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::Instant;

/// Who is on the way.
pub(crate) struct Lanes {
    permits: Arc<Semaphore>,
    busy: Mutex<HashSet<UserId>>,
    /// Somebody is no longer busy.
    freed: Notify,
}

impl Lanes {
    pub(crate) fn new(lanes: usize) -> Self {
        let permits = Arc::new(Semaphore::new(lanes.max(1)));
        Self { permits, busy: Mutex::default(), freed: Notify::new() }
    }

    /// Learners on the way, or who wait for a place there.
    pub(crate) fn busy_count(&self) -> usize {
        self.busy().len()
    }

    fn busy(&self) -> MutexGuard<'_, HashSet<UserId>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A learner on the way. Whoever has it is alone with the learner's log, until it is dropped.
pub(crate) struct Lane {
    inner: Arc<Inner>,
    user: UserId,
    permit: Option<OwnedSemaphorePermit>,
}

impl Lane {
    /// The learner's lane, unless rows of an earlier call are still on it.
    pub(crate) fn free(inner: &Arc<Inner>, user: UserId) -> Option<Self> {
        let is_free = inner.lanes.busy().insert(user);
        is_free.then(|| Self { inner: Arc::clone(inner), user, permit: None })
    }

    /// The learner's lane as soon as it is free, if that is in time.
    pub(crate) async fn awaited(inner: &Arc<Inner>, user: UserId, until: Instant) -> Option<Self> {
        if let Some(lane) = Self::free(inner, user) {
            return Some(lane);
        }
        loop {
            let freed = inner.lanes.freed.notified();
            tokio::pin!(freed);
            // From here on no notice is missed.
            freed.as_mut().enable();
            if let Some(lane) = Self::free(inner, user) {
                return Some(lane);
            }
            tokio::time::timeout_at(until, freed).await.ok()?;
        }
    }

    /// A place among those that are on the way at once; `false` when there is none in time.
    pub(crate) async fn enter(&mut self, until: Instant) -> bool {
        let permits = Arc::clone(&self.inner.lanes.permits);
        self.permit = match Arc::clone(&permits).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(TryAcquireError::Closed) => None,
            Err(TryAcquireError::NoPermits) => {
                let acquired = tokio::time::timeout_at(until, permits.acquire_owned()).await;
                acquired.ok().and_then(Result::ok)
            }
        };
        self.permit.is_some()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.inner.lanes.busy().remove(&self.user);
        self.inner.lanes.freed.notify_waiters();
    }
}
