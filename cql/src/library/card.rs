//! A card and its row: place, id and revision as columns, all else in one cell of JSON, so that a card changes as a
//! whole and what is absent leaves no tombstone.

use domain::ids::{CardId, DeckId, NoteId, Uuid};
use ports::{CardRecord, Cause, StoreError};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Places a partition of `cards` holds.
pub(super) const PLACES_PER_BUCKET: u32 = 4_096;

/// The bucket in which a place lies.
pub(crate) const fn bucket_of(position: u32) -> u32 {
    position / PLACES_PER_BUCKET
}

/// `position, card, revision, body`.
pub(super) type CardRow = (i32, Uuid, i32, String);

/// What lies in `body`. Names stay; fields that come later have defaults.
#[derive(Serialize, Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    front: Cow<'a, str>,
    #[serde(borrow)]
    back: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    hint: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    explanation: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    tags: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "is_empty")]
    accept: Cow<'a, [String]>,
    #[serde(borrow)]
    source_key: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    created_ms: i64,
    updated_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_ms: Option<i64>,
}

fn is_empty(list: &[String]) -> bool {
    list.is_empty()
}

/// The row of a card.
pub(super) fn row_of(card: &CardRecord) -> Result<CardRow, StoreError> {
    let body = Body {
        front: Cow::Borrowed(&card.front),
        back: Cow::Borrowed(&card.back),
        hint: card.hint.as_deref().map(Cow::Borrowed),
        explanation: card.explanation.as_deref().map(Cow::Borrowed),
        tags: Cow::Borrowed(&card.tags),
        accept: Cow::Borrowed(&card.accept),
        source_key: Cow::Borrowed(&card.source_key),
        note: card.note.map(|note| note.to_string()),
        created_ms: card.created_ms,
        updated_ms: card.updated_ms,
        deleted_ms: card.deleted_ms,
    };
    let body = serde_json::to_string(&body).map_err(|error| unreadable(&error))?;
    Ok((card.position.cast_signed(), card.id.0, card.revision.cast_signed(), body))
}

/// The card of a row.
pub(super) fn card_of(deck: DeckId, row: &CardRow) -> Result<CardRecord, StoreError> {
    let (position, id, revision, body) = row;
    let body: Body = serde_json::from_str(body).map_err(|error| unreadable(&error))?;
    let note = body.note.map(|note| note.parse::<NoteId>()).transpose();
    let note = note.map_err(|_| StoreError::new(Cause::Invalid, "a card's body: the note is no id"))?;
    Ok(CardRecord {
        id: CardId(*id),
        deck,
        position: position.cast_unsigned(),
        note,
        front: body.front.into_owned(),
        back: body.back.into_owned(),
        hint: body.hint.map(Cow::into_owned),
        explanation: body.explanation.map(Cow::into_owned),
        tags: body.tags.into_owned(),
        accept: body.accept.into_owned(),
        source_key: body.source_key.into_owned(),
        revision: revision.cast_unsigned(),
        created_ms: body.created_ms,
        updated_ms: body.updated_ms,
        deleted_ms: body.deleted_ms,
    })
}

/// Whether the card holds this text, which is in lower case.
pub(super) fn contains(card: &CardRecord, text: &str) -> bool {
    let fields = [&card.front, &card.back];
    fields.into_iter().chain(&card.tags).any(|field| field.to_lowercase().contains(text))
}

/// Says where, and never what: the error's own words would quote the card.
fn unreadable(error: &serde_json::Error) -> StoreError {
    let (kind, column) = (error.classify(), error.column());
    StoreError::new(Cause::Invalid, format!("a card's body: {kind:?} at column {column}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::contract_library::card_record;

    #[test]
    fn a_card_reads_as_it_was_written() {
        let plain = card_record(1, "naïve \"quoted\"\n\u{0}", "日本");
        let full = CardRecord {
            position: 199_999,
            note: Some(NoteId::from_u128(4)),
            hint: Some(String::new()),
            explanation: Some("<b>\\</b>".to_owned()),
            tags: vec!["one".to_owned(), "two words".to_owned()],
            accept: vec!["another \"answer\"".to_owned()],
            revision: u32::MAX,
            deleted_ms: Some(-1),
            ..plain.clone()
        };
        for card in [plain, full] {
            assert_eq!(card_of(card.deck, &row_of(&card).unwrap()).unwrap(), card);
        }
    }

    #[test]
    fn a_body_of_a_newer_program_is_read_and_nonsense_is_an_error_without_its_text() {
        let (position, id, revision, body) = row_of(&card_record(1, "a", "b")).unwrap();
        let newer = body.replacen('{', r#"{"accepted":["x"],"#, 1);
        assert_eq!(
            card_of(card_record(1, "", "").deck, &(position, id, revision, newer)).unwrap().front,
            "a"
        );
        let broken = (position, id, revision, r#"{"front":"a","created_ms":"word"}"#.to_owned());
        let error = card_of(card_record(1, "", "").deck, &broken).unwrap_err();
        assert!(!error.detail.contains("word"), "{error}");
    }

    #[test]
    fn places_lie_in_buckets_of_4096() {
        assert_eq!([0, 4_095, 4_096, 199_999].map(bucket_of), [0, 0, 1, 48]);
    }
}
