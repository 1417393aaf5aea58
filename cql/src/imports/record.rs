//! A job and its row.

use super::unsigned;
use crate::log::unreadable;
use domain::ids::{DeckId, JobId, OrgId, UserId, Uuid};
use ports::{ImportPhase, ImportRecord, StoreError};
use scylla::DeserializeRow;
use serde::{Deserialize, Serialize};

/// A job as stored.
pub(super) struct Stored {
    pub(super) record: ImportRecord,
    /// Who made the newest change.
    pub(super) last: Uuid,
}

#[derive(DeserializeRow)]
pub(super) struct Row {
    job: Uuid,
    owner: Uuid,
    digest: Vec<u8>,
    phase: String,
    done: i64,
    total: i64,
    body: String,
    created_ms: i64,
    updated_ms: i64,
    revision: i64,
    last: Uuid,
}

/// What lies in `body`. Names stay; fields that come later have defaults.
#[derive(Serialize, Deserialize)]
struct Body {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    name: String,
    format: String,
    bytes: u64,
    options: String,
    outcome: String,
    decks: Vec<String>,
}

/// The cell of a record.
pub(super) fn body_of(record: &ImportRecord) -> Result<String, StoreError> {
    let body = Body {
        org: record.org.map(|org| org.to_string()),
        name: record.name.clone(),
        format: record.format.clone(),
        bytes: record.bytes,
        options: record.options.clone(),
        outcome: record.outcome.clone(),
        decks: record.decks.iter().map(DeckId::to_string).collect(),
    };
    serde_json::to_string(&body).map_err(|error| unreadable(&error))
}

impl Stored {
    pub(super) fn of_row(row: Row) -> Result<Stored, StoreError> {
        let body: Body = serde_json::from_str(&row.body).map_err(|error| unreadable(&error))?;
        let phase = ImportPhase::of_word(&row.phase)
            .ok_or_else(|| unreadable(&format!("the phase {} of an import is unknown", row.phase)))?;
        let org = body.org.map(|org| org.parse::<OrgId>()).transpose().map_err(|error| unreadable(&error))?;
        let decks: Result<Vec<DeckId>, _> = body.decks.iter().map(|deck| deck.parse()).collect();
        let digest = row.digest.try_into().map_err(|_| unreadable(&"a digest of another length"))?;
        let record = ImportRecord {
            job: JobId(row.job),
            owner: UserId(row.owner),
            org,
            name: body.name,
            format: body.format,
            digest,
            bytes: body.bytes,
            options: body.options,
            phase,
            done: unsigned(row.done)?,
            total: unsigned(row.total)?,
            outcome: body.outcome,
            decks: decks.map_err(|error| unreadable(&error))?,
            created_ms: row.created_ms,
            updated_ms: row.updated_ms,
            revision: unsigned(row.revision)?,
        };
        Ok(Stored { record, last: row.last })
    }
}
