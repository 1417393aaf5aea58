//! A file on this machine into a data folder.

use super::importing::{OWNER, Shelf};
use crate::import::ImportOptions;
use crate::import::offline::new_deck;
use crate::import::offline::{OfflineError, Progress, Target, import_file};
use domain::ids::{DeckId, OrgId};
use ports::{DeckQuery, Library, People, Role, SignIn};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

fn target(deck: &str) -> Target {
    Target { owner: OWNER, deck: deck.to_owned() }
}

async fn import(shelf: &Shelf, file: &Path, deck: &str, dry_run: bool) -> Result<(bool, u64), OfflineError> {
    let options = ImportOptions { dry_run, ..ImportOptions::default() };
    let store = &shelf.store;
    let (deck, report) = import_file(file, (store, store), &target(deck), options, 5, |_| {}).await?;
    Ok((deck.is_some(), report.added))
}

async fn decks(shelf: &Shelf) -> Vec<(String, String)> {
    let query = DeckQuery { owner: Some(OWNER), ..DeckQuery::default() };
    shelf.store.decks(query).await.unwrap().into_iter().map(|deck| (deck.path, deck.title)).collect()
}

#[tokio::test]
async fn the_deck_is_made_once_and_found_by_title_or_path() {
    let shelf = Shelf::empty();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    fs::write(&file, "a,1\nb,2\n").unwrap();
    assert_eq!(import(&shelf, &file, "Biology::Cell", false).await.unwrap(), (true, 2));
    for name in ["Biology::Cell", "Biology: Cell", " Biology::Cell "] {
        assert_eq!(import(&shelf, &file, name, false).await.unwrap(), (true, 0));
    }
    // As over HTTP: colons in a title make no levels.
    assert_eq!(decks(&shelf).await, [("Biology: Cell".to_owned(), "Biology::Cell".to_owned())]);
}

#[tokio::test]
async fn a_title_that_no_deck_may_have_or_that_two_have_changes_nothing() {
    let shelf = Shelf::empty();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    fs::write(&file, "a,1\n").unwrap();
    for title in ["", " ", "a\nb", "\u{200b}", &"x".repeat(500)] {
        let refused = import(&shelf, &file, title, false).await;
        assert!(matches!(refused, Err(OfflineError::Title(_))), "{title:?} {refused:?}");
    }
    let mut ids = Vec::new();
    for path in ["Biology::Cell", "Prison::Cell"] {
        let id = DeckId(uuid::Uuid::new_v5(&OWNER.0, path.as_bytes()));
        shelf.store.put_deck(new_deck(id, OWNER, None, path, "Cell", 1), None, 1).await.unwrap();
        ids.push(id.to_string());
    }
    let refused = import(&shelf, &file, "Cell", false).await.unwrap_err().to_string();
    assert!(ids.iter().all(|id| refused.contains(id)), "{refused}");
    assert_eq!(import(&shelf, &file, &ids[1], false).await.unwrap(), (true, 1));
    assert_eq!(import(&shelf, &file, "Prison::Cell", false).await.unwrap(), (true, 0));
    assert_eq!(decks(&shelf).await.len(), 2);
}

#[tokio::test]
async fn the_deck_belongs_to_the_owners_organisation() {
    let shelf = Shelf::empty();
    let org = Some(OrgId::from_u128(3));
    let who = SignIn { user: OWNER, org, role: Role::Teacher, name: None };
    shelf.store.sign_in(who, 1).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    fs::write(&file, "a,1\n").unwrap();
    let store = &shelf.store;
    let (deck, _) =
        import_file(&file, (store, store), &target("T"), ImportOptions::default(), 5, |_| {}).await.unwrap();
    assert_eq!(shelf.content(deck.unwrap()).await.0.org, org);
}

#[tokio::test]
async fn no_deck_is_made_for_a_trial_or_a_broken_file_or_none() {
    let shelf = Shelf::empty();
    let folder = tempfile::tempdir().unwrap();
    let (good, broken) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
    fs::write(&good, "a,1\n").unwrap();
    fs::write(&broken, "a,1\nb,\"2\n").unwrap();
    assert_eq!(import(&shelf, &good, "T", true).await.unwrap(), (false, 1));
    assert!(matches!(import(&shelf, &broken, "T", false).await, Err(OfflineError::Import(_))));
    let missing = folder.path().join("c.csv");
    assert!(matches!(import(&shelf, &missing, "T", false).await, Err(OfflineError::Open { .. })));
    assert_eq!(decks(&shelf).await, []);
}

#[tokio::test]
async fn progress_is_told_to_the_last_byte() {
    let shelf = Shelf::empty();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    let text: String = (0..20_000).map(|n| format!("front {n},back\n")).collect();
    fs::write(&file, &text).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let store = &shelf.store;
    let each = move |progress| tell.lock().unwrap().push(progress);
    import_file(&file, (store, store), &target("T"), ImportOptions::default(), 5, each).await.unwrap();
    let told = told.lock().unwrap();
    let all = text.len() as u64;
    assert!(told.contains(&Progress::Reading { bytes: all, total: Some(all) }), "{told:?}");
    assert_eq!(told.last(), Some(&Progress::Storing { cards: 20_000 }));
}
