//! The table of metrics and what a real node tells are the same.

use super::kit::{Node, is_here, sample};
use kit::RedisServer;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// A metric as the table or a node has it: its kind and its labels.
pub type Told = BTreeMap<String, (String, BTreeSet<String>)>;

/// The table of `docs/METRICS.md`, with the place of each metric.
pub fn table() -> BTreeMap<String, (String, BTreeSet<String>, String)> {
    let page = std::fs::read_to_string(format!("{}/docs/METRICS.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let row = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let labels = cells[2].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (cells[0].trim_matches('`').to_owned(), (cells[1].to_owned(), labels, cells[3].to_owned()))
    };
    rows.map(row).collect()
}

/// The metrics of a table for nodes with these parts.
pub fn table_of(places: &[&str]) -> Told {
    let rows = table().into_iter().filter(|(_, (_, _, place))| places.contains(&place.as_str()));
    rows.map(|(name, (kind, labels, _))| (name, (kind, labels))).collect()
}

/// What a scrape tells.
pub fn told(metrics: &str) -> Told {
    let mut told = Told::new();
    for line in metrics.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' ')) {
            told.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
        } else if let Some((name, rest)) = line.split_once('{').filter(|_| !line.starts_with('#')) {
            let labels =
                rest.split_once('}').unwrap().0.split("\",").map(|pair| pair.split_once('=').unwrap().0);
            let family =
                ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            let known = if told.contains_key(name) { name } else { family };
            let (_, known) = told.get_mut(known).unwrap();
            known.extend(labels.filter(|label| *label != "le").map(str::to_owned));
        }
    }
    told
}

#[test]
fn a_node_alone_tells_what_the_table_says() {
    let node = Node::start(&[]);
    assert_eq!(told(&node.metrics()), table_of(&["all", "embedded"]));
}

#[test]
fn a_node_with_a_redis_tells_of_the_bus_and_of_shared_limits_besides() {
    let Some(redis) = RedisServer::start_or_skip() else { return };
    let node = Node::start(&["--bus", &redis.url()]);
    assert_eq!(told(&node.metrics()), table_of(&["all", "embedded", "redis"]));
}

#[test]
fn a_metric_names_its_unit_and_only_what_grows_is_a_total() {
    let kinds = ["counter", "gauge", "histogram"];
    for (name, (kind, _, place)) in table() {
        assert!(kinds.contains(&kind.as_str()), "{name} is a {kind}");
        assert!(["all", "embedded", "cql", "redis"].contains(&place.as_str()), "{name} is at {place}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        assert!(kind != "histogram" || name.ends_with("_seconds") || name.ends_with("_rows"), "{name}");
    }
    if !is_here("promtool") {
        return;
    }
    let mut lint = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).spawn().unwrap();
    lint.stdin.take().unwrap().write_all(Node::start(&[]).metrics().as_bytes()).unwrap();
    assert!(lint.wait().unwrap().success());
}

#[test]
fn a_node_says_how_much_of_the_system_it_takes() {
    let metrics = Node::start(&[]).metrics();
    assert!(sample(&metrics, "process_resident_memory_bytes") > Some(1e6), "{metrics}");
    assert!(sample(&metrics, "process_max_fds") > Some(100.0), "{metrics}");
    assert!(sample(&metrics, "process_cpu_seconds_total") >= Some(0.0), "{metrics}");
}
