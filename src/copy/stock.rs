//! What a store holds, counted and digested.

use super::brought::{self, Counted};
use super::tally::Tally;
use ports::StoreError;
use ports::archive::{ReadAll, RequestKept};
use ports::library::REQUEST_KEPT_MS;

/// Reads everything of a store.
pub(super) async fn take<S: ReadAll>(store: &S, now_ms: i64) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    decks(store, &mut tally).await?;
    brought::media(store, &Counted, &mut tally).await?;
    brought::imports(store, &Counted, &mut tally).await?;
    people(store, &mut tally).await?;
    classes(store, &mut tally).await?;
    requests(store, now_ms, &mut tally).await?;
    quarantined(store, &mut tally).await?;
    learners(store, &mut tally).await?;
    Ok(tally)
}

async fn decks<S: ReadAll>(store: &S, tally: &mut Tally) -> Result<(), StoreError> {
    let mut page = store.decks(None).await?;
    while let Some(last) = page.last().copied() {
        for id in page {
            if let Some((deck, cards)) = store.deck(id).await? {
                tally.deck(&deck, &cards);
                brought::of_deck(store, &Counted, id, tally).await?;
            }
        }
        page = store.decks(Some(last)).await?;
    }
    Ok(())
}

async fn people<S: ReadAll>(store: &S, tally: &mut Tally) -> Result<(), StoreError> {
    let mut page = store.people(None).await?;
    while let Some(last) = page.last().map(|kept| kept.person.id) {
        page.iter().for_each(|kept| tally.person(kept));
        page = store.people(Some(last)).await?;
    }
    Ok(())
}

async fn classes<S: ReadAll>(store: &S, tally: &mut Tally) -> Result<(), StoreError> {
    let mut page = store.classes(None).await?;
    while let Some(last) = page.last().map(|kept| kept.class.id) {
        page.iter().for_each(|kept| tally.class(kept));
        page = store.classes(Some(last)).await?;
    }
    Ok(())
}

async fn requests<S: ReadAll>(store: &S, now_ms: i64, tally: &mut Tally) -> Result<(), StoreError> {
    let mut page = store.requests(None).await?;
    while let Some(last) = page.last().map(|kept| kept.key) {
        page.iter().filter(|kept| still_counts(kept, now_ms)).for_each(|kept| tally.request(kept));
        page = store.requests(Some(last)).await?;
    }
    Ok(())
}

async fn quarantined<S: ReadAll>(store: &S, tally: &mut Tally) -> Result<(), StoreError> {
    let mut page = store.quarantined(None).await?;
    while let Some(last) = page.last().map(|what| what.user) {
        page.iter().for_each(|what| tally.quarantined(what));
        page = store.quarantined(Some(last)).await?;
    }
    Ok(())
}

async fn learners<S: ReadAll>(store: &S, tally: &mut Tally) -> Result<(), StoreError> {
    let mut page = store.learners(None).await?;
    while let Some(last) = page.last().copied() {
        for user in page {
            tally.log(user, &store.log(user).await?);
            tally.progress(user, &store.progress(user).await?);
        }
        page = store.learners(Some(last)).await?;
    }
    Ok(())
}

/// Whether what a key was used for is still promised to be known.
pub(super) fn still_counts(kept: &RequestKept, now_ms: i64) -> bool {
    kept.at_ms >= now_ms.saturating_sub(REQUEST_KEPT_MS)
}
