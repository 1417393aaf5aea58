//! Deck content, shared by all sessions of a node: loaded once however many ask, bounded by bytes.

mod holders;

use crate::edits::Edits;
use crate::observe::Telemetry;
use domain::access::DeckGate;
use domain::deck::{CardMeta, Deck, PlainTexts};
use domain::ids::DeckId;
use futures_util::future::join;
use holders::Holders;
use moka::Entry;
use moka::future::Cache;
use moka::ops::compute::Op;
use ports::library::DeckQuery;
use ports::{CardRecord, DeckRecord, Library, LibraryError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Handle;
use tokio::sync::mpsc::unbounded_channel;

/// Cached decks that are compared with what is stored in one read.
const CHECKED_TOGETHER: usize = 100;

/// Makes of a card's record the opaque fragment of its frame, and what a checked mode reads of it.
pub type CardEncoder = fn(&CardRecord) -> (Arc<str>, PlainTexts);

/// A deck in the cache.
#[derive(Clone)]
pub(crate) struct Cached {
    pub(crate) deck: Arc<Deck>,
    pub(crate) gate: DeckGate,
    bytes: u32,
    /// How often it was looked for, over all its revisions.
    uses: Arc<AtomicU64>,
}

/// What is in the cache, about: it counts along behind changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DeckCacheStats {
    /// Decks.
    pub decks: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The cache.
#[derive(Clone)]
pub struct DeckCache {
    library: Arc<dyn Library>,
    encode: CardEncoder,
    cache: Cache<DeckId, Cached>,
    telemetry: Arc<dyn Telemetry>,
    edits: Arc<Edits>,
    holders: Arc<Holders>,
    runtime: Handle,
}

impl DeckCache {
    /// An empty one, on the current tokio runtime.
    pub(crate) fn new(
        library: Arc<dyn Library>,
        encode: CardEncoder,
        bytes_max: u64,
        telemetry: Arc<dyn Telemetry>,
    ) -> DeckCache {
        let cache =
            Cache::builder().max_capacity(bytes_max).weigher(|_, cached: &Cached| cached.bytes).build();
        let runtime = Handle::current();
        let (edits, holders) = (Arc::default(), Arc::default());
        DeckCache { library, encode, cache, telemetry, edits, holders, runtime }
    }

    /// What is in memory.
    pub fn stats(&self) -> DeckCacheStats {
        DeckCacheStats { decks: self.cache.entry_count(), bytes: self.cache.weighted_size() }
    }

    /// The decks that were looked for most, at most so many.
    pub(crate) fn hot(&self, most: usize) -> Vec<DeckId> {
        let uses = |cached: &Cached| cached.uses.load(Ordering::Relaxed);
        let mut decks: Vec<(u64, DeckId)> =
            self.cache.iter().map(|(id, cached)| (uses(&cached), *id)).collect();
        decks.sort_unstable_by(|a, b| b.cmp(a));
        decks.into_iter().take(most).map(|(_, id)| id).collect()
    }

    /// Which edits were told a moment ago.
    pub(crate) fn edits(&self) -> &Edits {
        &self.edits
    }

    /// Where reads are done that nobody waits for.
    pub(crate) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// A deck, from memory or the library; `None` if it never existed.
    async fn get(&self, id: DeckId) -> Result<Option<Cached>, LibraryError> {
        if let Some(found) = self.cache.get(&id).await {
            found.uses.fetch_add(1, Ordering::Relaxed);
            self.telemetry.deck_cache(true);
            return Ok(Some(found));
        }
        self.telemetry.deck_cache(false);
        let load = async {
            let _reading = self.holders.reading(id);
            match self.read(id, None).await {
                Ok(Some(read)) => Ok(read),
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
                Some(cached) if cached.deck.revision < revision => self.renew(id, revision).await?,
                found => return Ok(found),
            }
        }
    }

    /// Reads a deck again unless it is as new as wanted, once however many ask. Cards that did not change stay as they
    /// are encoded.
    async fn renew(&self, id: DeckId, revision: u64) -> Result<(), LibraryError> {
        let newer = async |entry: Option<Entry<DeckId, Cached>>| {
            let older = entry.map(Entry::into_value);
            if older.as_ref().is_some_and(|cached| cached.deck.revision >= revision) {
                return Ok(Op::Nop);
            }
            self.telemetry.deck_cache(false);
            let _reading = self.holders.reading(id);
            let read = self.read(id, older.as_ref()).await?;
            Ok::<_, LibraryError>(read.map_or(Op::Remove, Op::Put))
        };
        self.cache.entry(id).and_try_compute_with(newer).await?;
        Ok(())
    }

    /// Whether some revision of a deck is in memory, with whomever, or is being read. Of others a change need not be read:
    /// whoever asks for one next reads it as it is then.
    pub(crate) fn is_held(&self, id: DeckId) -> bool {
        self.holders.has(id)
    }

    /// The deck as the library has it now.
    pub(crate) async fn reload(&self, id: DeckId) -> Result<Option<Cached>, LibraryError> {
        match self.library.deck(id).await? {
            Some(record) => self.get_since(id, record.revision).await,
            None => Ok(None),
        }
    }

    /// The cached decks of which the library has another revision.
    pub(crate) async fn outdated(&self) -> Result<Vec<DeckId>, LibraryError> {
        let held: Vec<(DeckId, u64)> =
            self.cache.iter().map(|(id, cached)| (*id, cached.deck.revision)).collect();
        let mut outdated = Vec::new();
        for some in held.chunks(CHECKED_TOGETHER) {
            let ids = some.iter().map(|(id, _)| *id).collect();
            let query = DeckQuery { ids, with_deleted: true, ..DeckQuery::default() };
            let newest = self.library.decks(query).await?;
            let is_old = |(id, revision): &&(DeckId, u64)| {
                newest.iter().find(|deck| deck.id == *id).is_none_or(|deck| deck.revision != *revision)
            };
            outdated.extend(some.iter().filter(is_old).map(|(id, _)| *id));
        }
        Ok(outdated)
    }

    /// Reads a deck; its first cards are encoded while the next are read. Cards that did not change stay as they are.
    async fn read(&self, id: DeckId, older: Option<&Cached>) -> Result<Option<Cached>, LibraryError> {
        // Bounded by what a deck holds (`CARDS_PER_DECK_MAX`), which lies in memory in the end anyway: the reader waits for nobody.
        let (parts, mut coming) = unbounded_channel::<Vec<CardRecord>>();
        // Whoever wants it no longer has dropped the other end.
        let take = Box::new(move |part| drop(parts.send(part)));
        let encode = async {
            let mut metas: Vec<CardMeta> = Vec::new();
            while let Some(part) = coming.recv().await {
                metas.extend(part.iter().map(|card| self.meta(card, older)));
            }
            metas
        };
        let (record, metas) = join(self.library.content_in_parts(id, take), encode).await;
        Ok(record?.map(|record| self.assemble(record, metas, older)))
    }

    fn meta(&self, card: &CardRecord, older: Option<&Cached>) -> CardMeta {
        let known = older.and_then(|cached| cached.deck.card(cached.deck.index_of(card.id)?));
        let unchanged = known.filter(|known| known.revision == card.revision);
        unchanged.cloned().unwrap_or_else(|| self.encoded(card))
    }

    fn assemble(&self, record: DeckRecord, metas: Vec<CardMeta>, older: Option<&Cached>) -> Cached {
        let gate = record.gate();
        let uses = older.map(|cached| cached.uses.clone()).unwrap_or_default();
        let bytes_of =
            |card: &CardMeta| card.fragment.len() + card.texts.bytes() + size_of::<CardMeta>() + 64;
        let bytes = metas.iter().map(bytes_of).sum::<usize>();
        let mut deck = Deck::new(record.id, record.owner, record.revision, record.settings, metas);
        deck.deleted_ms = record.deleted_ms;
        let bytes = u32::try_from(bytes + 512).unwrap_or(u32::MAX);
        let deck = Arc::new(deck);
        self.holders.note(&deck);
        Cached { deck, gate, bytes, uses }
    }

    fn encoded(&self, card: &CardRecord) -> CardMeta {
        let (fragment, texts) = (self.encode)(card);
        CardMeta {
            id: card.id,
            note: card.note,
            tags: card.tags.iter().map(|tag| Arc::from(tag.as_str())).collect(),
            revision: card.revision,
            created_ms: card.created_ms,
            deleted_ms: card.deleted_ms,
            fragment,
            texts: Arc::new(texts),
        }
    }
}

#[cfg(test)]
mod tests;
