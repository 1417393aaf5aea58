//! What is broken how: each kind of broken frame costs what the protocol says, and nothing panics.
#![allow(clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, reason = "a test may panic")]

use proptest::prelude::*;
use protocol::{Body, Broken, ClientFrame, Reply, Response, SetChange, decode_client, decode_command};
use serde_json::{Value, json};

const ID: &str = "0199a4e3-0c51-7d00-9a3c-1e2f3a4b5c01";
const DECK: &str = "01998f00-1111-7aaa-8bbb-000000000d01";
const CARD: &str = "01998f00-3333-7aaa-8bbb-0000000000c1";

fn answer() -> Value {
    json!({"type": "answer", "seq": 1, "id": ID, "deck_id": DECK, "card_id": CARD, "grade": 4, "elapsed_ms": 900})
}

fn set(field: &str, value: Value) -> Value {
    let mut frame = json!({"type": "set", "seq": 2, "id": ID, "deck_id": DECK, "card_id": CARD});
    frame[field] = value;
    frame
}

fn with(mut frame: Value, field: &str, value: Value) -> String {
    frame[field] = value;
    frame.to_string()
}

fn with_type(mut frame: Value, name: &str) -> Value {
    frame["type"] = json!(name);
    frame
}

fn without(mut frame: Value, field: &str) -> String {
    frame.as_object_mut().expect("an object").remove(field);
    frame.to_string()
}

#[track_caller]
fn ends_the_socket(text: &str) {
    match decode_client(text) {
        Err(Broken::NotAFrame { .. }) => {}
        other => panic!("{text}: {other:?}"),
    }
}

