//! What it takes to show a card: known from its template and the lengths of what that names before anything is rendered, and
//! not less than it is, but for a front that the back shows once.

use super::template::{Filter, Key, Node};
use super::{Pair, Renderer};
use crate::limits::CLOZE_DEPTH_MAX;
use crate::model::{CardRow, Kind, Notetype};

/// Bytes that any replacement takes besides its text: numbers and flags are shorter.
const REPLACEMENT_BYTES: u64 = 64;
/// What a hint or speech has around its text, but for the field's name.
const AROUND_BYTES: u64 = 48;
/// A letter of a name is so long at most where it is escaped.
const ESCAPED_BYTES: u64 = 6;
/// `a[b]` becomes a word with its reading above it.
const RUBY_GROWTH: u64 = 6;
/// `{{c1::}}` becomes three dots in bold, and a region of a picture a shape.
const CLOZE_GROWTH: u64 = 4;
/// What is hidden is told once for each cloze that it lies in.
const HIDDEN_GROWTH: u64 = CLOZE_DEPTH_MAX as u64;

/// What a card of one template takes, in bytes that are gone through or written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Weight {
    /// Whatever the card.
    bytes: u64,
    /// How often each field is gone through, up to the last that is shown.
    fields: Vec<u64>,
    /// The same for the note's tags.
    tags: u64,
    /// And for the deck's path.
    deck: u64,
}

/// The templates of a note type.
#[derive(Debug)]
pub(crate) struct Weights {
    /// The note type.
    pub notetype: i64,
    kind: Kind,
    /// Nothing is rendered by a template that cannot be read.
    templates: Vec<Weight>,
}

impl Renderer<'_> {
    /// What the cards of each note type take, by the note types' ids.
    pub(crate) fn weights(&self) -> Vec<Weights> {
        let mut all: Vec<Weights> = self
            .notetypes
            .iter()
            .map(|(id, of)| {
                let named = of.templates.iter().zip(&of.notetype.templates);
                let weight = |pair: &Pair, name: &str| Weight::of(pair, of.notetype, name);
                let templates = named.map(|(pair, template)| {
                    pair.as_ref().map_or_else(|_| Weight::default(), |pair| weight(pair, &template.name))
                });
                Weights { notetype: *id, kind: of.notetype.kind, templates: templates.collect() }
            })
            .collect();
        all.sort_unstable_by_key(|weights| weights.notetype);
        all
    }
}

impl Weights {
    /// What a card takes; nothing where its template is not there.
    pub fn of(&self, row: &CardRow<'_>, deck: &str) -> u64 {
        let nth = if self.kind == Kind::Standard { usize::from(row.card.ord) } else { 0 };
        self.templates.get(nth).map_or(0, |weight| weight.with(row, deck))
    }
}

impl Weight {
    /// A front that the back shows is shown without what it loses there, scripts above all: it counts from the second time on.
    fn of(pair: &Pair, notetype: &Notetype, template: &str) -> Weight {
        let mut weight = Weight::default();
        let mut weighing = Weighing { weight: &mut weight, notetype, template, times: 1, fronts: 0 };
        weighing.nodes(&pair.back.nodes);
        weighing.times = weighing.fronts.max(1);
        weighing.nodes(&pair.front.nodes);
        weight
    }

    fn with(&self, row: &CardRow<'_>, deck: &str) -> u64 {
        let long = |text: &str, times: u64| (text.len() as u64).saturating_mul(times);
        let fields = row.note.each_field().zip(&self.fields).map(|(field, times)| long(field, *times));
        let others = [self.bytes, long(row.note.tags, self.tags), long(deck, self.deck)];
        fields.chain(others).fold(0, u64::saturating_add)
    }
}

/// A side that is being weighed.
struct Weighing<'w> {
    weight: &'w mut Weight,
    notetype: &'w Notetype,
    template: &'w str,
    /// How often it is shown.
    times: u64,
    /// How often it has shown the front.
    fronts: u64,
}

