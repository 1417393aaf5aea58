//! Notes and their types, kept as they came: so that they can be made anew, and written out again.

use crate::jobs::error::JobError;
use crate::jobs::ids::note_id;
use crate::jobs::limits::{NOTE_BYTES_PER_BATCH, NOTES_PER_BATCH, NOTES_REMEMBERED_MAX};
use crate::jobs::task::Task;
use anki::{CardRow, Kind, Notetype};
use domain::ids::{DeckId, NoteId, NoteTypeId, Uuid};
use ports::{NoteKind, NoteRecord, NoteTemplate, NoteTypeRecord};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A note between reading and writing.
#[derive(Serialize, Deserialize)]
struct Line {
    target: usize,
    id: Uuid,
    notetype: i64,
    guid: String,
    fields: Vec<String>,
    tags: Vec<String>,
    anki_id: i64,
    modified_s: i64,
}

/// Notes on the disk, between reading and writing: one JSON line each, each note once a deck.
#[derive(Debug)]
pub(super) struct NoteSpool {
    out: BufWriter<File>,
    path: PathBuf,
    seen: HashSet<NoteId>,
    /// All that came.
    pub count: u64,
    /// Those that lie here.
    pub spooled: u64,
}

impl NoteSpool {
    pub fn create(path: &Path) -> io::Result<NoteSpool> {
        let out = BufWriter::new(File::create(path)?);
        Ok(NoteSpool { out, path: path.to_owned(), seen: HashSet::new(), count: 0, spooled: 0 })
    }

    /// The id of a card's note, and whether it comes for the first time: then it is to be stored.
    pub fn meet(&mut self, deck: DeckId, row: &CardRow<'_>) -> (NoteId, bool) {
        let id = note_id(deck, row.note.guid);
        let is_new = match self.seen.len() < NOTES_REMEMBERED_MAX {
            true => self.seen.insert(id),
            false => !self.seen.contains(&id),
        };
        self.count += u64::from(is_new);
        (id, is_new)
    }

    /// Adds a note.
    pub fn push(&mut self, target: usize, id: NoteId, row: &CardRow<'_>) -> io::Result<()> {
        let line = Line {
            target,
            id: id.0,
            notetype: row.note.notetype,
            guid: row.note.guid.to_owned(),
            fields: row.note.each_field().map(str::to_owned).collect(),
            tags: row.note.each_tag().map(str::to_owned).collect(),
            anki_id: row.note.id,
            modified_s: row.note.modified_s,
        };
        serde_json::to_writer(&mut self.out, &line)?;
        self.out.write_all(b"\n")?;
        self.spooled += 1;
        Ok(())
    }

    /// Stores all notes in their decks.
    pub fn store_all(
        &mut self,
        task: &Task,
        decks: &[DeckId],
        mut stored: impl FnMut(u64) -> Result<(), JobError>,
    ) -> Result<(), JobError> {
        self.out.flush()?;
        let mut batch: (usize, Vec<NoteRecord>) = (0, Vec::new());
        let mut bytes = 0;
        for line in BufReader::new(File::open(&self.path)?).lines() {
            let text = line?;
            let line: Line = serde_json::from_str(&text).map_err(io::Error::from)?;
            if line.target != batch.0 || batch.1.len() == NOTES_PER_BATCH || bytes >= NOTE_BYTES_PER_BATCH {
                stored(store(task, decks, &mut batch)?)?;
                (batch.0, bytes) = (line.target, 0);
            }
            bytes += text.len();
            let Some(deck) = decks.get(line.target) else { continue };
            batch.1.push(record(*deck, line));
        }
        stored(store(task, decks, &mut batch)?)
    }
}

fn store(task: &Task, decks: &[DeckId], batch: &mut (usize, Vec<NoteRecord>)) -> Result<u64, JobError> {
    let notes = std::mem::take(&mut batch.1);
    let count = notes.len() as u64;
    if let (Some(deck), true) = (decks.get(batch.0), count > 0) {
        task.wait(task.tools.notes.put_notes(*deck, notes))?;
    }
    Ok(count)
}

fn record(deck: DeckId, line: Line) -> NoteRecord {
    NoteRecord {
        id: NoteId(line.id),
        deck,
        note_type: notetype_id(deck, line.notetype),
        guid: line.guid,
        fields: line.fields,
        tags: line.tags,
        extra: extra(line.anki_id),
        updated_ms: line.modified_s.saturating_mul(1_000),
    }
}

/// The note of a card, as it is stored.
pub(super) fn note_record(deck: DeckId, id: NoteId, note_type: NoteTypeId, row: &CardRow<'_>) -> NoteRecord {
    NoteRecord {
        id,
        deck,
        note_type,
        guid: row.note.guid.to_owned(),
        fields: row.note.each_field().map(str::to_owned).collect(),
        tags: row.note.each_tag().map(str::to_owned).collect(),
        extra: extra(row.note.id),
        updated_ms: row.note.modified_s.saturating_mul(1_000),
    }
}

/// What of a note has no place elsewhere, as JSON.
fn extra(anki_id: i64) -> String {
    format!(r#"{{"anki":{{"id":{anki_id}}}}}"#)
}

/// The id of a note type in a deck.
pub(super) fn notetype_id(deck: DeckId, id: i64) -> NoteTypeId {
    NoteTypeId(Uuid::new_v5(&deck.0, format!("anki:notetype:{id}").as_bytes()))
}

/// A note type as it is kept.
pub(super) fn notetype_record(deck: DeckId, of: &Notetype) -> NoteTypeRecord {
    let template = |template: &anki::Template| NoteTemplate {
        name: template.name.clone(),
        question: template.front.clone(),
        answer: template.back.clone(),
    };
    let (kind, kind_there) = match of.kind {
        Kind::Standard => (NoteKind::Standard, "standard"),
        Kind::Cloze => (NoteKind::Cloze, "cloze"),
        Kind::ImageOcclusion => (NoteKind::Cloze, "image_occlusion"),
    };
    let extra = json!({ "anki": {
        "id": of.id, "kind": kind_there, "latex_head": of.latex_head, "latex_tail": of.latex_tail,
    } });
    NoteTypeRecord {
        id: notetype_id(deck, of.id),
        deck,
        name: of.name.clone(),
        fields: of.fields.clone(),
        templates: of.templates.iter().map(template).collect(),
        css: of.css.clone(),
        kind,
        extra: extra.to_string(),
    }
}
