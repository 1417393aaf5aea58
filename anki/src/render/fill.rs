//! Fills a template with a note.

use super::cloze;
use super::filters::{Reading, decoded, furigana, is_empty, strip_tags};
use super::markup::{FRONT, escape_into};
use super::occlusion::Shape;
use super::template::{Filter, Key, Node, Parsed};
use super::{ANYTHING, RenderError, Side};
use crate::limits::SIDE_BYTES_MAX;
use crate::model::{CardRow, Kind, Notetype};
use std::borrow::Cow;

/// A card that is being filled in.
pub(super) struct Filling<'c> {
    row: &'c CardRow<'c>,
    notetype: &'c Notetype,
    template: &'c str,
    /// Its path; `None` for a card that may be anywhere.
    deck: Option<&'c str>,
    /// Each with whether it counts as empty, which conditions ask over and over.
    fields: Vec<(&'c str, bool)>,
    typed: Option<String>,
    shapes: Vec<Shape>,
    side: Side,
}

impl<'c> Filling<'c> {
    pub fn new(
        row: &'c CardRow<'c>,
        notetype: &'c Notetype,
        template: &'c str,
        deck: Option<&'c str>,
    ) -> Self {
        let fields = row.note.each_field().take(notetype.fields.len());
        let fields = fields.map(|field| (field, is_empty(field))).collect();
        let (typed, shapes) = (None, Vec::new());
        Filling { row, notetype, template, deck, fields, typed, shapes, side: Side::Front }
    }

    /// What is to be typed, and the regions of a picture.
    pub fn finish(self) -> (Option<String>, Vec<Shape>) {
        (self.typed, self.shapes)
    }

    /// The number that clozes of this card bear.
    fn number(&self) -> u16 {
        self.row.card.ord.saturating_add(1)
    }

    /// Whether Anki would call the card empty.
    pub fn is_empty(&self, front: &Parsed) -> bool {
        match self.notetype.kind {
            Kind::Standard => !self.shows(&front.nodes),
            Kind::Cloze | Kind::ImageOcclusion => {
                !cloze::has_cloze(self.fields.iter().map(|(field, _)| *field), self.number())
            }
        }
    }

    /// Whether a replacement would show something.
    fn shows(&self, nodes: &[Node]) -> bool {
        nodes.iter().any(|node| match node {
            Node::Text(_) => false,
            Node::Replacement { key, .. } => self.is_filled(key),
            Node::Condition { key, negated, nodes } => self.is_filled(key) != *negated && self.shows(nodes),
        })
    }

    fn is_filled(&self, key: &Key) -> bool {
        if let Key::Field(nth) = key {
            return self.fields.get(*nth).is_some_and(|(_, is_empty)| !is_empty);
        }
        self.value(key).is_some_and(|value| !is_empty(&value))
    }

