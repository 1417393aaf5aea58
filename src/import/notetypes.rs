//! Rows of Anki's text files that are no cards: their note types make cards of marks in a text, which only a package brings.

use super::columns::Layout;
use super::preamble::Preamble;
use super::records::Record;

/// What the names of such note types hold, in lower case and in the languages that Anki names them in.
const MARKED_NOTETYPES: [&str; 5] = ["cloze", "occlusion", "lückentext", "texte à trous", "穴埋め"];

/// The column that says of a row of Anki's that it is no card: where the note type is one whose cards are made of marks in a
/// text, or the first field has such marks. Only files that speak of note types are asked.
pub(super) fn needs_package(record: &Record, layout: &Layout, preamble: &Preamble) -> Option<usize> {
    let column = preamble.notetype_column.and_then(|column| column.checked_sub(1));
    if column.is_none() && preamble.notetype.is_none() {
        return None;
    }
    let of_row = column.and_then(|column| record.field(column));
    let notetype = of_row.or(preamble.notetype.as_deref()).unwrap_or_default().to_lowercase();
    if MARKED_NOTETYPES.iter().any(|word| notetype.contains(word)) {
        return Some(column.unwrap_or(layout.front));
    }
    record.field(layout.front).is_some_and(has_cloze).then_some(layout.front)
}

/// Whether a text has a mark of Anki's for what a card hides, such as `{{c1::Rome}}`.
fn has_cloze(text: &str) -> bool {
    text.split("{{c").skip(1).any(|after| {
        let numbers = after.find(|letter: char| !letter.is_ascii_digit() && letter != ',');
        numbers.is_some_and(|end| end > 0 && after.get(end..).is_some_and(|rest| rest.starts_with("::")))
    })
}
