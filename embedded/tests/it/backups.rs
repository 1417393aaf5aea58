//! Backup while answers come in, and what a restored store is.

use crate::common::{folder, ids, log_ids, open, options, rows, settled, store_with, trimmed};
use embedded::{BackupError, Bugs, EmbeddedStore, Offline, OpenError, Options, backup, restore};
use kit::contract_imports::import_record;
use kit::contract_library::{card_record, deck_record};
use kit::contract_media::{content, digest, media_record};
use kit::contract_notes::note;
use kit::contract_store::append;
use kit::rows::{deck, user};
use kit::wait::block_on;
use ports::{Imports, Library, Media, Notes, ReviewStore};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn a_backup_taken_while_learners_answer_holds_all_that_was_acknowledged_before_it() {
    block_on(async {
        let (store, place) = store_with(Options { apply_rest_ms: 0, apply_calm_rows: 0, ..options() });
        let acknowledged = Arc::new(AtomicU64::new(0));
        let writer = tokio::spawn({
            let (store, acknowledged) = (store.clone(), Arc::clone(&acknowledged));
            async move {
                for n in 0..150 {
                    append(&store, rows(user(1), n * 10..n * 10 + 10)).await;
                    acknowledged.store(n * 10 + 10, Ordering::Release);
                }
            }
        });
        for n in 0..5 {
            let file = place.path().join(format!("backup-{n}"));
            let before = acknowledged.load(Ordering::Acquire);
            let from = (store.clone(), place.path().to_owned(), file.clone());
            // By the handle, and as another process would.
            let taken = tokio::task::spawn_blocking(move || match n % 2 {
                0 => from.0.backup(&from.2),
                _ => backup(&from.1, &from.2),
            });
            taken.await.unwrap().unwrap();
            let restored = folder();
            restore(&file, restored.path(), false).unwrap();
            let offline = Offline::open(restored.path()).unwrap();
            let stored = offline.learner(user(1)).unwrap();
            let found: Vec<_> = stored.log.iter().map(|entry| entry.id).collect();
            assert!(found.len() as u64 >= before, "{} of {before}", found.len());
            assert_eq!(found, ids(0..found.len() as u64), "no gaps");
            assert_eq!(stored.progress.len(), found.len());
        }
        writer.await.unwrap();
        let left: Vec<_> = std::fs::read_dir(place.path())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("partial"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    });
}

#[test]
fn a_backup_is_one_whole_file_with_everything_applied() {
    block_on(async {
        let (store, place) = store_with(options());
        store.put_deck(deck_record(1, "A"), None, 1).await.unwrap();
        store.put_cards(deck(1), vec![card_record(1, "a", "b")], None, 1).await.unwrap();
        let hold = store.hold_apply();
        append(&store, rows(user(1), 0..20)).await;
        let file = place.path().join("backup");
        store.backup(&file).unwrap();
        drop(hold);
        let db = rusqlite::Connection::open(&file).unwrap();
        let rows: i64 = db.query_row("SELECT count(*) FROM review_log", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 20);
        assert!(!place.path().join("backup-wal").exists());
        let again = store.backup(&file);
        assert!(matches!(again, Err(BackupError::Exists(_))));
        let restored = folder();
        restore(&file, restored.path(), false).unwrap();
        let store = open(restored.path());
        assert_eq!(store.content(deck(1)).await.unwrap().unwrap().1.len(), 1);
    });
}

#[test]
fn a_backup_holds_media_notes_and_jobs_and_a_restore_leaves_nothing_of_what_was_there() {
    block_on(async {
        let (store, place) = store_with(options());
        for (n, length) in [(1, 700_000), (2, 0), (3, 5)] {
            store.put_media(media_record(n, length), content(n, length)).await.unwrap();
        }
        store.give_media(deck(1), vec![("a.png".to_owned(), digest(1))]).await.unwrap();
        store.put_notes(deck(1), vec![note(1)]).await.unwrap();
        store.put_import(import_record(1), None).await.unwrap();
        let file = place.path().join("backup");
        store.backup(&file).unwrap();
        store.put_media(media_record(4, 9), content(4, 9)).await.unwrap();
        drop(store);
        let whole = std::fs::read(&file).unwrap();
        let inside = whole.windows(5).rposition(|bytes| bytes == &content(3, 5)[..]).unwrap();
        let mut changed = whole.clone();
        changed[inside] ^= 1;
        std::fs::write(&file, changed).unwrap();
        assert!(restore(&file, folder().path(), false).is_err(), "a changed byte in a picture is found");
        std::fs::write(&file, whole).unwrap();

        restore(&file, place.path(), true).unwrap();
        let gone = place.path().join("media/04");
        assert!(!gone.join(digest(4).to_string()).exists());
        let store = open(place.path());
        for (n, length) in [(1, 700_000), (2, 0), (3, 5)] {
            assert_eq!(store.media(digest(n)).await, Ok(Some(media_record(n, length))));
            assert_eq!(store.read_media(digest(n), 0, usize::MAX).await, Ok(content(n, length)));
        }
        assert_eq!(store.media(digest(4)).await, Ok(None));
        assert!(store.deck_has(deck(1), digest(1)).await.unwrap());
        assert_eq!(store.notes(deck(1), None, 9).await.unwrap(), [note(1)]);
        assert!(store.import(kit::rows::job(1)).await.unwrap().is_some());
    });
}

#[test]
fn a_backup_that_was_changed_or_cut_is_refused_and_touches_nothing() {
    let (store, place) = store_with(options());
    let file = place.path().join("backup");
    block_on(async {
        store.put_deck(deck_record(1, "A"), None, 1).await.unwrap();
        store.put_cards(deck(1), vec![card_record(1, "a capital", "b")], None, 1).await.unwrap();
    });
    store.backup(&file).unwrap();
    let whole = std::fs::read(&file).unwrap();
    let letter = whole.windows(9).position(|bytes| bytes == b"a capital").unwrap();
    let changed = [&whole[..letter], b"A", &whole[letter + 1..]].concat();
    let cut = whole[..whole.len() - 1].to_vec();
    let cut_in_a_page = whole[..whole.len() / 2].to_vec();
    for (what, bytes) in [("changed", changed), ("cut", cut), ("half", cut_in_a_page)] {
        std::fs::write(&file, bytes).unwrap();
        let restored = folder();
        let refused = restore(&file, restored.path(), false);
        assert!(refused.is_err(), "{what}");
        assert!(!restored.path().join("main.db").exists(), "{what}");
    }
    std::fs::write(&file, whole).unwrap();
    restore(&file, folder().path(), false).unwrap();
}

/// Restores a backup, answers, restarts, answers: the rows that are found of 60.
async fn after_restore_answer_restart(bugs: Bugs) -> usize {
    let options = || Options { bugs, ..options() };
    let (store, place) = store_with(options());
    append(&store, rows(user(1), 0..40)).await;
    trimmed(&store).await;
    let file = place.path().join("backup");
    store.backup(&file).unwrap();
    drop(store);
    let restored = folder();
    restore(&file, restored.path(), false).unwrap();
    for n in 0..2 {
        let store = EmbeddedStore::open(restored.path(), options()).unwrap();
        let hold = store.hold_apply();
        append(&store, rows(user(1), 40 + n * 10..50 + n * 10)).await;
        drop((store, hold));
    }
    let store = EmbeddedStore::open(restored.path(), options()).unwrap();
    settled(&store).await;
    log_ids(&store, user(1)).await.len()
}

#[test]
fn a_restored_store_takes_answers_and_keeps_them_over_restarts() {
    block_on(async {
        assert_eq!(after_restore_answer_restart(Bugs::default()).await, 60);
        let reuse = Bugs { rowid_reuse: true, ..Bugs::default() };
        assert!(after_restore_answer_restart(reuse).await < 60, "the control");
    });
}

#[test]
fn a_store_is_replaced_only_by_force() {
    block_on(async {
        let (store, place) = store_with(options());
        append(&store, rows(user(1), 0..5)).await;
        let file = place.path().join("backup");
        store.backup(&file).unwrap();
        let in_use = restore(&file, place.path(), true);
        assert!(matches!(in_use, Err(BackupError::Open(OpenError::InUse { .. }))), "{in_use:?}");
        append(&store, rows(user(1), 5..9)).await;
        drop(store);
        let held = restore(&file, place.path(), false);
        assert!(matches!(held, Err(BackupError::HoldsStore(_))), "{held:?}");
        assert_eq!(log_ids(&open(place.path()), user(1)).await, ids(0..9));
        restore(&file, place.path(), true).unwrap();
        assert_eq!(log_ids(&open(place.path()), user(1)).await, ids(0..5));
    });
}

#[test]
fn what_is_no_whole_backup_is_refused_before_anything_is_touched() {
    block_on(async {
        let (store, place) = store_with(options());
        append(&store, rows(user(1), 0..200)).await;
        settled(&store).await;
        let file = place.path().join("backup");
        store.backup(&file).unwrap();
        drop(store);
        let refused = |name: &str, content: &[u8]| {
            let bad = place.path().join(name);
            std::fs::write(&bad, content).unwrap();
            restore(&bad, place.path(), true).err().unwrap()
        };
        let whole = std::fs::read(&file).unwrap();
        refused("text", b"this is no database, and was never meant to be one");
        refused("empty", b"");
        refused("cut", &whole[..whole.len() / 2]);
        let mut torn = whole.clone();
        torn[8_192..40_000].fill(7);
        refused("torn", &torn);
        assert!(restore(&place.path().join("absent"), place.path(), true).is_err());
        assert_eq!(log_ids(&open(place.path()), user(1)).await, ids(0..200));
    });
}

#[test]
fn a_restore_that_was_interrupted_is_said_and_can_be_run_again() {
    block_on(async {
        let (store, place) = store_with(options());
        append(&store, rows(user(1), 0..5)).await;
        let file = place.path().join("backup");
        store.backup(&file).unwrap();
        drop(store);
        std::fs::rename(place.path().join("main.db"), place.path().join("main.db.restoring")).unwrap();
        let refused = EmbeddedStore::open(place.path(), options()).err().unwrap();
        assert!(matches!(refused, OpenError::RestoreInterrupted(_)), "{refused}");
        restore(&file, place.path(), false).unwrap();
        let store = open(place.path());
        assert_eq!(log_ids(&store, user(1)).await, ids(0..5));
        assert_eq!(store.progress(user(1), deck(1)).await.unwrap().len(), 5);
    });
}
