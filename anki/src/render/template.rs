//! Templates: text with replacements and conditions, understood once for all cards of a note type.

use super::RenderError;
use crate::limits::{CONDITIONS_DEPTH_MAX, FILTERS_MAX, TEMPLATE_BYTES_MAX};

/// What a replacement or condition names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Key {
    /// A field of the note: which one.
    Field(usize),
    /// The other side.
    FrontSide,
    /// The note's tags.
    Tags,
    /// The note type's name.
    Notetype,
    /// The deck's path.
    Deck,
    /// The last level of it.
    Subdeck,
    /// The template's name.
    Card,
    /// `flag0` to `flag7`.
    CardFlag,
    /// The card's id.
    CardId,
    /// `c1`, `c2` …: there on the cards of that number.
    Cloze(u32),
    /// Nothing: a filter that makes its own text.
    Nothing,
}

/// What is done to a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Filter {
    /// Its tags are taken out.
    Text,
    /// `日本[にほん]` becomes a reading above the characters.
    Furigana,
    /// Only the characters are kept.
    Kanji,
    /// Only the readings are kept.
    Kana,
    /// It is typed.
    Type,
    /// What is hidden in it is typed.
    TypeCloze,
    /// It is hidden until asked for.
    Hint,
    /// Clozes are hidden and shown.
    Cloze,
    /// Only what is hidden is shown.
    ClozeOnly,
    /// It is read aloud, and not shown.
    Speech,
}

/// A part of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Node {
    Text(String),
    Replacement { key: Key, name: String, filters: Vec<Filter> },
    Condition { key: Key, negated: bool, nodes: Vec<Node> },
}

/// A template, understood.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Parsed {
    pub nodes: Vec<Node>,
    /// Filters that are not known; they are passed over, as Anki does.
    pub unknown_filters: u32,
}

impl Parsed {
    /// Reads a template. `fields` are the names of the note type's fields.
    pub fn read(template: &str, fields: &[String]) -> Result<Parsed, RenderError> {
        if template.len() > TEMPLATE_BYTES_MAX {
            return Err(RenderError::TemplateTooLong);
        }
        let mut reading = Reading { lexer: Lexer::new(template), fields, unknown_filters: 0 };
        let nodes = reading.nodes(None, 0)?;
        Ok(Parsed { nodes, unknown_filters: reading.unknown_filters })
    }
}

struct Reading<'t> {
    lexer: Lexer<'t>,
    fields: &'t [String],
    unknown_filters: u32,
}

impl<'t> Reading<'t> {
    fn nodes(&mut self, open: Option<&'t str>, depth: usize) -> Result<Vec<Node>, RenderError> {
        if depth > CONDITIONS_DEPTH_MAX {
            return Err(RenderError::NestedTooDeep);
        }
        let mut nodes = Vec::new();
        while let Some(token) = self.lexer.next() {
            nodes.push(match token {
                Token::Text(text) => Node::Text(text.to_owned()),
                Token::Replacement(inner) => self.replacement(inner)?,
                Token::Open { name, negated } => {
                    let key = self.key(name).ok_or_else(|| RenderError::no_such_field(name))?;
                    let nodes = self.nodes(Some(name), depth + 1)?;
                    Node::Condition { key, negated, nodes }
                }
                Token::Close(name) if open == Some(name) => return Ok(nodes),
                Token::Close(_) => return Err(RenderError::ConditionsCross),
            });
        }
        if open.is_some() { Err(RenderError::ConditionsCross) } else { Ok(nodes) }
    }

    /// What stands between the braces: filters from right to left, and the field.
    fn replacement(&mut self, inner: &str) -> Result<Node, RenderError> {
        let mut parts = inner.rsplit(':');
        let name = parts.next().unwrap_or_default();
        let names: Vec<&str> = parts.take(FILTERS_MAX + 1).collect();
        if names.len() > FILTERS_MAX {
            return Err(RenderError::TooManyFilters);
        }
        let key = match name {
            "" if !names.is_empty() => Key::Nothing,
            "FrontSide" => Key::FrontSide,
            // A cloze number's own replacement is there on its cards alone, and an error elsewhere.
            name => self.key(name).ok_or_else(|| RenderError::no_such_field(name))?,
        };
        let filters = match names.as_slice() {
            ["cloze", "type"] => vec![Filter::TypeCloze],
            [.., "type"] => vec![Filter::Type],
            names => names.iter().filter_map(|name| self.filter(name)).collect(),
        };
        Ok(Node::Replacement { key, name: name.to_owned(), filters })
    }

    fn filter(&mut self, name: &str) -> Option<Filter> {
        match name {
            "text" => Some(Filter::Text),
            "furigana" => Some(Filter::Furigana),
            "kanji" => Some(Filter::Kanji),
            "kana" => Some(Filter::Kana),
            "type" => Some(Filter::Type),
            "hint" => Some(Filter::Hint),
            "cloze" => Some(Filter::Cloze),
            "cloze-only" => Some(Filter::ClozeOnly),
            "" => None,
            speech if speech.starts_with("tts ") => Some(Filter::Speech),
            _ => {
                self.unknown_filters += 1;
                None
            }
        }
    }

