//! Cards of one revision, although they lie in many partitions: see [`super`].

use super::card::{CardRow, PLACES_PER_BUCKET, bucket_of, card_of, contains};
use super::head::Head;
use crate::CqlStore;
use domain::ids::{CardId, DeckId, Uuid};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::{CardQuery, CardRecord, Cause, DeckContent, StoreError};
use std::collections::BTreeMap;

/// How often the buckets that were changed meanwhile are read again.
const PASSES_MAX: u32 = 64;
/// Fewest places that one read asks for.
const PLACES_PER_READ_MIN: usize = 64;
/// Buckets of a whole deck that are read at once: some megabytes each.
const BUCKETS_AT_ONCE: usize = 4;

/// What was read of one bucket, as of one revision of it.
struct Part {
    revision: i64,
    cards: Vec<CardRecord>,
}

/// One card, deleted ones too.
pub(super) async fn card(
    store: &CqlStore,
    deck: DeckId,
    card: CardId,
) -> Result<Option<CardRecord>, StoreError> {
    let place = async {
        let ids: &[Uuid] = &[card.0];
        store.client().read_one::<(Uuid, i32)>(&store.library().places, (deck.0, ids)).await
    };
    let (head, place) = tokio::try_join!(Head::read(store, deck), place)?;
    let (Some(head), Some((_, place))) = (head, place) else { return Ok(None) };
    if place.cast_unsigned() >= head.positions {
        return Ok(None);
    }
    let position = place.cast_unsigned();
    let mut found = match head.laid_over_place(position) {
        Some(edit) => laid_at(store, deck, edit, bucket_of(position), &[place]).await?,
        None => vec![],
    };
    if found.is_empty() {
        found = cards_at(store, deck, bucket_of(position), &[place]).await?;
    }
    // A place that an edit gave that was never committed belongs to another card, or to none.
    Ok(found.into_iter().find(|found| found.id == card))
}

/// Rows of these places in `cards`.
pub(super) async fn cards_at(
    store: &CqlStore,
    deck: DeckId,
    bucket: u32,
    places: &[i32],
) -> Result<Vec<CardRecord>, StoreError> {
    let values = (deck.0, bucket.cast_signed(), places);
    let rows = store.client().read::<CardRow>(&store.library().cards_at, values).await?;
    rows.iter().map(|row| card_of(deck, row)).collect()
}

/// Rows of these places in an edit.
pub(super) async fn laid_at(
    store: &CqlStore,
    deck: DeckId,
    edit: i64,
    bucket: u32,
    places: &[i32],
) -> Result<Vec<CardRecord>, StoreError> {
    let values = (deck.0, edit, bucket.cast_signed(), places);
    let rows = store.client().read::<CardRow>(&store.library().laid_at, values).await?;
    rows.iter().map(|row| card_of(deck, row)).collect()
}

/// A page of cards.
pub(super) async fn page(
    store: &CqlStore,
    deck: DeckId,
    query: &CardQuery,
) -> Result<Vec<CardRecord>, StoreError> {
    if query.limit == 0 {
        return Ok(vec![]);
    }
    Ok(gather(store, deck, query).await?.map(|(_, cards)| cards).unwrap_or_default())
}

/// A deck with all its cards.
pub(super) async fn content(store: &CqlStore, deck: DeckId) -> Result<Option<DeckContent>, StoreError> {
    let all = CardQuery { from_position: 0, limit: usize::MAX, text: None, with_deleted: true };
    gather(store, deck, &all).await
}

