//! The cold port for notes: the fields that cards were made from, kept so that they can be made again, changed together
//! and written out as they came. Studying needs none of it.

use crate::Boxed;
use crate::error::StoreError;
use domain::ids::{DeckId, NoteId, NoteTypeId};

/// What kind of cards a note type makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum NoteKind {
    /// One card a template.
    Standard,
    /// One card a cloze number, all of them by one template.
    Cloze,
}

impl NoteKind {
    /// The kind as a word: what stores keep.
    pub const fn word(self) -> &'static str {
        match self {
            NoteKind::Standard => "standard",
            NoteKind::Cloze => "cloze",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn of_word(word: &str) -> Option<NoteKind> {
        [NoteKind::Standard, NoteKind::Cloze].into_iter().find(|kind| kind.word() == word)
    }
}

/// How one card is made of a note.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NoteTemplate {
    /// The name.
    pub name: String,
    /// The text of the question, with fields to be filled in.
    pub question: String,
    /// The text of the answer.
    pub answer: String,
}

/// How notes become cards.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoteTypeRecord {
    /// The note type.
    pub id: NoteTypeId,
    /// The deck whose notes are made by it.
    pub deck: DeckId,
    /// The name.
    pub name: String,
    /// The names of the fields, in their order.
    pub fields: Vec<String>,
    /// The templates, in their order.
    pub templates: Vec<NoteTemplate>,
    /// The style sheet, as it came.
    pub css: String,
    /// The kind.
    pub kind: NoteKind,
    /// What else came in and has no place here: JSON that only the importer reads.
    pub extra: String,
}

/// A note: the fields of some cards.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoteRecord {
    /// The note.
    pub id: NoteId,
    /// Its deck.
    pub deck: DeckId,
    /// By what its cards are made.
    pub note_type: NoteTypeId,
    /// By which an import finds it again.
    pub guid: String,
    /// Its fields, in the order of the note type's, as they came.
    pub fields: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// What else came in and has no place here: JSON that only the importer reads.
    pub extra: String,
    /// When it was last changed, Unix milliseconds.
    pub updated_ms: i64,
}

/// Why notes were refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotesError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Notes and their types. What a function has returned is durable. A deck that was marked deleted keeps its notes, as it
/// keeps its cards.
pub trait Notes: Send + Sync + 'static {
    /// Stores note types of a deck; known ones are replaced. Their `deck` is this one, whatever they say.
    fn put_note_types(&self, deck: DeckId, types: Vec<NoteTypeRecord>) -> Boxed<'_, Result<(), NotesError>>;

    /// Stores notes of a deck; known ones are replaced. Their `deck` is this one, whatever they say.
    fn put_notes(&self, deck: DeckId, notes: Vec<NoteRecord>) -> Boxed<'_, Result<(), NotesError>>;

    /// The note types of a deck, by id.
    fn note_types(&self, deck: DeckId) -> Boxed<'_, Result<Vec<NoteTypeRecord>, NotesError>>;

    /// Notes of a deck by id, at most `limit`; those after `after`.
    fn notes(
        &self,
        deck: DeckId,
        after: Option<NoteId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<NoteRecord>, NotesError>>;

    /// The notes that have these ids, in no order; who wants many asks for some hundreds at a time.
    fn notes_of(&self, deck: DeckId, ids: Vec<NoteId>) -> Boxed<'_, Result<Vec<NoteRecord>, NotesError>>;

    /// One note.
    fn note(&self, deck: DeckId, id: NoteId) -> Boxed<'_, Result<Option<NoteRecord>, NotesError>> {
        Box::pin(async move { Ok(self.notes_of(deck, vec![id]).await?.pop()) })
    }
}
