//! Notes and their types: the cold port.

use crate::CqlStore;
use crate::log::unreadable;
use crate::statements::statements;
use crate::task::owned;
use domain::ids::{DeckId, NoteId, NoteTypeId, Uuid};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::codec::{tags_of, tags_text, templates_of, templates_text};
use ports::{Boxed, NoteKind, NoteRecord, NoteTypeRecord, Notes, NotesError, StoreError};
use scylla::DeserializeRow;
use std::collections::BTreeSet;

statements! {
    /// What is said to the tables of notes in schema/0004_imports.cql.
    NoteStatements {
        put_type: Write = "INSERT INTO note_types (deck, id, name, fields, templates, css, kind, extra)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?";
        types: Read = "SELECT id, name, fields, templates, css, kind, extra FROM note_types WHERE deck = ?";
        put_note: Write = "INSERT INTO notes
            (deck, part, id, note_type, guid, fields, tags, extra, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            USING TIMESTAMP ?";
        notes: Read = "SELECT id, note_type, guid, fields, tags, extra, updated_ms FROM notes
            WHERE deck = ? AND part = ? AND id > ? LIMIT ?";
        note: Read = "SELECT id, note_type, guid, fields, tags, extra, updated_ms FROM notes
            WHERE deck = ? AND part = ? AND id = ?";
    }
}

/// Partitions of a deck's notes.
const PARTS: i32 = 16;

#[derive(DeserializeRow)]
struct NoteRow {
    id: Vec<u8>,
    note_type: Uuid,
    guid: String,
    fields: String,
    tags: String,
    extra: String,
    updated_ms: i64,
}

#[derive(DeserializeRow)]
struct TypeRow {
    id: Vec<u8>,
    name: String,
    fields: String,
    templates: String,
    css: String,
    kind: String,
    extra: String,
}

impl Notes for CqlStore {
    fn put_note_types(&self, deck: DeckId, types: Vec<NoteTypeRecord>) -> Boxed<'_, Result<(), NotesError>> {
        let store = self.clone();
        Box::pin(owned(async move { Ok(put_types(&store, deck, &types).await?) }))
    }

    fn put_notes(&self, deck: DeckId, notes: Vec<NoteRecord>) -> Boxed<'_, Result<(), NotesError>> {
        let store = self.clone();
        Box::pin(owned(async move { Ok(put(&store, deck, &notes).await?) }))
    }

    fn note_types(&self, deck: DeckId) -> Boxed<'_, Result<Vec<NoteTypeRecord>, NotesError>> {
        Box::pin(async move { Ok(types(self, deck).await?) })
    }

    fn notes(
        &self,
        deck: DeckId,
        after: Option<NoteId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<NoteRecord>, NotesError>> {
        Box::pin(async move { Ok(page(self, deck, after, limit).await?) })
    }

    fn notes_of(&self, deck: DeckId, ids: Vec<NoteId>) -> Boxed<'_, Result<Vec<NoteRecord>, NotesError>> {
        let store = self.clone();
        Box::pin(owned(async move { Ok(some(&store, deck, ids).await?) }))
    }
}

