//! What it takes to show a card: known from its templates and the lengths of its fields before anything is rendered, and a
//! little more than it is.

use crate::limits::{CARD_EFFORT_BYTES_MAX, EFFORT_FREE_BYTES, EFFORT_PER_BYTE, EFFORT_PER_CARD_BYTES};
use crate::model::{CardRow, Kind, Notetype};
use std::collections::{BTreeMap, HashMap};

/// Bytes that a replacement takes that is no field of the note: tags, names, numbers.
const OTHER_BYTES: u64 = 256;

/// Longest name of a field that is looked for in templates; a longer one counts as shown wherever something is.
const NAME_BYTES: usize = 128;
/// The name of the front within a back.
const FRONT_SIDE: &str = "FrontSide";

/// What the cards of a collection take, against what it may take.
#[derive(Debug)]
pub struct Effort {
    notetypes: HashMap<i64, (Kind, Vec<[Weight; 2]>)>,
    free_bytes: u64,
    spent_bytes: u64,
    cards: u64,
}

/// Why a card is not rendered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TooMuchEffort {
    /// The card alone is longer than any that could be shown.
    Card,
    /// All cards together take more than a collection of this length may.
    Collection {
        /// What they take so far.
        found: u64,
        /// What they may take.
        max: u64,
    },
}

/// What a side of a template takes.
#[derive(Debug, Default)]
struct Weight {
    /// Whatever the note.
    bytes: u64,
    /// How often it shows each field that it shows.
    fields: BTreeMap<usize, u64>,
    /// How often it shows the front.
    fronts: u64,
}

impl Effort {
    /// For a collection of this length in bytes.
    pub fn new(notetypes: &BTreeMap<i64, Notetype>, collection_bytes: u64) -> Effort {
        let weights = |notetype: &Notetype| {
            let side = |text: &str| Weight::of(text, &notetype.fields);
            let sides = notetype.templates.iter().map(|of| [side(&of.front), side(&of.back)]);
            (notetype.kind, sides.collect())
        };
        Effort {
            notetypes: notetypes.iter().map(|(id, notetype)| (*id, weights(notetype))).collect(),
            free_bytes: EFFORT_FREE_BYTES.saturating_add(collection_bytes.saturating_mul(EFFORT_PER_BYTE)),
            spent_bytes: 0,
            cards: 0,
        }
    }

    /// Spends what a card takes that is to be rendered now.
    ///
    /// # Errors
    /// It is too much.
    pub fn spend(&mut self, row: &CardRow<'_>) -> Result<(), TooMuchEffort> {
        self.cards += 1;
        let bytes = self.of(row);
        if bytes > CARD_EFFORT_BYTES_MAX {
            return Err(TooMuchEffort::Card);
        }
        self.spent_bytes = self.spent_bytes.saturating_add(bytes);
        let max = self.free_bytes.saturating_add(self.cards.saturating_mul(EFFORT_PER_CARD_BYTES));
        let found = self.spent_bytes;
        if found > max { Err(TooMuchEffort::Collection { found, max }) } else { Ok(()) }
    }

    /// Nothing for a card whose type or template is not there.
    fn of(&self, row: &CardRow<'_>) -> u64 {
        let Some((kind, templates)) = self.notetypes.get(&row.note.notetype) else { return 0 };
        let nth = if *kind == Kind::Standard { usize::from(row.card.ord) } else { 0 };
        let Some([front, back]) = templates.get(nth) else { return 0 };
        let front_bytes = front.with(row);
        let of_fronts = front_bytes.saturating_mul(back.fronts);
        front_bytes.saturating_add(back.with(row)).saturating_add(of_fronts)
    }
}

