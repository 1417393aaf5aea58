//! Deck content, shared by all sessions of a node: loaded once however many ask, bounded by bytes.

use crate::observe::Telemetry;
use domain::access::DeckGate;
use domain::deck::{CardMeta, Deck};
use domain::ids::DeckId;
use moka::Entry;
use moka::future::Cache;
use moka::ops::compute::Op;
use ports::{CardRecord, DeckRecord, Library, LibraryError};
use std::future::ready;
use std::sync::Arc;

/// Makes the opaque fragment of a card's frame from its record.
pub type FragmentEncoder = fn(&CardRecord) -> Arc<str>;

/// A deck in the cache.
#[derive(Clone)]
pub(crate) struct Cached {
    pub(crate) deck: Arc<Deck>,
    pub(crate) gate: DeckGate,
    bytes: u32,
}

/// The cache.
#[derive(Clone)]
pub struct DeckCache {
    library: Arc<dyn Library>,
    encode: FragmentEncoder,
    cache: Cache<DeckId, Cached>,
    telemetry: Arc<dyn Telemetry>,
}

impl DeckCache {
    pub(crate) fn new(
        library: Arc<dyn Library>,
        encode: FragmentEncoder,
        bytes_max: u64,
        telemetry: Arc<dyn Telemetry>,
    ) -> DeckCache {
        let cache =
            Cache::builder().max_capacity(bytes_max).weigher(|_, cached: &Cached| cached.bytes).build();
        DeckCache { library, encode, cache, telemetry }
    }

    /// A deck, from memory or the library; `None` if it never existed.
    pub(crate) async fn get(&self, id: DeckId) -> Result<Option<Cached>, LibraryError> {
        if let Some(found) = self.cache.get(&id).await {
            self.telemetry.deck_cache(true);
            return Ok(Some(found));
        }
        self.telemetry.deck_cache(false);
        let load = async {
            match self.library.content(id).await {
                Ok(Some((record, cards))) => Ok(self.assemble(record, cards)),
                Ok(None) => Err(None),
                Err(error) => Err(Some(error)),
            }
        };
        match self.cache.try_get_with(id, load).await {
            Ok(found) => Ok(Some(found)),
            Err(error) => match &*error {
                None => Ok(None),
                Some(error) => Err(error.clone()),
            },
        }
    }

    /// The deck's content as sessions see it, as the library has it now; `None` if it never existed.
    ///
    /// # Errors
    /// The library could not be read.
    pub async fn deck(&self, id: DeckId) -> Result<Option<Arc<Deck>>, LibraryError> {
        Ok(self.reload(id).await?.map(|cached| cached.deck))
    }

    /// The deck's content as sessions see it, no older than a revision that the library gave; `None` if it never
    /// existed.
    ///
    /// # Errors
    /// The library could not be read.
    pub async fn deck_since(&self, id: DeckId, revision: u64) -> Result<Option<Arc<Deck>>, LibraryError> {
        Ok(self.get_since(id, revision).await?.map(|cached| cached.deck))
    }

    /// The same with what decides who sees it. A load that was under way already may bring the deck as it was, and all
    /// who ask meanwhile share it: what is older than wanted is read again.
    pub(crate) async fn get_since(&self, id: DeckId, revision: u64) -> Result<Option<Cached>, LibraryError> {
        loop {
            match self.get(id).await? {
                Some(cached) if cached.deck.revision < revision => self.forget_before(id, revision).await,
                found => return Ok(found),
            }
        }
    }

    /// Forgets a deck unless it is as new as wanted: who comes later must not undo what another has just read.
    async fn forget_before(&self, id: DeckId, revision: u64) {
        let older = |entry: Option<Entry<DeckId, Cached>>| {
            let older = entry.is_some_and(|entry| entry.value().deck.revision < revision);
            ready(if older { Op::Remove } else { Op::Nop })
        };
        self.cache.entry(id).and_compute_with(older).await;
    }

    /// The deck as the library has it now.
    pub(crate) async fn reload(&self, id: DeckId) -> Result<Option<Cached>, LibraryError> {
        match self.library.deck(id).await? {
            Some(record) => self.get_since(id, record.revision).await,
            None => Ok(None),
        }
    }

    fn assemble(&self, record: DeckRecord, cards: Vec<CardRecord>) -> Cached {
        let gate = record.gate();
        let mut bytes = 512_usize;
        let metas: Vec<CardMeta> = cards
            .iter()
            .map(|card| {
                let fragment = (self.encode)(card);
                bytes += fragment.len() + size_of::<CardMeta>() + 64;
                CardMeta {
                    id: card.id,
                    note: card.note,
                    tags: card.tags.iter().map(|tag| Arc::from(tag.as_str())).collect(),
                    revision: card.revision,
                    created_ms: card.created_ms,
                    deleted_ms: card.deleted_ms,
                    fragment,
                }
            })
            .collect();
        let mut deck = Deck::new(record.id, record.owner, record.revision, record.settings, metas);
        deck.deleted_ms = record.deleted_ms;
        Cached { deck: Arc::new(deck), gate, bytes: u32::try_from(bytes).unwrap_or(u32::MAX) }
    }
}