impl Weighing<'_> {
    /// All of them: whether conditions hold is not known.
    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Text(text) => self.bytes(text.len() as u64),
                Node::Replacement { key, name, filters } => {
                    self.fronts += u64::from(*key == Key::FrontSide);
                    let (each, around) = filtered(filters, name.len() as u64);
                    self.bytes(around);
                    self.named(key, each);
                    self.looks(key);
                }
                Node::Condition { key, nodes, .. } => {
                    self.bytes(REPLACEMENT_BYTES);
                    self.looks(key);
                    self.nodes(nodes);
                }
            }
        }
    }

    fn bytes(&mut self, bytes: u64) {
        self.weight.bytes = self.weight.bytes.saturating_add(bytes.saturating_mul(self.times));
    }

    /// What a name stands for is gone through so often.
    fn named(&mut self, key: &Key, each: u64) {
        let each = each.saturating_mul(self.times);
        let weight = &mut *self.weight;
        let add = |to: &mut u64, bytes: u64| *to = to.saturating_add(bytes);
        match key {
            Key::Field(nth) => {
                weight.fields.resize(weight.fields.len().max(nth + 1), 0);
                weight.fields.get_mut(*nth).into_iter().for_each(|times| add(times, each));
            }
            Key::Tags => add(&mut weight.tags, each),
            Key::Deck | Key::Subdeck => add(&mut weight.deck, each),
            Key::Notetype => {
                add(&mut weight.bytes, each.saturating_mul(self.notetype.name.len() as u64));
            }
            Key::Card => add(&mut weight.bytes, each.saturating_mul(self.template.len() as u64)),
            Key::FrontSide | Key::CardFlag | Key::CardId | Key::Cloze(_) | Key::Nothing => {}
        }
    }

    /// Somebody looks whether there is anything: of a field that is known for the whole card.
    fn looks(&mut self, key: &Key) {
        if !matches!(key, Key::Field(_)) {
            self.named(key, 1);
        }
    }
}

/// What a replacement takes: for each byte of its text, and besides. `name` is the length of its name.
fn filtered(filters: &[Filter], name: u64) -> (u64, u64) {
    // How long the text is by now: so many times what it was, and so many bytes.
    let (mut times, mut more) = (1_u64, 0_u64);
    let (mut each, mut besides) = (0_u64, REPLACEMENT_BYTES);
    for filter in filters {
        (each, besides) = (each.saturating_add(times), besides.saturating_add(more));
        let (growth, around) = match filter {
            Filter::Text | Filter::Kanji | Filter::Kana | Filter::Type => (1, 0),
            Filter::Furigana => (RUBY_GROWTH, 0),
            Filter::Cloze => (CLOZE_GROWTH, 0),
            Filter::ClozeOnly | Filter::TypeCloze => (HIDDEN_GROWTH, 0),
            Filter::Hint | Filter::Speech => (1, AROUND_BYTES + name * ESCAPED_BYTES),
        };
        (times, more) = (times.saturating_mul(growth), more.saturating_mul(growth).saturating_add(around));
    }
    (each.saturating_add(times), besides.saturating_add(more))
}

#[cfg(test)]
mod tests {
    use super::super::cloze::{reveal, reveal_only, to_type};
    use super::super::filters::{Reading, furigana};
    use super::*;
    use crate::model::Template;
    use crate::render::template::Parsed;

    fn weight(front: &str, back: &str) -> Weight {
        let fields = ["Front", "Back", "Back Text"].map(str::to_owned).to_vec();
        let parsed = |template| Parsed::read(template, &fields).unwrap();
        let pair = Pair { front: parsed(front), back: parsed(back) };
        let notetype = Notetype {
            id: 1,
            name: "n".repeat(1_000),
            kind: Kind::Standard,
            fields: fields.clone(),
            templates: vec![Template { name: String::new(), front: front.into(), back: back.into() }],
            css: String::new(),
            latex_head: String::new(),
            latex_tail: String::new(),
        };
        Weight::of(&pair, &notetype, &"c".repeat(100))
    }

