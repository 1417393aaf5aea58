//! Notes and their types in `main.db`: the cold port.

use crate::error::{During, unreadable};
use crate::filed::{Filing, Id, NOTES, Recent};
use crate::imports::most;
use crate::rows::id;
use crate::store::EmbeddedStore;
use domain::ids::{DeckId, NoteId, NoteTypeId};
use ports::codec::{CodecError, tags_of, tags_text, templates_of, templates_text};
use ports::{Boxed, NoteKind, NoteRecord, NoteTypeRecord, Notes, NotesError, StoreError};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use std::sync::Arc;

impl Notes for EmbeddedStore {
    fn put_note_types(&self, deck: DeckId, types: Vec<NoteTypeRecord>) -> Boxed<'_, Result<(), NotesError>> {
        Box::pin(self.write(move |main| Ok(write_types(main, deck, &types)?)))
    }

    fn put_notes(&self, deck: DeckId, notes: Vec<NoteRecord>) -> Boxed<'_, Result<(), NotesError>> {
        let shared = Arc::clone(self.shared());
        Box::pin(self.write(move |main| Ok(write(main, deck, &notes, &shared.filed)?)))
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

    fn notes_of(&self, deck: DeckId, ids: Vec<NoteId>) -> Boxed<'_, Result<Vec<NoteRecord>, NotesError>> {
        Box::pin(self.read_main(move |main| Ok(some(main, deck, &ids)?)))
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
pub(crate) fn write(
    main: &Connection,
    deck: DeckId,
    notes: &[NoteRecord],
    recent: &Recent,
) -> Result<(), StoreError> {
    let mut put = Put::begin(main, deck, notes, recent)?;
    notes.iter().try_for_each(|note| put.note(note))?;
    put.filing.map_or(Ok(()), |filing| filing.end(main, recent))
}

/// Notes on their way into a deck.
struct Put<'a> {
    main: &'a Connection,
    put: CachedStatement<'a>,
    deck: DeckId,
    /// Where those that come are many.
    filing: Option<Filing>,
}

impl<'a> Put<'a> {
    fn begin(
        main: &'a Connection,
        deck: DeckId,
        notes: &[NoteRecord],
        recent: &Recent,
    ) -> Result<Put<'a>, StoreError> {
        // A known one is found by its number, where it is filed, or by the index.
        let put =
            "INSERT INTO notes (number, deck, id, note_type, guid, fields, tags, extra, updated_ms, filed)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                   ON CONFLICT DO UPDATE SET
                       note_type = excluded.note_type, guid = excluded.guid, fields = excluded.fields,
                       tags = excluded.tags, extra = excluded.extra, updated_ms = excluded.updated_ms";
        let are_many = notes.len() >= NOTES.least(main, deck, recent)? && has_numbers(main, notes.len())?;
        let ids = notes.iter().map(|note| note.id.0.as_u128());
        let filing = if are_many { Some(Filing::begin(&NOTES, main, deck, ids, recent)?) } else { None };
        Ok(Put { main, put: main.prepare_cached(put).during("store notes")?, deck, filing })
    }

    fn note(&mut self, note: &NoteRecord) -> Result<(), StoreError> {
        let id = note.id.0.as_u128();
        let known = match &self.filing {
            Some(filing) => match filing.find(id) {
                // All that is filed is known.
                None if filing.has_others => by_index(self.main, self.deck, id)?,
                found => found.map(i64::from),
            },
            // The index knows nothing of what is filed, and finds the others by itself.
            None => NOTES.place_of(self.main, self.deck, id)?.map(i64::from),
        };
        let row = params![
            known,
            &self.deck.bytes()[..],
            &note.id.bytes()[..],
            &note.note_type.bytes()[..],
            note.guid,
            tags_text(&note.fields),
            tags_text(&note.tags),
            note.extra,
            note.updated_ms,
            self.filing.is_some(),
        ];
        self.put.execute(row).during("store notes")?;
        if let (Some(filing), None) = (&mut self.filing, known) {
            let number = u32::try_from(self.main.last_insert_rowid())
                .map_err(|error| unreadable("number a note", error))?;
            filing.add(id, number);
        }
        Ok(())
    }
}