    fn key(&self, name: &str) -> Option<Key> {
        // Of two fields with one name the last counts.
        if let Some(field) = self.fields.iter().rposition(|field| field == name) {
            return Some(Key::Field(field));
        }
        match name {
            "Tags" => Some(Key::Tags),
            "Type" => Some(Key::Notetype),
            "Deck" => Some(Key::Deck),
            "Subdeck" => Some(Key::Subdeck),
            "Card" => Some(Key::Card),
            "CardFlag" => Some(Key::CardFlag),
            "CardID" => Some(Key::CardId),
            cloze => cloze.strip_prefix('c')?.parse().ok().map(Key::Cloze),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Token<'t> {
    Text(&'t str),
    Replacement(&'t str),
    Open { name: &'t str, negated: bool },
    Close(&'t str),
}

/// Divides a template in linear time. Comments are text, whatever stands in them.
struct Lexer<'t> {
    rest: &'t str,
    open: &'static str,
    close: &'static str,
    has_close: bool,
    has_comment_end: bool,
}

/// Templates that begin with it use other braces.
const OTHER_BRACES: &str = "{{=<% %>=}}";

impl<'t> Lexer<'t> {
    fn new(template: &'t str) -> Lexer<'t> {
        let (rest, open, close) = match template.trim_start().strip_prefix(OTHER_BRACES) {
            Some(rest) => (rest, "<%", "%>"),
            None => (template, "{{", "}}"),
        };
        Lexer { rest, open, close, has_close: true, has_comment_end: true }
    }

    /// What begins right here, other than text: its length, and what it is (`None` for a comment).
    fn special(&mut self, from: usize) -> Option<(usize, Option<Token<'t>>)> {
        let here = self.rest.get(from..)?;
        if let Some(inner) = here.strip_prefix(self.open)
            && self.has_close
        {
            match inner.find(self.close) {
                Some(end) => {
                    let bytes = self.open.len() + end + self.close.len();
                    return Some((bytes, Some(classified(inner.get(..end)?))));
                }
                None => self.has_close = false,
            }
        }
        if let Some(inner) = here.strip_prefix("<!--")
            && self.has_comment_end
        {
            match inner.find("-->") {
                Some(end) => return Some((4 + end + 3, None)),
                None => self.has_comment_end = false,
            }
        }
        None
    }
}

impl<'t> Iterator for Lexer<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        let mut from = 0;
        loop {
            let next = self.rest.get(from..).and_then(|rest| rest.find(['{', '<']));
            let Some(at) = next.map(|at| from + at) else {
                let text = std::mem::take(&mut self.rest);
                return (!text.is_empty()).then_some(Token::Text(text));
            };
            match self.special(at) {
                None => from = at + 1,
                Some((bytes, None)) => from = at + bytes,
                Some((_, Some(_))) if at > 0 => {
                    let (text, rest) = self.rest.split_at(at);
                    self.rest = rest;
                    return Some(Token::Text(text));
                }
                Some((bytes, Some(token))) => {
                    self.rest = self.rest.get(bytes..).unwrap_or("");
                    return Some(token);
                }
            }
        }
    }
}

fn classified(inner: &str) -> Token<'_> {
    let inner = inner.trim_start_matches('{').trim();
    if inner.len() < 2 {
        return Token::Replacement(inner);
    }
    let named = |mark: char| inner.strip_prefix(mark).map(str::trim_start);
    if let Some(name) = named('#') {
        Token::Open { name, negated: false }
    } else if let Some(name) = named('^') {
        Token::Open { name, negated: true }
    } else if let Some(name) = named('/') {
        Token::Close(name)
    } else {
        Token::Replacement(inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(template: &str) -> Result<Vec<Node>, RenderError> {
        Parsed::read(template, &["Front".to_owned(), "Tags".to_owned()]).map(|parsed| parsed.nodes)
    }

    fn field(key: usize, name: &str, filters: &[Filter]) -> Node {
        Node::Replacement { key: Key::Field(key), name: name.to_owned(), filters: filters.to_vec() }
    }

    #[test]
    fn braces_spaces_and_filters_are_read_as_anki_reads_them() {
        assert_eq!(read("{{ Front }}").unwrap(), [field(0, "Front", &[])]);
        assert_eq!(read("{{{Front}}}").unwrap(), [field(0, "Front", &[]), Node::Text("}".to_owned())]);
        assert_eq!(
            read("a{{text:hint:Front}}").unwrap(),
            [Node::Text("a".to_owned()), field(0, "Front", &[Filter::Hint, Filter::Text])]
        );
        assert_eq!(read("{{type:cloze:Front}}").unwrap(), [field(0, "Front", &[Filter::TypeCloze])]);
        assert_eq!(read("{{Front").unwrap(), [Node::Text("{{Front".to_owned())]);
        // A field hides the special one of its name.
        assert_eq!(read("{{Tags}}").unwrap(), [field(1, "Tags", &[])]);
    }

    #[test]
    fn what_stands_in_a_comment_is_text() {
        let comment = "<!-- {{Nowhere}} {{#x}} -->";
        assert_eq!(read(comment).unwrap(), [Node::Text(comment.to_owned())]);
    }

    #[test]
    fn other_braces_are_those_the_template_names() {
        let nodes = read("{{=<% %>=}}<%Front%>{{Front}}").unwrap();
        assert_eq!(nodes, [field(0, "Front", &[]), Node::Text("{{Front}}".to_owned())]);
    }

    #[test]
    fn templates_that_anki_refuses_are_refused() {
        for template in ["{{Nowhere}}", "{{#Front}}", "{{/Front}}", "{{#Front}}{{/Tags}}", "{{#No}}{{/No}}"] {
            assert!(read(template).is_err(), "{template}");
        }
        let deep =
            "{{#Front}}".repeat(CONDITIONS_DEPTH_MAX + 1) + &"{{/Front}}".repeat(CONDITIONS_DEPTH_MAX + 1);
        assert_eq!(read(&deep), Err(RenderError::NestedTooDeep));
    }
}
