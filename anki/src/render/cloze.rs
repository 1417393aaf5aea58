//! Clozes: `{{c1::hidden::hint}}`, one within another, several numbers for one.

use super::occlusion::{Shape, read_shape};
use crate::limits::CLOZE_DEPTH_MAX;

/// What is hidden is set off by it on the back, and the place of it on the front.
const MARK: (&str, &str) = ("<b>", "</b>");
/// How a cloze that is a region of a picture begins.
const OCCLUSION: &str = "image-occlusion:";

/// A part of a text.
#[derive(Debug)]
enum Part<'t> {
    Text(&'t str),
    Cloze(Cloze<'t>),
}

#[derive(Debug)]
struct Cloze<'t> {
    numbers: Numbers<'t>,
    parts: Vec<Part<'t>>,
    hint: Option<&'t str>,
}

/// The numbers of a cloze as they are written: `1` or `1,3`.
#[derive(Clone, Copy, Debug)]
struct Numbers<'t>(&'t str);

impl<'t> Numbers<'t> {
    fn each(self) -> impl Iterator<Item = u16> + use<'t> {
        self.0.split(',').filter_map(|number| number.parse().ok())
    }
    fn has(self, number: u16) -> bool {
        self.each().any(|each| each == number)
    }
}

/// Whether any text has a cloze of this number.
pub(super) fn has_cloze<'t>(mut fields: impl Iterator<Item = &'t str>, number: u16) -> bool {
    // Nested beyond the bound or not: an opening is an opening, if it is closed.
    fields.any(|field| field.contains("{{c") && parts_have(&parts_of(field), number))
}

fn parts_have(parts: &[Part<'_>], number: u16) -> bool {
    number != 0
        && parts.iter().any(|part| match part {
            Part::Text(_) => false,
            Part::Cloze(cloze) => cloze.numbers.has(number) || parts_have(&cloze.parts, number),
        })
}

/// The text with one number's clozes hidden or set off, and empty if it has none of that number. Regions of a picture
/// become shapes.
pub(super) fn reveal(text: &str, number: u16, hides: bool, shapes: &mut Vec<Shape>) -> String {
    if !text.contains("{{c") {
        return String::new();
    }
    let parts = parts_of(text);
    let mut revealing = Revealing { number, hides, is_there: false, shapes };
    let mut out = String::with_capacity(text.len());
    revealing.parts(&parts, &mut out);
    if !revealing.is_there {
        return String::new();
    }
    without_markup_in_formulas(out)
}

/// Only what is hidden, or the hints in its place.
pub(super) fn reveal_only(text: &str, number: u16, hides: bool) -> String {
    let mut found = Vec::new();
    collect(&parts_of(text), number, hides, &mut found);
    found.join(", ")
}

/// What is to be typed: what is hidden, once if it is the same everywhere.
pub(super) fn to_type(text: &str, number: u16) -> String {
    let mut found = Vec::new();
    collect(&parts_of(text), number, false, &mut found);
    if found.windows(2).all(|pair| pair.first() == pair.last()) {
        return found.pop().unwrap_or_default();
    }
    found.join(", ")
}

fn collect(parts: &[Part<'_>], number: u16, hides: bool, found: &mut Vec<String>) {
    for part in parts {
        let Part::Cloze(cloze) = part else { continue };
        if cloze.numbers.has(number) {
            if hides {
                found.push(cloze.hint.unwrap_or("...").to_owned());
            } else {
                let mut text = String::new();
                bare(&cloze.parts, &mut text);
                found.push(text);
            }
        }
        collect(&cloze.parts, number, hides, found);
    }
}

/// The text without any braces.
fn bare(parts: &[Part<'_>], out: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Cloze(cloze) => bare(&cloze.parts, out),
        }
    }
}

struct Revealing<'s> {
    number: u16,
    hides: bool,
    is_there: bool,
    shapes: &'s mut Vec<Shape>,
}

impl Revealing<'_> {
    fn parts(&mut self, parts: &[Part<'_>], out: &mut String) {
        for part in parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Cloze(cloze) => self.cloze(cloze, out),
            }
        }
    }

    fn cloze(&mut self, cloze: &Cloze<'_>, out: &mut String) {
        let is_asked = cloze.numbers.has(self.number);
        self.is_there |= is_asked;
        if let Some(Part::Text(text)) = cloze.parts.first()
            && let Some(region) = text.strip_prefix(OCCLUSION)
        {
            let number = cloze.numbers.each().next().unwrap_or(0);
            self.shapes.extend(read_shape(region, number, is_asked));
            return;
        }
        if is_asked && self.hides {
            // What lies within may be asked too, but is not seen.
            self.is_there |= parts_have(&cloze.parts, self.number);
            for part in [MARK.0, "[", cloze.hint.unwrap_or("..."), "]", MARK.1] {
                out.push_str(part);
            }
        } else if is_asked {
            out.push_str(MARK.0);
            self.parts(&cloze.parts, out);
            out.push_str(MARK.1);
        } else {
            self.parts(&cloze.parts, out);
        }
    }
}

