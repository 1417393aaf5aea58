//! A deck as a package of Anki: notes as they came in, cards that were made or changed here as notes of their own, media
//! under the names that cards call them by, and where the learner stands, if that is asked for.

use super::came::Comparing;
use super::definitions::{Kept, day_zero, definitions, id_there};
use super::moments::Moments;
use super::own::Named;
use super::schedule::{Now, by_card, history, new_card, scheduled};
use super::tags::Retagged;
use crate::jobs::anki::own::{OWN_NOTETYPE, by_fields, cover_of, deck_number, tag_there};
use crate::jobs::ids::note_id;
use crate::jobs::{Folder, Logs};
use anki::{Card, CardRow, Note, Renderer, WriteError, Writer};
use domain::entry::LogEntry;
use domain::fold::Live;
use domain::ids::{CardId, NoteId, UserId};
use ports::portions::Portions;
use ports::{
    CardQuery, CardRecord, DeckRecord, Library, LibraryError, Media, MediaDigest, MediaError, NoteRecord,
    Notes, NotesError, StoreError,
};
use serde_json::Value;
use std::cell::RefCell;
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
    /// Whose schedule goes with it, and when.
    pub learner: Option<(UserId, Now)>,
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
    let (names, covers) = media_names(parts)?;
    let by_digest = names.iter().map(|(name, digest)| (*digest, name.clone())).collect();
    let (shown, own) = by_fields(&definitions.notetypes);
    let renderer = Renderer::new(&shown);
    let comparing = Comparing {
        deck: parts.deck.id,
        kept: &kept,
        renderer: &renderer,
        own: &own,
        names: &names,
        covers: &covers,
        media: Arc::clone(&parts.media),
        runtime: parts.runtime.clone(),
        kinds: HashMap::new(),
    };
    let mut writing = Writing {
        parts,
        writer,
        comparing,
        names: &names,
        named: Named { by_digest: &by_digest, covers: &covers, wanted: RefCell::default() },
        retagged: Retagged::default(),
        note_ids: HashMap::new(),
        taken: HashSet::new(),
        moments: Moments::default(),
        portions: Portions::default(),
    };
    writing.cards()?;
    writing.media()?;
    Ok(writing.writer.finish()?)
}

/// Names of media, with what they name.
type Names = BTreeMap<String, MediaDigest>;
/// The names of covers of pictures, by what they name.
type Covers = HashMap<MediaDigest, String>;

/// The names that cards call media by, and apart from them those of covers: whoever imports makes them anew, and only a
/// card that was changed needs its own, here or before it came.
fn media_names(parts: &PackageParts) -> Result<(Names, Covers), ExportError> {
    let (mut names, mut covers) = (Names::new(), Covers::new());
    let mut after = None;
    loop {
        let page = parts.runtime.block_on(parts.media.media_of(parts.deck.id, after, NAMES))?;
        let Some((last, _)) = page.last() else { return Ok((names, covers)) };
        after = Some(last.clone());
        for (name, digest) in page {
            if cover_of(&name) == Some(digest) {
                covers.insert(digest, name);
            } else {
                names.insert(name, digest);
            }
        }
    }
}

