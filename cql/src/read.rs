//! What the port asks, answered from the tables and from what is not written yet.

use crate::caches::Noted;
use crate::keys::month_of;
use crate::log::{ALL, Filed};
use crate::store::{Inner, overlaid, waiting};
use crate::task;
use crate::tenure::{Newest, read_superset, subjects};
use domain::ids::{DeckId, EntryId, RunId, UserId};
use domain::owner::Subject;
use domain::state::CardState;
use ports::reviews::NEWEST_IDS;
use ports::{LearnerLog, LogRange, Progress, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a session starts from.
pub(crate) async fn load(inner: &Inner, user: UserId) -> Result<LearnerLog, StoreError> {
    let tenure = inner.tenures.get(user);
    let mut decks: BTreeSet<DeckId> = BTreeSet::new();
    if let Some(tenure) = &tenure {
        decks.extend(&tenure.held().touched);
    } else {
        let superset = superset(inner, user).await?;
        decks.extend(superset.stale().into_iter().map(|(deck, _)| deck));
    }
    decks.extend(inner.caches.decks(user).await?);
    // A session may know only what its owner has looked at: what landed since is told by its resend, or by the inbox.
    let at_adoption = tenure.and_then(|tenure| tenure.held().newest.take());
    let Newest { ids, more } = match at_adoption {
        Some(newest) => newest,
        None => newest(inner, user).await?,
    };
    Ok(LearnerLog { newest: ids, more, decks: decks.into_iter().collect() })
}

/// The newest entries of a learner.
pub(crate) async fn newest(inner: &Inner, user: UserId) -> Result<Newest, StoreError> {
    let newest = LogRange { newest_first: true, limit: NEWEST_IDS + 1, ..ALL };
    let found = inner.log.range(user, &newest).await?;
    let ids = found.iter().take(NEWEST_IDS).map(|row| (row.entry.id, row.entry.content_digest()));
    Ok(Newest { ids: ids.collect(), more: found.len() > NEWEST_IDS })
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

/// Names entries in the inbox that were found in the log and that the owner did not know. Without a tenure, as when this
/// run was declared dead just now, all of them: whoever owns the learner then finds them there.
pub(crate) async fn found_again(
    inner: &Arc<Inner>,
    user: UserId,
    entries: &[EntryId],
) -> Result<Vec<Subject>, StoreError> {
    let tenure = inner.tenures.get(user);
    let is_unknown = |id: &EntryId| tenure.as_ref().is_none_or(|tenure| tenure.held().caches.found(*id));
    let unknown: BTreeSet<EntryId> = entries.iter().copied().filter(is_unknown).collect();
    let concerned = read_again(inner, user, unknown).await?;
    let ids: BTreeSet<EntryId> = concerned.iter().map(|(id, _)| *id).collect();
    let noted_us = inner.options.clock.wall_ms().saturating_mul(1_000);
    let rows: Vec<Noted> = ids.into_iter().map(|id| Noted { id, noted_us }).collect();
    inner.caches.put_inbox(user, &rows).await?;
    inner.client.figures().inbox_noted(rows.len());
    let Some(tenure) = tenure else { return Ok(Vec::new()) };
    let mut held = tenure.held();
    for row in rows {
        held.months.insert(month_of(row.id));
        held.note(row);
    }
    for (id, subject) in &concerned {
        held.caches.found_marked(*id, *subject);
        held.touched.insert(subject.0);
    }
    let dirty = held.count();
    drop(held);
    inner.behind.wait(user, dirty, &inner.options);
    Ok(concerned.into_iter().map(|(_, subject)| subject).collect())
}

/// Reads the inbox once more, and the entries that it names.
pub(crate) async fn inbox_again(inner: &Arc<Inner>, user: UserId) -> Result<Vec<Subject>, StoreError> {
    let Some(tenure) = inner.tenures.get(user) else { return Ok(Vec::new()) };
    let inbox = inner.caches.inbox(user).await?;
    let concerned = read_again(inner, user, inbox.iter().map(|row| row.id).collect()).await?;
    let mut held = tenure.held();
    inbox.into_iter().for_each(|row| held.note(row));
    let again = held.caches.inbox_again(concerned);
    held.touched.extend(again.iter().map(|(deck, _)| *deck));
    let dirty = held.count();
    drop(held);
    inner.behind.wait(user, dirty, &inner.options);
    Ok(again)
}

/// Which cards these entries concern, as far as they are in the log: their own, that of what an undo names, those of an
/// import. They are listed by card then.
async fn read_again(
    inner: &Arc<Inner>,
    user: UserId,
    ids: BTreeSet<EntryId>,
) -> Result<Vec<(EntryId, Subject)>, StoreError> {
    let rows = inner.log.by_ids(user, ids).await?;
    let concerned = subjects(&inner.log, user, &rows).await?;
    listed(inner, user, rows).await?;
    Ok(concerned.into_iter().filter_map(|(id, subject)| Some((id, subject?))).collect())
}
