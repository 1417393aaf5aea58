//! Record by record from one store into another.

use super::CopyError;
use super::around;
use super::brought::{self, Filled};
use super::pages::pages;
use super::stock::still_counts;
use super::tally::Tally;
use domain::fold::fold_learner;
use domain::ids::{DeckId, UserId};
use domain::state::FoldParams;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::Progress;
use ports::archive::{ReadAll, ReadAround, WriteAll, WriteAround, filed};
use std::collections::BTreeMap;
use std::pin::pin;

/// Learners, or people, that are copied at once: a cluster answers many, and takes its time for each.
const AT_ONCE: usize = 16;

/// By which parameters each deck's cards are folded.
type Params = BTreeMap<DeckId, FoldParams>;

/// Copies everything; returns what was read.
pub(super) async fn carry<From: ReadAround, To: WriteAround>(
    from: &From,
    to: &To,
    now_ms: i64,
    mut each: impl FnMut(&Tally),
) -> Result<Tally, CopyError> {
    let mut tally = Tally::default();
    let params = decks(from, to, &mut tally, &mut each).await?;
    brought::media(from, &Filled(to), &mut tally).await?;
    brought::imports(from, &Filled(to), &mut tally).await?;
    each(&tally);
    people(from, to, &mut tally).await?;
    classes(from, to, &mut tally).await?;
    around::all(from, &Filled(to), now_ms, &mut tally).await?;
    each(&tally);
    requests(from, to, now_ms, &mut tally).await?;
    quarantined(from, to, &mut tally).await?;
    learners(from, to, &params, &mut tally, &mut each).await?;
    Ok(tally)
}

async fn decks<From: ReadAll, To: WriteAll>(
    from: &From,
    to: &To,
    tally: &mut Tally,
    each: &mut impl FnMut(&Tally),
) -> Result<Params, CopyError> {
    let mut params = Params::new();
    let mut pages = pin!(pages(|after| from.decks(after), |id| *id));
    while let Some(page) = pages.try_next().await.map_err(CopyError::Read)? {
        for id in &page {
            let Some((deck, cards)) = from.deck(*id).await.map_err(CopyError::Read)? else { continue };
            params.insert(deck.id, deck.settings.fold_params());
            tally.deck(&deck, &cards);
            to.put_deck((deck, cards)).await.map_err(CopyError::Write)?;
            brought::of_deck(from, &Filled(to), *id, tally).await?;
        }
        each(tally);
    }
    Ok(params)
}

async fn people<From: ReadAll, To: WriteAll>(
    from: &From,
    to: &To,
    tally: &mut Tally,
) -> Result<(), CopyError> {
    let mut pages = pin!(pages(|after| from.people(after), |kept| kept.person.id));
    while let Some(page) = pages.try_next().await.map_err(CopyError::Read)? {
        page.iter().for_each(|kept| tally.person(kept));
        let puts = stream::iter(page).map(|kept| to.put_person(kept)).buffer_unordered(AT_ONCE);
        puts.try_collect::<()>().await.map_err(CopyError::Write)?;
    }
    Ok(())
}

async fn classes<From: ReadAll, To: WriteAll>(
    from: &From,
    to: &To,
    tally: &mut Tally,
) -> Result<(), CopyError> {
    let mut pages = pin!(pages(|after| from.classes(after), |kept| kept.class.id));
    while let Some(page) = pages.try_next().await.map_err(CopyError::Read)? {
        for kept in page {
            tally.class(&kept);
            to.put_class(kept).await.map_err(CopyError::Write)?;
        }
    }
    Ok(())
}

async fn requests<From: ReadAll, To: WriteAll>(
    from: &From,
    to: &To,
    now_ms: i64,
    tally: &mut Tally,
) -> Result<(), CopyError> {
    let mut pages = pin!(pages(|after| from.requests(after), |kept| kept.key));
    while let Some(page) = pages.try_next().await.map_err(CopyError::Read)? {
        for kept in page.into_iter().filter(|kept| still_counts(kept, now_ms)) {
            tally.request(&kept);
            to.put_request(kept).await.map_err(CopyError::Write)?;
        }
    }
    Ok(())
}

async fn quarantined<From: ReadAll, To: WriteAll>(
    from: &From,
    to: &To,
    tally: &mut Tally,
) -> Result<(), CopyError> {
    let mut pages = pin!(pages(|after| from.quarantined(after), |what| what.user));
    while let Some(page) = pages.try_next().await.map_err(CopyError::Read)? {
        for what in page {
            tally.quarantined(&what);
            to.put_quarantined(what).await.map_err(CopyError::Write)?;
        }
    }
    Ok(())
}

async fn learners<From: ReadAll, To: WriteAll>(
    from: &From,
    to: &To,
    params: &Params,
    tally: &mut Tally,
    each: &mut impl FnMut(&Tally),
) -> Result<(), CopyError> {
    let mut pages = pin!(pages(|after| from.learners(after), |user| *user));
    while let Some(page) = pages.try_next().await.map_err(CopyError::Read)? {
        let mut copies =
            stream::iter(page).map(|user| learner(from, to, params, user)).buffer_unordered(AT_ONCE);
        while let Some(copied) = copies.next().await {
            let (user, log, progress) = copied?;
            tally.log(user, &log);
            tally.progress(user, &progress);
        }
        each(tally);
    }
    Ok(())
}

async fn learner<From: ReadAll, To: WriteAll>(
    from: &From,
    to: &To,
    params: &Params,
    user: UserId,
) -> Result<(UserId, Vec<domain::entry::LogEntry>, Vec<Progress>), CopyError> {
    let log = from.log(user).await.map_err(CopyError::Read)?;
    if log.is_empty() {
        return Ok((user, log, Vec::new()));
    }
    let params = |deck| params.get(&deck).copied().unwrap_or_default();
    let folded = fold_learner(&log, params);
    let row = |((deck, card), state)| Progress { deck, card, params_key: params(deck).key(), state };
    let progress: Vec<Progress> = folded.cards.into_iter().map(row).collect();
    to.put_learner(user, &filed(&log), &progress).await.map_err(CopyError::Write)?;
    Ok((user, log, progress))
}
