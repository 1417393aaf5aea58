//! An import job on the wire.

use crate::jobs::{Asked, Failure, Options, Outcome};
use domain::ids::Uuid;
use ports::{ImportPhase, ImportRecord};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// An import job.
#[derive(Serialize, Debug, JsonSchema)]
pub(in crate::http) struct JobOut {
    job_id: Uuid,
    /// The file's name.
    name: String,
    format: String,
    /// The file's length.
    bytes: u64,
    dry_run: bool,
    options: Options,
    /// `waiting`, `reading`, `tried`, `writing`, `committing`, `done`, `failed`, `revoking` or `revoked`.
    phase: &'static str,
    /// Whether it will change no more by itself.
    finished: bool,
    /// So many of `total` are done, in whatever the phase counts.
    done: u64,
    total: u64,
    /// Rows that did not come in.
    rejected: u64,
    /// The decks that it made or changed.
    decks: Vec<Uuid>,
    /// What came, or would come, of it.
    report: Value,
    /// Why it failed.
    failure: Option<Failure>,
    /// What was taken back.
    withdrawn: Value,
    /// What it waits for, if that is somewhere else.
    waits_for: Option<&'static str>,
    created_at: i64,
    updated_at: i64,
}

impl JobOut {
    /// A job; whether its file lies with this server.
    pub(in crate::http) fn of(record: &ImportRecord, is_here: bool) -> JobOut {
        let (asked, outcome) = (Asked::of(&record.options), Outcome::of(&record.outcome));
        let is_unfinished = record.phase.is_unfinished();
        JobOut {
            job_id: record.job.0,
            name: record.name.clone(),
            format: record.format.clone(),
            bytes: record.bytes,
            dry_run: asked.dry_run,
            options: asked.options,
            phase: record.phase.word(),
            finished: !is_unfinished,
            done: record.done,
            total: record.total,
            rejected: outcome.rejected,
            decks: record.decks.iter().map(|deck| deck.0).collect(),
            report: outcome.report,
            failure: outcome.failure.filter(|_| record.phase == ImportPhase::Failed),
            withdrawn: outcome.withdrawn,
            waits_for: (is_unfinished && !is_here).then_some("the server that has the file"),
            created_at: record.created_ms,
            updated_at: record.updated_ms,
        }
    }

    /// The same for a list: of the report the figures alone.
    pub(in crate::http) fn short(mut self) -> JobOut {
        let counts = self.report.get("counts").cloned();
        self.report = counts.map_or(Value::Null, |counts| serde_json::json!({ "counts": counts }));
        self
    }
}
