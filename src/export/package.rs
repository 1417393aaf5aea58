//! A deck as a package of Anki: notes as they came in, cards that were made or changed here as notes of their own, media
//! under the names that cards call them by, and where the learner stands, if that is asked for.

use super::definitions::{Kept, OWN_NOTETYPE, day_zero, deck_number, definitions};
use super::schedule::{history, new_card, scheduled};
use crate::content::{CardTexts, sanitise_card};
use crate::jobs::{Folder, Logs};
use crate::media::{address, parse_address};
use anki::{Card, CardRow, Note, Renderer, WriteError, Writer};
use domain::day::{Day, ZoneHistory};
use domain::fold::Live;
use domain::ids::{CardId, NoteId, UserId};
use ports::{
    CardQuery, CardRecord, DeckRecord, Library, LibraryError, Media, MediaDigest, MediaError, NoteRecord,
    Notes, NotesError, StoreError,
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Cards of one read.
const PAGE: usize = 500;
/// Names of media of one read.
const NAMES: usize = 1_000;
/// Bytes of a media file that are read at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Why no package was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The deck could not be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// Its notes could not be read.
    #[error(transparent)]
    Notes(#[from] NotesError),
    /// Its media could not be read.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The package could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The disk is full but for its reserve.
    #[error("the disk has no room for a package")]
    NoRoom,
}

/// What a package is made from.
pub struct PackageParts {
    /// Decks and cards.
    pub library: Arc<dyn Library>,
    /// Notes and their types.
    pub notes: Arc<dyn Notes>,
    /// Media.
    pub media: Arc<dyn Media>,
    /// Learners' logs.
    pub logs: Arc<dyn Logs>,
    /// Where stores are waited for.
    pub runtime: Handle,
    /// What is written lies on its disk, and leaves the reserve there.
    pub folder: Folder,
    /// The deck.
    pub deck: DeckRecord,
    /// Whose schedule goes with it, with the person's days and today.
    pub learner: Option<(UserId, ZoneHistory, Day)>,
}

/// Writes a deck as a package at `path`, which must not exist. Blocks; not for async threads.
///
/// # Errors
/// A store or the disk; what was written is no package then.
pub fn write_package(parts: &PackageParts, path: &Path, work_folder: &Path) -> Result<(), ExportError> {
    let notetypes = parts.runtime.block_on(parts.notes.note_types(parts.deck.id))?;
    let kept = Kept::of(&notetypes);
    let definitions = definitions(parts, &kept);
    let writer = Writer::create(path, work_folder, &definitions)?;
    let names = media_names(parts)?;
    let by_digest: HashMap<MediaDigest, String> =
        names.iter().map(|(name, digest)| (*digest, name.clone())).collect();
    let renderer = Renderer::new(&definitions.notetypes);
    let mut writing = Writing {
        parts,
        writer,
        kept: &kept,
        renderer: &renderer,
        names: &names,
        by_digest: &by_digest,
        note_ids: HashMap::new(),
        taken: HashSet::new(),
        moments: HashSet::new(),
    };
    writing.cards()?;
    writing.media()?;
    Ok(writing.writer.finish()?)
}

/// The names that cards call media by; covers of pictures are made anew by whoever imports.
fn media_names(parts: &PackageParts) -> Result<BTreeMap<String, MediaDigest>, ExportError> {
    let mut names = BTreeMap::new();
    let mut after = None;
    loop {
        let page = parts.runtime.block_on(parts.media.media_of(parts.deck.id, after, NAMES))?;
        let Some((last, _)) = page.last() else { return Ok(names) };
        after = Some(last.clone());
        names.extend(page.into_iter().filter(|(name, _)| !name.starts_with("_covered-")));
    }
}

struct Writing<'w> {
    parts: &'w PackageParts,
    writer: Writer,
    kept: &'w Kept,
    renderer: &'w Renderer<'w>,
    names: &'w BTreeMap<String, MediaDigest>,
    by_digest: &'w HashMap<MediaDigest, String>,
    /// The number of each note that was written.
    note_ids: HashMap<NoteId, i64>,
    taken: HashSet<i64>,
    /// Moments of answers: no two rows of a package have one.
    moments: HashSet<i64>,
}

