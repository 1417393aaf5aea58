//! Notes and their types in `main.db`: the cold port.

use crate::error::{During, unreadable};
use crate::imports::most;
use crate::rows::id;
use crate::store::EmbeddedStore;
use domain::ids::{DeckId, NoteId, NoteTypeId};
use ports::codec::{CodecError, tags_of, tags_text, templates_of, templates_text};
use ports::{Boxed, NoteKind, NoteRecord, NoteTypeRecord, Notes, NotesError, StoreError};
use rusqlite::{Connection, Row, params};

impl Notes for EmbeddedStore {
    fn put_note_types(&self, deck: DeckId, types: Vec<NoteTypeRecord>) -> Boxed<'_, Result<(), NotesError>> {
        Box::pin(self.write(move |main| Ok(write_types(main, deck, &types)?)))
    }

    fn put_notes(&self, deck: DeckId, notes: Vec<NoteRecord>) -> Boxed<'_, Result<(), NotesError>> {
        Box::pin(self.write(move |main| Ok(write(main, deck, &notes)?)))
    }

    fn note_types(&self, deck: DeckId) -> Boxed<'_, Result<Vec<NoteTypeRecord>, NotesError>> {
        Box::pin(self.read_main(move |main| Ok(types(main, deck)?)))
    }

    fn notes(
        &self,
        deck: DeckId,
        after: Option<NoteId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<NoteRecord>, NotesError>> {
        Box::pin(self.read_main(move |main| Ok(page(main, deck, after, limit)?)))
    }

    fn note(&self, deck: DeckId, id: NoteId) -> Boxed<'_, Result<Option<NoteRecord>, NotesError>> {
        Box::pin(self.read_main(move |main| {
            let found = select(main, deck, "id = ?2", params![&deck.bytes()[..], &id.bytes()[..]])?;
            Ok(found.into_iter().next())
        }))
    }
}

/// Writes note types of a deck; known ones are replaced.
pub(crate) fn write_types(
    main: &Connection,
    deck: DeckId,
    types: &[NoteTypeRecord],
) -> Result<(), StoreError> {
    let put = || {
        let sql = "INSERT OR REPLACE INTO note_types (deck, id, name, fields, templates, css, kind, extra)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let mut put = main.prepare_cached(sql)?;
        for of in types {
            put.execute(params![
                &deck.bytes()[..],
                &of.id.bytes()[..],
                of.name,
                tags_text(&of.fields),
                templates_text(&of.templates),
                of.css,
                of.kind.word(),
                of.extra,
            ])?;
        }
        Ok(())
    };
    put().during("store note types")
}

/// Writes notes of a deck; known ones are replaced.
pub(crate) fn write(main: &Connection, deck: DeckId, notes: &[NoteRecord]) -> Result<(), StoreError> {
    let put = || {
        let sql = "INSERT OR REPLACE INTO notes (deck, id, note_type, guid, fields, tags, extra, updated_ms)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let mut put = main.prepare_cached(sql)?;
        // In the order of the keys: their ids come in none, and each page of the index is changed in one go.
        let mut sorted: Vec<&NoteRecord> = notes.iter().collect();
        sorted.sort_by_key(|note| note.id);
        for note in sorted {
            put.execute(params![
                &deck.bytes()[..],
                &note.id.bytes()[..],
                &note.note_type.bytes()[..],
                note.guid,
                tags_text(&note.fields),
                tags_text(&note.tags),
                note.extra,
                note.updated_ms,
            ])?;
        }
        Ok(())
    };
    put().during("store notes")
}

/// The note types of a deck, by id.
pub(crate) fn types(main: &Connection, deck: DeckId) -> Result<Vec<NoteTypeRecord>, StoreError> {
    let doing = "read note types";
    let sql =
        "SELECT id, name, fields, templates, css, kind, extra FROM note_types WHERE deck = ?1 ORDER BY id";
    let mut statement = main.prepare_cached(sql).during(doing)?;
    let mut rows = statement.query([&deck.bytes()[..]]).during(doing)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().during(doing)? {
        let (record, [fields, templates, kind]) = type_of_row(deck, row).during(doing)?;
        let wrong = |error: CodecError| unreadable("read a note type", error);
        found.push(NoteTypeRecord {
            fields: tags_of(&fields).map_err(wrong)?,
            templates: templates_of(&templates).map_err(wrong)?,
            kind: NoteKind::of_word(&kind).ok_or_else(|| wrong(CodecError::BadField("kind")))?,
            ..record
        });
    }
    Ok(found)
}

fn type_of_row(deck: DeckId, row: &Row) -> rusqlite::Result<(NoteTypeRecord, [String; 3])> {
    let record = NoteTypeRecord {
        id: NoteTypeId::from_bytes(id(row, 0)?),
        deck,
        name: row.get(1)?,
        fields: Vec::new(),
        templates: Vec::new(),
        css: row.get(4)?,
        kind: NoteKind::Standard,
        extra: row.get(6)?,
    };
    Ok((record, [row.get(2)?, row.get(3)?, row.get(5)?]))
}

/// Notes of a deck by id; those after `after`.
pub(crate) fn page(
    main: &Connection,
    deck: DeckId,
    after: Option<NoteId>,
    limit: usize,
) -> Result<Vec<NoteRecord>, StoreError> {
    let after = after.as_ref().map_or(&[][..], |after| &after.bytes()[..]);
    select(main, deck, "id > ?2 ORDER BY id LIMIT ?3", params![&deck.bytes()[..], after, most(limit)])
}

/// Notes of a deck; its id is the first parameter.
fn select(
    main: &Connection,
    deck: DeckId,
    which: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<NoteRecord>, StoreError> {
    let doing = "read notes";
    let sql = format!(
        "SELECT id, note_type, guid, fields, tags, extra, updated_ms FROM notes WHERE deck = ?1 AND {which}"
    );
    let mut statement = main.prepare_cached(&sql).during(doing)?;
    let mut rows = statement.query(params).during(doing)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().during(doing)? {
        let (record, [fields, tags]) = of_row(deck, row).during(doing)?;
        let wrong = |error: CodecError| unreadable("read a note", error);
        let (fields, tags) = (tags_of(&fields).map_err(wrong)?, tags_of(&tags).map_err(wrong)?);
        found.push(NoteRecord { fields, tags, ..record });
    }
    Ok(found)
}

fn of_row(deck: DeckId, row: &Row) -> rusqlite::Result<(NoteRecord, [String; 2])> {
    let record = NoteRecord {
        id: NoteId::from_bytes(id(row, 0)?),
        deck,
        note_type: NoteTypeId::from_bytes(id(row, 1)?),
        guid: row.get(2)?,
        fields: Vec::new(),
        tags: Vec::new(),
        extra: row.get(5)?,
        updated_ms: row.get(6)?,
    };
    Ok((record, [row.get(3)?, row.get(4)?]))
}
