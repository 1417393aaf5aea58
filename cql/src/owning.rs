//! Which learners this process owns: from the adoption to the release, what waits of their caches, and what is named in
//! their inboxes.

use crate::behind;
use crate::caches::Patience;
use crate::read;
use crate::store::CqlStore;
use crate::task::owned;
use crate::tenure::{Held, Tenure, read_superset};
use domain::ids::{EntryId, RunId, UserId};
use domain::owner::{Beat, Epoch, Subject};
use ports::{Boxed, Cause, StoreError};
use std::sync::{Arc, PoisonError};

impl CqlStore {
    /// The newest beat of this process that was applied: an owner without a fresh one names what it acknowledges in the
    /// inbox.
    pub fn beaten(&self, beat: Beat) {
        *self.inner.beat.lock().unwrap_or_else(PoisonError::into_inner) = Some(beat);
    }

    /// This process owns the learner from now on, under this epoch: reads what the caches may lack, and bars former owners
    /// from them. To be called after the claim and before anything is appended or acknowledged.
    ///
    /// # Errors
    /// The store's; the learner is not adopted then.
    pub async fn adopt(&self, user: UserId, run: RunId, epoch: Epoch) -> Result<(), StoreError> {
        let inner = &self.inner;
        let (clock, timing) = (&inner.options.clock, inner.options.timing);
        // First: an entry that the session knows must not be one that the caches may lack unseen.
        let newest = Some(read::newest(inner, user).await?);
        let mut superset = read_superset(&inner.log, &inner.caches, user, (run, epoch), timing).await?;
        // A former owner's last write may have reached too few replicas for a fold to find it. What an import brings is
        // written again by whoever carries the import on.
        superset.rows.retain(|row| row.entry.job.is_none());
        let listed = read::listed(inner, user, std::mem::take(&mut superset.rows));
        let ((), months, decks) = tokio::try_join!(listed, inner.log.months(user), inner.caches.decks(user))?;
        let (months, decks) = (months.into_iter().collect(), decks.into_iter().collect());
        let touched = superset.stale().into_iter().map(|(deck, _)| deck).collect();
        let inbox = superset.inbox;
        let fence = superset.at.log(superset.found, clock.tick_ms(), clock.wall_ms()).ok_or_else(|| {
            StoreError::new(Cause::Invalid, "adopt a learner: this run has lived too long to write caches")
        })?;
        inner.caches.put_checkpoint(user, epoch, fence.checkpoint(), Patience::Long).await?;
        let caches = fence.stored();
        let noted = inbox.into_iter().map(|row| (row.id, row.noted_us)).collect();
        let (share, checkpoint_tick_ms) = (inner.behind.share(), clock.tick_ms());
        let mut held = Held { caches, noted, months, decks, touched, newest, checkpoint_tick_ms, share };
        let dirty = held.count();
        inner.tenures.insert(Arc::new(Tenure::new(user, held)));
        inner.behind.wait(user, dirty, &inner.options);
        Ok(())
    }

    /// Whether this process owns the learner and a write of its caches is under way: it is not released meanwhile.
    pub fn is_writing(&self, user: UserId) -> bool {
        self.inner.tenures.get(user).is_some_and(|tenure| tenure.held().caches.is_writing())
    }

    /// Writes what waits of the learner's caches and its checkpoint, and forgets the learner, whatever came of that: what
    /// is not written the next owner folds from the log. Nothing may be appended for the learner from here on. A tenure
    /// that begins meanwhile stays.
    ///
    /// # Errors
    /// The store's; the learner is forgotten all the same.
    pub async fn release(&self, user: UserId) -> Result<(), StoreError> {
        let Some(tenure) = self.inner.tenures.get(user) else { return Ok(()) };
        let inner = Arc::clone(&self.inner);
        // It may take long, and goes on when nobody waits for it any more.
        owned(async move {
            let flushed = behind::flush(&inner, &tenure, true).await;
            inner.tenures.remove_this(&tenure);
            flushed
        })
        .await
    }

    /// Forgets all learners without writing: this run was declared dead, and others own them.
    pub fn forget_all(&self) {
        drop(self.inner.tenures.drain());
    }

    /// Writes what waits of one learner now.
    ///
    /// # Errors
    /// The store's; it waits on then.
    pub async fn flush(&self, user: UserId) -> Result<(), StoreError> {
        match self.inner.tenures.get(user) {
            Some(tenure) => behind::flush(&self.inner, &tenure, true).await,
            None => Ok(()),
        }
    }

    /// Writes what waits of all learners, as before the process ends. How many learners' could not be written: the next
    /// owner folds that from the log.
    pub async fn flush_all(&self) -> usize {
        behind::flush_all(&self.inner).await
    }

    /// Commands that came again, were found in the log, and were not known to the session: perhaps writes of an owner that
    /// died, which landed after the load. To be awaited before their verdict. Names the cards to fold again.
    ///
    /// # Errors
    /// The store's; then there is no verdict yet.
    pub async fn found_again(&self, user: UserId, entries: &[EntryId]) -> Result<Vec<Subject>, StoreError> {
        read::found_again(&self.inner, user, entries).await
    }

    /// Reads the inbox once more: another has appended something, or may have. Names the cards to fold again.
    ///
    /// # Errors
    /// The store's.
    pub async fn inbox_again(&self, user: UserId) -> Result<Vec<Subject>, StoreError> {
        read::inbox_again(&self.inner, user).await
    }
}

impl ports::Tenures for CqlStore {
    fn adopt(&self, user: UserId, run: RunId, epoch: Epoch) -> Boxed<'_, Result<(), StoreError>> {
        Box::pin(CqlStore::adopt(self, user, run, epoch))
    }

    fn release(&self, user: UserId) -> Boxed<'_, Result<(), StoreError>> {
        Box::pin(CqlStore::release(self, user))
    }

    fn flush_all(&self) -> Boxed<'_, usize> {
        Box::pin(CqlStore::flush_all(self))
    }

    fn is_writing(&self, user: UserId) -> bool {
        CqlStore::is_writing(self, user)
    }

    fn forget_all(&self) {
        CqlStore::forget_all(self);
    }

    fn beaten(&self, beat: Beat) {
        CqlStore::beaten(self, beat);
    }

    fn found_again(
        &self,
        user: UserId,
        entries: Vec<EntryId>,
    ) -> Boxed<'_, Result<Vec<Subject>, StoreError>> {
        Box::pin(async move { CqlStore::found_again(self, user, &entries).await })
    }

    fn inbox_again(&self, user: UserId) -> Boxed<'_, Result<Vec<Subject>, StoreError>> {
        Box::pin(CqlStore::inbox_again(self, user))
    }
}
