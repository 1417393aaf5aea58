//! Whether a card is still what its note makes of it.

use super::definitions::Kept;
use super::schedule::new_card;
use crate::content::{CardTexts, sanitise_card};
use crate::jobs::anki::own::{cover_of, texts_of};
use crate::media::{address, parse_address, player};
use anki::{ANYTHING, CardRow, MediaKind, Note, Renderer, Side};
use domain::ids::DeckId;
use ports::{CardRecord, Media, MediaDigest, MediaError, NoteRecord};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use tokio::runtime::Handle;

/// The revision of a card that nobody has changed since it was made.
const AS_MADE: u32 = 1;

/// What a card was made of, and whether it still is so.
pub(super) struct Came {
    /// Its note type in the package.
    pub notetype: i64,
    /// Which of the note's cards it is.
    pub ord: u16,
    /// Whether nothing but its tags was changed here.
    pub is_same: bool,
    /// The front that its note makes; `None` where nobody needed to know.
    pub front: Option<String>,
}

/// Makes cards of their notes once more, to compare.
pub(super) struct Comparing<'c> {
    pub deck: DeckId,
    pub kept: &'c Kept,
    pub renderer: &'c Renderer<'c>,
    /// Note types whose fields stand apart.
    pub own: &'c HashSet<i64>,
    pub names: &'c BTreeMap<String, MediaDigest>,
    pub covers: &'c HashMap<MediaDigest, String>,
    pub media: Arc<dyn Media>,
    pub runtime: Handle,
    /// What files are, as far as somebody asked.
    pub kinds: HashMap<MediaDigest, String>,
}

impl Comparing<'_> {
    /// What a card was made of. One that was never changed is what came in, whatever its template tells of the deck it was
    /// in, of its flag or id; of any other the texts are compared, but for those.
    pub fn came(&mut self, card: &CardRecord, note: &NoteRecord) -> Result<Option<Came>, MediaError> {
        let Some((notetype, ord)) = self.origin(card, note) else { return Ok(None) };
        if card.revision == AS_MADE {
            return Ok(Some(Came { notetype, ord, is_same: true, front: None }));
        }
        let made = self.made(card, note, notetype, ord)?;
        let is_same = made.iter().any(|made| self.is_same(made, card));
        let front = made.into_iter().next().map(|made| made.front);
        Ok(Some(Came { notetype, ord, is_same, front }))
    }

    fn origin(&self, card: &CardRecord, note: &NoteRecord) -> Option<(i64, u16)> {
        let notetype = self.kept.by_id.get(&note.note_type)?;
        let (ord, guid) = card.source_key.strip_prefix("anki:")?.split_once(':')?;
        Some((notetype.id, ord.parse().ok().filter(|_| guid == note.guid)?))
    }

    /// The texts that a note makes: of a picture with regions also those without it, for it may not have been covered.
    fn made(
        &mut self,
        card: &CardRecord,
        note: &NoteRecord,
        notetype: i64,
        ord: u16,
    ) -> Result<Vec<CardTexts>, MediaError> {
        let fields = note.fields.join("\u{1f}");
        let tags = note.tags.join(" ");
        if fields.contains(ANYTHING) || tags.contains(ANYTHING) {
            return Ok(Vec::new());
        }
        let row = CardRow {
            card: new_card(card, 1, 1, 1, ord),
            note: Note { id: 1, guid: &note.guid, notetype, modified_s: 0, tags: &tags, fields: &fields },
        };
        let (known, covers, deck) = (self.names, self.covers, self.deck);
        let mut names = |name: &str| {
            let cover = || cover_of(name).filter(|digest| covers.contains_key(digest));
            known.get(name).copied().or_else(cover).map(|digest| address(deck, digest))
        };
        let Ok(rendered) = self.renderer.render_anywhere(&row, &mut names) else { return Ok(Vec::new()) };
        let mut texts = texts_of(&rendered, ord == 0 && self.own.contains(&notetype));
        for sound in rendered.media.iter().filter(|media| media.kind == MediaKind::Sound) {
            let Some(digest) = self.names.get(&sound.name).copied() else { continue };
            let side = match sound.side {
                Side::Front => &mut texts.front,
                Side::Back => &mut texts.back,
            };
            side.push_str(&player(&address(self.deck, digest), self.kind(digest)?));
        }
        let picture = rendered.occlusion.and_then(|occlusion| occlusion.picture);
        let open = picture.and_then(|name| self.names.get(&name)).map(|digest| address(self.deck, *digest));
        let hidden = open.map(|open| CardTexts { front: texts.front.replace(&open, ""), ..texts.clone() });
        Ok([Some(texts), hidden]
            .into_iter()
            .flatten()
            .filter_map(|texts| sanitise_card(texts).ok())
            .collect())
    }

    fn kind(&mut self, digest: MediaDigest) -> Result<&str, MediaError> {
        if !self.kinds.contains_key(&digest) {
            let record = self.runtime.block_on(self.media.media(digest))?;
            self.kinds.insert(digest, record.map_or_else(String::new, |record| record.kind));
        }
        Ok(self.kinds.get(&digest).map_or("", String::as_str))
    }

    fn is_same(&self, made: &CardTexts, card: &CardRecord) -> bool {
        let same = |made: &Option<String>, shown: &Option<String>| {
            matches(made.as_deref().unwrap_or_default(), shown.as_deref().unwrap_or_default())
        };
        matches(&made.back, &card.back)
            && same(&made.hint, &card.hint)
            && same(&made.explanation, &card.explanation)
            && (matches(&made.front, &card.front) || self.matches_uncovered(&made.front, &card.front))
    }

    /// Whether a front is the same but for the covers of its pictures, which an import made.
    fn matches_uncovered(&self, made: &str, shown: &str) -> bool {
        let pieces = |html: &str| -> Vec<String> { html.split("src=\"").map(str::to_owned).collect() };
        let (made, mut shown) = (pieces(made), pieces(shown));
        let source = |piece: &str| piece.split('"').next().unwrap_or_default().to_owned();
        for (made, shown) in made.iter().zip(&mut shown).skip(1) {
            let covered = parse_address(&source(shown)).is_some_and(|(_, of)| self.covers.contains_key(&of));
            if covered {
                *shown = shown.replacen(&source(shown), &source(made), 1);
            }
        }
        matches(&made.concat(), &shown.concat())
    }
}

/// Whether a text is what was made, in which [`ANYTHING`] stands for any text without markup.
fn matches(made: &str, shown: &str) -> bool {
    let mut pieces = made.split(ANYTHING);
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = shown.strip_prefix(first) else { return false };
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let found = if pieces.peek().is_none() {
            rest.strip_suffix(piece).map(|between| (between, ""))
        } else {
            rest.split_once(piece)
        };
        match found {
            Some((between, after)) if !between.contains(['<', '>']) => rest = after,
            Some(_) | None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_card_tells_of_its_place_may_be_anything_but_markup() {
        let made = format!("a {ANYTHING}: <i>{ANYTHING}</i>");
        assert!(matches(&made, "a Deck::Sub: <i>flag3</i>"));
        assert!(matches(&made, "a : <i></i>"));
        assert!(!matches(&made, "a Deck: <i>flag3</i> more"));
        assert!(!matches(&made, "a Deck: <i><b>x</b></i>"));
        assert!(!matches(&made, "b Deck: <i>flag3</i>"));
        assert!(matches("same", "same") && !matches("same", "same too") && !matches("same", "sam"));
    }
}
