//! Cards as lines that an import takes again: into the same deck without a change, into another one card by card.

use crate::import::written::{COLUMNS, Fronts, PREAMBLE};
use ports::CardRecord;
use serde_json::json;

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Table,
    Objects,
}

/// Cards as lines. Every card of the deck is noted before the first line is made.
#[derive(Clone, Debug)]
pub struct Lines {
    form: Form,
    fronts: Fronts,
}

impl Lines {
    /// A table: CSV with a head.
    pub fn table() -> Lines {
        Lines { form: Form::Table, fronts: Fronts::default() }
    }

    /// An object a line.
    pub fn objects() -> Lines {
        Lines { form: Form::Objects, fronts: Fronts::default() }
    }

    /// Notes a card.
    pub fn note(&mut self, card: &CardRecord) {
        self.fronts.note(card);
    }

    /// What stands before the first card.
    pub fn head(&self) -> String {
        match self.form {
            Form::Table => format!("{PREAMBLE}{}\r\n", COLUMNS.join(",")),
            Form::Objects => String::new(),
        }
    }

    /// Adds the line of a card.
    pub fn push(&self, card: &CardRecord, out: &mut String) {
        let row = self.fronts.row(card);
        match self.form {
            Form::Table => push_row(&row, out),
            Form::Objects => push_object(card, row, out),
        }
    }
}

fn push_row(row: &[String; 7], out: &mut String) {
    let [texts @ .., tags, guid, accept] = row;
    let texts: [&String; 4] = texts.each_ref();
    let cells =
        texts.into_iter().map(|html| guarded(html)).chain([tags, guid, accept].map(|text| plainly(text)));
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push('"');
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    }
    out.push_str("\r\n");
}

fn push_object(card: &CardRecord, row: [String; 7], out: &mut String) {
    let [front, back, hint, explanation, _, guid, _] = row;
    let mut object = json!({ "front": front, "back": back, "html": true });
    let more = [("hint", hint), ("explanation", explanation), ("guid", guid)];
    for (name, text) in more.into_iter().filter(|(_, text)| !text.is_empty()) {
        object[name] = json!(text);
    }
    if !card.tags.is_empty() {
        object["tags"] = json!(card.tags);
    }
    if !card.accept.is_empty() {
        object["accept"] = json!(card.accept);
    }
    out.push_str(&object.to_string());
    out.push('\n');
}

/// HTML that no spreadsheet takes for a formula: its first letter is written as a reference, which is the same text.
pub fn guarded(html: &str) -> String {
    match html.chars().next() {
        Some(first) if is_formula(first) => {
            format!("&#{};{}", u32::from(first), html.get(first.len_utf8()..).unwrap_or_default())
        }
        Some(_) | None => html.to_owned(),
    }
}

/// A text that is no HTML: a space before it is left out by an import.
fn plainly(text: &str) -> String {
    if text.starts_with(is_formula) { format!(" {text}") } else { text.to_owned() }
}

/// What a formula begins with; programs that know wide letters take those for the narrow ones.
fn is_formula(letter: char) -> bool {
    matches!(letter, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{CardTexts, sanitise_card};

    #[test]
    fn a_guarded_text_is_no_formula_and_the_same_text() {
        for html in ["=1+1", "-5", "@x", "＝1", "plain", "", "<b>=</b>"] {
            let guarded = guarded(html);
            assert!(!guarded.starts_with(is_formula), "{guarded}");
            let read = |front: &str| {
                let texts = CardTexts { front: format!("{front}x"), ..CardTexts::default() };
                sanitise_card(texts).unwrap().front
            };
            assert_eq!(read(&guarded), read(html));
        }
    }
}
