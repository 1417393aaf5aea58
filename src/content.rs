//! The texts of a card: whoever they come from, they are stored as HTML that can be shown as it is.
//!
//! Bounds are checked before anything is parsed, because an HTML parser takes quadratic time on nested tags: first the
//! length, then the number of tags and how deep they nest, and only then does the sanitiser see the text.
//!
//! Pictures may come from `https:` addresses (fetched without a referrer), from a deck's media
//! (`/media/{deck_id}/{digest}`), or bear a plain media name; `data:`, `http:` and other paths on this server are taken
//! out. Sounds and films come from a deck's media alone.

mod outline;
mod policy;
mod settled;

use outline::Outline;
use protocol::CardContent;
use protocol::limits::FIELDS_JSON_BYTES_MAX;
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use uuid::Uuid;

/// Longest field of a card in bytes, as it comes in and as it is stored.
pub const FIELD_BYTES_MAX: usize = protocol::limits::FIELD_BYTES_MAX;
/// Most tags in one field. Together with its length this bounds what parsing it can cost.
pub const MARKUP_TAGS_MAX: usize = 2_000;
/// Deepest nesting of tags in one field.
pub const MARKUP_DEPTH_MAX: usize = 32;

/// The texts of a card.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CardTexts {
    /// The question.
    pub front: String,
    /// The answer.
    pub back: String,
    /// A hint.
    pub hint: Option<String>,
    /// An explanation, shown after the answer.
    pub explanation: Option<String>,
}

/// Why the texts of a card are refused. `field` is `front`, `back`, `hint` or `explanation`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ContentError {
    /// There is nothing to ask.
    #[error("`front` shows nothing: a card needs a question")]
    Empty,
    /// A field is too long.
    #[error("`{field}` has {bytes} bytes, at most {FIELD_BYTES_MAX} are allowed")]
    FieldTooLong {
        /// The field.
        field: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// The fields are too long together.
    #[error("the card's texts have {bytes} bytes as JSON, at most {max} are allowed", max = FIELDS_JSON_BYTES_MAX)]
    CardTooLong {
        /// Their length.
        bytes: usize,
    },
    /// A field has too many tags.
    #[error("`{field}` has {tags} HTML tags, at most {MARKUP_TAGS_MAX} are allowed")]
    TooManyTags {
        /// The field.
        field: &'static str,
        /// How many it has.
        tags: usize,
    },
    /// Tags are nested too deep, or left open.
    #[error(
        "`{field}` nests HTML tags {depth} deep (or leaves them open), at most {MARKUP_DEPTH_MAX} are allowed"
    )]
    NestedTooDeep {
        /// The field.
        field: &'static str,
        /// How deep.
        depth: usize,
    },
}

impl ContentError {
    /// The code that names it in an API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_front",
            Self::FieldTooLong { .. } => "field_too_long",
            Self::CardTooLong { .. } => "card_too_long",
            Self::TooManyTags { .. } => "too_many_tags",
            Self::NestedTooDeep { .. } => "nested_too_deep",
        }
    }

    /// The field that it is about; the front if it is about all.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Empty | Self::CardTooLong { .. } => "front",
            Self::FieldTooLong { field, .. }
            | Self::TooManyTags { field, .. }
            | Self::NestedTooDeep { field, .. } => field,
        }
    }
}

/// Makes a card's HTML safe: tags, attributes and addresses that have no place on a flashcard are taken out, ends are
/// trimmed, letters brought to their one composed form, control characters left out.
///
/// Doing it again changes nothing. A hint or explanation that shows nothing becomes `None`.
///
/// # Errors
/// The first bound that the texts break; an empty front.
pub fn sanitise_card(texts: CardTexts) -> Result<CardTexts, ContentError> {
    Ok(sanitise_and_tell(texts)?.0)
}