struct Writing<'w> {
    parts: &'w PackageParts,
    writer: Writer,
    comparing: Comparing<'w>,
    names: &'w Names,
    named: Named<'w>,
    retagged: Retagged,
    /// The number of each note that was written.
    note_ids: HashMap<NoteId, i64>,
    taken: HashSet<i64>,
    moments: Moments,
    portions: Portions,
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
            let ids: Vec<NoteId> = page.iter().filter_map(|card| card.note).collect();
            let notes = parts.runtime.block_on(parts.notes.notes_of(deck, ids))?;
            let notes: HashMap<NoteId, NoteRecord> = notes.into_iter().map(|note| (note.id, note)).collect();
            let mut left = &page[..];
            while !left.is_empty() {
                let (some, behind) = self.portions.split(left);
                left = behind;
                self.portion(some, &notes)?;
            }
        }
    }

    /// Cards whose logs are held at once.
    fn portion(
        &mut self,
        cards: &[CardRecord],
        notes: &HashMap<NoteId, NoteRecord>,
    ) -> Result<(), ExportError> {
        let parts = self.parts;
        let log = match &parts.learner {
            Some((user, _)) => {
                let ids: Vec<CardId> = cards.iter().map(|card| card.id).collect();
                parts.runtime.block_on(parts.logs.card_log(*user, parts.deck.id, ids))?
            }
            None => Vec::new(),
        };
        self.portions.held(cards.len(), log.len());
        let live = Live::of(&log);
        let mut entries = by_card(&log);
        for card in cards {
            let note = card.note.and_then(|note| notes.get(&note));
            let written = self.card(card, note)?;
            self.schedule(written, entries.remove(&card.id).unwrap_or_default(), &live)?;
        }
        Ok(())
    }

    /// The card as it will be, before it is known where the learner stands with it; with the note that it belongs to: a
    /// card that was changed here, but for its tags, goes out as it is now.
    fn card(&mut self, card: &CardRecord, note: Option<&NoteRecord>) -> Result<Written, ExportError> {
        let id = self.parts.deck.created_ms.max(1) + i64::from(card.position);
        let deck = deck_number(self.parts.deck.id);
        let came = match note {
            Some(note) => self.comparing.came(card, note)?.map(|came| (note, came)),
            None => None,
        };
        let changed_s = card.updated_ms.div_euclid(1_000);
        if let Some((note, came)) = &came
            && came.is_same
        {
            let fields = note.fields.join("\u{1f}");
            self.named.call_for(&fields);
            let number = self.number_of(note.id, id, || id_of(note));
            let retagged = self.retagged.note(card, note);
            return Ok(Written {
                card: new_card(card, id, number, deck, came.ord),
                guid: note.guid.clone(),
                notetype: came.notetype,
                tags: note.tags.join(" "),
                fields,
                modified_s: note.updated_ms.div_euclid(1_000),
                retagged: retagged.map(|tags| (tags, changed_s)),
            });
        }
        // Templates that were added in Anki make more cards of such a note: it is one note with them.
        let guid = card.id.to_string();
        let number = self.number_of(note_id(self.parts.deck.id, &guid), id, || None);
        let front = came.as_ref().and_then(|(_, came)| came.front.as_deref());
        let tags: Vec<String> = card.tags.iter().map(|tag| tag_there(tag)).collect();
        Ok(Written {
            card: new_card(card, id, number, deck, 0),
            guid,
            notetype: OWN_NOTETYPE,
            tags: tags.join(" "),
            fields: self.named.fields(card, front),
            modified_s: changed_s,
            retagged: None,
        })
    }

    /// The number of a note, whose first card is this one.
    fn number_of(&mut self, note: NoteId, card: i64, wanted: impl FnOnce() -> Option<i64>) -> i64 {
        if let Some(known) = self.note_ids.get(&note) {
            return *known;
        }
        let number = self.free(wanted(), card);
        self.note_ids.insert(note, number);
        number
    }

    /// A number that no other note has: the one that is wanted, or else the next from that of its card on. So no two notes
    /// look for theirs along the same way.
    fn free(&mut self, wanted: Option<i64>, card: i64) -> i64 {
        if let Some(wanted) = wanted.filter(|wanted| self.taken.insert(*wanted)) {
            return wanted;
        }
        let mut number = card;
        while !self.taken.insert(number) {
            number += 1;
        }
        number
    }

    fn schedule(
        &mut self,
        written: Written,
        entries: Vec<&LogEntry>,
        live: &Live,
    ) -> Result<(), ExportError> {
        let Some((_, now)) = self.parts.learner else { return self.write(&written) };
        let params = self.parts.deck.settings.fold_params();
        let (state, rows) = history(entries, live, written.card.id, &params);
        let zero = day_zero(&self.parts.deck);
        let written = Written { card: scheduled(written.card, &state, now, zero), ..written };
        self.write(&written)?;
        for mut row in rows {
            // How far it was moved stands in the row: who imports it here knows its moment, and Anki passes it over.
            let at_ms = self.moments.take(row.at_ms);
            row.usn -= at_ms - row.at_ms;
            row.at_ms = at_ms;
            self.writer.review(&row)?;
        }
        Ok(())
    }

    /// The note is there after its first card: what its next ones are tagged with is told then.
    fn write(&mut self, written: &Written) -> Result<(), ExportError> {
        self.writer.card(&written.row())?;
        if let Some((tags, modified_s)) = &written.retagged {
            self.writer.retag(written.card.note, tags, *modified_s)?;
        }
        Ok(())
    }

    fn media(&mut self) -> Result<(), ExportError> {
        let covers = self.named.wanted.take();
        for (name, digest) in self.names.iter().chain(&covers) {
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

/// The id that a note had where it came from.
fn id_of(note: &NoteRecord) -> Option<i64> {
    let extra: Value = serde_json::from_str(&note.extra).unwrap_or_default();
    id_there(&extra)
}

/// A card with the texts of its note.
struct Written {
    card: Card,
    guid: String,
    notetype: i64,
    tags: String,
    fields: String,
    modified_s: i64,
    /// Other tags that its note has by now, and since when.
    retagged: Option<(Vec<String>, i64)>,
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
