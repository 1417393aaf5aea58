//! What every store holds as a JSON list that a person can read.

use super::CodecError;
use super::list::list_text;
use crate::{EventKind, NoteTemplate};
use domain::ids::{DeckId, UserId};
use serde_json::{Map, Value, json};

/// Tags as a JSON list.
pub fn tags_text(tags: &[String]) -> String {
    list_text(tags)
}

/// Reads [`tags_text`].
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn tags_of(text: &str) -> Result<Vec<String>, CodecError> {
    serde_json::from_str(text).map_err(|_| CodecError::BadField("tags"))
}

/// Accepted answers as a JSON list.
pub fn accept_text(accept: &[String]) -> String {
    list_text(accept)
}

/// Reads [`accept_text`].
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn accept_of(text: &str) -> Result<Vec<String>, CodecError> {
    serde_json::from_str(text).map_err(|_| CodecError::BadField("accept"))
}

/// A deck's editors as a JSON list of UUIDs.
pub fn editors_text(editors: &[UserId]) -> String {
    Value::from(editors.iter().map(ToString::to_string).collect::<Vec<String>>()).to_string()
}

/// Reads [`editors_text`].
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn editors_of(text: &str) -> Result<Vec<UserId>, CodecError> {
    let bad = || CodecError::BadField("editors");
    let names: Vec<String> = serde_json::from_str(text).map_err(|_| bad())?;
    names.iter().map(|name| Ok(UserId(name.parse().map_err(|_| bad())?))).collect()
}

/// Templates of a note type as a JSON list.
pub fn templates_text(templates: &[NoteTemplate]) -> String {
    let of = |t: &NoteTemplate| json!({"name": t.name, "question": t.question, "answer": t.answer});
    Value::Array(templates.iter().map(of).collect()).to_string()
}

/// Reads [`templates_text`]; what is absent is empty.
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn templates_of(text: &str) -> Result<Vec<NoteTemplate>, CodecError> {
    let read: Vec<Map<String, Value>> =
        serde_json::from_str(text).map_err(|_| CodecError::BadField("templates"))?;
    let field =
        |of: &Map<String, Value>, key| of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let template = |of: &Map<String, Value>| NoteTemplate {
        name: field(of, "name"),
        question: field(of, "question"),
        answer: field(of, "answer"),
    };
    Ok(read.iter().map(template).collect())
}

/// Decks as a JSON list of their ids.
pub fn decks_text(decks: &[DeckId]) -> String {
    Value::from(decks.iter().map(DeckId::to_string).collect::<Vec<_>>()).to_string()
}

/// Reads [`decks_text`].
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn decks_of(text: &str) -> Result<Vec<DeckId>, CodecError> {
    let read: Vec<String> = serde_json::from_str(text).map_err(|_| CodecError::BadField("decks"))?;
    read.iter().map(|id| id.parse().map_err(|_| CodecError::BadField("decks"))).collect()
}

/// Kinds of events as a JSON list of words.
pub fn kinds_text(kinds: &[EventKind]) -> String {
    Value::from(kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>()).to_string()
}

/// Reads [`kinds_text`].
///
/// # Errors
/// [`CodecError::BadField`] when it is none, or names a kind that this program does not know.
pub fn kinds_of(text: &str) -> Result<Vec<EventKind>, CodecError> {
    let bad = || CodecError::BadField("kinds");
    let words: Vec<String> = serde_json::from_str(text).map_err(|_| bad())?;
    words.iter().map(|word| EventKind::of_word(word).ok_or_else(bad)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_read_as_they_were_written() {
        for editors in [vec![], vec![UserId::from_u128(1), UserId::from_u128(u128::MAX)]] {
            assert_eq!(editors_of(&editors_text(&editors)).unwrap(), editors);
        }
        assert!(editors_of("[1]").is_err() && editors_of("[\"x\"]").is_err());
    }

    #[test]
    fn tags_read_as_they_were_written() {
        for tags in [vec![], vec!["a \"quoted\" one".to_owned(), "naïve\n日本".to_owned()]] {
            assert_eq!(tags_of(&tags_text(&tags)).unwrap(), tags);
            assert_eq!(accept_of(&accept_text(&tags)).unwrap(), tags);
        }
    }

    #[test]
    fn templates_and_decks_read_as_they_were_written() {
        let template = NoteTemplate {
            name: "Card \"1\"".to_owned(),
            question: "{{Front}}\n日本".to_owned(),
            answer: String::new(),
        };
        for templates in [vec![], vec![template.clone(), NoteTemplate::default(), template]] {
            assert_eq!(templates_of(&templates_text(&templates)).unwrap(), templates);
        }
        for decks in [vec![], vec![DeckId::from_u128(7), DeckId::from_u128(u128::MAX)]] {
            assert_eq!(decks_of(&decks_text(&decks)).unwrap(), decks);
        }
        assert!(templates_of("{}").is_err() && decks_of("[\"7\"]").is_err());
        for kinds in [vec![], EventKind::ALL.to_vec()] {
            assert_eq!(kinds_of(&kinds_text(&kinds)).unwrap(), kinds);
        }
        assert!(kinds_of("[\"deck.eaten\"]").is_err());
    }
}