/// The same, and whether markup was taken out. Only of texts that came out as others is it looked for.
///
/// # Errors
/// As [`sanitise_card`].
pub(crate) fn sanitise_and_tell(texts: CardTexts) -> Result<(CardTexts, bool), ContentError> {
    if fields(&texts).all(|(_, html)| stays(html)) {
        return Ok((finished(texts)?, false));
    }
    for (field, html) in fields(&texts) {
        bounded(field, html)?;
    }
    let before = texts;
    let texts = each_field(&before, made_safe);
    let lost = before != texts && lost_markup(&before, &texts).is_some();
    // Closing what was left open can make more of it; what is stored has to pass here again when a card is changed.
    for (field, html) in fields(&texts) {
        bounded(field, html)?;
    }
    Ok((finished(texts)?, lost))
}

fn made_safe(html: &str) -> String {
    policy::clean(&composed(&without_controls(html)))
}

/// Whether it is certain that a text is within its bounds, and that cleaning leaves it as it is: so are most of those that
/// come in by the ten thousand. `false` says nothing.
fn stays(html: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    let has_its_letters = || html.bytes().all(is_plain) || !html.contains(is_stray) && is_nfc(html);
    html.len() <= FIELD_BYTES_MAX
        && html.trim().len() == html.len()
        && settled::outline(html).is_some_and(|outline| within_bounds("", outline).is_ok())
        && has_its_letters()
}

/// Makes HTML of a card's plain texts.
///
/// # Errors
/// As [`sanitise_card`].
pub fn escape_card(texts: CardTexts) -> Result<CardTexts, ContentError> {
    for (field, text) in fields(&texts) {
        bounded_length(field, text)?;
    }
    finished(each_field(&texts, |text| escape_plain(&composed(text))))
}

/// The text with each letter in its one composed form (NFC), however it was spelled.
pub(crate) fn composed(text: &str) -> String {
    if text.is_ascii() || is_nfc(text) { text.to_owned() } else { text.nfc().collect() }
}

/// Plain text as HTML, as the sanitiser would write it: the ends trimmed, line ends as `<br>`, control characters left
/// out.
pub fn escape_plain(text: &str) -> String {
    let text = text.trim();
    let stays = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>');
    // Most texts begin with what stays as it is, and many are nothing else.
    let plain = text.bytes().position(|byte| !stays(byte)).unwrap_or(text.len());
    let (plain, rest) = text.split_at_checked(plain).unwrap_or(("", text));
    let mut html = String::with_capacity(text.len() + text.len() / 16);
    html.push_str(plain);
    for letter in rest.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '\u{a0}' => html.push_str("&nbsp;"),
            '\n' => html.push_str("<br>"),
            '\t' => html.push('\t'),
            letter if letter.is_control() => {}
            letter => html.push(letter),
        }
    }
    html
}

/// The text of sanitised HTML, on one line: to search in and to compare.
pub fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push_words(&mut text, &rest[..at]);
        let end = outline::tag_end(rest.as_bytes(), at);
        if !is_inline(&rest[at..end]) {
            text.push(' ');
        }
        rest = &rest[end..];
    }
    push_words(&mut text, rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first field out of which sanitising took markup, so that whoever sent it can be told.
pub(crate) fn lost_markup(before: &CardTexts, after: &CardTexts) -> Option<&'static str> {
    let shrank = |&(field, before): &(&'static str, &str)| {
        let after = fields(after).find(|(name, _)| *name == field).map_or("", |(_, html)| html);
        let (had, has) = (Outline::of(before), Outline::of(after));
        has.tags < had.tags || has.attributes < had.attributes
    };
    fields(before).find(shrank).map(|(field, _)| field)
}

/// Whether the HTML shows anything.
pub(crate) fn shows_something(html: &str) -> bool {
    if html.is_empty() {
        return false;
    }
    // What a text in which somebody wrote a tag as such begins with.
    if ["&lt;", "&gt;", "&amp;"].iter().any(|sign| html.starts_with(sign)) {
        return true;
    }
    let mut begins = html.chars().take_while(|letter| !matches!(letter, '<' | '&'));
    // Most texts begin with a letter.
    begins.any(|letter| !is_unseen(letter))
        || ["<img", "<audio", "<video"].iter().any(|tag| html.contains(tag))
        || !plain_text(html).chars().all(is_unseen)
}

/// Whether a character shows nothing by itself: spaces, and those that only join, divide, direct or vary others.
pub(crate) const fn is_unseen(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}'
                | '\u{feff}' | '\u{ffa0}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Whether a character takes no place where it stands: what joins letters of some scripts is meant by who writes it
