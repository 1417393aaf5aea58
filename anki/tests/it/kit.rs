//! What the tests have in common: the packages that Anki made, and what it says about them.

use anki::{Collection, Limits, Package};
use domain::day::Day;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// All packages that Anki made of one collection.
pub const PACKAGES: [&str; 5] =
    ["legacy1.apkg", "legacy2.apkg", "latest.apkg", "legacy2.colpkg", "latest.colpkg"];

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// What Anki said about the collection when it made the packages.
#[derive(Deserialize)]
pub struct Said {
    /// When, Unix seconds; the learner was at UTC.
    pub now: i64,
    pub days_elapsed: i64,
    pub cards: Vec<SaidCard>,
    pub decks: BTreeMap<String, SaidDeck>,
    pub revlog: u64,
}

#[derive(Deserialize, Clone)]
pub struct SaidCard {
    pub guid: String,
    pub ord: u16,
    pub deck: String,
    pub question: String,
    pub answer: String,
    pub queue: i64,
    #[serde(rename = "type")]
    pub kind: i64,
    pub interval: i64,
    pub factor: i64,
    pub lapses: i64,
    pub stability: Option<f32>,
}

#[derive(Deserialize)]
pub struct SaidDeck {
    pub review: u64,
    pub learning: u64,
}

pub fn anki_says() -> Said {
    serde_json::from_slice(&std::fs::read(fixture("anki_says.json")).unwrap()).unwrap()
}

/// A package with its collection.
pub struct Opened {
    pub package: Package,
    pub collection: Collection,
    _work_folder: tempfile::TempDir,
}

pub fn open(path: &Path) -> Opened {
    let work_folder = tempfile::tempdir().unwrap();
    let package = Package::open(path, work_folder.path(), Limits::default()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let collection = Collection::open(package.collection_path(), package.limits(), stop).unwrap();
    Opened { package, collection, _work_folder: work_folder }
}

/// Study days at UTC, which begin at four.
pub fn day_at(at_ms: i64) -> Day {
    Day(i32::try_from((at_ms / 1_000 - 4 * 3_600).div_euclid(86_400)).unwrap())
}

/// Gives every card to a function that has nothing to complain of.
pub fn each_card(collection: &Collection, mut visit: impl FnMut(anki::CardRow<'_>)) -> anki::CardTally {
    let visited = collection.each_card::<std::convert::Infallible>(|row| {
        visit(row);
        Ok(())
    });
    visited.unwrap()
}

/// Gives every row of the review log to a function that has nothing to complain of.
pub fn each_review(collection: &Collection, mut visit: impl FnMut(anki::Review<'_>)) -> anki::ReviewTally {
    let visited = collection.each_review::<std::convert::Infallible>(|review| {
        visit(review);
        Ok(())
    });
    visited.unwrap()
}
