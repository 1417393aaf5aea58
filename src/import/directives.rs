//! The `#` lines that Anki writes at the top of its text files, and Excel's `sep=`. Further down, a line that begins
//! with # is data.

use super::sniff::delimiter_named;

/// What the top of a file says about the rest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Directives {
    pub(super) delimiter: Option<u8>,
    pub(super) html: bool,
    /// Tags of every card.
    pub(super) tags: Vec<String>,
    /// The names of the columns, as one line.
    pub(super) columns: Option<String>,
    /// Columns, from 1, that hold no field of a card's text.
    pub(super) guid_column: Option<usize>,
    pub(super) tags_column: Option<usize>,
    pub(super) deck_column: Option<usize>,
    pub(super) notetype_column: Option<usize>,
    /// Whether Anki wrote the file.
    pub(super) of_anki: bool,
}

/// Reads the directives off the top; returns them, the rest of the text, and the line on which it begins.
pub(super) fn read(text: &str) -> (Directives, &str, u64) {
    let mut found = Directives::default();
    let (mut rest, mut line) = (text, 1);
    loop {
        let (first, after) = first_line(rest);
        if !found.take(first, line == 1) {
            return (found, rest, line);
        }
        rest = after;
        line += 1;
        if rest.is_empty() {
            return (found, rest, line);
        }
    }
}

/// The first line without its end, and what follows.
fn first_line(text: &str) -> (&str, &str) {
    let Some(end) = text.find(['\r', '\n']) else { return (text, "") };
    let (line, rest) = text.split_at(end);
    (line, rest.strip_prefix("\r\n").unwrap_or_else(|| rest.get(1..).unwrap_or_default()))
}

impl Directives {
    /// Whether the line is a directive.
    fn take(&mut self, line: &str, is_first: bool) -> bool {
        if is_first
            && let Some(named) = line.trim_matches('"').strip_prefix("sep=")
            && let Some(delimiter) = delimiter_named(named)
        {
            self.delimiter = Some(delimiter);
            return true;
        }
        let Some((name, value)) = line.strip_prefix('#').and_then(|line| line.split_once(':')) else {
            return false;
        };
        let column = || value.trim().parse::<usize>().ok().filter(|column| *column > 0);
        match name.trim().to_ascii_lowercase().as_str() {
            "separator" => self.delimiter = delimiter_named(value),
            "html" => self.html = value.trim().eq_ignore_ascii_case("true"),
            "tags" => self.tags = value.split_whitespace().map(str::to_owned).collect(),
            "columns" => self.columns = Some(value.to_owned()),
            "guid column" => self.guid_column = column(),
            "tags column" => self.tags_column = column(),
            "deck column" => self.deck_column = column(),
            "notetype column" => self.notetype_column = column(),
            "deck" | "notetype" | "if matches" => {}
            _ => return false,
        }
        self.of_anki = true;
        true
    }
}