impl Weight {
    /// Whatever stands right before the end of a replacement counts: where it begins, and what is a comment, is for whoever
    /// renders it. So nothing is missed, and hardly anything counts twice.
    fn of(template: &str, fields: &[String]) -> Weight {
        let mut weight = Weight { bytes: template.len() as u64, ..Weight::default() };
        // Of two fields with one name the last counts.
        let places: HashMap<&str, usize> = fields.iter().map(String::as_str).zip(0..).collect();
        let long: Vec<usize> =
            (0..fields.len()).filter(|nth| fields.get(*nth).is_some_and(|f| f.len() > NAME_BYTES)).collect();
        for close in ["}}", "%>"] {
            let parts = template.split_inclusive(close).filter_map(|part| part.strip_suffix(close));
            for part in parts.map(str::trim_end) {
                weight.fronts += u64::from(part.ends_with(FRONT_SIDE));
                weight.bytes += OTHER_BYTES;
                let named = named_at_end(part).filter_map(|name| places.get(name));
                for field in named.chain(&long) {
                    *weight.fields.entry(*field).or_default() += 1;
                }
            }
        }
        weight
    }

    fn with(&self, row: &CardRow<'_>) -> u64 {
        let mut bytes = self.bytes;
        let mut shown = self.fields.iter().peekable();
        for (nth, field) in row.note.each_field().enumerate() {
            let Some((_, times)) = shown.next_if(|(shown, _)| **shown == nth) else {
                if shown.peek().is_none() { break } else { continue }
            };
            bytes = bytes.saturating_add((field.len() as u64).saturating_mul(*times));
        }
        bytes
    }
}

/// What may be the name at the end of a replacement: what comes after a colon, a brace or a space, and is not too long.
fn named_at_end(part: &str) -> impl Iterator<Item = &str> {
    let near = |at: usize| part.len() - at <= NAME_BYTES;
    let begins = |letter: char| matches!(letter, ':' | '{' | '%') || letter.is_whitespace();
    let starts = part.char_indices().rev().take_while(move |(at, _)| near(*at));
    starts
        .filter(move |(_, letter)| begins(*letter))
        .filter_map(|(at, letter)| part.get(at + letter.len_utf8()..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(template: &str) -> (u64, Vec<(usize, u64)>) {
        let fields = ["Front", "Back", "a{{b", "Back Text"].map(str::to_owned);
        let weight = Weight::of(template, &fields);
        (weight.fronts, weight.fields.into_iter().collect())
    }

    #[test]
    fn a_side_shows_a_field_as_often_as_it_names_it() {
        assert_eq!(weight("{{Front}} {{ Front }} {{text:Front}} {{{Back}}}"), (0, vec![(0, 3), (1, 1)]));
        assert_eq!(weight("{{FrontSide}}<hr id=answer>{{Back Text}}"), (1, vec![(3, 1)]));
        assert_eq!(weight("{{#Front}}x{{/Front}}{{^Front}}y{{/Front}} Front}} {{"), (0, vec![(0, 1)]));
        assert_eq!(weight("{{=<% %>=}}<%Front%><% text:Back %>"), (0, vec![(0, 1), (1, 1)]));
        // What would be missed by whoever reads on from each beginning.
        assert_eq!(weight("<!-- {{ -->{{Front}}"), (0, vec![(0, 1)]));
        assert_eq!(weight("{{a{{b}}"), (0, vec![(2, 1)]));
        assert_eq!(weight("nothing"), (0, vec![]));
    }

    #[test]
    fn a_name_that_is_too_long_to_look_for_is_shown_by_every_replacement() {
        let fields = ["x".repeat(NAME_BYTES + 1), "b".to_owned()];
        let fields = Weight::of("{{b}}{{c}}", &fields).fields;
        assert_eq!(fields.into_iter().collect::<Vec<_>>(), [(0, 2), (1, 1)]);
    }

    #[test]
    fn the_longest_templates_take_no_time() {
        let fields: Vec<String> = (0..500).map(|n| n.to_string()).collect();
        for unit in ["}}", ":}}", "{{", "::::::::", "{{a:b: c}}", "%> "] {
            Weight::of(&unit.repeat(1024 * 1024 / unit.len()), &fields);
        }
    }
}
