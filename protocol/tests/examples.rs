//! Every frame has an example that is read, written again and says the same.
#![allow(clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, reason = "a test may panic")]

use protocol::{
    ClientFrame, CloseCode, ErrorCode, MonitorFrame, Next, ServerFrame, Teach, TeacherFrame, decode_client,
    decode_teacher,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The types that need an example; [`client_type`] and [`server_type`] keep the lists honest.
const CLIENT_TYPES: [&str; 7] = ["hello", "auth", "start", "answer", "undo", "set", "beat"];
const SERVER_TYPES: [&str; 12] = [
    "welcome", "renewed", "queue", "card", "graded", "saved", "error", "changed", "done", "class", "beat",
    "goodbye",
];

const MONITOR_TYPES: [&str; 2] = ["snapshot", "delta"];

struct Example {
    /// File name without `.json`: side, type, variant.
    name: String,
    text: String,
}

fn examples() -> Vec<Example> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut examples: Vec<Example> = std::fs::read_dir(folder)
        .expect("examples/ is there")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            Example { name, text: std::fs::read_to_string(&path).expect("an example is text") }
        })
        .collect();
    examples.sort_by(|a, b| a.name.cmp(&b.name));
    examples
}

/// A new variant breaks the build here, and so reminds of [`CLIENT_TYPES`] and of an example.
fn client_type(frame: &ClientFrame) -> &'static str {
    match frame {
        ClientFrame::Hello(_) => "hello",
        ClientFrame::Auth(_) => "auth",
        ClientFrame::Start(_) => "start",
        ClientFrame::Command(numbered) => numbered.command.body.type_name(),
        ClientFrame::Beat => "beat",
    }
}

/// As [`client_type`]; the frames of every socket have their examples there.
fn teacher_type(frame: &TeacherFrame) -> &'static str {
    match frame {
        TeacherFrame::Common(frame) => client_type(frame),
        TeacherFrame::Command(teaching) => teaching.body.type_name(),
    }
}

/// As [`teacher_type`].
fn monitor_type(frame: &MonitorFrame) -> &'static str {
    match frame {
        MonitorFrame::Snapshot(_) => "snapshot",
        MonitorFrame::Delta(_) => "delta",
        MonitorFrame::Common(frame) => server_type(frame),
    }
}

/// As [`client_type`].
fn server_type(frame: &ServerFrame) -> &'static str {
    match frame {
        ServerFrame::Welcome(_) => "welcome",
        ServerFrame::Renewed(_) => "renewed",
        ServerFrame::Queue(_) => "queue",
        ServerFrame::Card(_) => "card",
        ServerFrame::Graded(_) => "graded",
        ServerFrame::Saved(_) => "saved",
        ServerFrame::Error(_) => "error",
        ServerFrame::Changed(_) => "changed",
        ServerFrame::Done(_) => "done",
        ServerFrame::Class(_) => "class",
        ServerFrame::Beat => "beat",
        ServerFrame::Goodbye(_) => "goodbye",
        ServerFrame::Unknown(_) => "unknown",
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn every_example_comes_back_as_it_was() {
    for Example { name, text } in examples() {
        let (encoded, frame_type) = match name.split_once('.') {
            Some(("client", _)) => {
                let frame = decode_client(&text).unwrap_or_else(|broken| panic!("{name}: {broken}"));
                (frame.encode(), client_type(&frame))
            }
            Some(("server", _)) => {
                let frame = ServerFrame::decode(&text).unwrap_or_else(|bad| panic!("{name}: {bad}"));
                (frame.encode(), server_type(&frame))
            }
            Some(("teacher", _)) => {
                let frame = decode_teacher(&text).unwrap_or_else(|broken| panic!("{name}: {broken}"));
                (frame.encode(), teacher_type(&frame))
            }
            Some(("monitor", _)) => {
                let frame = MonitorFrame::decode(&text).unwrap_or_else(|bad| panic!("{name}: {bad}"));
                (frame.encode(), monitor_type(&frame))
            }
            _ => panic!("{name}: an example is named side.type or side.type.variant"),
        };
        assert_eq!(value(&encoded), value(&text), "{name}");
        assert_eq!(name.split('.').nth(1), Some(frame_type), "{name} is named after its type");
        assert!(encoded.starts_with("{\"type\":"), "{name}: the type comes first");
    }
}

#[test]
fn every_frame_type_has_an_example() {
    let there: BTreeSet<String> = examples()
        .iter()
        .map(|example| example.name.split('.').take(2).collect::<Vec<_>>().join("."))
        .collect();
    let sides = [
        ("client", &CLIENT_TYPES[..]),
        ("server", &SERVER_TYPES[..]),
        ("teacher", &Teach::TYPES[..]),
        ("monitor", &MONITOR_TYPES[..]),
    ];
    for (side, types) in sides {
        for frame_type in types {
            assert!(there.contains(&format!("{side}.{frame_type}")), "no example of {side}.{frame_type}");
        }
    }
    let listed: usize = sides.iter().map(|(_, types)| types.len()).sum();
    assert_eq!(there.len(), listed, "an example of an unlisted type");
}

fn document() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/PROTOCOL.md");
    std::fs::read_to_string(path).expect("docs/PROTOCOL.md is there")
}

#[test]
fn the_document_quotes_every_example_and_nothing_else() {
    let document = document();
    let quoted: BTreeSet<&str> = document
        .split("```json\n")
        .skip(1)
        .map(|rest| rest.split_once("\n```").expect("a closed block").0)
        .collect();
    let examples = examples();
    for Example { name, text } in &examples {
        assert!(
            quoted.contains(text.trim_end()),
            "docs/PROTOCOL.md does not quote examples/{name}.json as it is"
        );
    }
    let known: BTreeSet<&str> = examples.iter().map(|example| example.text.trim_end()).collect();
    for block in quoted {
        assert!(known.contains(block), "no such example:\n{block}");
    }
}

#[test]
fn the_document_lists_every_code_with_what_to_do() {
    let document = document();
    for code in ErrorCode::ALL {
        let settled = match code {
            ErrorCode::TokenExpiring => "no verdict",
            _ if code.is_final() => "yes",
            _ => "no",
        };
        let row = format!("\n| `{}` | {settled} |", code.as_str());
        assert!(document.contains(&row), "no row {row}");
    }
    for code in CloseCode::ALL {
        let comes_back = match code.next() {
            Next::Reconnect | Next::RenewToken => "yes",
            Next::ReconnectAfter(_) => "yes, after 5 minutes",
            Next::Stop => "no",
        };
        let row = format!("\n| {} | `{}` | {comes_back} |", code.code(), code.name());
        assert!(document.contains(&row), "no row {row}");
    }
}