/// The notes that have these ids.
async fn some(store: &CqlStore, deck: DeckId, ids: Vec<NoteId>) -> Result<Vec<NoteRecord>, StoreError> {
    let (client, said) = (store.client(), store.notes_statements());
    let ids: BTreeSet<NoteId> = ids.into_iter().collect();
    let reads = ids.into_iter().map(|id| async move {
        let values = (deck.0, part_of(id), &id.bytes()[..]);
        let row = client.read_one::<NoteRow>(&said.note, values).await?;
        row.map(|row| note_of(deck, row)).transpose()
    });
    let at_once = client.options().reads_at_once;
    let found: Vec<Option<NoteRecord>> =
        stream::iter(reads.collect::<Vec<_>>()).buffer_unordered(at_once).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Stores note types of a deck; known ones are replaced.
pub(crate) async fn put_types(
    store: &CqlStore,
    deck: DeckId,
    types: &[NoteTypeRecord],
) -> Result<(), StoreError> {
    let stamp_us = store.next_stamp_us();
    for of in types {
        let (fields, templates) = (tags_text(&of.fields), templates_text(&of.templates));
        let (id, kind) = (&of.id.bytes()[..], of.kind.word());
        let values = (deck.0, id, &of.name, fields, templates, &of.css, kind, &of.extra, stamp_us);
        store.client().write(&store.notes_statements().put_type, values).await?;
    }
    Ok(())
}

/// Stores notes of a deck; known ones are replaced.
pub(crate) async fn put(store: &CqlStore, deck: DeckId, notes: &[NoteRecord]) -> Result<(), StoreError> {
    let (client, said) = (store.client(), store.notes_statements());
    let stamp_us = store.next_stamp_us();
    let writes = notes.iter().map(|note| async move {
        let (fields, tags) = (tags_text(&note.fields), tags_text(&note.tags));
        let (id, of) = (&note.id.bytes()[..], note.note_type.0);
        let (part, updated_ms) = (part_of(note.id), note.updated_ms);
        let values = (deck.0, part, id, of, &note.guid, fields, tags, &note.extra, updated_ms, stamp_us);
        client.write(&said.put_note, values).await
    });
    let at_once = client.options().edit_writes_at_once;
    stream::iter(writes.collect::<Vec<_>>()).buffer_unordered(at_once).try_collect::<()>().await
}

/// The note types of a deck, by id.
pub(crate) async fn types(store: &CqlStore, deck: DeckId) -> Result<Vec<NoteTypeRecord>, StoreError> {
    let rows: Vec<TypeRow> = store.client().read(&store.notes_statements().types, (deck.0,)).await?;
    rows.into_iter().map(|row| type_of(deck, row)).collect()
}

fn type_of(deck: DeckId, row: TypeRow) -> Result<NoteTypeRecord, StoreError> {
    Ok(NoteTypeRecord {
        id: id_of(&row.id).map(NoteTypeId::from_bytes)?,
        deck,
        name: row.name,
        fields: tags_of(&row.fields).map_err(|error| unreadable(&error))?,
        templates: templates_of(&row.templates).map_err(|error| unreadable(&error))?,
        css: row.css,
        kind: NoteKind::of_word(&row.kind).ok_or_else(|| unreadable(&"a kind of notes that is unknown"))?,
        extra: row.extra,
    })
}

/// Notes of a deck by id; those after `after`.
pub(crate) async fn page(
    store: &CqlStore,
    deck: DeckId,
    after: Option<NoteId>,
    limit: usize,
) -> Result<Vec<NoteRecord>, StoreError> {
    let mut found = Vec::new();
    let after_id = after.as_ref().map_or(&[][..], |id| &id.bytes()[..]);
    for part in after.map_or(0, part_of)..PARTS {
        let left = limit - found.len();
        if left == 0 {
            break;
        }
        let values = (deck.0, part, after_id, i32::try_from(left).unwrap_or(i32::MAX));
        let rows: Vec<NoteRow> = store.client().read(&store.notes_statements().notes, values).await?;
        for row in rows {
            found.push(note_of(deck, row)?);
        }
    }
    Ok(found)
}

fn note_of(deck: DeckId, row: NoteRow) -> Result<NoteRecord, StoreError> {
    Ok(NoteRecord {
        id: id_of(&row.id).map(NoteId::from_bytes)?,
        deck,
        note_type: NoteTypeId(row.note_type),
        guid: row.guid,
        fields: tags_of(&row.fields).map_err(|error| unreadable(&error))?,
        tags: tags_of(&row.tags).map_err(|error| unreadable(&error))?,
        extra: row.extra,
        updated_ms: row.updated_ms,
    })
}

fn id_of(blob: &[u8]) -> Result<[u8; 16], StoreError> {
    blob.try_into().map_err(|error| unreadable(&error))
}

/// The partition of a note: the first four bits of its id.
fn part_of(id: NoteId) -> i32 {
    id.bytes().first().map_or(0, |first| i32::from(first >> 4))
}
