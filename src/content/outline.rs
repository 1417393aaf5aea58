//! How much markup a text has, found in one pass and in linear time: what decides whether a parser may see it.

/// Tags that have no content, and so no depth.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];
/// Tags that the next one of the same name closes.
const SELF_CLOSING: [&str; 9] = ["p", "li", "dt", "dd", "tr", "td", "th", "option", "rt"];
/// Tags whose content is not markup.
const RAW: [&str; 8] = ["script", "style", "textarea", "title", "iframe", "xmp", "noembed", "noframes"];

/// The measure of a text's markup.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Outline {
    /// Opening tags.
    pub tags: usize,
    /// Attributes that an author writes: those that the sanitiser adds are not counted.
    pub attributes: usize,
    /// Most tags open at once. An end tag counts only if it closes the innermost one: what is closed out of order is
    /// opened again by HTML's rules, and so it stays in this count.
    pub depth: usize,
}

impl Outline {
    /// Measures a text.
    ///
    /// Where it is not certain how a parser reads on (within `<style>`, `<title>` and the like, which are markup in
    /// SVG; after a CDATA section, or a comment in a script), opening tags count and end tags do not.
    pub fn of(html: &str) -> Outline {
        let bytes = html.as_bytes();
        let mut outline = Outline::default();
        let mut open: Vec<&str> = Vec::new();
        let mut uncertain_until = 0;
        let mut at = 0;
        while let Some(next) = bytes.get(at..).and_then(|rest| rest.iter().position(|&b| b == b'<')) {
            at += next;
            let is_certain = at >= uncertain_until;
            let closing = bytes.get(at + 1) == Some(&b'/');
            let name = tag_name(html, at + 1 + usize::from(closing));
            let end = if is_certain { tag_end(bytes, at) } else { at + 1 };
            if name.is_empty() {
                let is_cdata = bytes.get(at..).is_some_and(|rest| rest.starts_with(b"<![CDATA["));
                uncertain_until = if is_cdata { usize::MAX } else { uncertain_until };
            } else if !closing {
                outline.tags += 1;
                outline.attributes += attributes(bytes.get(at + 1 + name.len()..end).unwrap_or(&[]));
                if is_certain && is_one_of(&RAW, name) {
                    uncertain_until = raw_end(bytes, end, name);
                }
                outline.enter(&mut open, name);
            } else if is_certain && is_last(&open, name) {
                open.pop();
            }
            at = end.max(at + 1);
        }
        outline
    }

    fn enter<'h>(&mut self, open: &mut Vec<&'h str>, name: &'h str) {
        let is_leaf = is_one_of(&VOID, name) || is_one_of(&RAW, name);
        let closes_last = is_last(open, name) && is_one_of(&SELF_CLOSING, name);
        if !is_leaf && !closes_last {
            open.push(name);
            self.depth = self.depth.max(open.len());
        }
    }
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn is_last(open: &[&str], name: &str) -> bool {
    open.last().is_some_and(|last| last.eq_ignore_ascii_case(name))
}

/// The name of a tag as it is written; empty if none begins here.
fn tag_name(html: &str, at: usize) -> &str {
    let rest = html.get(at..).unwrap_or_default();
    if !rest.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return "";
    }
    let ends = |letter: char| letter.is_ascii_whitespace() || matches!(letter, '/' | '>');
    rest.split(ends).next().unwrap_or(rest)
}

/// Where the tag, comment or lone `<` that begins at `at` ends: after its `>`, or at the end of the text.
pub(super) fn tag_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or(&[]);
    match rest.get(1) {
        Some(b'!') if rest.starts_with(b"<!--") => comment_end(bytes, at),
        Some(b'!' | b'?') => after(bytes, at, b">"),
        Some(b'/') if !rest.get(2).is_some_and(u8::is_ascii_alphabetic) => after(bytes, at, b">"),
        Some(b) if b.is_ascii_alphabetic() || *b == b'/' => quoted_end(bytes, at),
        Some(_) | None => at + 1,
    }
}

fn comment_end(bytes: &[u8], at: usize) -> usize {
    let text = at + 4;
    let rest = bytes.get(text..).unwrap_or(&[]);
    if rest.starts_with(b">") {
        text + 1
    } else if rest.starts_with(b"->") {
        text + 2
    } else {
        let end = after(bytes, text, b"-->");
        after(bytes.get(..end).unwrap_or(bytes), text, b"--!>").min(end)
    }
}

/// The end of a tag: a `>` that is not within the quotes of a value.
fn quoted_end(bytes: &[u8], at: usize) -> usize {
    let mut quote = None;
    let mut is_value = false;
    for (i, &byte) in bytes.iter().enumerate().skip(at) {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'>' => return i + 1,
            None if is_value && matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None => {}
        }
        is_value = byte == b'=' || is_value && byte.is_ascii_whitespace();
    }
    bytes.len()
}

/// Where a raw element's content ends: at its end tag, or nowhere that is certain, because a comment that is open there
/// may hide the end tag.
fn raw_end(bytes: &[u8], from: usize, name: &str) -> usize {
    let is_end =
        |window: &[u8]| window.starts_with(b"</") && window[2..].eq_ignore_ascii_case(name.as_bytes());
    let rest = bytes.get(from..).unwrap_or(&[]);
    let Some(end) = rest.windows(name.len() + 2).position(is_end) else { return usize::MAX };
    let inside = &rest[..end];
    let comment = inside.windows(4).rposition(|window| window == b"<!--");
    let is_open = comment.is_some_and(|at| !inside[at + 2..].windows(3).any(|window| window == b"-->"));
    if is_open { usize::MAX } else { from + end }
}

fn after(bytes: &[u8], from: usize, mark: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or(&[]);
    rest.windows(mark.len())
        .position(|window| window == mark)
        .map_or(bytes.len(), |at| from + at + mark.len())
}

/// The number of attributes in what stands between a tag's name and its end.
fn attributes(inside: &[u8]) -> usize {
    const ADDED: [&str; 3] = ["rel", "referrerpolicy", "controls"];
    let text = String::from_utf8_lossy(inside);
    let mut rest = text.trim_end_matches(['>', '/']).trim_start_matches(is_gap);
    let mut count = 0;
    while !rest.is_empty() {
        let name_end = rest.find(|c| c == '=' || is_gap(c)).unwrap_or(rest.len());
        let name = rest[..name_end].to_ascii_lowercase();
        count += usize::from(!name.is_empty() && !ADDED.contains(&name.as_str()));
        rest = rest[name_end..].trim_start_matches(is_gap);
        if let Some(value) = rest.strip_prefix('=') {
            let value = value.trim_start_matches(is_gap);
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let end = match quote {
                Some(quote) => value[1..].find(quote).map_or(value.len(), |end| end + 2),
                None => value.find(is_gap).unwrap_or(value.len()),
            };
            rest = value[end..].trim_start_matches(is_gap);
        }
    }
    count
}

fn is_gap(c: char) -> bool {
    c.is_ascii_whitespace() || c == '/'
}
