//! The doctor, on a folder, on a served folder, and on a cluster.

use super::{Served, keyspace, told};
use crate::study::binary::{Place, open};
use crate::study::server::eventually;
use kit::redis_server::RedisServer;
use serde_json::Value;
use std::collections::BTreeMap;

/// The levels by check; the worst where a check has several findings.
fn levels(report: &Value) -> BTreeMap<String, String> {
    let mut levels: BTreeMap<String, String> = BTreeMap::new();
    for check in report["checks"].as_array().unwrap() {
        let text = |name: &str| check[name].as_str().unwrap().to_owned();
        let rank = |level: &str| ["ok", "warn", "fail"].iter().position(|known| *known == level);
        let known = levels.entry(text("check")).or_insert_with(|| text("level"));
        if rank(known) < rank(&text("level")) {
            *known = text("level");
        }
        assert_eq!(text("advice").is_empty(), text("level") == "ok", "{check}");
    }
    levels
}

#[test]
fn a_folder_is_examined_with_and_without_its_server_and_left_as_it_is() {
    let place = Place::new();
    let (_, report) = told(place.command("doctor").arg("--json"));
    assert_eq!(levels(&report)["store"], "ok", "a folder that is not there yet: {report}");
    assert!(!place.data.exists(), "looking makes nothing");
    drop(open(&place.data));
    let (_, report) = told(place.command("doctor").arg("--json"));
    let found = levels(&report);
    for check in ["settings", "store", "schema", "write"] {
        assert_eq!(found[check], "ok", "{check}: {report}");
    }
    assert!(found.contains_key("fsync") && found.contains_key("open files"));
    let served = Served::start(&place, &[]);
    let (_, report) = told(place.command("doctor").arg("--json"));
    let found = levels(&report);
    assert_eq!((found["store"].as_str(), found.contains_key("write")), ("ok", false), "{report}");
    assert!(report.to_string().contains("opened by process"), "{report}");
    assert_eq!(served.terminate().code(), Some(0));
}

#[test]
fn what_is_wrong_is_said_with_the_exit_code_two() {
    let place = Place::new();
    std::fs::create_dir_all(&place.data).unwrap();
    std::fs::write(place.data.join("main.db"), vec![7; 8_192]).unwrap();
    let (code, report) = told(place.command("doctor").arg("--json").args(["--bus", "redis://127.0.0.1:1"]));
    let found = levels(&report);
    assert_eq!((code, found["store"].as_str()), (Some(2), "fail"), "{report}");
    assert_eq!((found["redis"].as_str(), found["settings"].as_str()), ("warn", "warn"), "{report}");
    let (code, report) = told(place.command("doctor").arg("--json").args(["--listen", "nowhere"]));
    assert_eq!((code, levels(&report)["settings"].as_str()), (Some(2), "fail"), "{report}");
}

#[test]
fn a_cluster_is_examined_with_its_redis_and_its_nodes() {
    let Some(store) = keyspace("doctor") else { return };
    let Some(redis) = RedisServer::start_or_skip() else { return };
    let place = Place::new();
    let url = redis.url();
    let cluster = ["--store", &store, "--bus", &url];
    let _served = Served::start(&place, &cluster);
    let mut last = Value::Null;
    // A server that has much to do may answer late, and a node may not be ready yet: that is said, and passes.
    eventually("all is well but the copies", || {
        let (_, report) = told(place.command("doctor").arg("--json").args(cluster));
        let found = levels(&report);
        last = report;
        let good =
            ["store", "store clock", "schema", "redis", "redis clock", "nodes", "versions", "commit log"];
        let is_good = good.iter().all(|check| found.get(*check).is_some_and(|level| level == "ok"));
        is_good
            && found["replication"] == "warn"
            && found.contains_key("write")
            && found.contains_key("claim")
    });
    assert!(last.to_string().contains("127.0.0.1"), "{last}");
    let nowhere = format!("{}_none", store);
    let (code, report) = told(place.command("doctor").arg("--json").args(["--store", &nowhere]));
    assert_eq!((code, levels(&report)["replication"].as_str()), (Some(2), "fail"), "{report}");
    let (code, report) = told(place.command("doctor").arg("--json").args(["--store", "cql://127.0.0.1:1/x"]));
    assert_eq!((code, levels(&report)["store"].as_str()), (Some(2), "fail"), "{report}");
}
