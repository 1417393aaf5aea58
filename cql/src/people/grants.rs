//! Which decks a person sees or saw through classes: every stretch in which an enrollment, an assignment of a deck and
//! the class itself held together. The person and the enrollments are one read each, and each class two more, all of
//! one partition.

use super::classes::{Header, given};
use super::enrollments::of_user;
use super::persons;
use super::spans::by_what;
use crate::CqlStore;
use domain::access::Span;
use domain::ids::{ClassId, DeckId, UserId};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::{Grant, Person, StoreError};

/// All of them, by deck, class and beginning.
pub(super) async fn grants(store: &CqlStore, user: UserId) -> Result<Vec<Grant>, StoreError> {
    let (person, enrolled) = tokio::try_join!(persons::read(store, user), of_user(store, user))?;
    let person = person.map(|stored| stored.account.person);
    let reads = by_what(&enrolled)
        .into_iter()
        .map(|(class, enrolled)| of_class(store, ClassId(class), enrolled, person.as_ref()));
    let at_once = store.client().options().reads_at_once;
    let found: Vec<Vec<Grant>> = stream::iter(reads).buffer_unordered(at_once).try_collect().await?;
    let mut grants: Vec<Grant> = found.into_iter().flatten().collect();
    grants.sort_by_key(|grant| (grant.deck, grant.class, grant.span.from_ms));
    Ok(grants)
}

async fn of_class(
    store: &CqlStore,
    class: ClassId,
    mut enrolled: Vec<Span>,
    person: Option<&Person>,
) -> Result<Vec<Grant>, StoreError> {
    let (header, given) = tokio::try_join!(Header::read(store, class), given(store, class))?;
    let Some(header) = header else { return Ok(vec![]) };
    if person.is_some_and(|person| person.org != header.org) {
        // An enrollment that goes on in another organisation was never taken back: it holds for nothing.
        enrolled.retain(|span| !span.is_open());
    }
    let mut grants = Vec::new();
    for (deck, given) in by_what(&given) {
        let pairs = enrolled.iter().flat_map(|enrolled| given.iter().map(move |given| enrolled.and(given)));
        let spans = pairs.filter_map(|both| both?.and(&header.life));
        grants.extend(spans.map(|span| Grant { deck: DeckId(deck), class, span }));
    }
    Ok(grants)
}
