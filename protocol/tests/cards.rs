//! Cards written from a fragment and a tail are the cards that a client reads.
#![allow(clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, reason = "a test may panic")]

use protocol::{
    Card, CardContent, CardState, CardTail, ChangeReason, Changed, ContentTooLarge, Counts, Kind, Media,
    Mode, Outcome, ServerFrame, encode_fragment, limits, write_card, write_card_fields, write_changed,
    write_saved,
};
use uuid::Uuid;

fn media() -> Vec<Media> {
    vec![Media {
        url: "/media/1".into(),
        media_type: "image/webp".into(),
        bytes: 7,
        width: Some(1),
        height: Some(2),
        alt: None,
    }]
}

fn content(media: &[Media]) -> CardContent<'_> {
    CardContent {
        card_id: Uuid::from_u128(0xc1),
        deck_id: Uuid::from_u128(0xd1),
        front: "<b>\"front\"</b> \u{1f600}\u{2028}\n",
        back: ",\"back\":\"a trap\\",
        hint: Some("h"),
        explanation: None,
        media,
    }
}

const STATE: CardState =
    CardState { reps: 3, interval_days: 15, ease: 246, due: None, lapses: 1, recall: Some(0.875) };

fn tail(mode: Mode, choices: &[String]) -> CardTail<'_> {
    let outcome = |days, again_today| Outcome { days, again_today };
    CardTail {
        kind: Kind::Drill,
        mode,
        choices,
        state: CardState { due: "2025-10-17".parse().ok(), ..STATE },
        if_graded: [
            outcome(-3, true),
            outcome(0, true),
            outcome(1, false),
            outcome(15, false),
            outcome(i32::MAX, false),
            outcome(i32::MIN, false),
        ],
        left: Some(Counts { new: 1, learning: 2, review: u32::MAX }),
        saved: Some(u64::MAX),
    }
}

fn expected(mode: Mode, choices: &[String]) -> Card {
    let media = media();
    let content = content(&media);
    let tail = tail(mode, choices);
    Card {
        card_id: content.card_id,
        deck_id: content.deck_id,
        kind: tail.kind,
        mode,
        front: content.front.into(),
        back: (!mode.is_checked()).then(|| content.back.into()),
        hint: content.hint.map(Into::into),
        explanation: None,
        choices: choices.to_vec(),
        media: media.clone(),
        state: tail.state,
        if_graded: tail.if_graded,
        left: tail.left,
        saved: tail.saved,
    }
}

fn written(mode: Mode, choices: &[String]) -> String {
    let mut out = String::new();
    write_card(&mut out, &encode_fragment(&content(&media())), &tail(mode, choices));
    out
}

#[test]
fn a_card_written_by_hand_is_the_card_that_serde_reads() {
    let text = written(Mode::Flip, &[]);
    let frame = ServerFrame::decode(&text).expect("a card");
    assert_eq!(frame, ServerFrame::Card(Box::new(expected(Mode::Flip, &[]))));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON"),
        serde_json::from_str::<serde_json::Value>(&frame.encode()).expect("JSON")
    );
}

#[test]
fn a_checked_mode_never_shows_the_back() {
    let choices = ["a \"quoted\" one".to_owned(), "b".to_owned()];
    for (mode, choices) in [(Mode::Type, &[][..]), (Mode::Choose, &choices[..])] {
        let text = written(mode, choices);
        assert!(!text.contains("a trap"), "{text}");
        let frame = ServerFrame::decode(&text).expect("a card");
        assert_eq!(frame, ServerFrame::Card(Box::new(expected(mode, choices))));
    }
}

#[test]
fn a_card_inside_a_change_or_a_list_has_the_same_fields() {
    let fragment = encode_fragment(&content(&media()));
    let tail = tail(Mode::Flip, &[]);
    let mut out = String::new();
    let changed = Changed { drop: vec![Uuid::from_u128(1)], ..Changed::because(ChangeReason::Undone) };
    write_changed(&mut out, &changed, Some((&fragment, &tail)));
    let card = expected(Mode::Flip, &[]);
    let expected = Changed { card: Some(card.clone()), ..changed };
    assert_eq!(ServerFrame::decode(&out).expect("a change"), ServerFrame::Changed(Box::new(expected)));

    let mut item = String::new();
    write_card_fields(&mut item, &fragment, &tail);
    assert_eq!(serde_json::from_str::<Card>(&item).expect("an item"), card);
}

#[test]
fn saved_is_written_as_it_is_read() {
    let mut out = String::new();
    write_saved(&mut out, 18_446_744_073_709_551_615);
    assert_eq!(
        ServerFrame::decode(&out).expect("saved"),
        ServerFrame::Saved(protocol::Saved { seq: u64::MAX })
    );
}

#[test]
fn the_largest_card_fits_a_server_frame_and_one_more_byte_is_refused() {
    let field = "x".repeat(limits::FIELD_BYTES_MAX - 2);
    let media = Vec::new();
    let largest = CardContent {
        front: &field,
        back: &field,
        hint: Some(&field),
        explanation: Some(&field),
        ..content(&media)
    };
    assert_eq!(largest.check(), Ok(()));
    let mut out = String::new();
    write_card(&mut out, &encode_fragment(&largest), &tail(Mode::Flip, &[]));
    assert!(out.len() <= limits::SERVER_FRAME_BYTES_MAX);

    let longer = format!("{field}xxx");
    let bytes = longer.len();
    let too_long = CardContent { back: &longer, ..largest };
    assert_eq!(too_long.check(), Err(ContentTooLarge::Field { field: "back", bytes }));
    // Each field is within its bound, but escapes make the JSON too long.
    let quotes = "\"".repeat(limits::FIELD_BYTES_MAX);
    let escaped = CardContent { front: &quotes, ..largest };
    assert!(matches!(escaped.check(), Err(ContentTooLarge::Fields { .. })));
}

#[test]
fn a_frame_of_a_newer_server_is_unknown_and_not_an_error() {
    let frame = ServerFrame::decode(r#"{"type":"confetti","colour":1}"#).expect("a frame");
    assert_eq!(frame, ServerFrame::Unknown("confetti".into()));
    assert_eq!(frame.encode(), r#"{"type":"confetti"}"#);
    let card = written(Mode::Flip, &[]).replace("\"drill\"", "\"learning\"");
    match ServerFrame::decode(&card).expect("a card") {
        ServerFrame::Card(card) => assert_eq!(card.kind, Kind::Unknown),
        other => panic!("{other:?}"),
    }
}
