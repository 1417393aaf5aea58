//! Notes in memory.

use super::MemoryStore;
use domain::ids::{DeckId, NoteId, NoteTypeId};
use ports::{Boxed, NoteRecord, NoteTypeRecord, Notes, NotesError};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included};

#[derive(Default)]
pub(super) struct Binder {
    types: BTreeMap<(DeckId, NoteTypeId), NoteTypeRecord>,
    notes: BTreeMap<(DeckId, NoteId), NoteRecord>,
}

impl Notes for MemoryStore {
    fn put_note_types(&self, deck: DeckId, types: Vec<NoteTypeRecord>) -> Boxed<'_, Result<(), NotesError>> {
        Box::pin(async move {
            let types = types.into_iter().map(|of| ((deck, of.id), NoteTypeRecord { deck, ..of }));
            self.state().binder.types.extend(types);
            Ok(())
        })
    }

    fn put_notes(&self, deck: DeckId, notes: Vec<NoteRecord>) -> Boxed<'_, Result<(), NotesError>> {
        Box::pin(async move {
            let notes = notes.into_iter().map(|note| ((deck, note.id), NoteRecord { deck, ..note }));
            self.state().binder.notes.extend(notes);
            Ok(())
        })
    }

    fn note_types(&self, deck: DeckId) -> Boxed<'_, Result<Vec<NoteTypeRecord>, NotesError>> {
        Box::pin(async move {
            let state = self.state();
            let of_deck = state.binder.types.values().filter(|of| of.deck == deck);
            Ok(of_deck.cloned().collect())
        })
    }

    fn notes(
        &self,
        deck: DeckId,
        after: Option<NoteId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<NoteRecord>, NotesError>> {
        Box::pin(async move {
            let state = self.state();
            let first = Included((deck, NoteId::from_u128(0)));
            let from = after.map_or(first, |after| Excluded((deck, after)));
            let of_deck = state.binder.notes.range((from, Included((deck, NoteId::from_u128(u128::MAX)))));
            Ok(of_deck.take(limit).map(|(_, note)| note.clone()).collect())
        })
    }

    fn notes_of(&self, deck: DeckId, ids: Vec<NoteId>) -> Boxed<'_, Result<Vec<NoteRecord>, NotesError>> {
        Box::pin(async move {
            let state = self.state();
            let ids: BTreeSet<NoteId> = ids.into_iter().collect();
            Ok(ids.into_iter().filter_map(|id| state.binder.notes.get(&(deck, id)).cloned()).collect())
        })
    }
}
