//! Stores cards of a deck in one revision, a stretch of them in memory at a time.

use super::card::bucket_of;
use super::edit::{Edit, Outcome};
use super::head::STAMPS_PER_EDIT;
use super::read::{cards_at, laid_at};
use super::write::{Into, put_cards, put_places};
use crate::CqlStore;
use domain::ids::{CardId, DeckId, Uuid};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::library::{CARDS_PER_DECK_MAX, CardSource};
use ports::{CardRecord, Cause, LibraryError, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Cards in memory at a time.
const STRETCH: usize = 512;
/// Keys that one statement may name: ScyllaDB allows a hundred.
const KEYS_PER_READ: usize = 100;

/// Takes cards from the source, stores them and shows each as it was stored. When nothing differs from what is stored,
/// nothing changes. Returns the revision.
pub(super) async fn put(
    store: &CqlStore,
    deck: DeckId,
    mut source: CardSource,
    if_revision: Option<u64>,
    now_ms: i64,
    mut each: impl FnMut(Vec<CardRecord>),
) -> Result<u64, LibraryError> {
    let mut edit = Edit::begin(store, deck, if_revision, now_ms).await?;
    let mut put = Put::new(store, &edit, now_ms);
    loop {
        let step = async {
            let cards;
            (source, cards) = next_stretch(source).await?;
            let more = cards.len() == STRETCH;
            Ok((put.stretch(cards).await?, source, more))
        };
        match edit.alive(step).await {
            Ok((stored, rest, more)) => {
                each(stored);
                source = rest;
                if !more {
                    break;
                }
            }
            Err(error) => {
                edit.give_up(&put.outcome.laid).await;
                return Err(error);
            }
        }
    }
    let Put { outcome, .. } = put;
    if outcome.touched.is_empty() {
        edit.give_up(&outcome.laid).await;
        return Ok(edit.head.record.revision);
    }
    edit.commit(&outcome, if_revision, now_ms).await
}

/// The next cards of a source, made on a thread that may block.
async fn next_stretch(mut source: CardSource) -> Result<(CardSource, Vec<CardRecord>), LibraryError> {
    let made = tokio::task::spawn_blocking(move || {
        let cards = source.by_ref().take(STRETCH).collect();
        (source, cards)
    });
    made.await.map_err(|_| StoreError::new(Cause::Invalid, "the cards to be stored could not be made").into())
}

/// What has been stored so far.
struct Put {
    store: CqlStore,
    deck: DeckId,
    now_ms: i64,
    /// The edit's number.
    edit: i64,
    /// The timestamp of the next stretch.
    stamp: i64,
    /// Places of the deck before the edit: cards beyond them are this edit's own.
    places_before: u32,
    alive: i64,
    /// Cards that this edit changed or added, and where they lie.
    seen: HashMap<CardId, u32>,
    outcome: Outcome,
}

impl Put {
    fn new(store: &CqlStore, edit: &Edit, now_ms: i64) -> Put {
        let head = &edit.head;
        Put {
            store: store.clone(),
            deck: head.record.id,
            now_ms,
            edit: edit.stamp,
            stamp: edit.stamp,
            places_before: head.positions,
            alive: i64::from(head.record.cards),
            seen: HashMap::new(),
            outcome: Outcome {
                cards: head.record.cards,
                positions: head.positions,
                touched: BTreeSet::new(),
                laid: BTreeSet::new(),
            },
        }
    }

    /// Stores a stretch of cards and returns them as they are stored.
    async fn stretch(&mut self, cards: Vec<CardRecord>) -> Result<Vec<CardRecord>, LibraryError> {
        if self.stamp >= self.edit + STAMPS_PER_EDIT - 2 {
            return Err(LibraryError::TooManyCards);
        }
        let mut known = self.known(&cards).await?;
        let mut changed: BTreeSet<u32> = BTreeSet::new();
        let mut stored = Vec::with_capacity(cards.len());
        for card in cards {
            let before = known.get(&card.id);
            let (card, differs) = self.next(card, before)?;
            if differs {
                changed.insert(card.position);
                known.insert(card.id, card.clone());
            }
            stored.push(card);
        }
        let changed: Vec<&CardRecord> =
            known.values().filter(|card| changed.contains(&card.position)).collect();
        self.write(&changed).await?;
        Ok(stored)
    }

    /// The card as it will be stored, and whether it differs from what is.
    fn next(
        &mut self,
        mut card: CardRecord,
        before: Option<&CardRecord>,
    ) -> Result<(CardRecord, bool), LibraryError> {
        card.deck = self.deck;
        match before {
            Some(before) => {
                card.position = before.position;
                card.created_ms = before.created_ms;
                card.revision = before.revision;
                card.updated_ms = before.updated_ms;
                if card == *before {
                    return Ok((card, false));
                }
                card.revision += 1;
            }
            None if self.outcome.positions as usize >= CARDS_PER_DECK_MAX => {
                return Err(LibraryError::TooManyCards);
            }
            None => {
                card.position = self.outcome.positions;
                card.revision = 1;
                self.outcome.positions += 1;
            }
        }
        card.updated_ms = self.now_ms;
        let was_alive = before.is_some_and(|before| before.deleted_ms.is_none());
        self.alive += i64::from(card.deleted_ms.is_none()) - i64::from(was_alive);
        self.outcome.cards = u32::try_from(self.alive).unwrap_or(0);
        Ok((card, true))
    }

    /// Writes changed cards into the edit, and added ones to their places, where nobody looks for them yet.
    async fn write(&mut self, changed: &[&CardRecord]) -> Result<(), StoreError> {
        let (laid, added): (Vec<&CardRecord>, Vec<&CardRecord>) =
            changed.iter().partition(|card| card.position < self.places_before);
        let new: Vec<&CardRecord> =
            added.iter().filter(|card| !self.seen.contains_key(&card.id)).copied().collect();
        let (store, deck, stamp) = (&self.store, self.deck, self.stamp);
        tokio::try_join!(
            put_cards(store, deck, Into::Edit(self.edit), &laid, stamp),
            put_cards(store, deck, Into::Cards, &added, stamp),
            put_places(store, deck, &new, stamp),
        )?;
        self.outcome.touched.extend(changed.iter().map(|card| bucket_of(card.position)));
        self.outcome.laid.extend(laid.iter().map(|card| bucket_of(card.position)));
        self.seen.extend(changed.iter().map(|card| (card.id, card.position)));
        self.stamp += 1;
        Ok(())
    }

    /// Those of the cards that the deck has, this edit included.
    async fn known(&self, cards: &[CardRecord]) -> Result<HashMap<CardId, CardRecord>, StoreError> {
        let asked: HashSet<CardId> = cards.iter().map(|card| card.id).collect();
        let mut places = Places::default();
        let mut unknown: Vec<Uuid> = Vec::new();
        for id in asked {
            match self.seen.get(&id) {
                Some(place) => places.add(*place, *place < self.places_before),
                None if self.places_before > 0 => unknown.push(id.0),
                None => {}
            }
        }
        for place in self.places_of(&unknown).await? {
            places.add(place, false);
        }
        let ids: HashSet<CardId> = cards.iter().map(|card| card.id).collect();
        let found = self.cards_of(places).await?;
        // A place that was given and never committed belongs to another card by now.
        Ok(found.into_iter().filter(|card| ids.contains(&card.id)).map(|card| (card.id, card)).collect())
    }

    /// Where these cards lay before this edit.
    async fn places_of(&self, ids: &[Uuid]) -> Result<Vec<u32>, StoreError> {
        let (client, statement, deck) = (self.store.client(), &self.store.library().places, self.deck.0);
        let reads: Vec<_> =
            ids.chunks(KEYS_PER_READ).map(|ids| client.read::<(Uuid, i32)>(statement, (deck, ids))).collect();
        let rows: Vec<_> = stream::iter(reads).buffer_unordered(self.at_once()).try_collect().await?;
        let places = rows.into_iter().flatten().map(|(_, place)| place.cast_unsigned());
        Ok(places.filter(|place| *place < self.places_before).collect())
    }

    async fn cards_of(&self, places: Places) -> Result<Vec<CardRecord>, StoreError> {
        let keys = |by_bucket: BTreeMap<u32, Vec<i32>>, laid: bool| {
            by_bucket.into_iter().flat_map(move |(bucket, places)| {
                let cut: Vec<Vec<i32>> = places.chunks(KEYS_PER_READ).map(<[i32]>::to_vec).collect();
                cut.into_iter().map(move |places| (bucket, places, laid))
            })
        };
        let reads = keys(places.stored, false).chain(keys(places.laid, true));
        let reads: Vec<_> = reads.map(|(bucket, places, laid)| self.cards_at(bucket, places, laid)).collect();
        let found: Vec<Vec<CardRecord>> =
            stream::iter(reads).buffer_unordered(self.at_once()).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn cards_at(
        &self,
        bucket: u32,
        places: Vec<i32>,
        laid: bool,
    ) -> Result<Vec<CardRecord>, StoreError> {
        if laid {
            laid_at(&self.store, self.deck, self.edit, bucket, &places).await
        } else {
            cards_at(&self.store, self.deck, bucket, &places).await
        }
    }

    fn at_once(&self) -> usize {
        self.store.client().options().reads_at_once
    }
}

/// Places by bucket: of cards that lie in `cards`, and of those that this edit has changed already.
#[derive(Default)]
struct Places {
    stored: BTreeMap<u32, Vec<i32>>,
    laid: BTreeMap<u32, Vec<i32>>,
}

impl Places {
    fn add(&mut self, place: u32, laid: bool) {
        let group = if laid { &mut self.laid } else { &mut self.stored };
        group.entry(bucket_of(place)).or_default().push(place.cast_signed());
    }
}