    /// What a name stands for; `None` for what is not there on this card.
    fn value(&self, key: &Key) -> Option<Cow<'c, str>> {
        match key {
            Key::Field(nth) => Some(Cow::Borrowed(self.fields.get(*nth).map_or("", |(field, _)| field))),
            Key::Tags => Some(Cow::Owned(self.row.note.each_tag().collect::<Vec<_>>().join(" "))),
            Key::Notetype => Some(Cow::Borrowed(&self.notetype.name)),
            Key::Deck | Key::Subdeck | Key::CardFlag | Key::CardId if self.deck.is_none() => {
                Some(Cow::Owned(ANYTHING.to_string()))
            }
            Key::Deck => self.deck.map(Cow::Borrowed),
            Key::Subdeck => Some(Cow::Borrowed(self.deck?.rsplit("::").next().unwrap_or(""))),
            Key::Card => Some(Cow::Borrowed(self.template)),
            Key::CardFlag => Some(Cow::Owned(format!("flag{}", self.row.card.flag))),
            Key::CardId => Some(Cow::Owned(self.row.card.id.to_string())),
            Key::Cloze(number) => (*number == u32::from(self.number())).then_some(Cow::Borrowed("1")),
            Key::FrontSide | Key::Nothing => None,
        }
    }

    /// One side. On the back [`FRONT`] stands where the front does.
    pub fn side(&mut self, template: &Parsed, side: Side) -> Result<String, RenderError> {
        self.side = side;
        let mut out = String::new();
        self.nodes(&template.nodes, &mut out)?;
        Ok(out)
    }

    fn nodes(&mut self, nodes: &[Node], out: &mut String) -> Result<(), RenderError> {
        for node in nodes {
            match node {
                Node::Text(text) => push(text, out),
                Node::Replacement { key, name, filters } => self.replacement(key, name, filters, out)?,
                Node::Condition { key, negated, nodes } => {
                    if self.is_filled(key) != *negated {
                        self.nodes(nodes, out)?;
                    }
                }
            }
            if out.len() > SIDE_BYTES_MAX {
                return Err(RenderError::TooLong);
            }
        }
        Ok(())
    }

    fn replacement(
        &mut self,
        key: &Key,
        name: &str,
        filters: &[Filter],
        out: &mut String,
    ) -> Result<(), RenderError> {
        match key {
            Key::FrontSide if self.side == Side::Back => out.push(FRONT),
            Key::FrontSide | Key::Nothing => {}
            Key::Cloze(_) if self.value(key).is_none() => return Err(RenderError::no_such_field(name)),
            Key::Field(_)
            | Key::Tags
            | Key::Notetype
            | Key::Deck
            | Key::Subdeck
            | Key::Card
            | Key::CardFlag
            | Key::CardId
            | Key::Cloze(_) => {
                let mut text = self.value(key).unwrap_or_default();
                for filter in filters {
                    text = Cow::Owned(self.filtered(filter, &text, name));
                    if text.len() > SIDE_BYTES_MAX {
                        return Err(RenderError::TooLong);
                    }
                }
                push(&text, out);
            }
        }
        Ok(())
    }

    fn filtered(&mut self, filter: &Filter, text: &str, name: &str) -> String {
        let hides = self.side == Side::Front;
        match filter {
            Filter::Text => strip_tags(text),
            Filter::Furigana => furigana(text, Reading::Both),
            Filter::Kanji => furigana(text, Reading::Word),
            Filter::Kana => furigana(text, Reading::Sound),
            Filter::Cloze => {
                // The regions are the same on both sides.
                let mut seen = Vec::new();
                let shapes = if hides { &mut self.shapes } else { &mut seen };
                cloze::reveal(text, self.row.card.ord.saturating_add(1), hides, shapes)
            }
            Filter::ClozeOnly => cloze::reveal_only(text, self.number(), hides),
            Filter::Type => self.typed(text.to_owned()),
            Filter::TypeCloze => self.typed(cloze::to_type(text, self.number())),
            Filter::Hint if text.trim().is_empty() => text.to_owned(),
            Filter::Hint => hint(name, text),
            Filter::Speech => speech(text),
        }
    }

    /// The front asks for it, the back shows it.
    fn typed(&mut self, expected: String) -> String {
        if self.typed.is_none() {
            self.typed = Some(decoded(&strip_tags(&expected)).trim().to_owned());
        }
        if self.side == Side::Front { String::new() } else { expected }
    }
}

/// What the markup pass takes out again and counts.
fn speech(text: &str) -> String {
    format!("[anki:tts]{}[/anki:tts]", text.replace("[/anki:tts]", ""))
}

fn hint(name: &str, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 48);
    out.push_str("<details><summary>");
    escape_into(name, &mut out);
    out.push_str("</summary>");
    out.push_str(text);
    out.push_str("</details>");
    out
}

/// Appends a text; what stands for the front must not come from outside.
fn push(text: &str, out: &mut String) {
    if text.contains(FRONT) {
        out.extend(text.chars().filter(|letter| *letter != FRONT));
    } else {
        out.push_str(text);
    }
}