/// Reads a text in linear time. What is opened and never closed is lost, as in Anki; what is closed and never opened is
/// text.
fn parts_of(mut rest: &str) -> Vec<Part<'_>> {
    let mut open: Vec<Cloze<'_>> = Vec::new();
    let mut top = Vec::new();
    while !rest.is_empty() {
        if let Some((numbers, after)) = opening(rest) {
            if open.len() < CLOZE_DEPTH_MAX {
                open.push(Cloze { numbers, parts: Vec::new(), hint: None });
            }
            rest = after;
        } else if let Some(after) = rest.strip_prefix("}}") {
            match open.pop() {
                Some(cloze) => open.last_mut().map_or(&mut top, |o| &mut o.parts).push(Part::Cloze(cloze)),
                None => top.push(Part::Text("}}")),
            }
            rest = after;
        } else {
            let (text, after) = rest.split_at(text_end(rest));
            rest = after;
            match open.last_mut() {
                Some(cloze) => cloze.push_text(text),
                None => top.push(Part::Text(text)),
            }
        }
    }
    top
}

impl<'t> Cloze<'t> {
    /// Two colons divide a text from its hint, but not in a region of a picture.
    fn push_text(&mut self, text: &'t str) {
        let is_region = text.starts_with(OCCLUSION);
        let text = match text.split_once("::").filter(|_| !is_region) {
            Some((text, hint)) => {
                self.hint = Some(hint);
                text
            }
            None => text,
        };
        self.parts.push(Part::Text(text));
    }
}

/// The numbers of a cloze that opens right here, and what comes after.
fn opening(text: &str) -> Option<(Numbers<'_>, &str)> {
    let inner = text.strip_prefix("{{c")?;
    let end = inner.find(|c: char| !c.is_ascii_digit() && c != ',')?;
    let (numbers, after) = inner.split_at(end);
    let numbers = Numbers(numbers);
    numbers.each().next()?;
    Some((numbers, after.strip_prefix("::")?))
}

/// Where text ends that begins right here: at the next opening or closing.
fn text_end(text: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(['{', '}'])) {
        let at = from + at;
        let here = text.get(at..).unwrap_or("");
        if at > 0 && (here.starts_with("}}") || opening(here).is_some()) {
            return at;
        }
        from = at + 1;
    }
    text.len()
}

/// Formulas between `\(` and `\)` or `\[` and `\]` are read by a program that knows no tags.
fn without_markup_in_formulas(text: String) -> String {
    if !text.contains("\\(") && !text.contains("\\[") {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = bracket(rest, b"([") {
        let (before, formula) = rest.split_at(at);
        out.push_str(before);
        rest = formula;
        let Some(end) = bracket(formula, b")]") else { break };
        let (formula, after) = formula.split_at(end);
        out.push_str(&super::filters::strip_tags(formula));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Behind the first backslash that one of these brackets follows, and the bracket.
fn bracket(text: &str, brackets: &[u8; 2]) -> Option<usize> {
    let is_one = |pair: &[u8]| matches!(pair, [b'\\', bracket] if brackets.contains(bracket));
    text.as_bytes().windows(2).position(is_one).map(|at| at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(text: &str, number: u16) -> String {
        reveal(text, number, true, &mut Vec::new())
    }
    fn back(text: &str, number: u16) -> String {
        reveal(text, number, false, &mut Vec::new())
    }

    #[test]
    fn one_number_is_hidden_and_the_others_are_text() {
        let text = "{{c1::Paris}} is in {{c2::France::country}}";
        assert_eq!(front(text, 1), "<b>[...]</b> is in France");
        assert_eq!(front(text, 2), "Paris is in <b>[country]</b>");
        assert_eq!(back(text, 2), "Paris is in <b>France</b>");
        assert_eq!(front(text, 3), "");
    }

    #[test]
    fn clozes_lie_within_one_another() {
        let text = "{{c1::a {{c2::b::h}} c}}";
        assert_eq!(front(text, 1), "<b>[...]</b>");
        assert_eq!(front(text, 2), "a <b>[h]</b> c");
        assert_eq!(back(text, 1), "<b>a b c</b>");
    }

    #[test]
    fn one_cloze_has_several_numbers_and_zero_asks_nothing() {
        assert_eq!(front("{{c1,3::x}} y", 3), "<b>[...]</b> y");
        assert!(has_cloze(["{{c1,3::x}}"].into_iter(), 3));
        assert!(!has_cloze(["{{c0::x}} {{c::y}}"].into_iter(), 0));
    }

    #[test]
    fn braces_that_match_nothing_are_text() {
        assert_eq!(front("}} {{cx::n}} {{c1::a}}", 1), "}} {{cx::n}} <b>[...]</b>");
        assert_eq!(front("a {{c1::never closed", 1), "");
    }

    #[test]
    fn no_tags_are_left_in_formulas() {
        assert_eq!(front("\\({{c1::a}} + b\\)", 1), "\\([...] + b\\)");
        assert_eq!(back("\\({{c1::a}}\\) {{c1::x}}", 1), "\\(a\\) <b>x</b>");
    }

    #[test]
    fn what_is_typed_is_what_is_hidden() {
        assert_eq!(to_type("{{c1::a}} {{c1::a}} {{c2::b}}", 1), "a");
        assert_eq!(to_type("{{c1::a}} {{c1::b}}", 1), "a, b");
        assert_eq!(reveal_only("x {{c1::a::h}} {{c1::b}}", 1, true), "h, ...");
    }

    #[test]
    fn a_hundred_thousand_braces_take_no_time() {
        for unit in ["{{c1::", "}}", "{{c", "{{c1,", "{{{{", "a{b}c", "\\(", "\\(\\["] {
            let text = unit.repeat(100_000);
            front(&text, 1);
            to_type(&text, 1);
        }
    }
}
