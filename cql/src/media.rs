//! Media files: the cold port. A file's chunks are written first, then its row: what has a row is there whole.

use crate::CqlStore;
use crate::imports::unsigned;
use crate::log::unreadable;
use crate::statements::statements;
use crate::task::owned;
use bytes::{Bytes, BytesMut};
use domain::ids::DeckId;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::media::check_length;
use ports::{Boxed, Cause, Media, MediaDigest, MediaError, MediaRecord, StoreError};
use scylla::DeserializeRow;
use scylla::value::MaybeUnset;
use std::collections::BTreeMap;

statements! {
    /// What is said to the tables of media in schema/0004_imports.cql.
    MediaStatements {
        put_media: Write = "INSERT INTO media (digest, kind, bytes, width, height) VALUES (?, ?, ?, ?, ?)
            USING TIMESTAMP 1";
        media: Read = "SELECT digest, kind, bytes, width, height FROM media WHERE digest = ?";
        put_chunk: Write = "INSERT INTO media_chunks (digest, chunk, content) VALUES (?, ?, ?) USING TIMESTAMP 1";
        chunk: Read = "SELECT content FROM media_chunks WHERE digest = ? AND chunk = ?";
        put_name: Write = "INSERT INTO deck_media (deck, name, digest) VALUES (?, ?, ?) USING TIMESTAMP ?";
        put_by_file: Write = "INSERT INTO deck_media_names (deck, digest, name) VALUES (?, ?, ?)
            USING TIMESTAMP 1";
        names: Read = "SELECT name, digest FROM deck_media WHERE deck = ? LIMIT ?";
        names_after: Read = "SELECT name, digest FROM deck_media WHERE deck = ? AND name > ? LIMIT ?";
        named: Read = "SELECT digest FROM deck_media WHERE deck = ? AND name = ?";
        names_of_file: Read = "SELECT name FROM deck_media_names WHERE deck = ? AND digest = ?";
        all_media: Read = "SELECT digest, kind, bytes, width, height FROM media LIMIT ?";
        all_media_after: Read = "SELECT digest, kind, bytes, width, height FROM media
            WHERE token(digest) > token(?) LIMIT ?";
    }
}

/// Bytes of a chunk.
const CHUNK_BYTES: usize = 256 * 1_024;

#[derive(DeserializeRow)]
pub(crate) struct Row {
    digest: Vec<u8>,
    kind: String,
    bytes: i64,
    width: Option<i32>,
    height: Option<i32>,
}

