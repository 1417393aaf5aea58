//! Requests with a key in `main.db`: what each asked for, so that the same key is not taken for two.

use crate::error::During;
use domain::ids::Uuid;
use ports::StoreError;
use ports::library::{REQUEST_KEPT_MS, RequestDigest};
use rusqlite::{Connection, OptionalExtension};

/// Notes what is asked for under a key that is not known; returns what was noted first.
pub(super) fn note(
    main: &Connection,
    key: Uuid,
    asks: RequestDigest,
    now_ms: i64,
) -> Result<RequestDigest, StoreError> {
    let note = || {
        main.prepare_cached("DELETE FROM requests WHERE at_ms < ?1")?
            .execute([now_ms.saturating_sub(REQUEST_KEPT_MS)])?;
        let first: Option<RequestDigest> = main
            .prepare_cached("SELECT asks FROM requests WHERE key = ?1")?
            .query_row([&key.as_bytes()[..]], |row| row.get(0))
            .optional()?;
        if let Some(first) = first {
            return Ok(first);
        }
        main.prepare_cached("INSERT INTO requests VALUES (?1, ?2, ?3)")?.execute((
            &key.as_bytes()[..],
            &asks[..],
            now_ms,
        ))?;
        Ok(asks)
    };
    note().during("note a request")
}
