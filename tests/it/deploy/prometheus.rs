//! Alerts: Prometheus reads them, each speaks when it should and not otherwise, asks for metrics that there are, and has a
//! chapter that says what to do.

use super::kit::{file, folder, is_here, run};
use super::metrics::table;
use std::collections::BTreeSet;
use std::process::Command;

/// The names of metrics in an expression.
pub fn metrics_in(expression: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = expression.split(|c| !is_word(c));
    words
        .filter(|word| word.starts_with("studyhall_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

/// Fails on a metric that no node tells.
pub fn are_told(metrics: &BTreeSet<String>, by: &str) {
    let known = table();
    for metric in metrics {
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| metric.strip_suffix(end));
        let histogram =
            family.and_then(|family| known.get(family)).is_some_and(|(kind, ..)| kind == "histogram");
        assert!(known.contains_key(metric) || histogram, "{by} asks for {metric}, which no node tells");
    }
}

fn alerts() -> Vec<String> {
    let rules = file("prometheus/alerts.yml");
    rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).map(str::to_owned).collect()
}

#[test]
fn prometheus_reads_the_rules_and_each_alert_speaks_when_it_should() {
    if !is_here("promtool") {
        return;
    }
    for arguments in [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts.test.yml"],
    ] {
        let (content, said) =
            run(Command::new("promtool").args(arguments).current_dir(folder().join("prometheus")));
        assert!(content, "promtool {arguments:?}: {said}");
    }
}

#[test]
fn each_alert_is_tried_and_has_a_chapter_that_says_what_to_do() {
    let tried = file("prometheus/alerts.test.yml");
    let rules = file("prometheus/alerts.yml");
    let page = std::fs::read_to_string(folder().join("../docs/OPERATIONS.md")).unwrap();
    let chapters: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("### Studyhall")).collect();
    let alerts = alerts();
    for alert in &alerts {
        assert!(tried.contains(&format!("alertname=\"{alert}\"")), "{alert} is not tried");
        assert!(chapters.contains(alert.trim_start_matches("Studyhall")), "{alert} has no chapter");
        let link = format!("runbook_url: docs/OPERATIONS.md#{}\n", alert.to_lowercase());
        assert!(rules.contains(&link), "{alert} does not lead to its chapter");
    }
    assert_eq!(chapters.len(), alerts.len(), "a chapter without an alert");
}

#[test]
fn alerts_ask_for_metrics_that_nodes_tell() {
    let rules = file("prometheus/alerts.yml");
    let asked =
        rules.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).flat_map(metrics_in).collect();
    are_told(&asked, "an alert");
    assert!(asked.len() > 20, "{asked:?}");
    let top = std::fs::read_to_string(folder().join("../src/top/view.rs")).unwrap();
    are_told(&metrics_in(&top), "`studyhall top`");
    are_told(&metrics_in(&file("prometheus/alerts.test.yml").replace("studyhall_node=", "")), "a test");
}