impl Media for CqlStore {
    fn put_media(&self, record: MediaRecord, content: Bytes) -> Boxed<'_, Result<(), MediaError>> {
        let store = self.clone();
        Box::pin(owned(async move {
            check_length(&record, &content)?;
            Ok(put(&store, &record, &content).await?)
        }))
    }

    fn media(&self, digest: MediaDigest) -> Boxed<'_, Result<Option<MediaRecord>, MediaError>> {
        Box::pin(async move { Ok(read(self, digest).await?) })
    }

    fn read_media(
        &self,
        digest: MediaDigest,
        offset: u64,
        length_max: usize,
    ) -> Boxed<'_, Result<Bytes, MediaError>> {
        Box::pin(async move {
            let known = read(self, digest).await?;
            let Some(left) = known.and_then(|record| record.bytes.checked_sub(offset)) else {
                return Ok(Bytes::new());
            };
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(length_max);
            Ok(content(self, digest, usize::try_from(offset).unwrap_or(usize::MAX), length).await?)
        })
    }

    fn give_media(
        &self,
        deck: DeckId,
        names: Vec<(String, MediaDigest)>,
    ) -> Boxed<'_, Result<(), MediaError>> {
        let store = self.clone();
        Box::pin(owned(async move { Ok(give(&store, deck, names).await?) }))
    }

    fn media_of(
        &self,
        deck: DeckId,
        after_name: Option<String>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<(String, MediaDigest)>, MediaError>> {
        Box::pin(async move { Ok(names(self, deck, after_name, limit).await?) })
    }

    fn media_named(&self, deck: DeckId, name: String) -> Boxed<'_, Result<Option<MediaDigest>, MediaError>> {
        Box::pin(async move { Ok(named(self, deck, &name).await?) })
    }

    fn deck_has(&self, deck: DeckId, digest: MediaDigest) -> Boxed<'_, Result<bool, MediaError>> {
        Box::pin(async move {
            let said = self.media_statements();
            let names: Vec<(String,)> =
                self.client().read(&said.names_of_file, (deck.0, &digest.0[..])).await?;
            for (name,) in names {
                if named(self, deck, &name).await? == Some(digest) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }
}

/// Stores a file, unless it is there.
pub(crate) async fn put(store: &CqlStore, record: &MediaRecord, content: &Bytes) -> Result<(), StoreError> {
    if read(store, record.digest).await?.is_some() {
        return Ok(());
    }
    let (client, said) = (store.client(), store.media_statements());
    let digest = &record.digest.0[..];
    let chunks = (0..content.len()).step_by(CHUNK_BYTES).zip(0_i32..).map(|(from, chunk)| {
        let part = content.slice(from..(from + CHUNK_BYTES).min(content.len()));
        async move { client.write(&said.put_chunk, (digest, chunk, &part[..])).await }
    });
    let at_once = client.options().edit_writes_at_once;
    stream::iter(chunks.collect::<Vec<_>>()).buffer_unordered(at_once).try_collect::<()>().await?;
    let pixels = |n: Option<u32>| MaybeUnset::from_option(n.map(u32::cast_signed));
    let (width, height) = (pixels(record.width), pixels(record.height));
    let values = (digest, &record.kind, record.bytes.cast_signed(), width, height);
    client.write(&said.put_media, values).await
}

/// What is known of a file.
pub(crate) async fn read(store: &CqlStore, digest: MediaDigest) -> Result<Option<MediaRecord>, StoreError> {
    let row = store.client().read_one::<Row>(&store.media_statements().media, (&digest.0[..],)).await?;
    row.map(of_row).transpose()
}

/// The record of a row.
pub(crate) fn of_row(row: Row) -> Result<MediaRecord, StoreError> {
    Ok(MediaRecord {
        digest: digest_of(row.digest)?,
        kind: row.kind,
        bytes: unsigned(row.bytes)?,
        width: row.width.map(i32::cast_unsigned),
        height: row.height.map(i32::cast_unsigned),
    })
}

fn digest_of(blob: Vec<u8>) -> Result<MediaDigest, StoreError> {
    blob.try_into().map(MediaDigest).map_err(|_| unreadable(&"a digest of another length"))
}

/// So many bytes from this offset on, of a file that has them.
pub(crate) async fn content(
    store: &CqlStore,
    digest: MediaDigest,
    offset: usize,
    length: usize,
) -> Result<Bytes, StoreError> {
    if length == 0 {
        return Ok(Bytes::new());
    }
    let end = offset.saturating_add(length);
    let chunks = offset / CHUNK_BYTES..end.div_ceil(CHUNK_BYTES);
    let reads = chunks.clone().map(|chunk| read_chunk(store, digest, chunk));
    let at_once = store.client().options().reads_at_once;
    let read: Vec<Vec<u8>> = stream::iter(reads.collect::<Vec<_>>()).buffered(at_once).try_collect().await?;
    let mut found = BytesMut::with_capacity(length);
    for (chunk, content) in chunks.zip(read) {
        let begins = chunk * CHUNK_BYTES;
        let from = offset.saturating_sub(begins).min(content.len());
        let to = (end - begins).min(content.len());
        found.extend_from_slice(content.get(from..to).unwrap_or_default());
    }
    Ok(found.freeze())
}

async fn read_chunk(store: &CqlStore, digest: MediaDigest, chunk: usize) -> Result<Vec<u8>, StoreError> {
    let values = (&digest.0[..], i32::try_from(chunk).unwrap_or(i32::MAX));
    let row: Option<(Vec<u8>,)> = store.client().read_one(&store.media_statements().chunk, values).await?;
    let lost = || StoreError::new(Cause::Unavailable, format!("chunk {chunk} of {digest} is not there"));
    row.map(|(content,)| content).ok_or_else(lost)
}

/// Gives names to files. By file first: a name that is known there and not here is looked up here.
pub(crate) async fn give(
    store: &CqlStore,
    deck: DeckId,
    names: Vec<(String, MediaDigest)>,
) -> Result<(), StoreError> {
    let (client, said) = (store.client(), store.media_statements());
    // Of a name that is given twice at once the last file counts.
    let names: BTreeMap<String, MediaDigest> = names.into_iter().collect();
    let stamp_us = store.next_stamp_us();
    let writes = names.iter().map(|(name, digest)| async move {
        client.write(&said.put_by_file, (deck.0, &digest.0[..], name)).await?;
        client.write(&said.put_name, (deck.0, name, &digest.0[..], stamp_us)).await
    });
    let at_once = client.options().edit_writes_at_once;
    stream::iter(writes.collect::<Vec<_>>()).buffer_unordered(at_once).try_collect::<()>().await
}

async fn named(store: &CqlStore, deck: DeckId, name: &str) -> Result<Option<MediaDigest>, StoreError> {
    let row: Option<(Vec<u8>,)> =
        store.client().read_one(&store.media_statements().named, (deck.0, name)).await?;
    row.map(|(digest,)| digest_of(digest)).transpose()
}

/// The names that a deck knows; those after `after`.
pub(crate) async fn names(
    store: &CqlStore,
    deck: DeckId,
    after: Option<String>,
    limit: usize,
) -> Result<Vec<(String, MediaDigest)>, StoreError> {
    let (client, said) = (store.client(), store.media_statements());
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    let rows: Vec<(String, Vec<u8>)> = match after {
        None => client.read(&said.names, (deck.0, limit)).await?,
        Some(after) => client.read(&said.names_after, (deck.0, after, limit)).await?,
    };
    rows.into_iter().map(|(name, digest)| Ok((name, digest_of(digest)?))).collect()
}
