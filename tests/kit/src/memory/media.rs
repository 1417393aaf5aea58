//! Media files in memory.

use super::MemoryStore;
use bytes::Bytes;
use domain::ids::DeckId;
use ports::{Boxed, Media, MediaDigest, MediaError, MediaRecord};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

#[derive(Default)]
pub(super) struct Files {
    stored: BTreeMap<MediaDigest, (MediaRecord, Bytes)>,
    names: BTreeMap<DeckId, BTreeMap<String, MediaDigest>>,
}

impl Media for MemoryStore {
    fn put_media(&self, record: MediaRecord, content: Bytes) -> Boxed<'_, Result<(), MediaError>> {
        Box::pin(async move {
            ports::media::check_length(&record, &content)?;
            self.state().files.stored.entry(record.digest).or_insert((record, content));
            Ok(())
        })
    }

    fn media(&self, digest: MediaDigest) -> Boxed<'_, Result<Option<MediaRecord>, MediaError>> {
        Box::pin(async move { Ok(self.state().files.stored.get(&digest).map(|(record, _)| record.clone())) })
    }

    fn read_media(
        &self,
        digest: MediaDigest,
        offset: u64,
        length_max: usize,
    ) -> Boxed<'_, Result<Bytes, MediaError>> {
        Box::pin(async move {
            let state = self.state();
            let Some((_, content)) = state.files.stored.get(&digest) else { return Ok(Bytes::new()) };
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
            Ok(content.slice(from..from.saturating_add(length_max).min(content.len())))
        })
    }

    fn give_media(
        &self,
        deck: DeckId,
        names: Vec<(String, MediaDigest)>,
    ) -> Boxed<'_, Result<(), MediaError>> {
        Box::pin(async move {
            self.state().files.names.entry(deck).or_default().extend(names);
            Ok(())
        })
    }

    fn media_of(
        &self,
        deck: DeckId,
        after_name: Option<String>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<(String, MediaDigest)>, MediaError>> {
        Box::pin(async move {
            let state = self.state();
            let after = (after_name.map_or(Unbounded, Excluded), Unbounded);
            let names = state.files.names.get(&deck).into_iter().flat_map(|names| names.range(after.clone()));
            Ok(names.take(limit).map(|(name, digest)| (name.clone(), *digest)).collect())
        })
    }

    fn media_named(&self, deck: DeckId, name: String) -> Boxed<'_, Result<Option<MediaDigest>, MediaError>> {
        Box::pin(async move {
            Ok(self.state().files.names.get(&deck).and_then(|names| names.get(&name).copied()))
        })
    }

    fn deck_has(&self, deck: DeckId, digest: MediaDigest) -> Boxed<'_, Result<bool, MediaError>> {
        Box::pin(async move {
            let state = self.state();
            let mut known = state.files.names.get(&deck).into_iter().flat_map(BTreeMap::values);
            Ok(known.any(|of| *of == digest))
        })
    }
}
