//! The cold port for small records that belong to a class, a person or a code: who teaches beside its teacher, who
//! stands in for one lesson, by which code one joins, who waits to be admitted, and homework. Whoever keeps them knows
//! what they say; a store keeps bytes and changes them by comparison.

use crate::Boxed;
use crate::error::StoreError;
use domain::ids::Uuid;

/// Bytes of one record.
pub const PAPER_BYTES_MAX: usize = 65_536;
/// Records of one page.
pub const PAPERS_PAGE_MAX: usize = 1_000;

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum PaperKind {
    /// A class has another teacher: of the class, by person.
    Teacher,
    /// The same from the other side: of the person, by class.
    Teaches,
    /// Somebody may steer one lesson: of the class, by link.
    Substitute,
    /// The code of a class's lesson: of the class, one.
    Code,
    /// Which class has a code: of the code, one.
    CodeOf,
    /// A guest of a class: of the class, by person.
    Guest,
    /// Somebody who waits to be admitted: of the class, by person.
    Waiting,
    /// What was set to be done: of the class, by assignment.
    Homework,
}

impl PaperKind {
    /// All of them.
    pub const ALL: [PaperKind; 8] = [
        PaperKind::Teacher,
        PaperKind::Teaches,
        PaperKind::Substitute,
        PaperKind::Code,
        PaperKind::CodeOf,
        PaperKind::Guest,
        PaperKind::Waiting,
        PaperKind::Homework,
    ];

    /// The kind as a word: what stores keep.
    pub const fn word(self) -> &'static str {
        match self {
            PaperKind::Teacher => "teacher",
            PaperKind::Teaches => "teaches",
            PaperKind::Substitute => "substitute",
            PaperKind::Code => "code",
            PaperKind::CodeOf => "code_of",
            PaperKind::Guest => "guest",
            PaperKind::Waiting => "waiting",
            PaperKind::Homework => "homework",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn of_word(word: &str) -> Option<PaperKind> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// The name of a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct PaperKey {
    /// What it belongs to.
    pub of: Uuid,
    /// What it is.
    pub kind: PaperKind,
    /// Which of these.
    pub id: Uuid,
}

/// A record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paper {
    /// Its name.
    pub key: PaperKey,
    /// What it says.
    pub body: Vec<u8>,
    /// Rises with each change, from 1.
    pub revision: u64,
}

/// Why a record was not changed, or not read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PapersError {
    /// The store failed; what became of a change is not known.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record is not at the revision that was named, or is there and should not be.
    #[error("the record was changed by somebody else")]
    Changed,
}

/// Small records.
pub trait Papers: Send + Sync + 'static {
    /// Makes a record (`None`: there must be none), or changes one that is at this revision. Its revision.
    fn put_paper(
        &self,
        key: PaperKey,
        body: Vec<u8>,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, PapersError>>;

    /// Removes a record, whatever it says; one that is not there stays away. It may be made anew.
    fn remove_paper(&self, key: PaperKey) -> Boxed<'_, Result<(), PapersError>>;

    /// One record.
    fn paper(&self, key: PaperKey) -> Boxed<'_, Result<Option<Paper>, PapersError>>;

    /// Those of these records that are there, in any order: one question, however many they are.
    fn papers_named(&self, keys: Vec<PaperKey>) -> Boxed<'_, Result<Vec<Paper>, PapersError>> {
        Box::pin(async move {
            let mut found = Vec::with_capacity(keys.len());
            for key in keys {
                found.extend(self.paper(key).await?);
            }
            Ok(found)
        })
    }

    /// Records of one kind that belong to `of`, by id, those behind `after`; at most `limit`, and [`PAPERS_PAGE_MAX`].
    fn papers(
        &self,
        of: Uuid,
        kind: PaperKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Paper>, PapersError>>;
}

/// Whether a record may be stored.
///
/// # Errors
/// It has too many bytes.
pub fn judge_paper(body: &[u8]) -> Result<(), PapersError> {
    if body.len() > PAPER_BYTES_MAX {
        return Err(StoreError::new(crate::Cause::Invalid, "a record has too many bytes").into());
    }
    Ok(())
}
