//! The cold port for import jobs: what was uploaded, how far it is, and which rows of it were refused. What a job brings
//! lies elsewhere: cards in the [`Library`](crate::Library), entries in the log under the job's id.

use crate::Boxed;
use crate::error::StoreError;
use domain::ids::{DeckId, JobId, OrgId, UserId};

/// How far an import job is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum ImportPhase {
    /// The file is still being uploaded.
    Receiving,
    /// The file is there, and nobody reads it yet.
    Waiting,
    /// The file is read and checked; nothing is written.
    Reading,
    /// A dry run has ended: what would come in is known, and nothing came.
    Tried,
    /// Cards, notes, media and entries are written; the entries do not count yet.
    Writing,
    /// All is written; the entries are made to count.
    Committing,
    /// All is there and counts.
    Done,
    /// It could not be carried out; nothing of it counts.
    Failed,
    /// What it brought is taken back.
    Revoking,
    /// What it brought no longer counts.
    Revoked,
}

impl ImportPhase {
    /// Every phase, in the order in which jobs go through them.
    pub const ALL: [ImportPhase; 10] = [
        ImportPhase::Receiving,
        ImportPhase::Waiting,
        ImportPhase::Reading,
        ImportPhase::Tried,
        ImportPhase::Writing,
        ImportPhase::Committing,
        ImportPhase::Done,
        ImportPhase::Failed,
        ImportPhase::Revoking,
        ImportPhase::Revoked,
    ];

    /// Whether somebody has to go on with the job: after a restart it is taken up again.
    pub const fn is_unfinished(self) -> bool {
        match self {
            ImportPhase::Receiving
            | ImportPhase::Waiting
            | ImportPhase::Reading
            | ImportPhase::Writing
            | ImportPhase::Committing
            | ImportPhase::Revoking => true,
            ImportPhase::Tried | ImportPhase::Done | ImportPhase::Failed | ImportPhase::Revoked => false,
        }
    }

    /// Whether the same file sent again is this job again: not after it failed or was taken back.
    pub const fn stands(self) -> bool {
        match self {
            ImportPhase::Receiving
            | ImportPhase::Waiting
            | ImportPhase::Reading
            | ImportPhase::Tried
            | ImportPhase::Writing
            | ImportPhase::Committing
            | ImportPhase::Done => true,
            ImportPhase::Failed | ImportPhase::Revoking | ImportPhase::Revoked => false,
        }
    }

    /// The phase as a word: what stores keep and what people read.
    pub const fn word(self) -> &'static str {
        match self {
            ImportPhase::Receiving => "receiving",
            ImportPhase::Waiting => "waiting",
            ImportPhase::Reading => "reading",
            ImportPhase::Tried => "tried",
            ImportPhase::Writing => "writing",
            ImportPhase::Committing => "committing",
            ImportPhase::Done => "done",
            ImportPhase::Failed => "failed",
            ImportPhase::Revoking => "revoking",
            ImportPhase::Revoked => "revoked",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn of_word(word: &str) -> Option<ImportPhase> {
        Self::ALL.into_iter().find(|phase| phase.word() == word)
    }
}

/// What tells one import from another: the SHA-256 of the file, its owner and the options.
pub type ImportDigest = [u8; 32];

/// An import job's record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportRecord {
    /// The job: a UUIDv7, so that newer jobs have higher ids.
    pub job: JobId,
    /// Who imports, and whose decks and reviews they become.
    pub owner: UserId,
    /// The organisation of the owner.
    pub org: Option<OrgId>,
    /// The file's name, for people.
    pub name: String,
    /// The format, as it was named or found out; empty while nobody knows.
    pub format: String,
    /// Of file, owner and options.
    pub digest: ImportDigest,
    /// The file's length in bytes.
    pub bytes: u64,
    /// The importer's options: JSON that only it reads.
    pub options: String,
    /// How far it is.
    pub phase: ImportPhase,
    /// So many of `total` are done, in whatever the phase counts.
    pub done: u64,
    /// So many there are; 0 while nobody knows.
    pub total: u64,
    /// What came of it: JSON that only the importer reads: counts, fidelity, failure.
    pub outcome: String,
    /// The decks that it made or changed.
    pub decks: Vec<DeckId>,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// When the record was last changed.
    pub updated_ms: i64,
    /// Raised with each change; the store assigns it, from 1.
    pub revision: u64,
}

impl ImportRecord {
    /// What is stored when this is put over `kept` by somebody who knew that revision of it: every store's rule. Whose job
    /// it is, of which file and since when stays as it was at first.
    ///
    /// # Errors
    /// [`ImportsError::Changed`]: another revision is kept, or none, or one where there should be none.
    pub fn over(
        self,
        kept: Option<&ImportRecord>,
        if_revision: Option<u64>,
    ) -> Result<ImportRecord, ImportsError> {
        if kept.map(|kept| kept.revision) != if_revision {
            return Err(ImportsError::Changed);
        }
        let (owner, digest, created_ms) = kept.map_or((self.owner, self.digest, self.created_ms), |kept| {
            (kept.owner, kept.digest, kept.created_ms)
        });
        Ok(ImportRecord { owner, digest, created_ms, revision: if_revision.unwrap_or(0) + 1, ..self })
    }
}

/// A row of a file that did not come in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedRow {
    /// The row's number in the report, from 0: the key.
    pub number: u64,
    /// The line in the file, from 1; 0 where the format has none.
    pub line: u64,
    /// The column's name.
    pub column: Option<String>,
    /// Why, in a sentence.
    pub reason: String,
    /// What stood there, as much of it as helps.
    pub text: String,
}

/// Why a job's record was not stored or read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ImportsError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record is not, or no longer, of the revision that the change was based on.
    #[error("the import was changed meanwhile")]
    Changed,
}

/// Import jobs. What a function has returned is durable.
pub trait Imports: Send + Sync + 'static {
    /// Stores a new record (`if_revision` is `None`) or a change of the one of that revision, and returns the revision
    /// it has now. `revision` in the record is not looked at; `job`, `owner`, `digest` and `created_ms` never change.
    ///
    /// `Changed`: the job is known already, or another wrote meanwhile, or there is no such job.
    fn put_import(
        &self,
        record: ImportRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, ImportsError>>;

    /// One job.
    fn import(&self, job: JobId) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>>;

    /// Jobs of a person, newest first, at most `limit`; those older than `before`.
    fn imports_of(
        &self,
        owner: UserId,
        before: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>>;

    /// Jobs of anybody that somebody has to go on with ([`ImportPhase::is_unfinished`]), oldest first, at most `limit`;
    /// those newer than `after`.
    fn unfinished(
        &self,
        after: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>>;

    /// The newest job of this person with this digest that stands ([`ImportPhase::stands`]).
    fn same_import(
        &self,
        owner: UserId,
        digest: ImportDigest,
    ) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>>;

    /// Keeps rows that did not come in. One of a known number is replaced.
    fn put_refused(&self, job: JobId, rows: Vec<RefusedRow>) -> Boxed<'_, Result<(), ImportsError>>;

    /// Rows that did not come in, by number, from this number on, at most `limit`.
    fn refused(
        &self,
        job: JobId,
        from_number: u64,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RefusedRow>, ImportsError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_phases_read_back() {
        for phase in ImportPhase::ALL {
            assert_eq!(ImportPhase::of_word(phase.word()), Some(phase));
        }
        assert_eq!(ImportPhase::of_word("sleeping"), None);
    }
}
