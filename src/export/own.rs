//! A card as a note of our own type: its texts with media by their names, sounds where they are heard, and an answer that
//! does not repeat the question.

use crate::jobs::anki::own::{covers_in, lead, without_players};
use crate::media::parse_address;
use ports::{CardRecord, MediaDigest};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// Stands where a sound is heard.
const SOUND: &str = "🔊";

/// The names of media by their content, and which covers of pictures were called for.
#[derive(Debug)]
pub(super) struct Named<'n> {
    pub by_digest: &'n HashMap<MediaDigest, String>,
    pub covers: &'n HashMap<MediaDigest, String>,
    pub wanted: RefCell<BTreeMap<String, MediaDigest>>,
}

impl Named<'_> {
    /// The fields of a card's note. `came` is the front with which the card came in: its back may still begin with it.
    pub fn fields(&self, card: &CardRecord, came: Option<&str>) -> String {
        let shown = [Some(card.front.as_str()), came];
        let lead = shown.into_iter().flatten().find_map(|front| {
            let repeated = without_players(front).0.len();
            Some(repeated + lead(&card.back, front)?.len())
        });
        let answer = card.back.get(lead.unwrap_or(0)..).unwrap_or(&card.back);
        let or_empty = |text: &Option<String>| self.field(text.as_deref().unwrap_or_default());
        let fields =
            [self.field(&card.front), self.field(answer), or_empty(&card.hint), or_empty(&card.explanation)];
        fields.join("\u{1f}")
    }

    /// Calls for the covers that a note's fields name.
    pub fn call_for(&self, fields: &str) {
        for digest in covers_in(fields) {
            if let Some(name) = self.covers.get(&digest) {
                self.wanted.borrow_mut().insert(name.clone(), digest);
            }
        }
    }

    fn field(&self, html: &str) -> String {
        let (text, players) = without_players(html);
        let sounds: Option<Vec<String>> = players.iter().map(|address| self.name(address)).collect();
        let Some(sounds) = sounds else { return self.with_names(html) };
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        for name in sounds {
            let (before, after) = rest.split_once(SOUND).unwrap_or((rest, ""));
            out.push_str(before);
            out.push_str(&format!("[sound:{}]", escaped(&name)));
            rest = after;
        }
        out.push_str(rest);
        self.with_names(&out)
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
            match self.name(source) {
                Some(name) => out.push_str(&escaped(&name)),
                None => out.push_str(source),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn name(&self, address: &str) -> Option<String> {
        let (_, digest) = parse_address(address)?;
        if let Some(name) = self.by_digest.get(&digest) {
            return Some(name.clone());
        }
        let name = self.covers.get(&digest)?;
        self.wanted.borrow_mut().insert(name.clone(), digest);
        Some(name.clone())
    }
}

/// A name as it stands in HTML, in a text as in a value.
fn escaped(name: &str) -> String {
    name.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::bare_card;
    use super::*;
    use crate::media::{address, player};
    use domain::ids::DeckId;

    fn card(front: &str, back: &str) -> CardRecord {
        CardRecord { front: front.to_owned(), back: back.to_owned(), ..bare_card() }
    }

    fn fields(card: &CardRecord, came: Option<&str>) -> String {
        let names = [("semi;colon&amp.png", 1), ("a\"<b>.mp3", 2)];
        let by_digest = names.map(|(name, n)| (MediaDigest([n; 32]), name.to_owned())).into();
        let covers = [(MediaDigest([3; 32]), "_covered-3.svg".to_owned())].into();
        let named = Named { by_digest: &by_digest, covers: &covers, wanted: RefCell::default() };
        named.fields(card, came).replace('\u{1f}', "|")
    }

    #[test]
    fn a_name_in_a_text_is_escaped() {
        let at = |n| address(DeckId::from_u128(2), MediaDigest([n; 32]));
        let front = format!("<img src=\"{}\">", at(1));
        let sound = format!("🔊 x{}", player(&at(2), "audio/mpeg"));
        assert_eq!(
            fields(&card(&front, &sound), None),
            "<img src=\"semi;colon&amp;amp.png\">|[sound:a&quot;&lt;b&gt;.mp3] x||"
        );
        let covered = format!("<img src=\"{}\">", at(3));
        assert_eq!(fields(&card(&covered, "b"), None), "<img src=\"_covered-3.svg\">|b||");
    }

    #[test]
    fn an_answer_does_not_repeat_the_question_as_it_is_or_as_it_came() {
        assert_eq!(fields(&card("q", "q\n\n<hr>\n\na"), None), "q|a||");
        assert_eq!(fields(&card("q2", "q<hr>a"), Some("q")), "q2|a||");
        assert_eq!(fields(&card("q2", "q<hr>a"), None), "q2|q<hr>a||");
    }
}
