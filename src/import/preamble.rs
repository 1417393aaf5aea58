//! The lines at the top of a file that say how to read it: those of Anki (`#separator:Tab`), and Excel's `sep=;`.

use super::delimiter::Delimiter;
use std::str::FromStr;

/// What the top of a file says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Preamble {
    /// `#separator:` or `sep=`.
    pub delimiter: Option<Delimiter>,
    /// `#html:true`: the texts are HTML.
    pub html: bool,
    /// `#tags:`: tags of every card, as written.
    pub tags: String,
    /// `#columns:`: the names of the columns, not divided yet.
    pub columns: Option<String>,
    /// `#guid column:`, from 1.
    pub guid_column: Option<usize>,
    /// `#tags column:`, from 1.
    pub tags_column: Option<usize>,
    /// `#deck column:` and `#notetype column:`, from 1: they hold nothing that is shown.
    pub other_columns: Vec<usize>,
    /// `#notetype column:`, from 1.
    pub notetype_column: Option<usize>,
    /// `#notetype:`: the note type of every row.
    pub notetype: Option<String>,
    /// Bytes of the head that these lines take.
    pub bytes: usize,
    /// How many lines they are.
    pub lines: u64,
}

impl Preamble {
    /// Reads the lines at the top of a file. The first line that says nothing of this kind is data, and so is
    /// everything after it, whatever it begins with.
    pub fn read(head: &str, is_whole: bool) -> Preamble {
        let mut preamble = Preamble::default();
        while let Some((line, length)) = next_line(&head[preamble.bytes..], is_whole) {
            if !preamble.take(line) {
                break;
            }
            preamble.bytes += length;
            preamble.lines += 1;
        }
        preamble
    }

    /// Takes what a line says; whether it said anything.
    fn take(&mut self, line: &str) -> bool {
        if let (0, Some(delimiter)) = (self.lines, line.strip_prefix("sep=")) {
            self.delimiter = Delimiter::from_str(delimiter).ok().or(self.delimiter);
            return delimiter.len() <= 1;
        }
        let Some((key, value)) = line.strip_prefix('#').and_then(|rest| rest.split_once(':')) else {
            return false;
        };
        // A spreadsheet that saved the file again has filled these lines up to the table's width.
        let word = value.trim_end_matches([',', ';', '\t', '|']).trim();
        let column = word.parse().ok().filter(|column| *column > 0);
        match key.trim().to_ascii_lowercase().as_str() {
            "separator" => {
                let named = Delimiter::from_str(value).or_else(|_| Delimiter::from_str(word));
                self.delimiter = named.ok().or(self.delimiter);
            }
            "html" => self.html = word.eq_ignore_ascii_case("true"),
            "tags" => self.tags = word.to_owned(),
            "columns" => self.columns = Some(value.to_owned()),
            "guid column" => self.guid_column = column,
            "tags column" => self.tags_column = column,
            "deck column" => self.other_columns.extend(column),
            "notetype column" => {
                self.other_columns.extend(column);
                self.notetype_column = column;
            }
            "notetype" => self.notetype = Some(word.to_owned()),
            // The deck is the one that the file is imported into; the others speak of Anki's own ways of importing.
            "deck" | "if matches" | "match scope" => {}
            _ => return false,
        }
        true
    }
}

/// The first line of the text, and its length with its end. `None` if it may go on beyond this text.
fn next_line(text: &str, is_whole: bool) -> Option<(&str, usize)> {
    let Some(end) = text.find(['\n', '\r']) else {
        return (is_whole && !text.is_empty()).then_some((text, text.len()));
    };
    let (line, rest) = text.split_at(end);
    if rest == "\r" && !is_whole {
        return None;
    }
    let ending = if rest.starts_with("\r\n") { 2 } else { 1 };
    Some((line, end + ending))
}