#[track_caller]
fn is_refused(text: &str) -> String {
    match decode_client(text) {
        Err(Broken::Malformed { seq: Some(_), id: Some(id), what }) => {
            assert_eq!(id.to_string(), ID);
            what
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[track_caller]
fn is_an_error_without_verdict(text: &str) {
    match decode_client(text) {
        Err(Broken::Malformed { seq: None, id: None, .. }) => {}
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn what_is_no_object_with_a_type_ends_the_socket() {
    for text in [
        "",
        " ",
        "null",
        "5",
        "\"answer\"",
        "[]",
        "[\"answer\"]",
        "{",
        "{}",
        "{\"type\":5}",
        "{\"type\":null}",
        "\u{0}",
    ] {
        ends_the_socket(text);
    }
    ends_the_socket("{\"type\":\"answer\"");
    ends_the_socket("{\"type\":\"beat\"} {\"type\":\"beat\"}");
    ends_the_socket("{\"type\":\"nonsense\",}");
}

#[test]
fn a_command_whose_seq_or_id_cannot_be_read_ends_the_socket() {
    for frame in [answer(), set("flag", json!(1)), json!({"type": "undo", "seq": 3, "id": ID, "of": ID})] {
        for field in ["seq", "id"] {
            ends_the_socket(&without(frame.clone(), field));
            ends_the_socket(&with(frame.clone(), field, json!(null)));
            ends_the_socket(&with(frame.clone(), field, json!([1])));
            ends_the_socket(&with(frame.clone(), field, json!("one")));
            ends_the_socket(&with(frame.clone(), field, json!(-1)));
            ends_the_socket(&with(frame.clone(), field, json!(1.5)));
        }
    }
    // Wrong in another field as well: the unreadable one decides.
    ends_the_socket(r#"{"type":"answer","seq":"1","id":"x","grade":77}"#);
}

#[test]
fn a_wrong_field_of_a_command_is_a_final_verdict() {
    for field in ["deck_id", "card_id", "grade", "elapsed_ms"] {
        is_refused(&without(answer(), field));
        is_refused(&with(answer(), field, json!("x")));
        is_refused(&with(answer(), field, json!(-1)));
        is_refused(&with(answer(), field, json!({})));
    }
    assert_eq!(is_refused(&with(answer(), "grade", json!(6))), "a grade is 0 to 5, not 6");
    is_refused(&with(answer(), "grade", json!(4.0)));
    is_refused(&with(answer(), "elapsed_ms", json!(86_400_001)));
    is_refused(&with(answer(), "elapsed_ms", json!(u64::MAX)));
    is_refused(&with(answer(), "response", json!("both")));
    is_refused(&with(answer(), "confidence", json!("maybe")));
    is_refused(&with(answer(), "early", json!("yes")));
    is_refused(&with(answer(), "sitting", json!("x")));
    is_refused(&with(answer(), "deck_id", json!("0199a4e30c517d009a3c1e2f3a4b5c01")));
    is_refused(&without(json!({"type": "undo", "seq": 3, "id": ID, "of": ID}), "of"));
}

#[test]
fn an_id_that_is_no_uuid_v7_is_a_final_verdict() {
    for id in ["b3f1c9a2-5d0e-4a67-9c1b-2f6d8e7a4c10", "00000000-0000-0000-0000-000000000000"] {
        let text = with(answer(), "id", json!(id));
        match decode_client(&text) {
            Err(Broken::Malformed { seq: Some(1), id: Some(read), .. }) => assert_eq!(read.to_string(), id),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_key_that_is_read_and_comes_twice_is_a_final_verdict_on_the_first_seq_and_id() {
    let twice = |frame: Value, key: &str| {
        let text = frame.to_string();
        let pair = format!("{}:{}", json!(key), frame[key]);
        let again = text.replacen('{', &format!("{{{pair},"), 1);
        assert_eq!(again.matches(&pair).count(), 2, "{again}");
        again
    };
    for key in ["type", "seq", "id", "deck_id", "card_id", "grade", "elapsed_ms"] {
        is_refused(&twice(answer(), key));
    }
    for key in ["type", "flag", "deck_id"] {
        is_refused(&twice(set("flag", json!(1)), key));
    }
    is_refused(&twice(json!({"type": "undo", "seq": 3, "id": ID, "of": ID}), "type"));
    let other_type = answer().to_string().replace("\"seq\":1", "\"seq\":1,\"type\":\"undo\"");
    is_refused(&other_type);
    let other_seq = answer().to_string().replace("\"seq\":1", "\"seq\":1,\"seq\":2");
    assert!(matches!(decode_client(&other_seq), Err(Broken::Malformed { seq: Some(1), .. })));
    // Of frames without a verdict, and of types that nobody knows.
    let started = json!({"type": "start", "sitting": ID, "window": 3});
    for key in ["type", "sitting", "window"] {
        is_an_error_without_verdict(&twice(started.clone(), key));
    }
    is_an_error_without_verdict(r#"{"type":"beat","type":"beat"}"#);
    is_an_error_without_verdict(
        r#"{"type":"start","sitting":"0199a4e3-0c51-7d00-9a3c-1e2f3a4b5c01","limits":{"new":1,"new":2}}"#,
    );
    is_an_error_without_verdict(r#"{"type":"later","type":"answer"}"#);
    is_refused(&twice(with_type(answer(), "regrade"), "type"));
    is_refused(&twice(with_type(answer(), "regrade"), "seq"));
    // Over HTTP.
    assert!(matches!(decode_command(&twice(answer(), "type")), Err(Broken::Malformed { id: Some(_), .. })));
}

#[test]
fn a_key_that_nobody_reads_may_come_as_often_as_it_likes() {
    let odd = answer().to_string().replacen('{', r#"{"later":1,"later":{"a":1,"a":2},"#, 1);
    assert_eq!(decode_client(&odd), decode_client(&answer().to_string()));
}

#[test]
fn an_object_is_no_list_and_a_word_no_object() {
    for field in ["limits", "more"] {
        for value in [json!([1, 2]), json!([]), json!(3), json!("new"), json!({"new": [1]})] {
            is_an_error_without_verdict(&with(json!({"type": "start", "sitting": ID}), field, value));
        }
    }
    is_an_error_without_verdict(&with(
        json!({"type": "start", "sitting": ID}),
        "filter",
        json!({"due": null}),
    ));
    is_refused(&with(answer(), "confidence", json!({"sure": null})));
}

#[test]
fn a_set_has_exactly_one_change_in_its_range() {
    for (field, value) in [
        ("flag", json!(8)),
        ("flag", json!(-1)),
        ("reset", json!(false)),
        ("suspended", json!(null)),
        ("suspended", json!(1)),
        ("due", json!(null)),
        ("due", json!("2025-02-29")),
        ("buried_until", json!("tomorrow")),
        ("nothing", json!(1)),
    ] {
        is_refused(&set(field, value).to_string());
    }
    is_refused(&with(set("flag", json!(1)), "suspended", json!(true)));
    is_refused(&with(set("flag", json!(1)), "buried_until", json!(null)));
}

#[test]
fn every_change_of_a_set_is_read() {
    for (field, value, change) in [
        ("suspended", json!(false), SetChange::Suspended(false)),
        ("buried_until", json!(null), SetChange::BuriedUntil(None)),
        ("buried_until", json!("2025-10-03"), SetChange::BuriedUntil("2025-10-03".parse().ok())),
        ("flag", json!(7), SetChange::Flag(7)),
        ("reset", json!(true), SetChange::Reset),
    ] {
        match decode_client(&set(field, value).to_string()) {
            Ok(ClientFrame::Command(numbered)) => match numbered.command.body {
                Body::Set(set) => assert_eq!(set.change, change),
                other => panic!("{other:?}"),
            },
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn an_unknown_type_with_a_seq_gets_a_verdict_and_without_one_an_error() {
    let read = |text: &str| match decode_client(text) {
        Err(Broken::UnknownType { seq, id }) => (seq, id.map(|id| id.to_string())),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(read(&with(answer(), "type", json!("regrade"))), (Some(1), Some(ID.to_owned())));
    assert_eq!(read(r#"{"type":"regrade","seq":4}"#), (Some(4), None));
    assert_eq!(read(r#"{"type":"regrade"}"#), (None, None));
    assert_eq!(read(&without(with_type(answer(), "regrade"), "seq")), (None, Some(ID.to_owned())));
    assert_eq!(read(r#"{"type":"regrade","id":null}"#), (None, None));
    assert_eq!(read(r#"{"type":"Answer"}"#), (None, None));
    assert_eq!(read(r#"{"type":"card"}"#), (None, None));
    ends_the_socket(r#"{"type":"regrade","seq":"4"}"#);
    ends_the_socket(r#"{"type":"regrade","seq":4,"id":"x"}"#);
    ends_the_socket(r#"{"type":"regrade","id":7}"#);
}

#[test]
fn a_wrong_field_of_any_other_frame_is_an_error_without_verdict() {
    is_an_error_without_verdict(r#"{"type":"start"}"#);
    is_an_error_without_verdict(r#"{"type":"start","sitting":7}"#);
    is_an_error_without_verdict(r#"{"type":"auth","token":7}"#);
    is_an_error_without_verdict(r#"{"type":"hello"}"#);
    for (field, value) in [
        ("window", json!(0)),
        ("window", json!(21)),
        ("window", json!(257)),
        ("window", json!("3")),
        ("filter", json!("hard")),
        ("decks", json!([])),
        ("decks", json!(["x"])),
        ("tags", json!("x")),
        ("limits", json!({"new": -1})),
        ("more", json!({"review": 1_000_001})),
    ] {
        is_an_error_without_verdict(&with(json!({"type": "start", "sitting": ID}), field, value));
    }
}

#[test]
fn unknown_fields_order_space_case_and_null_do_not_matter() {
    let plain = decode_client(&answer().to_string());
    assert!(plain.is_ok());
    let odd = format!(
        " {{\n\"card_id\":\"{}\", \"later\":[[[{{}}]]], \"sitting\":null, \"early\":false, \"response\":null,
        \"deck_id\":\"{DECK}\", \"elapsed_ms\":900, \"grade\":4, \"id\":\"{}\", \"seq\":1, \"ty\\u0070e\":\"answer\" }}",
        CARD.to_uppercase(),
        ID.to_uppercase()
    );
    assert_eq!(decode_client(&odd), plain);
}

#[test]
fn a_response_is_a_text_or_a_choice() {
    for (value, response) in [(json!("Riga"), Response::Text("Riga".into())), (json!(2), Response::Choice(2))]
    {
        let mut frame = answer();
        frame["grade"] = json!(null);
        match decode_client(&with(frame, "response", value)) {
            Ok(ClientFrame::Command(numbered)) => match numbered.command.body {
                Body::Answer(answer) => assert_eq!(answer.reply, Reply::Response(response)),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_command_over_http_needs_no_seq() {
    let numbered = match decode_client(&answer().to_string()) {
        Ok(ClientFrame::Command(numbered)) => numbered.command,
        other => panic!("{other:?}"),
    };
    assert_eq!(decode_command(&without(answer(), "seq")), Ok(numbered.clone()));
    assert_eq!(decode_command(&answer().to_string()), Ok(numbered));
    assert!(matches!(
        decode_command(&without(answer(), "grade")),
        Err(Broken::Malformed { seq: None, id: Some(_), .. })
    ));
    assert!(matches!(decode_command(&without(answer(), "id")), Err(Broken::NotAFrame { .. })));
    for text in [r#"{"type":"hello"}"#, r#"{"type":"beat","seq":"x"}"#] {
        assert_eq!(decode_command(text), Err(Broken::UnknownType { seq: None, id: None }));
    }
}

#[test]
fn a_sentence_about_a_broken_field_is_short() {
    let what = is_refused(&with(answer(), "grade", json!("x".repeat(10_000))));
    assert!(what.len() <= protocol::limits::MESSAGE_BYTES_MAX);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = decode_client(&text);
        let _ = decode_command(&text);
        let _ = protocol::ServerFrame::decode(&text);
    }

    #[test]
    fn no_field_makes_it_panic(field in "seq|id|grade|elapsed_ms|type|due", value in "[0-9a-z\"{}\\[\\]:,.\\\\-]{0,12}") {
        let text = format!("{{\"type\":\"answer\",\"seq\":1,\"id\":\"{ID}\",\"{field}\":{value}}}");
        let _ = decode_client(&text);
        let _ = decode_command(&text);
    }
}

#[test]
fn a_refusal_names_the_field_and_repeats_nothing_of_what_was_sent() {
    for (frame, field) in [
        (with(answer(), "grade", json!("secret")), "`grade`"),
        (with(answer(), "elapsed_ms", json!("secret")), "`elapsed_ms`"),
        (with(answer(), "deck_id", json!("secret")), "`deck_id`"),
        (with(answer(), "confidence", json!("secret")), "`confidence`"),
        (with(answer(), "confidence", json!({"secret": 1})), "`confidence`"),
        (without(answer(), "card_id"), "`card_id`"),
        (with(set("flag", json!(1)), "due", json!("secret")), "`due`"),
        (set("flag", json!("secret")).to_string(), "`flag`"),
        (set("suspended", json!({"secret": 1})).to_string(), "`suspended`"),
    ] {
        let what = is_refused(&frame);
        assert!(what.contains(field) && !what.contains("secret"), "{frame}: {what}");
    }
    for text in ["secret", "\"secret\"", "{\"secret\":", "[\"secret\"]"] {
        let Err(Broken::NotAFrame { what }) = decode_client(text) else { panic!("{text}") };
        assert!(!what.contains("secret"), "{text}: {what}");
    }
}
