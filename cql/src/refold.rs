//! Marks for cards that are to be folded again, by whoever finds that their progress is not the fold of the log, or that
//! what folds find of the log is not all of it.

use crate::CqlStore;
use crate::caches::Noted;
use crate::log::Filed;
use crate::store::Inner;
use crate::task;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use domain::owner::Subject;
use ports::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl CqlStore {
    /// Marks cards of a learner to be folded again from the log by whoever loads them next, by naming an entry of each in
    /// the inbox. What the fold reads is made whole first: all entries of the cards are found in the log itself, and listed
    /// by card again. Whoever owns the learner now reads the inbox when it is told. Returns how many could be marked: not
    /// those that no entry is about.
    ///
    /// # Errors
    /// The store's; some may be marked.
    pub async fn mark_for_refold(
        &self,
        user: UserId,
        deck: DeckId,
        cards: &[CardId],
    ) -> Result<usize, StoreError> {
        let cards: BTreeSet<CardId> = cards.iter().copied().collect();
        let inner = Arc::clone(&self.inner);
        task::owned(async move { mark(&inner, user, deck, &cards).await }).await
    }

    /// Lists by card again what is in a learner's log and is not listed, and marks the cards that it is about, which may
    /// have been folded without it. Whoever owns the learner now reads the inbox when it is told. What is being written at
    /// this moment may be taken for unlisted: that costs a fold, and changes nothing. A month of the log is in memory at a
    /// time. Returns how many entries were listed.
    ///
    /// # Errors
    /// The store's; some may be listed. A card that was folded without what is listed by now differs from its log.
    pub async fn list_again(&self, user: UserId) -> Result<usize, StoreError> {
        let inner = Arc::clone(&self.inner);
        task::owned(async move { list(&inner, user).await }).await
    }
}

async fn list(inner: &Inner, user: UserId) -> Result<usize, StoreError> {
    let mut listed = 0;
    for month in inner.log.months(user).await? {
        let rows = inner.log.whole_month(user, month).await?;
        let missing = inner.log.unlisted(user, &rows).await?;
        // Whoever is told by a mark folds what is listed then.
        inner.log.rewrite(user, &missing).await?;
        name(inner, user, newest_of_each(&missing)).await?;
        listed += missing.len();
    }
    Ok(listed)
}

/// The newest of these entries of each card, and all that are about no card or many.
fn newest_of_each(rows: &[Filed]) -> BTreeSet<EntryId> {
    let mut newest: BTreeMap<Subject, EntryId> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for row in rows {
        if let Some(subject) = row.about {
            let id = newest.entry(subject).or_insert(row.entry.id);
            *id = (*id).max(row.entry.id);
        } else {
            ids.insert(row.entry.id);
        }
    }
    ids.extend(newest.into_values());
    ids
}

async fn mark(
    inner: &Inner,
    user: UserId,
    deck: DeckId,
    cards: &BTreeSet<CardId>,
) -> Result<usize, StoreError> {
    let mut newest: BTreeMap<CardId, EntryId> = BTreeMap::new();
    for month in inner.log.months(user).await? {
        let mut rows = inner.log.whole_month(user, month).await?;
        rows.retain(|row| concerns(row, deck, cards));
        inner.log.rewrite(user, &rows).await?;
        for (row, (_, card)) in rows.iter().filter_map(|row| Some((row, row.about?))) {
            let id = newest.entry(card).or_insert(row.entry.id);
            *id = (*id).max(row.entry.id);
        }
    }
    let marked = newest.len();
    name(inner, user, newest.into_values()).await?;
    Ok(marked)
}

/// Names entries in the inbox.
async fn name(inner: &Inner, user: UserId, ids: impl IntoIterator<Item = EntryId>) -> Result<(), StoreError> {
    let noted_us = inner.options.clock.wall_ms().saturating_mul(1_000);
    let rows: Vec<Noted> = ids.into_iter().map(|id| Noted { id, noted_us }).collect();
    inner.caches.put_inbox(user, &rows).await
}

/// Marks of imports, and undos of which it is not said what they are about, concern all cards.
fn concerns(row: &Filed, deck: DeckId, cards: &BTreeSet<CardId>) -> bool {
    row.about.is_none_or(|(of, card)| of == deck && cards.contains(&card))
}
