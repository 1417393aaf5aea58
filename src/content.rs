//! Card text: bounded first, then sanitised. What is stored is safe to show as it is.
//!
//! The sanitiser takes quadratic time on deeply nested tags, so size and depth are bounded before it runs.

use ammonia::Builder;
use ports::CardRecord;
use protocol::limits::{FIELD_BYTES_MAX, FIELDS_JSON_BYTES_MAX};
use protocol::{CardContent, ContentTooLarge};
use std::borrow::Cow;
use std::sync::LazyLock;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Deepest nesting of tags; deeper is refused.
pub const DEPTH_MAX: usize = 64;
/// Tags in one field; more is refused.
pub const ELEMENTS_MAX: usize = 4_000;
/// Tags (labels) of a card or a deck; more is refused.
pub const TAGS_MAX: usize = 64;
/// Longest tag (label), in bytes; longer is refused.
pub const TAG_BYTES_MAX: usize = 100;

/// Why a text is refused.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ContentError {
    /// A field is too long, before or after sanitising.
    #[error("a text of a card has at most {FIELD_BYTES_MAX} bytes, not {0}")]
    TooLong(usize),
    /// All fields together are too long.
    #[error("{0}")]
    TooLongTogether(ContentTooLarge),
    /// Tags lie in each other too deeply.
    #[error("tags may lie in each other {DEPTH_MAX} deep")]
    TooDeep,
    /// There are too many tags.
    #[error("a text may have {ELEMENTS_MAX} tags")]
    TooManyElements,
    /// A NUL character, which no text has.
    #[error("a text may not hold NUL characters")]
    Nul,
    /// Too many labels.
    #[error("there may be {TAGS_MAX} tags")]
    TooManyTags,
    /// A label that is none.
    #[error("a tag is one line of 1 to {TAG_BYTES_MAX} bytes")]
    BadTag,
}

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// HTML, of which the harmless part is kept.
    Html,
    /// Plain text: every character shows as itself.
    Text,
}

/// A field, ready to be stored and shown.
///
/// # Errors
/// A bound is passed; nothing is cut off silently.
pub fn field(text: &str, format: Format) -> Result<String, ContentError> {
    if text.len() > FIELD_BYTES_MAX {
        return Err(ContentError::TooLong(text.len()));
    }
    if text.contains('\0') {
        return Err(ContentError::Nul);
    }
    let text: Cow<'_, str> =
        if text.is_ascii() { Cow::Borrowed(text.trim()) } else { Cow::Owned(text.trim().nfc().collect()) };
    let clean = match format {
        Format::Text => escape(&text),
        Format::Html if !text.contains(['<', '&', '>']) => text.into_owned(),
        Format::Html => {
            check_shape(&text)?;
            SANITISER.clean(&text).to_string().trim().to_owned()
        }
    };
    if clean.len() > FIELD_BYTES_MAX { Err(ContentError::TooLong(clean.len())) } else { Ok(clean) }
}

/// A field that a card may do without: blank is none.
///
/// # Errors
/// See [`field`].
pub fn optional_field(text: Option<&str>, format: Format) -> Result<Option<String>, ContentError> {
    let clean = text.map(|text| field(text, format)).transpose()?;
    Ok(clean.filter(|text| !is_blank(text)))
}

/// Checks what holds for all fields of a card together.
///
/// # Errors
/// The card does not fit a frame.
pub fn check_card(card: &CardRecord) -> Result<(), ContentError> {
    // As JSON a character takes at most six bytes: most cards are far below the bound.
    let texts = [Some(&card.front), Some(&card.back), card.hint.as_ref(), card.explanation.as_ref()];
    if texts.iter().flatten().map(|text| text.len() * 6 + 2).sum::<usize>() <= FIELDS_JSON_BYTES_MAX {
        return Ok(());
    }
    let content = CardContent {
        card_id: card.id.0,
        deck_id: card.deck.0,
        front: &card.front,
        back: &card.back,
        hint: card.hint.as_deref(),
        explanation: card.explanation.as_deref(),
        media: &[],
    };
    content.check().map_err(ContentError::TooLongTogether)
}

/// Whether sanitised HTML shows nothing.
pub fn is_blank(html: &str) -> bool {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        if !shows_nothing(&rest[..at]) || rest[at..].starts_with("<img") {
            return false;
        }
        rest = rest[at..].find('>').map_or("", |end| &rest[at + end + 1..]);
    }
    shows_nothing(rest)
}

fn shows_nothing(text: &str) -> bool {
    text.replace("&nbsp;", " ").trim().is_empty()
}

/// Labels: trimmed, in one form of each letter, without doubles, in the order given.
///
/// # Errors
/// One is empty or too long, or there are too many.
pub fn tags(given: Vec<String>) -> Result<Vec<String>, ContentError> {
    let mut tags: Vec<String> = Vec::with_capacity(given.len().min(TAGS_MAX));
    for tag in given {
        let tag: String = tag.trim().nfc().collect();
        if tag.is_empty() || tag.len() > TAG_BYTES_MAX || tag.chars().any(char::is_control) {
            return Err(ContentError::BadTag);
        }
        if tags.contains(&tag) {
            continue;
        }
        if tags.len() == TAGS_MAX {
            return Err(ContentError::TooManyTags);
        }
        tags.push(tag);
    }
    Ok(tags)
}

/// Plain text as HTML that shows the same; a line break stays one.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' => out.push_str("<br>"),
            c => out.push(c),
        }
    }
    out
}

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .url_schemes(["https", "http", "mailto"].into())
        .attribute_filter(|element, attribute, value| match (element, attribute) {
            ("img", "src") if !is_shown_picture(value) => None,
            _ => Some(value.into()),
        })
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

/// Pictures come from this server or over https: nothing that a page over https would refuse to load, and no scheme
/// that runs code.
fn is_shown_picture(url: &str) -> bool {
    let url = url.trim();
    let scheme =
        url.split(['/', '?', '#']).next().and_then(|start| start.split_once(':')).map(|(scheme, _)| scheme);
    match scheme {
        None => !url.starts_with("//") && !url.starts_with('\\'),
        Some(scheme) => scheme.eq_ignore_ascii_case("https"),
    }
}

/// Elements that never have an end tag (HTML §13.1.2).
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];
/// Elements whose end tag is often left out: another of the same kind ends them.
const ENDED_BY_THE_NEXT: [&str; 8] = ["p", "li", "dt", "dd", "tr", "td", "th", "option"];

/// Bounds what the sanitiser gets to see, by one pass over the tags.
fn check_shape(html: &str) -> Result<(), ContentError> {
    let mut open: Vec<&str> = Vec::new();
    let mut elements = 0;
    for after in html.split('<').skip(1) {
        let (ends, name) = after.strip_prefix('/').map_or((false, after), |name| (true, name));
        let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let name = &name[..length];
        if name.is_empty() {
            continue;
        }
        elements += 1;
        if elements > ELEMENTS_MAX {
            return Err(ContentError::TooManyElements);
        }
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        if ends {
            // What does not end the innermost element may end one further out, or nothing: only a certain end counts.
            if open.last().is_some_and(is) {
                open.pop();
            }
        } else if !VOID.iter().any(is) {
            let ends_the_last = ENDED_BY_THE_NEXT.iter().any(is) && open.last().is_some_and(is);
            if !ends_the_last {
                open.push(name);
            }
            if open.len() > DEPTH_MAX {
                return Err(ContentError::TooDeep);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
