//! A learner's log and the caches of its fold, written as they are.

use super::fill::Filling;
use crate::caches::{Patience, Whole};
use crate::keys::month_of;
use crate::log::Filed;
use crate::task::owned;
use domain::ids::{CardId, DeckId, UserId};
use domain::owner::caches::{Cached, Checkpoint};
use ports::{Progress, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Filling {
    pub(super) async fn fill_learner(
        &self,
        user: UserId,
        log: &[ports::archive::Filed],
        progress: &[Progress],
    ) -> Result<(), StoreError> {
        self.fill_log(user, log).await?;
        self.fill_progress(user, progress).await?;
        // All that was copied is folded. Nobody appends meanwhile, so no lag is needed; what comes later and is older is
        // named in the inbox by whoever appends it.
        let newest_ms = log.iter().map(|(entry, _)| entry.id.at_ms()).max();
        let folded_to_ms = newest_ms.map_or(0, |newest_ms| newest_ms + 1);
        let checkpoint = Checkpoint { folded_to_ms, write_time: self.write_time };
        self.walk.store.inner.caches.put_checkpoint(user, 0, checkpoint, Patience::Long).await
    }

    async fn fill_log(&self, user: UserId, log: &[ports::archive::Filed]) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.walk.store.inner);
        let mut months: BTreeMap<i32, Vec<Filed>> = BTreeMap::new();
        for (entry, about) in log {
            months.entry(month_of(entry.id)).or_default().push(Filed { entry: *entry, about: *about });
        }
        // Of learners that are copied beside each other one may fail: no request of the others is dropped half-way.
        owned(async move {
            for (month, rows) in months {
                inner.log.note_month(user, month).await?;
                inner.log.note_job_cards(user, &rows).await?;
                inner.log.write_all(user, month, &rows, inner.options.edit_writes_at_once).await?;
            }
            Ok(())
        })
        .await
    }

    async fn fill_progress(&self, user: UserId, progress: &[Progress]) -> Result<(), StoreError> {
        let mut decks: BTreeMap<DeckId, Vec<(CardId, Cached<Whole>)>> = BTreeMap::new();
        for row in progress {
            let cached = Cached::Whole((row.state, row.params_key));
            decks.entry(row.deck).or_default().push((row.card, cached));
        }
        let caches = &self.walk.store.inner.caches;
        for (deck, rows) in decks {
            caches.put_deck(user, deck, Patience::Long).await?;
            caches.put_progress(user, deck, &rows, self.write_time, Patience::Long).await?;
        }
        Ok(())
    }
}