/// Reads buckets until the deck's row, read after them, says that each is still as it was read.
async fn gather(
    store: &CqlStore,
    deck: DeckId,
    query: &CardQuery,
) -> Result<Option<DeckContent>, StoreError> {
    let wanted = Wanted::new(query);
    let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
    for _ in 0..PASSES_MAX {
        let Some(head) = Head::read(store, deck).await? else { return Ok(None) };
        let outdated = wanted.outdated(&head, &parts);
        if outdated.is_empty() {
            let cards = parts.into_values().flat_map(|part| part.cards).take(query.limit).collect();
            return Ok(Some((head.record, cards)));
        }
        let reads = outdated.into_iter().map(|bucket| read_part(store, &head, bucket, &wanted));
        let read: Vec<(u32, Part)> = stream::iter(reads).buffered(BUCKETS_AT_ONCE).try_collect().await?;
        parts.extend(read);
    }
    Err(StoreError::new(Cause::Overloaded, "a deck is changed faster than it can be read"))
}

/// Which cards are asked for.
struct Wanted<'a> {
    query: &'a CardQuery,
    text: Option<String>,
}

impl<'a> Wanted<'a> {
    fn new(query: &'a CardQuery) -> Self {
        Self { query, text: query.text.as_deref().map(str::to_lowercase) }
    }

    fn takes(&self, card: &CardRecord) -> bool {
        let alive = self.query.with_deleted || card.deleted_ms.is_none();
        alive && self.text.as_deref().is_none_or(|text| contains(card, text))
    }

    /// Buckets to be read: all of a whole deck that are not known as they are now; of a page the first such.
    fn outdated(&self, head: &Head, parts: &BTreeMap<u32, Part>) -> Vec<u32> {
        let whole = self.query.limit == usize::MAX;
        let mut found = 0;
        let mut outdated = Vec::new();
        for bucket in bucket_of(self.query.from_position)..head.buckets_used() {
            match parts.get(&bucket) {
                Some(part) if part.revision == head.bucket_revision(bucket) => found += part.cards.len(),
                Some(_) | None => outdated.push(bucket),
            }
            if found >= self.query.limit || (!whole && !outdated.is_empty()) {
                break;
            }
        }
        outdated
    }
}

/// What is wanted of one bucket, as many as the query's limit. Committed rows that wait in an edit are read before
/// those of `cards`: whoever moves them writes there first and drops them here last.
async fn read_part(
    store: &CqlStore,
    head: &Head,
    bucket: u32,
    wanted: &Wanted<'_>,
) -> Result<(u32, Part), StoreError> {
    let deck = head.record.id;
    let first = bucket * PLACES_PER_BUCKET;
    let end = (first + PLACES_PER_BUCKET).min(head.positions);
    let mut from = wanted.query.from_position.max(first);
    let mut over = match head.laid_over(bucket) {
        Some(edit) => laid(store, deck, edit, bucket, (from, end)).await?,
        None => BTreeMap::new(),
    };
    let mut cards = Vec::new();
    let mut step = wanted.query.limit.saturating_add(1).max(PLACES_PER_READ_MIN);
    while from < end && cards.len() < wanted.query.limit {
        let to = u32::try_from(step).map_or(end, |step| from.saturating_add(step).min(end));
        let values = (deck.0, bucket.cast_signed(), from.cast_signed(), to.cast_signed());
        for row in store.client().read::<CardRow>(&store.library().cards, values).await? {
            let card = match over.remove(&row.0.cast_unsigned()) {
                Some(newer) => newer,
                None => card_of(deck, &row)?,
            };
            if wanted.takes(&card) {
                cards.push(card);
            }
        }
        from = to;
        // What was sought and not found is sought in longer stretches.
        step = step.saturating_mul(2);
    }
    cards.truncate(wanted.query.limit);
    Ok((bucket, Part { revision: head.bucket_revision(bucket), cards }))
}

/// Cards of an edit by place, from the first place to before the second.
pub(super) async fn laid(
    store: &CqlStore,
    deck: DeckId,
    edit: i64,
    bucket: u32,
    (from, to): (u32, u32),
) -> Result<BTreeMap<u32, CardRecord>, StoreError> {
    let values = (deck.0, edit, bucket.cast_signed(), from.cast_signed(), to.cast_signed());
    let rows = store.client().read::<CardRow>(&store.library().laid, values).await?;
    rows.iter().map(|row| Ok((row.0.cast_unsigned(), card_of(deck, row)?))).collect()
}
