//! The direction of the arrows: which room may know which.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The rooms that each room may know. What is not named here must not be there.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("domain", &[][..]),
        ("protocol", &[][..]),
        ("ports", &["domain"][..]),
        ("actors", &["domain", "ports"][..]),
        ("embedded", &["domain", "ports"][..]),
        ("cql", &["domain", "ports"][..]),
        ("client", &["protocol"][..]),
        ("loadtest", &["client", "protocol"][..]),
        // Ceilings are made of the server's own parts, with nothing above them.
        ("ceiling", &["domain", "embedded", "ports", "protocol"][..]),
        ("studyhall", &["actors", "client", "cql", "domain", "embedded", "ports", "protocol"][..]),
    ])
}

/// Drivers that exactly one room knows, and the ceilings: what is measured against must be made of the same crates.
const DRIVERS: [(&str, &[&str]); 7] = [
    ("rusqlite", &["ceiling", "embedded", "kit"]),
    ("scylla", &["cql"]),
    ("redis", &["studyhall"]),
    ("actix", &["actors", "ceiling", "studyhall"]),
    ("actix-web", &["ceiling", "studyhall"]),
    ("actix-web-actors", &["ceiling", "studyhall"]),
    ("tokio-tungstenite", &["client", "studyhall"]),
];

fn packages() -> Vec<serde_json::Value> {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// The dependencies of a package that are part of what it ships (tests may know more).
fn shipped(package: &serde_json::Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().unwrap();
    let shipped = dependencies.iter().filter(|d| d["kind"].as_str() != Some("dev"));
    shipped.map(|d| d["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_arrow_between_rooms_points_the_allowed_way() {
    let packages = packages();
    let rooms: BTreeSet<&str> = packages.iter().map(|p| p["name"].as_str().unwrap()).collect();
    let allowed = allowed();
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        if name == "kit" {
            continue;
        }
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} is a room without rules"));
        for dependency in shipped(package).iter().filter(|d| rooms.contains(d.as_str())) {
            assert!(may.contains(&dependency.as_str()), "{name} must not know {dependency}");
        }
    }
}

#[test]
fn each_driver_is_known_by_its_rooms_alone() {
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        for (driver, rooms) in DRIVERS {
            if shipped(&package).contains(driver) {
                assert!(rooms.contains(&name), "{name} must not know {driver}");
            }
        }
    }
}

#[test]
fn the_heart_knows_neither_clock_nor_disk_nor_serde() {
    let packages = packages();
    let domain = packages.iter().find(|p| p["name"] == "domain").unwrap();
    let may = BTreeSet::from(["jiff", "thiserror", "uuid"].map(str::to_owned));
    let knows = shipped(domain);
    assert!(knows.is_subset(&may), "domain knows {knows:?}");
}
