//! Media files: the cold port. What is known of a file, and by which names decks know it, lies in `main.db`; its bytes
//! are a file of the folder ([`files`]), which is durable before `main.db` says that it is there.

pub(crate) mod files;

use crate::error::During;
use crate::imports::most;
use crate::store::EmbeddedStore;
use bytes::Bytes;
use domain::ids::DeckId;
use ports::media::check_length;
use ports::{Boxed, Media, MediaDigest, MediaError, MediaRecord, StoreError};
use rusqlite::{Connection, OptionalExtension, Row, params};

impl Media for EmbeddedStore {
    fn put_media(&self, record: MediaRecord, content: Bytes) -> Boxed<'_, Result<(), MediaError>> {
        Box::pin(async move {
            check_length(&record, &content)?;
            let digest = record.digest;
            if self.media(digest).await?.is_some_and(|known| known.bytes != record.bytes) {
                return Ok(());
            }
            self.on_files("store a media file", move |files| files.put(digest, &content)).await?;
            self.write(move |main| Ok(write(main, &record)?)).await
        })
    }

    fn media(&self, digest: MediaDigest) -> Boxed<'_, Result<Option<MediaRecord>, MediaError>> {
        Box::pin(self.read_main(move |main| Ok(by_digest(main, digest)?)))
    }

    fn read_media(
        &self,
        digest: MediaDigest,
        offset: u64,
        length_max: usize,
    ) -> Boxed<'_, Result<Bytes, MediaError>> {
        Box::pin(async move {
            let known = self.media(digest).await?;
            let Some(left) = known.and_then(|record| record.bytes.checked_sub(offset)) else {
                return Ok(Bytes::new());
            };
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(length_max);
            Ok(self.on_files("read a media file", move |files| files.read(digest, offset, length)).await?)
        })
    }

    fn give_media(
        &self,
        deck: DeckId,
        names: Vec<(String, MediaDigest)>,
    ) -> Boxed<'_, Result<(), MediaError>> {
        Box::pin(self.write(move |main| Ok(write_names(main, deck, &names)?)))
    }

    fn media_of(
        &self,
        deck: DeckId,
        after_name: Option<String>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<(String, MediaDigest)>, MediaError>> {
        Box::pin(self.read_main(move |main| Ok(names(main, deck, after_name.as_deref(), limit)?)))
    }

    fn media_named(&self, deck: DeckId, name: String) -> Boxed<'_, Result<Option<MediaDigest>, MediaError>> {
        Box::pin(self.read_main(move |main| {
            let sql = "SELECT digest FROM deck_media WHERE deck = ?1 AND name = ?2";
            let find = |mut select: rusqlite::CachedStatement<'_>| {
                select.query_row(params![&deck.bytes()[..], name], |row| row.get(0)).optional()
            };
            let found = main.prepare_cached(sql).and_then(find).during("read a media name")?;
            Ok(found.map(MediaDigest))
        }))
    }

    fn deck_has(&self, deck: DeckId, digest: MediaDigest) -> Boxed<'_, Result<bool, MediaError>> {
        Box::pin(self.read_main(move |main| {
            let sql = "SELECT EXISTS (SELECT 1 FROM deck_media WHERE deck = ?1 AND digest = ?2)";
            let find = |mut select: rusqlite::CachedStatement<'_>| {
                select.query_row(params![&deck.bytes()[..], &digest.0[..]], |row| row.get(0))
            };
            Ok(main.prepare_cached(sql).and_then(find).during("read a deck's media")?)
        }))
    }
}

/// Notes that a file is there; one that is known stays as it is.
pub(crate) fn write(main: &Connection, record: &MediaRecord) -> Result<(), StoreError> {
    main.prepare_cached("INSERT OR IGNORE INTO media VALUES (?1, ?2, ?3, ?4, ?5)")
        .and_then(|mut put| {
            let bytes = record.bytes as i64;
            put.execute(params![&record.digest.0[..], record.kind, bytes, record.width, record.height])
        })
        .during("store a media record")?;
    Ok(())
}

/// Gives names to files.
pub(crate) fn write_names(
    main: &Connection,
    deck: DeckId,
    names: &[(String, MediaDigest)],
) -> Result<(), StoreError> {
    let put = || {
        let mut put = main.prepare_cached("INSERT OR REPLACE INTO deck_media VALUES (?1, ?2, ?3)")?;
        for (name, digest) in names {
            put.execute(params![&deck.bytes()[..], name, &digest.0[..]])?;
        }
        Ok(())
    };
    put().during("store media names")
}

/// What is known of a file.
pub(crate) fn by_digest(main: &Connection, digest: MediaDigest) -> Result<Option<MediaRecord>, StoreError> {
    let sql = "SELECT digest, kind, bytes, width, height FROM media WHERE digest = ?1";
    main.prepare_cached(sql)
        .and_then(|mut select| select.query_row([&digest.0[..]], of_row).optional())
        .during("read a media record")
}

/// A page of all files, by digest.
pub(crate) fn page(
    main: &Connection,
    after: Option<MediaDigest>,
    limit: usize,
) -> Result<Vec<MediaRecord>, StoreError> {
    let read = || {
        let sql = "SELECT digest, kind, bytes, width, height FROM media WHERE digest > ?1
                   ORDER BY digest LIMIT ?2";
        let after = after.as_ref().map_or(&[][..], |digest| &digest.0[..]);
        let mut select = main.prepare_cached(sql)?;
        let rows = select.query_map(params![after, most(limit)], of_row)?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().during("read media records")
}

/// The names that a deck knows; those after `after`.
pub(crate) fn names(
    main: &Connection,
    deck: DeckId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, MediaDigest)>, StoreError> {
    let read = || {
        // One for both, "or there is none", would walk over all the names before.
        let sql = match after {
            None => {
                "SELECT name, digest FROM deck_media WHERE deck = ?1 AND ?2 IS NULL ORDER BY name LIMIT ?3"
            }
            Some(_) => {
                "SELECT name, digest FROM deck_media WHERE deck = ?1 AND name > ?2 ORDER BY name LIMIT ?3"
            }
        };
        let mut select = main.prepare_cached(sql)?;
        let rows = select.query_map(params![&deck.bytes()[..], after, most(limit)], |row| {
            Ok((row.get(0)?, MediaDigest(row.get(1)?)))
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().during("read media names")
}

fn of_row(row: &Row) -> rusqlite::Result<MediaRecord> {
    Ok(MediaRecord {
        digest: MediaDigest(row.get(0)?),
        kind: row.get(1)?,
        bytes: row.get::<_, i64>(2)? as u64,
        width: row.get(3)?,
        height: row.get(4)?,
    })
}
