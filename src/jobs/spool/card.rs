//! A card on the disk: its bytes, and their digest.

use domain::ids::{CardId, DeckId, NoteId};
use ports::CardRecord;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

/// The length that stands for a text that is not there.
const ABSENT: u32 = u32::MAX;

/// A card as it is to be stored.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spooled {
    /// The card's id, as bytes.
    pub id: [u8; 16],
    /// The note that it was made from.
    pub note: Option<[u8; 16]>,
    /// The question: safe HTML.
    pub front: String,
    /// The answer.
    pub back: String,
    /// A hint.
    pub hint: Option<String>,
    /// An explanation.
    pub explanation: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// What it accepts besides its back.
    pub accept: Vec<String>,
    /// By which it is found again.
    pub source_key: String,
    /// When it was marked deleted.
    pub deleted_ms: Option<i64>,
    /// The revision that it had; 0 for a card that comes in.
    pub revision: u32,
}

impl Spooled {
    /// A card of a deck.
    pub fn of(card: CardRecord) -> Spooled {
        Spooled {
            id: *card.id.bytes(),
            note: card.note.map(|note| *note.bytes()),
            front: card.front,
            back: card.back,
            hint: card.hint,
            explanation: card.explanation,
            tags: card.tags,
            accept: card.accept,
            source_key: card.source_key,
            deleted_ms: card.deleted_ms,
            revision: card.revision,
        }
    }

    /// The card's id.
    pub const fn card(&self) -> CardId {
        CardId::from_bytes(self.id)
    }

    /// As the library takes it. Of a known card the store keeps its place and beginning.
    pub fn record(self, deck: DeckId, created_ms: i64) -> CardRecord {
        CardRecord {
            id: self.card(),
            deck,
            position: 0,
            note: self.note.map(NoteId::from_bytes),
            front: self.front,
            back: self.back,
            hint: self.hint,
            explanation: self.explanation,
            tags: self.tags,
            accept: self.accept,
            source_key: self.source_key,
            revision: 0,
            created_ms,
            updated_ms: created_ms,
            deleted_ms: self.deleted_ms,
        }
    }

    /// A digest of all that a learner or an import would notice.
    pub fn digest(&self) -> u64 {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        digest(&bytes)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id);
        out.push(u8::from(self.note.is_some()));
        out.extend_from_slice(&self.note.unwrap_or_default());
        out.extend_from_slice(&self.deleted_ms.unwrap_or(i64::MIN).to_le_bytes());
        out.extend_from_slice(&self.revision.to_le_bytes());
        put(out, Some(&self.front));
        put(out, Some(&self.back));
        put(out, self.hint.as_deref());
        put(out, self.explanation.as_deref());
        put(out, Some(&self.source_key));
        self.tags.iter().for_each(|tag| put(out, Some(tag)));
        put(out, None);
        self.accept.iter().for_each(|answer| put(out, Some(answer)));
    }

    pub(super) fn decode(mut bytes: &[u8]) -> Option<Spooled> {
        let id = *take::<16>(&mut bytes)?;
        let has_note = take::<1>(&mut bytes)? != &[0];
        let note = *take::<16>(&mut bytes)?;
        let deleted_ms = i64::from_le_bytes(*take(&mut bytes)?);
        let revision = u32::from_le_bytes(*take(&mut bytes)?);
        let (front, back) = (text(&mut bytes)??, text(&mut bytes)??);
        let (hint, explanation) = (text(&mut bytes)?, text(&mut bytes)?);
        let source_key = text(&mut bytes)??;
        let mut tags = Vec::new();
        while let Some(tag) = text(&mut bytes)? {
            tags.push(tag);
        }
        let mut accept = Vec::new();
        while !bytes.is_empty() {
            accept.push(text(&mut bytes)??);
        }
        let note = has_note.then_some(note);
        let deleted_ms = (deleted_ms != i64::MIN).then_some(deleted_ms);
        let texts = Spooled { front, back, hint, explanation, ..Spooled::default() };
        Some(Spooled { id, note, tags, accept, source_key, deleted_ms, revision, ..texts })
    }
}

/// Where in a card's bytes lie when it was deleted, and its revision.
const WHEN_DELETED: Range<usize> = 33..41;
const REVISION: Range<usize> = 41..45;

/// The digest of a card's bytes: of its revision nothing, and of its deletion only whether there was one.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    let part = |range: Range<usize>| bytes.get(range).unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    part(0..WHEN_DELETED.start).hash(&mut hasher);
    (part(WHEN_DELETED) == i64::MIN.to_le_bytes()).hash(&mut hasher);
    part(REVISION.end..bytes.len()).hash(&mut hasher);
    hasher.finish()
}

fn put(out: &mut Vec<u8>, text: Option<&str>) {
    let length = text.map_or(ABSENT, |text| u32::try_from(text.len()).unwrap_or(ABSENT));
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.unwrap_or_default().as_bytes());
}

fn take<'b, const N: usize>(bytes: &mut &'b [u8]) -> Option<&'b [u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(first)
}

fn text(bytes: &mut &[u8]) -> Option<Option<String>> {
    let length = u32::from_le_bytes(*take(bytes)?);
    if length == ABSENT {
        return Some(None);
    }
    let (text, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(Some(String::from_utf8(text.to_vec()).ok()?))
}