    #[test]
    fn a_side_goes_through_a_field_as_often_as_it_names_it_and_once_more_for_each_filter() {
        assert_eq!(weight("{{Front}} {{ Front }} {{{Back}}}", "").fields, [2, 1]);
        assert_eq!(weight("{{text:Front}}{{kana:text:Back}}{{unknown:Back}}", "").fields, [2, 4]);
        assert_eq!(weight("{{=<% %>=}}<%Front%><% text:Back Text %>", "").fields, [1, 0, 2]);
        assert!(weight("<!-- {{Front}} -->{{Tags}}", "").fields.is_empty());
        // What one filter makes longer is long for the next.
        assert_eq!(weight("{{text:furigana:Front}}", "").fields, [1 + 6 + 6]);
        let (one, two) = (weight("{{hint:Front}}", "").bytes, weight("{{text:hint:Front}}", "").bytes);
        assert_eq!(two - one, 48 + 5 * 6);
    }

    #[test]
    fn a_front_counts_for_each_time_that_it_is_shown_but_the_first_on_the_back() {
        let plain = weight("{{Front}}", "{{Back}}");
        let shown = |times| weight("{{Front}}", &("{{FrontSide}}".repeat(times) + "{{Back}}"));
        assert_eq!((shown(1).fields, shown(1).bytes), (plain.fields, plain.bytes + REPLACEMENT_BYTES));
        assert_eq!(shown(10).fields, [10, 1]);
        assert_eq!(weight("{{FrontSide}}{{FrontSide}}{{Front}}", "").fields, [1]);
    }

    #[test]
    fn a_condition_on_a_field_takes_no_more_than_itself_and_what_lies_in_it() {
        let conditions = weight(&"{{#Front}}x{{/Front}}{{^Front}}{{Back}}{{/Front}}".repeat(1_000), "");
        assert_eq!(conditions.fields, [0, 1_000]);
        assert_eq!(conditions.bytes, 1_000 * (1 + 3 * REPLACEMENT_BYTES));
    }

    #[test]
    fn names_and_tags_are_as_long_as_they_are() {
        let of = weight(
            "{{Type}}{{Card}}{{text:Tags}}{{Deck}}{{Subdeck}}{{#Tags}}{{#Type}}{{/Type}}{{/Tags}}",
            "",
        );
        // Each replacement is looked at once before it is made.
        assert_eq!(of.bytes, 3 * 1_000 + 2 * 100 + 7 * REPLACEMENT_BYTES);
        assert_eq!((of.tags, of.deck), (2 + 1 + 1, 2 * 2));
    }

    #[test]
    fn no_filter_makes_more_of_a_text_than_it_is_said_to() {
        for unit in ["a[b]", "{{c1::}}", "{{c1::a::b}}", "{{c1,1::{{c1::x}}}}"] {
            let text = unit.repeat(1_000);
            let long = |times: u64| usize::try_from(times).unwrap() * text.len();
            assert!(furigana(&text, Reading::Both).len() <= long(RUBY_GROWTH), "{unit}");
            for hides in [true, false] {
                assert!(reveal(&text, 1, hides, &mut Vec::new()).len() <= long(CLOZE_GROWTH), "{unit}");
                assert!(reveal_only(&text, 1, hides).len() <= long(HIDDEN_GROWTH), "{unit}");
            }
        }
        let deep = ["{{c1::".repeat(50), "x".repeat(10_000), "}}".repeat(50)].concat();
        let told = reveal_only(&deep, 1, false).len();
        assert!((9 * deep.len()..=10 * deep.len()).contains(&told), "{told} of {}", deep.len());
        assert!(to_type(&deep, 1).len() <= deep.len());
    }

    #[test]
    fn filters_without_end_are_more_than_anything_may_take() {
        let endless = weight(&format!("{{{{{}Front}}}}", "furigana:".repeat(32)), "");
        assert_eq!(endless.fields, [u64::MAX]);
    }
}