impl Writing<'_> {
    fn keep_reserve(&self) -> Result<(), ExportError> {
        let room = self.parts.folder.room().map_err(WriteError::from)?;
        if room == 0 { Err(ExportError::NoRoom) } else { Ok(()) }
    }

    fn cards(&mut self) -> Result<(), ExportError> {
        let (parts, deck) = (self.parts, self.parts.deck.id);
        let mut from_position = 0;
        loop {
            self.keep_reserve()?;
            let query = CardQuery { from_position, limit: PAGE, text: None, with_deleted: false };
            let page = parts.runtime.block_on(parts.library.cards(deck, query))?;
            let Some(last) = page.last() else { return Ok(()) };
            from_position = last.position.saturating_add(1);
            let mut notes: HashMap<NoteId, Option<NoteRecord>> = HashMap::new();
            for note in page.iter().filter_map(|card| card.note) {
                if let std::collections::hash_map::Entry::Vacant(place) = notes.entry(note) {
                    place.insert(parts.runtime.block_on(parts.notes.note(deck, note))?);
                }
            }
            let log = match &parts.learner {
                Some((user, _, _)) => {
                    let cards: Vec<CardId> = page.iter().map(|card| card.id).collect();
                    parts.runtime.block_on(parts.logs.card_log(*user, deck, cards))?
                }
                None => Vec::new(),
            };
            let live = Live::of(&log);
            for card in &page {
                let note = card.note.and_then(|note| notes.get(&note)).and_then(Option::as_ref);
                let written = self.card(card, note)?;
                self.schedule(written, card, &log, &live)?;
            }
        }
    }

    /// The card as it will be, before it is known where the learner stands with it; with the note that it belongs to.
    fn card(&mut self, card: &CardRecord, note: Option<&NoteRecord>) -> Result<Written, ExportError> {
        let id = self.parts.deck.created_ms.max(1) + i64::from(card.position);
        let deck = deck_number(&self.parts.deck);
        if let Some((note, notetype, ord)) = note.and_then(|note| self.as_it_came(card, note)) {
            let number = self.number_of(note);
            let written = Written {
                card: new_card(card, id, number, deck, ord),
                guid: note.guid.clone(),
                notetype,
                tags: note.tags.join(" "),
                fields: note.fields.join("\u{1f}"),
                modified_s: note.updated_ms.div_euclid(1_000),
            };
            return Ok(written);
        }
        let number = self.free(id);
        let fields = [
            self.with_names(&card.front),
            self.with_names(&card.back),
            self.with_names(card.hint.as_deref().unwrap_or_default()),
            self.with_names(card.explanation.as_deref().unwrap_or_default()),
        ];
        let tags: Vec<String> = card.tags.iter().map(|tag| tag.replace(char::is_whitespace, "_")).collect();
        Ok(Written {
            card: new_card(card, id, number, deck, 0),
            guid: card.id.to_string(),
            notetype: OWN_NOTETYPE,
            tags: tags.join(" "),
            fields: fields.join("\u{1f}"),
            modified_s: card.updated_ms.div_euclid(1_000),
        })
    }

    /// The note, its type and which of its cards this is, if the card still shows what the note makes of it: a card that
    /// was changed here goes out as it is now.
    fn as_it_came<'n>(&self, card: &CardRecord, note: &'n NoteRecord) -> Option<(&'n NoteRecord, i64, u16)> {
        let notetype = self.kept.by_id.get(&note.note_type)?;
        let (ord, guid) = card.source_key.strip_prefix("anki:")?.split_once(':')?;
        let ord: u16 = ord.parse().ok().filter(|_| guid == note.guid)?;
        let fields = note.fields.join("\u{1f}");
        let tags = note.tags.join(" ");
        let row = CardRow {
            card: new_card(card, 1, 1, 1, ord),
            note: Note { id: 1, guid, notetype: notetype.id, modified_s: 0, tags: &tags, fields: &fields },
        };
        let deck = self.parts.deck.id;
        let mut names = |name: &str| self.names.get(name).map(|digest| address(deck, *digest));
        let rendered = self.renderer.render(&row, &self.parts.deck.path, &mut names).ok()?;
        let is_covered = rendered.occlusion.is_some();
        let texts = CardTexts {
            front: rendered.front.into_unsafe(),
            back: rendered.back.into_unsafe(),
            hint: None,
            explanation: None,
        };
        let texts = sanitise_card(texts).ok()?;
        let same = |made: &str, shown: &str| without_players(made) == without_players(shown);
        let is_same = is_covered || same(&texts.front, &card.front) && same(&texts.back, &card.back);
        (is_same && card.hint.is_none() && card.explanation.is_none()).then_some((note, notetype.id, ord))
    }

    fn number_of(&mut self, note: &NoteRecord) -> i64 {
        if let Some(known) = self.note_ids.get(&note.id) {
            return *known;
        }
        let extra: Value = serde_json::from_str(&note.extra).unwrap_or_default();
        let wanted = extra["anki"]["id"].as_i64().filter(|id| *id > 0);
        let number = self.free(wanted.unwrap_or(self.parts.deck.created_ms.max(1)));
        self.note_ids.insert(note.id, number);
        number
    }

    fn free(&mut self, mut number: i64) -> i64 {
        while !self.taken.insert(number) {
            number += 1;
        }
        number
    }

    /// Addresses of media as names.
    fn with_names(&self, html: &str) -> String {
        let mut out = String::with_capacity(html.len());
        let mut rest = html;
        while let Some(at) = rest.find("src=\"") {
            let (before, from) = rest.split_at(at + 5);
            out.push_str(before);
            let end = from.find('"').unwrap_or(from.len());
            let (source, after) = from.split_at(end);
            let name = parse_address(source).and_then(|(_, digest)| self.by_digest.get(&digest));
            out.push_str(name.map_or(source, String::as_str));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn schedule(
        &mut self,
        written: Written,
        card: &CardRecord,
        log: &[domain::entry::LogEntry],
        live: &Live,
    ) -> Result<(), ExportError> {
        let Some((_, _, today)) = &self.parts.learner else { return Ok(self.writer.card(&written.row())?) };
        let params = self.parts.deck.settings.fold_params();
        let (state, rows) = history(log, live, card.id, written.card.id, &params);
        let zero = day_zero(&self.parts.deck);
        let written = Written { card: scheduled(written.card, &state, *today, zero), ..written };
        self.writer.card(&written.row())?;
        for mut row in rows {
            while !self.moments.insert(row.at_ms) {
                row.at_ms += 1;
            }
            self.writer.review(&row)?;
        }
        Ok(())
    }

    fn media(&mut self) -> Result<(), ExportError> {
        for (name, digest) in self.names {
            self.keep_reserve()?;
            let Some(record) = self.parts.runtime.block_on(self.parts.media.media(*digest))? else {
                continue;
            };
            let mut reader = Reading {
                parts: self.parts,
                digest: *digest,
                at: 0,
                bytes: record.bytes,
                piece: Cursor::default(),
            };
            self.writer.media(name, &mut reader)?;
        }
        Ok(())
    }
}

/// A card with the texts of its note.
struct Written {
    card: Card,
    guid: String,
    notetype: i64,
    tags: String,
    fields: String,
    modified_s: i64,
}

impl Written {
    fn row(&self) -> CardRow<'_> {
        CardRow {
            card: self.card,
            note: Note {
                id: self.card.note,
                guid: &self.guid,
                notetype: self.notetype,
                modified_s: self.modified_s,
                tags: &self.tags,
                fields: &self.fields,
            },
        }
    }
}

/// What is shown, without the players that an import has put behind it.
fn without_players(html: &str) -> &str {
    let at = ["<p><audio ", "<p><video "].iter().filter_map(|player| html.find(player)).min();
    html.get(..at.unwrap_or(html.len())).unwrap_or(html).trim_end()
}

/// A media file that is read while it is written.
struct Reading<'r> {
    parts: &'r PackageParts,
    digest: MediaDigest,
    at: u64,
    bytes: u64,
    piece: Cursor<bytes::Bytes>,
}

impl Read for Reading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.piece.read(buffer)?;
        if read > 0 || self.at >= self.bytes {
            return Ok(read);
        }
        let piece = self.parts.media.read_media(self.digest, self.at, PIECE_BYTES);
        let piece = self.parts.runtime.block_on(piece).map_err(io::Error::other)?;
        self.at = if piece.is_empty() { self.bytes } else { self.at + piece.len() as u64 };
        self.piece = Cursor::new(piece);
        self.piece.read(buffer)
    }
}
