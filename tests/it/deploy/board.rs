//! The board: it has the shape that Grafana loads, its panels do not lie over each other, and every question is one that
//! Prometheus reads and nodes answer.

use super::kit::{file, is_here, run};
use super::prometheus::{are_told, metrics_in};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

fn board() -> Value {
    serde_json::from_str(&file("grafana/studyhall.json")).unwrap()
}

fn panels(board: &Value) -> &[Value] {
    board["panels"].as_array().unwrap()
}

/// The questions of a panel, with the board's variables filled in.
fn questions(panel: &Value) -> Vec<String> {
    let targets = panel["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let filled = |text: &str| text.replace("$instance", ".*").replace("$__rate_interval", "5m");
    targets.iter().map(|target| filled(target["expr"].as_str().unwrap())).collect()
}

#[test]
fn the_board_has_the_shape_that_grafana_loads() {
    let board = board();
    assert!(
        board["schemaVersion"].as_u64() >= Some(36) && board["title"].is_string() && board["uid"].is_string()
    );
    assert!(board["id"].is_null(), "an id is the number of a board in one Grafana");
    let variables: BTreeSet<&str> = board["templating"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(variables, BTreeSet::from(["datasource", "instance"]));
    let mut ids = BTreeSet::new();
    for panel in panels(&board) {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{} twice", panel["id"]);
        assert!(["row", "stat", "timeseries"].contains(&panel["type"].as_str().unwrap()));
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()));
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
            assert!(!questions(panel).is_empty(), "{} asks nothing", panel["title"]);
        }
    }
}

#[test]
fn no_panel_lies_over_another() {
    let board = board();
    let place = |panel: &Value| ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
    let places: Vec<[u64; 4]> = panels(&board).iter().map(place).collect();
    for (n, [x, y, w, h]) in places.iter().enumerate() {
        assert!(x + w <= 24 && *w > 0 && *h > 0);
        for [x2, y2, w2, h2] in &places[..n] {
            let apart = x + w <= *x2 || x2 + w2 <= *x || y + h <= *y2 || y2 + h2 <= *y;
            assert!(apart, "{} lies over another", panels(&board)[n]["title"]);
        }
    }
}

#[test]
fn every_question_of_the_board_is_one_that_nodes_answer() {
    let board = board();
    let asked: Vec<String> = panels(&board).iter().flat_map(questions).collect();
    are_told(&asked.iter().flat_map(|question| metrics_in(question)).collect(), "the board");
    if !is_here("promtool") {
        return;
    }
    // As rules, Prometheus reads them.
    let quoted = |question: &String| serde_json::to_string(question).unwrap();
    let rules: String = asked
        .iter()
        .enumerate()
        .map(|(n, question)| format!("      - {{record: \"asked:{n}\", expr: {}}}\n", quoted(question)))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board.yml");
    std::fs::write(&path, format!("groups:\n  - name: board\n    rules:\n{rules}")).unwrap();
    let (content, said) = run(Command::new("promtool").args(["check", "rules"]).arg(path));
    assert!(content, "{said}");
}
