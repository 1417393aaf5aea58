//! Marks for cards that are to be folded again, by whoever finds that their progress is not the fold of the log.

use crate::CqlStore;
use crate::caches::Noted;
use crate::log::Filed;
use crate::store::Inner;
use crate::task;
use domain::ids::{CardId, DeckId, EntryId, UserId};
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
    let noted_us = inner.options.clock.wall_ms().saturating_mul(1_000);
    let rows: Vec<Noted> = newest.values().map(|id| Noted { id: *id, noted_us }).collect();
    inner.caches.put_inbox(user, &rows).await?;
    Ok(rows.len())
}

/// Marks of imports, and undos of which it is not said what they are about, concern all cards.
fn concerns(row: &Filed, deck: DeckId, cards: &BTreeSet<CardId>) -> bool {
    row.about.is_none_or(|(of, card)| of == deck && cards.contains(&card))
}
