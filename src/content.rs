//! The texts of a card: whoever they come from, they are stored as HTML that can be shown as it is.
//!
//! Bounds are checked before anything is parsed, because an HTML parser takes quadratic time on nested tags: first the
//! length, then the number of tags and how deep they nest, and only then does the sanitiser see the text.
//!
//! Pictures may come from `https:` addresses (until media can be uploaded there is no other way to have any; they are
//! fetched without a referrer) or bear a plain media name; `data:`, `http:` and paths on this server are taken out.

mod outline;
mod policy;

use outline::Outline;
use ports::CardRecord;
use protocol::limits::FIELDS_JSON_BYTES_MAX;
use protocol::{CardContent, ContentTooLarge};
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use uuid::Uuid;

/// Longest field of a card in bytes, as it comes in and as it is stored.
pub const FIELD_BYTES_MAX: usize = protocol::limits::FIELD_BYTES_MAX;
/// Most tags in one field. Together with its length this bounds what parsing it can cost.
pub const MARKUP_TAGS_MAX: usize = 2_000;
/// Deepest nesting of tags in one field.
pub const MARKUP_DEPTH_MAX: usize = 32;
/// Most tags (labels) of a card.
pub const TAGS_MAX: usize = 100;
/// Longest tag (label) in bytes.
pub const TAG_BYTES_MAX: usize = 250;

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

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// HTML, of which the harmless part is kept.
    Html,
    /// Plain text: every character shows as itself.
    Text,
}

/// Why a text is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ContentError {
    /// There is nothing to ask.
    #[error("a card needs a question, and this shows nothing")]
    Empty,
    /// A field is too long.
    #[error("a text of a card has at most {FIELD_BYTES_MAX} bytes, this has {0}")]
    TooLong(usize),
    /// The fields are too long together.
    #[error("the texts of a card have at most {FIELDS_JSON_BYTES_MAX} bytes as JSON, these have {0}")]
    TooLongTogether(usize),
    /// A field has too many tags of HTML.
    #[error("a text of a card has at most {MARKUP_TAGS_MAX} HTML tags, this has {0}")]
    TooMuchMarkup(usize),
    /// Tags of HTML are nested too deep, or left open.
    #[error("HTML tags are nested at most {MARKUP_DEPTH_MAX} deep, here {0} (or they are left open)")]
    NestedTooDeep(usize),
    /// Too many tags, or one that is none.
    #[error("a card has at most {TAGS_MAX} tags, each one line of 1 to {TAG_BYTES_MAX} bytes")]
    BadTags,
}

impl ContentError {
    /// The code that names it in an API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_front",
            Self::TooLong(_) => "field_too_long",
            Self::TooLongTogether(_) => "card_too_long",
            Self::TooMuchMarkup(_) => "too_much_markup",
            Self::NestedTooDeep(_) => "nested_too_deep",
            Self::BadTags => "bad_tags",
        }
    }
}

/// The field of a card that is refused, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{field}`: {error}")]
pub struct CardError {
    /// `front`, `back`, `hint` or `explanation`; the front if it is about all of them.
    pub field: &'static str,
    /// Why.
    pub error: ContentError,
}

/// Makes the texts of a card fit to be stored and shown: see [`field`].
///
/// # Errors
/// The first bound that the texts break; an empty front.
pub fn card(texts: &CardTexts, format: Format) -> Result<CardTexts, CardError> {
    let named = |name: &'static str| move |error| CardError { field: name, error };
    let CardTexts { front, back, hint, explanation } = texts;
    let texts = CardTexts {
        front: field(front, format).map_err(named("front"))?,
        back: field(back, format).map_err(named("back"))?,
        hint: optional_field(hint.as_deref(), format).map_err(named("hint"))?,
        explanation: optional_field(explanation.as_deref(), format).map_err(named("explanation"))?,
    };
    if is_blank(&texts.front) {
        return Err(named("front")(ContentError::Empty));
    }
    texts.check().map_err(named("front"))?;
    Ok(texts)
}

/// Makes a card's HTML safe.
///
/// # Errors
/// As [`card`].
pub fn sanitise_card(texts: &CardTexts) -> Result<CardTexts, CardError> {
    card(texts, Format::Html)
}

