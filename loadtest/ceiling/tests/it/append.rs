//! `ceiling append`.

use crate::child::command;
use embedded::{EmbeddedStore, Options};
use serde_json::Value;
use std::path::Path;

fn append(folder: &Path, more: &[&str]) -> Value {
    let arguments = ["append", "--seconds", "1", "--batch", "64", "--json"];
    let ended = command(&arguments).args(more).arg("--data-dir").arg(folder).output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    serde_json::from_slice(&ended.stdout).unwrap()
}

#[test]
fn what_it_counted_is_in_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let first = append(folder.path(), &[]);
    let second = append(folder.path(), &[]);
    assert!(first["rows_per_s"].as_f64().unwrap() > 0.0);
    assert!(first["batch_p50_ms"].as_f64().unwrap() <= first["batch_p99_ms"].as_f64().unwrap());
    let rows = |figures: &Value| figures["rows"].as_i64().unwrap();
    assert_eq!(rows(&first), 64 * first["batches"].as_i64().unwrap());
    let store = EmbeddedStore::open(folder.path(), Options::default()).unwrap();
    assert_eq!(store.stats().last_row, rows(&first) + rows(&second));
}

#[test]
fn the_journal_grows_when_apply_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let figures = append(folder.path(), &["--hold-apply"]);
    assert_eq!(figures["applied"], false);
    assert_eq!(figures["backlog_rows"], figures["rows"]);
}

#[test]
fn without_json_it_prints_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let ended = command(&["append", "--seconds", "1", "--data-dir"]).arg(folder.path()).output().unwrap();
    let text = String::from_utf8(ended.stdout).unwrap();
    assert!(text.contains("rows/s in batches of 512") && text.contains("p99"), "{text}");
}
