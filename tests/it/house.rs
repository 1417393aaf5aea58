//! The direction of the arrows: which room may know which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
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
        ("bus", &["domain", "ports"][..]),
        ("anki", &["domain"][..]),
        ("optimizer", &["domain"][..]),
        ("client", &["protocol"][..]),
        ("loadtest", &["client", "protocol"][..]),
        // Ceilings are made of the server's own parts, with nothing above them.
        ("ceiling", &["domain", "embedded", "ports", "protocol"][..]),
        (
            "studyhall",
            &[
                "actors",
                "anki",
                "bus",
                "client",
                "cql",
                "domain",
                "embedded",
                "optimizer",
                "ports",
                "protocol",
            ][..],
        ),
    ])
}

/// Drivers that exactly one room knows, and the ceilings: what is measured against must be made of the same crates.
const DRIVERS: [(&str, &[&str]); 8] = [
    // A package of Anki's is a database, and nothing of ours lies in it.
    ("rusqlite", &["anki", "ceiling", "embedded", "kit"]),
    ("scylla", &["cql"]),
    ("redis", &["bus"]),
    ("fsrs", &["optimizer"]),
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
    // Tables of Unicode are facts, as those of time zones are.
    let tables = ["caseless", "unicode-normalization", "unicode-segmentation"];
    let may = ["jiff", "libm", "thiserror", "uuid"].into_iter().chain(tables);
    let may: BTreeSet<String> = may.map(str::to_owned).collect();
    let knows = shipped(domain);
    assert!(knows.is_subset(&may), "domain knows {knows:?}");
}

/// The Rust files below these folders, with their text.
fn files_below(mut folders: Vec<PathBuf>) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    while let Some(folder) = folders.pop().filter(|folder| folder.is_dir()) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.insert(0, path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push((path.clone(), std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    files
}

/// The Rust text of a package: what lies in its own folders.
fn text_of(package: &serde_json::Value) -> String {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let folders =
        ["src", "tests", "benches", "examples"].map(|folder| manifest.parent().unwrap().join(folder));
    let folders = folders.into_iter().filter(|folder| folder.is_dir()).collect();
    files_below(folders).into_iter().map(|(_, text)| text).collect()
}

/// The files of these rooms that do one of these things outside their tests and that the page about the house does not
/// name for it.
fn not_told(rooms: &[&str], things: &[&str], chapter: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let (_, said) = page.split_once(chapter).unwrap();
    let said = said.split_once("\n- ").unwrap().0;
    let shipped = |text: &str| text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
    files_below(rooms.iter().map(|room| root.join(room)).collect())
        .into_iter()
        .filter(|(_, text)| things.iter().any(|thing| shipped(text).contains(thing)))
        .map(|(path, _)| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned())
        .filter(|path| !path.contains("/tests") && !said.contains(&format!("`{path}`")))
        .collect()
}

#[test]
fn a_clock_or_a_random_number_below_the_actors_is_told_on_the_page_about_the_house() {
    let things = [
        "SystemTime::now",
        "Instant::now",
        "thread::sleep(",
        "wait_timeout",
        "recv_timeout",
        "RandomState::new",
        "randomblob",
    ];
    let rooms = ["domain/src", "protocol/src", "ports/src", "embedded/src", "cql/src"];
    assert_eq!(not_told(&rooms, &things, "- A sleep, a clock"), Vec::<String>::new());
}

#[test]
fn whatever_rests_on_drop_is_told_on_the_page_about_the_house() {
    let rooms = ["src", "actors/src", "domain/src", "embedded/src", "ports/src", "protocol/src"];
    let things = ["impl Drop for", "fn stopped(&mut self"];
    assert_eq!(not_told(&rooms, &things, "- A promise to a learner"), Vec::<String>::new());
}

#[test]
fn every_dependency_that_is_named_is_used() {
    let packages = packages();
    let mut asked = BTreeSet::new();
    for package in &packages {
        let text = text_of(package);
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap();
            assert!(text.contains(&name.replace('-', "_")), "{} does not use {name}", package["name"]);
            asked.insert(name.to_owned());
        }
    }
    let workspace =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let workspace: toml::Table = workspace.parse().unwrap();
    for name in workspace["workspace"]["dependencies"].as_table().unwrap().keys() {
        assert!(asked.contains(name), "no room asks for {name}");
    }
}

#[test]
fn a_check_leaves_out_no_test() {
    let makefile = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Makefile")).unwrap();
    let (_, list) = makefile.split_once("\nPARTS = ").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let named: BTreeSet<&str> = list.split_whitespace().filter(|word| *word != "\\").chain(["it"]).collect();
    let packages = packages();
    let targets = packages.iter().flat_map(|package| package["targets"].as_array().unwrap());
    let tests = targets.filter(|target| target["kind"].as_array().unwrap().iter().any(|kind| kind == "test"));
    let there: BTreeSet<&str> = tests.map(|target| target["name"].as_str().unwrap()).collect();
    assert_eq!(named, there);
}