/// A field, ready to be stored and shown: safe HTML, its ends trimmed, each letter in its one composed form, control
/// characters left out. Of HTML, the tags, attributes and addresses that have no place on a flashcard are left out; doing
/// it again changes nothing.
///
/// # Errors
/// A bound is passed; no text is cut off.
pub fn field(text: &str, format: Format) -> Result<String, ContentError> {
    bounded_length(text)?;
    let text = composed(text.trim());
    let html = match format {
        Format::Text => escape_plain(&text),
        Format::Html => {
            let Outline { tags, depth, attributes: _ } = Outline::of(&text);
            if tags > MARKUP_TAGS_MAX {
                return Err(ContentError::TooMuchMarkup(tags));
            }
            if depth > MARKUP_DEPTH_MAX {
                return Err(ContentError::NestedTooDeep(depth));
            }
            policy::clean(&without_controls(&text))
        }
    };
    bounded_length(&html)?;
    Ok(html)
}

/// A field that a card may do without: one that shows nothing is none.
///
/// # Errors
/// As [`field`].
pub fn optional_field(text: Option<&str>, format: Format) -> Result<Option<String>, ContentError> {
    let html = text.map(|text| field(text, format)).transpose()?;
    Ok(html.filter(|html| !is_blank(html)))
}

/// Checks what holds for all fields of a card together.
///
/// # Errors
/// The card does not fit a frame.
pub fn check_card(card: &CardRecord) -> Result<(), ContentError> {
    fits_a_frame(&card.front, &card.back, card.hint.as_deref(), card.explanation.as_deref())
}

/// Tags: trimmed, each letter in one form, none twice, in the order given.
///
/// # Errors
/// One is empty or too long, or there are too many.
pub fn tags(given: impl IntoIterator<Item = String>) -> Result<Vec<String>, ContentError> {
    let mut tags: Vec<String> = Vec::new();
    for tag in given {
        let tag = composed(tag.trim());
        if tag.is_empty() || tag.len() > TAG_BYTES_MAX || tag.contains(char::is_control) {
            return Err(ContentError::BadTags);
        }
        if tags.contains(&tag) {
            continue;
        }
        if tags.len() == TAGS_MAX {
            return Err(ContentError::BadTags);
        }
        tags.push(tag);
    }
    Ok(tags)
}

/// Whether safe HTML shows nothing.
pub fn is_blank(html: &str) -> bool {
    !html.contains("<img") && plain_text(html).is_empty()
}

/// The text with each letter in its one composed form (NFC), however it was spelled.
pub fn composed(text: &str) -> String {
    if is_nfc(text) { text.to_owned() } else { text.nfc().collect() }
}

/// Plain text as HTML, as the sanitiser would write it: the ends trimmed, line ends as `<br>`, control characters left
/// out.
pub fn escape_plain(text: &str) -> String {
    let text = text.trim();
    let mut html = String::with_capacity(text.len() + text.len() / 16);
    for letter in text.chars() {
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

impl CardTexts {
    fn check(&self) -> Result<(), ContentError> {
        fits_a_frame(&self.front, &self.back, self.hint.as_deref(), self.explanation.as_deref())
    }
}

fn fits_a_frame(
    front: &str,
    back: &str,
    hint: Option<&str>,
    explanation: Option<&str>,
) -> Result<(), ContentError> {
    // A byte of text is at most six of JSON, so that most cards are far below the bound.
    let texts = [Some(front), Some(back), hint, explanation];
    if texts.iter().flatten().map(|text| text.len() * 6 + 2).sum::<usize>() <= FIELDS_JSON_BYTES_MAX {
        return Ok(());
    }
    let ids = (Uuid::nil(), Uuid::nil());
    let content = CardContent { card_id: ids.0, deck_id: ids.1, front, back, hint, explanation, media: &[] };
    content.check().map_err(|error| match error {
        ContentTooLarge::Field { field: _, bytes } => ContentError::TooLong(bytes),
        ContentTooLarge::Fields { bytes } | ContentTooLarge::Media { bytes } => {
            ContentError::TooLongTogether(bytes)
        }
    })
}

const fn bounded_length(text: &str) -> Result<(), ContentError> {
    if text.len() > FIELD_BYTES_MAX { Err(ContentError::TooLong(text.len())) } else { Ok(()) }
}

/// The text without control characters; line ends and tabs stay.
fn without_controls(text: &str) -> Cow<'_, str> {
    let is_stray = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    if text.contains(is_stray) { Cow::Owned(text.replace(is_stray, "")) } else { Cow::Borrowed(text) }
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