/// Whether so many more rows have numbers that can be filed.
fn has_numbers(main: &Connection, count: usize) -> Result<bool, StoreError> {
    let last: i64 = main
        .prepare_cached("SELECT ifnull(max(number), 0) FROM notes")
        .and_then(|mut find| find.query_row([], |row| row.get(0)))
        .during("number notes")?;
    Ok(last.unsigned_abs().saturating_add(count as u64) <= u64::from(u32::MAX))
}

/// The number of a note that is not filed apart.
fn by_index(main: &Connection, deck: DeckId, id: Id) -> Result<Option<i64>, StoreError> {
    main.prepare_cached("SELECT number FROM notes WHERE deck = ?1 AND id = ?2 AND filed = 0")
        .and_then(|mut find| {
            find.query_row((&deck.bytes()[..], &id.to_be_bytes()[..]), |row| row.get(0)).optional()
        })
        .during("find a note")
}

/// The notes that have these ids.
fn some(main: &Connection, deck: DeckId, ids: &[NoteId]) -> Result<Vec<NoteRecord>, StoreError> {
    let mut ids: Vec<Id> = ids.iter().map(|id| id.0.as_u128()).collect();
    ids.sort_unstable();
    ids.dedup();
    let filed = NOTES.places_of(main, deck, &ids)?;
    let mut numbers = Vec::with_capacity(ids.len());
    for id in ids {
        let number = match filed.get(&id) {
            Some(number) => Some(i64::from(*number)),
            None => by_index(main, deck, id)?,
        };
        numbers.extend(number);
    }
    // As they lie.
    numbers.sort_unstable();
    numbers.into_iter().filter_map(|number| at(main, deck, number).transpose()).collect()
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
    let from = after.as_ref().map_or(&[][..], |after| &after.bytes()[..]);
    let mut next: Vec<(Id, i64)> = Vec::new();
    {
        let sql = "SELECT id, number FROM notes INDEXED BY notes_by_id
                   WHERE deck = ?1 AND filed = 0 AND id > ?2 ORDER BY id LIMIT ?3";
        let mut select = main.prepare_cached(sql).during("read notes")?;
        let mut rows = select.query(params![&deck.bytes()[..], from, most(limit)]).during("read notes")?;
        while let Some(row) = rows.next().during("read notes")? {
            let id = u128::from_be_bytes(id(row, 0).during("read notes")?);
            next.push((id, row.get(1).during("read notes")?));
        }
    }
    next.extend(
        NOTES
            .after(main, deck, after.map(|after| after.0.as_u128()), limit)?
            .into_iter()
            .map(|(id, number)| (id, i64::from(number))),
    );
    next.sort_unstable();
    next.truncate(limit);
    next.into_iter().filter_map(|(_, number)| at(main, deck, number).transpose()).collect()
}

/// The note with this number.
fn at(main: &Connection, deck: DeckId, number: i64) -> Result<Option<NoteRecord>, StoreError> {
    const DOING: &str = "read notes";
    let sql = "SELECT id, note_type, guid, fields, tags, extra, updated_ms FROM notes WHERE number = ?1";
    let mut statement = main.prepare_cached(sql).during(DOING)?;
    let mut rows = statement.query([number]).during(DOING)?;
    let Some(row) = rows.next().during(DOING)? else { return Ok(None) };
    let (record, [fields, tags]) = of_row(deck, row).during(DOING)?;
    let wrong = |error: CodecError| unreadable("read a note", error);
    let (fields, tags) = (tags_of(&fields).map_err(wrong)?, tags_of(&tags).map_err(wrong)?);
    Ok(Some(NoteRecord { fields, tags, ..record }))
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