/// ([`joins`]), all else hides.
pub(crate) const fn hides(letter: char) -> bool {
    is_unseen(letter) && !letter.is_whitespace() && !joins(letter)
}

/// Whether a character joins or divides letters without being seen: scripts of India and Iran are written with it.
pub(crate) const fn joins(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}')
}

fn each_field(texts: &CardTexts, change: impl Fn(&str) -> String) -> CardTexts {
    CardTexts {
        front: change(&texts.front),
        back: change(&texts.back),
        hint: texts.hint.as_deref().map(&change),
        explanation: texts.explanation.as_deref().map(&change),
    }
}

fn finished(mut texts: CardTexts) -> Result<CardTexts, ContentError> {
    if !shows_something(&texts.front) {
        return Err(ContentError::Empty);
    }
    texts.hint = texts.hint.filter(|html| shows_something(html));
    texts.explanation = texts.explanation.filter(|html| shows_something(html));
    // A byte of text is at most six of JSON, so that most cards are far below the bound.
    let most: usize = fields(&texts).map(|(_, html)| html.len() * 6 + 2).sum();
    if most <= FIELDS_JSON_BYTES_MAX {
        return Ok(texts);
    }
    let content = CardContent {
        card_id: Uuid::nil(),
        deck_id: Uuid::nil(),
        front: &texts.front,
        back: &texts.back,
        hint: texts.hint.as_deref(),
        explanation: texts.explanation.as_deref(),
        media: &[],
    };
    content.check().map_err(too_large)?;
    Ok(texts)
}

const fn too_large(error: protocol::ContentTooLarge) -> ContentError {
    match error {
        protocol::ContentTooLarge::Field { field, bytes } => ContentError::FieldTooLong { field, bytes },
        protocol::ContentTooLarge::Fields { bytes } | protocol::ContentTooLarge::Media { bytes } => {
            ContentError::CardTooLong { bytes }
        }
    }
}

const fn bounded_length(field: &'static str, text: &str) -> Result<(), ContentError> {
    if text.len() > FIELD_BYTES_MAX {
        return Err(ContentError::FieldTooLong { field, bytes: text.len() });
    }
    Ok(())
}

fn bounded(field: &'static str, html: &str) -> Result<(), ContentError> {
    bounded_length(field, html)?;
    within_bounds(field, Outline::of(html))
}

const fn within_bounds(field: &'static str, outline: Outline) -> Result<(), ContentError> {
    let Outline { tags, depth, attributes: _ } = outline;
    if tags > MARKUP_TAGS_MAX {
        return Err(ContentError::TooManyTags { field, tags });
    }
    if depth > MARKUP_DEPTH_MAX {
        return Err(ContentError::NestedTooDeep { field, depth });
    }
    Ok(())
}

/// The text without control characters; line ends and tabs stay.
fn without_controls(text: &str) -> Cow<'_, str> {
    if text.contains(is_stray) { Cow::Owned(text.replace(is_stray, "")) } else { Cow::Borrowed(text) }
}

fn is_stray(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')
}

fn fields(texts: &CardTexts) -> impl Iterator<Item = (&'static str, &str)> {
    [
        ("front", Some(texts.front.as_str())),
        ("back", Some(texts.back.as_str())),
        ("hint", texts.hint.as_deref()),
        ("explanation", texts.explanation.as_deref()),
    ]
    .into_iter()
    .filter_map(|(field, html)| Some((field, html?)))
}

/// Appends text with its character references read; the sanitiser writes no others than these.
fn push_words(text: &mut String, escaped: &str) {
    if !escaped.contains('&') {
        text.push_str(escaped);
        return;
    }
    let read =
        escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&quot;", "\"");
    text.push_str(&read.replace("&amp;", "&"));
}

/// Whether a tag stands within a word, and so separates nothing.
fn is_inline(tag: &str) -> bool {
    let name: String =
        tag.chars().skip(1).filter(|c| *c != '/').take_while(char::is_ascii_alphanumeric).collect();
    policy::INLINE_TAGS.contains(&name.as_str())
}

#[cfg(test)]
mod tests;
