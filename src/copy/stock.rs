//! What a store holds, counted and digested.

use super::around;
use super::brought::{self, Counted};
use super::pages::pages;
use super::tally::Tally;
use futures_util::TryStreamExt;
use ports::StoreError;
use ports::archive::{ReadAll, ReadAround, RequestKept};
use ports::library::REQUEST_KEPT_MS;
use std::pin::pin;

/// Reads everything of a store.
pub(super) async fn take<S: ReadAround>(store: &S, now_ms: i64) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    decks(store, &mut tally).await?;
    brought::media(store, &Counted, &mut tally).await?;
    brought::imports(store, &Counted, &mut tally).await?;
    people(store, &mut tally).await?;
    classes(store, &mut tally).await?;
    around::all(store, &Counted, now_ms, &mut tally).await?;
    requests(store, now_ms, &mut tally).await?;
    quarantined(store, &mut tally).await?;
    learners(store, &mut tally).await?;
    Ok(tally)
}

async fn decks<S: ReadAll>(store: &S, tally: &mut Tally) -> Result<(), StoreError> {
    let mut pages = pin!(pages(|after| store.decks(after), |id| *id));
    while let Some(page) = pages.try_next().await? {
        for id in page {
            if let Some((deck, cards)) = store.deck(id).await? {
                tally.deck(&deck, &cards);
                brought::of_deck(store, &Counted, id, tally).await?;
            }
        }
    }
    Ok(())
}

async fn people<S: ReadAll>(store: &S, tally: &mut Tally) -> Result<(), StoreError> {
    let mut pages = pin!(pages(|after| store.people(after), |kept| kept.person.id));
    while let Some(page) = pages.try_next().await? {
        page.iter().for_each(|kept| tally.person(kept));
    }
    Ok(())
}

async fn classes<S: ReadAll>(store: &S, tally: &mut Tally) -> Result<(), StoreError> {
    let mut pages = pin!(pages(|after| store.classes(after), |kept| kept.class.id));
    while let Some(page) = pages.try_next().await? {
        page.iter().for_each(|kept| tally.class(kept));
    }
    Ok(())
}

async fn requests<S: ReadAll>(store: &S, now_ms: i64, tally: &mut Tally) -> Result<(), StoreError> {
    let mut pages = pin!(pages(|after| store.requests(after), |kept| kept.key));
    while let Some(page) = pages.try_next().await? {
        page.iter().filter(|kept| still_counts(kept, now_ms)).for_each(|kept| tally.request(kept));
    }
    Ok(())
}

async fn quarantined<S: ReadAll>(store: &S, tally: &mut Tally) -> Result<(), StoreError> {
    let mut pages = pin!(pages(|after| store.quarantined(after), |what| what.user));
    while let Some(page) = pages.try_next().await? {
        page.iter().for_each(|what| tally.quarantined(what));
    }
    Ok(())
}

async fn learners<S: ReadAll>(store: &S, tally: &mut Tally) -> Result<(), StoreError> {
    let mut pages = pin!(pages(|after| store.learners(after), |user| *user));
    while let Some(page) = pages.try_next().await? {
        for user in page {
            tally.log(user, &store.log(user).await?);
            tally.progress(user, &store.progress(user).await?);
        }
    }
    Ok(())
}

/// Whether what a key was used for is still promised to be known.
pub(super) fn still_counts(kept: &RequestKept, now_ms: i64) -> bool {
    kept.at_ms >= now_ms.saturating_sub(REQUEST_KEPT_MS)
}
