//! What the port asks, answered from the tables and from what is not written yet.

use crate::caches::Noted;
use crate::keys::month_of;
use crate::log::{ALL, Filed};
use crate::store::{Inner, overlaid, waiting};
use crate::task;
use crate::tenure::read_superset;
use domain::ids::{DeckId, EntryId, RunId, UserId};
use domain::owner::Subject;
use domain::state::CardState;
use ports::reviews::NEWEST_IDS;
use ports::{LearnerLog, LogRange, Progress, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a session starts from.
pub(crate) async fn load(inner: &Inner, user: UserId) -> Result<LearnerLog, StoreError> {
    let newest = LogRange { newest_first: true, limit: NEWEST_IDS + 1, ..ALL };
    let mut decks: BTreeSet<DeckId> = BTreeSet::new();
    if let Some(tenure) = inner.tenures.get(user) {
        decks.extend(&tenure.held().touched);
    } else {
        let superset = superset(inner, user).await?;
        decks.extend(superset.stale().into_iter().map(|(deck, _)| deck));
    }
    decks.extend(inner.caches.decks(user).await?);
    let found = inner.log.range(user, &newest).await?;
    let more = found.len() > NEWEST_IDS;
    let newest = found.iter().take(NEWEST_IDS).map(|row| (row.entry.id, row.entry.content_digest()));
    Ok(LearnerLog { newest: newest.collect(), more, decks: decks.into_iter().collect() })
}

/// The progress rows of a deck. What waits to be written is copied first: what leaves it meanwhile is in what is read
/// next. Of a learner that another process owns, the cards that its caches may lack entries of are stale.
pub(crate) async fn progress(inner: &Inner, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
    if let Some(tenure) = inner.tenures.get(user) {
        let newer = waiting(&tenure, deck);
        return Ok(overlaid(inner.caches.progress(user, deck).await?, newer));
    }
    let stale = superset(inner, user).await?.stale();
    let stale = stale.into_iter().filter(|(of, _)| *of == deck);
    let newer = stale.map(|(deck, card)| Progress { deck, card, params_key: 0, state: CardState::NEW });
    Ok(overlaid(inner.caches.progress(user, deck).await?, newer.collect()))
}

/// All progress rows of a learner, of whom another process may be the owner.
pub(crate) async fn all_progress(inner: &Inner, user: UserId) -> Result<Vec<Progress>, StoreError> {
    let stale = superset(inner, user).await?.stale();
    let mut decks: BTreeSet<DeckId> = stale.iter().map(|(deck, _)| *deck).collect();
    decks.extend(inner.caches.decks(user).await?);
    let mut found = Vec::new();
    for deck in decks {
        let stale = stale.iter().filter(|(of, _)| *of == deck);
        let newer = stale.map(|(deck, card)| Progress {
            deck: *deck,
            card: *card,
            params_key: 0,
            state: CardState::NEW,
        });
        found.extend(overlaid(inner.caches.progress(user, deck).await?, newer.collect()));
    }
    Ok(found)
}

async fn superset(inner: &Inner, user: UserId) -> Result<crate::tenure::Superset, StoreError> {
    // Nothing is written, so nobody's claim is needed.
    let nobody = (RunId::from_u128(0), 0);
    read_superset(&inner.log, &inner.caches, user, nobody, inner.options.timing).await
}

/// A deck's whole log, and every mark.
pub(crate) async fn deck_log(inner: &Inner, user: UserId, deck: DeckId) -> Result<Vec<Filed>, StoreError> {
    let mut found = inner.log.range(user, &ALL).await?;
    found.retain(|row| row.about.is_none_or(|(of, _)| of == deck));
    Ok(found)
}

/// Has folds by card find these entries: see [`Log::mend_lines`](crate::log::Log::mend_lines).
pub(crate) async fn listed(inner: &Arc<Inner>, user: UserId, rows: Vec<Filed>) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let inner = Arc::clone(inner);
    task::owned(async move { inner.log.mend_lines(user, &rows).await }).await
}

/// Names entries in the inbox that were found in the log and that the owner did not know.
pub(crate) async fn found_again(
    inner: &Arc<Inner>,
    user: UserId,
    entries: &[(EntryId, Subject)],
) -> Result<Vec<Subject>, StoreError> {
    let Some(tenure) = inner.tenures.get(user) else { return Ok(Vec::new()) };
    let unknown: Vec<(EntryId, Subject)> = {
        let held = tenure.held();
        entries.iter().copied().filter(|(id, _)| held.caches.found(*id)).collect()
    };
    listed(inner, user, inner.log.by_ids(user, unknown.iter().map(|(id, _)| *id)).await?).await?;
    let noted_us = inner.options.clock.wall_ms().saturating_mul(1_000);
    let rows: Vec<Noted> = unknown.iter().map(|(id, _)| Noted { id: *id, noted_us }).collect();
    inner.caches.put_inbox(user, &rows).await?;
    inner.client.figures().inbox_noted(rows.len());
    let mut held = tenure.held();
    for (row, (id, subject)) in rows.into_iter().zip(&unknown) {
        held.note(row);
        held.caches.found_marked(*id, *subject);
        held.touched.insert(subject.0);
        held.months.insert(month_of(*id));
    }
    let dirty = held.count();
    drop(held);
    inner.behind.wait(user, dirty, &inner.options);
    Ok(unknown.into_iter().map(|(_, subject)| subject).collect())
}

/// Reads the inbox once more, and the entries that it names.
pub(crate) async fn inbox_again(inner: &Arc<Inner>, user: UserId) -> Result<Vec<Subject>, StoreError> {
    let Some(tenure) = inner.tenures.get(user) else { return Ok(Vec::new()) };
    let inbox = inner.caches.inbox(user).await?;
    let found = inner.log.by_ids(user, inbox.iter().map(|row| row.id)).await?;
    listed(inner, user, found.clone()).await?;
    let found: Vec<(EntryId, Subject)> =
        found.iter().filter_map(|row| Some((row.entry.id, row.about?))).collect();
    let mut held = tenure.held();
    inbox.into_iter().for_each(|row| held.note(row));
    let again = held.caches.inbox_again(found);
    held.touched.extend(again.iter().map(|(deck, _)| *deck));
    let dirty = held.count();
    drop(held);
    inner.behind.wait(user, dirty, &inner.options);
    Ok(again)
}
