//! Failing syncs, a full disk, rows that cannot be stored or read, and limits.

use crate::common::{folder, ids, log_ids, open, options, rows, settled, store_with, trimmed};
use embedded::{Bugs, EmbeddedStore, Options};
use kit::contract_library::{card_record, deck_record};
use kit::contract_store::append;
use kit::rows::{deck, user};
use kit::wait::{block_on, eventually};
use kit::{Disk, wait};
use ports::{Cause, Library, LibraryError, ReviewStore, RowOutcome};
use rusqlite::Connection;
use tempfile::TempDir;

fn on_disk(disk: &Disk) -> (EmbeddedStore, TempDir) {
    store_with(Options { vfs: Some(disk.name().to_owned()), ..options() })
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_until_the_journal_is_reopened() {
    block_on(async {
        let disk = Disk::new();
        let (store, place) = on_disk(&disk);
        append(&store, rows(user(1), 0..5)).await;
        disk.fail_syncs("journal.db-wal", 0, 1);
        let poisoned = RowOutcome::Unknown(Cause::Poisoned);
        assert_eq!(store.append(rows(user(1), 5..7).into()).await, [poisoned; 2]);
        assert_eq!(disk.failed_syncs(), 1);
        // The disk would work again, but the handle is not trusted.
        assert_eq!(store.append(rows(user(1), 7..8).into()).await, [poisoned]);
        assert!(store.stats().poisoned);
        // What was durable can be read meanwhile.
        assert!(log_ids(&store, user(1)).await.starts_with(&ids(0..5)));
        store.reopen().await.unwrap();
        append(&store, rows(user(1), 5..8)).await;
        assert_eq!(log_ids(&store, user(1)).await, ids(0..8));
        // And it is on the disk, not only in its cache.
        drop(store);
        let next = folder();
        disk.survivors(1, place.path(), next.path());
        assert_eq!(log_ids(&open(next.path()), user(1)).await, ids(0..8));
    });
}

#[test]
fn what_follows_a_failed_sync_survives_a_power_cut() {
    for seed in 0..40 {
        block_on(async {
            let disk = Disk::new();
            let (store, place) = on_disk(&disk);
            let hold = (seed % 2 == 0).then(|| store.hold_apply());
            append(&store, rows(user(1), 0..5)).await;
            disk.fail_syncs("journal.db-wal", seed % 3, 1);
            let mut next = 5;
            while disk.failed_syncs() == 0 {
                store.append(rows(user(1), next..next + 2).into()).await;
                next += 2;
            }
            store.reopen().await.unwrap();
            append(&store, rows(user(1), 3..next + 1)).await;
            let survivors = folder();
            disk.survivors(seed, place.path(), survivors.path());
            drop((hold, store));
            let store = open(survivors.path());
            assert_eq!(log_ids(&store, user(1)).await, ids(0..next + 1), "seed {seed}");
            settled(&store).await;
            assert_eq!(log_ids(&store, user(1)).await, ids(0..next + 1), "seed {seed}");
        });
    }
}

#[test]
fn a_reopen_that_fails_can_be_tried_again() {
    block_on(async {
        let disk = Disk::new();
        let (store, _place) = on_disk(&disk);
        append(&store, rows(user(1), 0..5)).await;
        disk.fail_syncs("journal.db-wal", 0, 1);
        store.append(rows(user(1), 5..6).into()).await;
        disk.fail_syncs("journal.db", 0, 1);
        assert!(store.reopen().await.is_err());
        assert_eq!(store.append(rows(user(1), 5..6).into()).await, [RowOutcome::Unknown(Cause::Poisoned)]);
        store.reopen().await.unwrap();
        append(&store, rows(user(1), 5..6)).await;
        assert_eq!(log_ids(&store, user(1)).await, ids(0..6));
    });
}

#[test]
fn apply_goes_on_after_syncs_of_main_failed() {
    block_on(async {
        let disk = Disk::new();
        let (store, place) = on_disk(&disk);
        disk.fail_syncs("main.db-wal", 0, 3);
        append(&store, rows(user(1), 0..30)).await;
        settled(&store).await;
        assert!(store.stats().apply_failures >= 1);
        assert_eq!(log_ids(&store, user(1)).await, ids(0..30));
        trimmed(&store).await;
        let survivors = folder();
        disk.survivors(7, place.path(), survivors.path());
        drop(store);
        assert_eq!(log_ids(&open(survivors.path()), user(1)).await, ids(0..30));
    });
}

#[test]
fn a_full_disk_is_said_and_costs_nothing_that_was_acknowledged() {
    block_on(async {
        let disk = Disk::new();
        let (store, _place) = on_disk(&disk);
        append(&store, rows(user(1), 0..10)).await;
        disk.space_left(Some(20_000));
        let (mut next, mut refused) = (10, 0);
        while refused < 3 {
            let outcomes = store.append(rows(user(1), next..next + 10).into()).await;
            match outcomes.first() {
                Some(RowOutcome::Durable) => next += 10,
                Some(RowOutcome::Unknown(Cause::NoSpace)) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        // What was freed meanwhile may hold a deck or two.
        let mut decks = 0;
        let full = loop {
            decks += 1;
            let put = store.put_deck(deck_record(decks, &format!("Deck {decks}")), None, 1).await;
            if put.is_err() || decks == 100 {
                break put;
            }
        };
        assert!(
            matches!(&full, Err(LibraryError::Store(error)) if error.cause == Cause::NoSpace),
            "{full:?}"
        );
        assert_eq!(log_ids(&store, user(1)).await, ids(0..next));
        // With space again it goes on by itself.
        disk.space_left(None);
        append(&store, rows(user(1), next..next + 10)).await;
        store.put_deck(deck_record(1_000, "A"), None, 1).await.unwrap();
        settled(&store).await;
        assert_eq!(log_ids(&store, user(1)).await, ids(0..next + 10));
    });
}

#[test]
fn decks_can_be_stored_again_after_a_failed_sync() {
    block_on(async {
        let disk = Disk::new();
        let (store, place) = on_disk(&disk);
        store.put_deck(deck_record(1, "A"), None, 1).await.unwrap();
        disk.fail_syncs("main.db-wal", 0, 1);
        let failed = store.put_cards(deck(1), vec![card_record(1, "a", "")], None, 2).await;
        assert!(matches!(&failed, Err(LibraryError::Store(error)) if error.cause == Cause::Poisoned));
        assert_eq!(store.content(deck(1)).await.unwrap().unwrap().1, []);
        store.put_cards(deck(1), vec![card_record(1, "a", "")], None, 2).await.unwrap();
        let survivors = folder();
        disk.survivors(2, place.path(), survivors.path());
        drop(store);
        assert_eq!(open(survivors.path()).content(deck(1)).await.unwrap().unwrap().1.len(), 1);
    });
}

#[test]
fn a_row_that_can_never_be_stored_is_refused_alone() {
    block_on(async {
        // Rows of an import are 16 bytes longer than others.
        let mut bytes = Vec::new();
        ports::codec::encode_row(&rows(user(1), 4..5)[0], &mut bytes);
        let bugs = Bugs { journal_value_bytes_max: Some(bytes.len() as i32 + 8), ..Bugs::default() };
        let (store, _folder) = store_with(Options { bugs, ..options() });
        let mut batch = rows(user(1), 0..5);
        let long = batch[2].entry.as_mut().unwrap();
        long.job = Some(kit::rows::job(1));
        let never = RowOutcome::Never(Cause::Invalid);
        let durable = RowOutcome::Durable;
        assert_eq!(store.append(batch.into()).await, [durable, durable, never, durable, durable]);
        assert_eq!(log_ids(&store, user(1)).await, [ids(0..2), ids(3..5)].concat());
        append(&store, rows(user(1), 5..6)).await;
    });
}

#[test]
fn a_journal_row_that_cannot_be_read_is_kept_and_holds_nobody_up() {
    block_on(async {
        let (store, folder) = store_with(options());
        let hold = store.hold_apply();
        append(&store, rows(user(1), 0..3)).await;
        drop((store, hold));
        let journal = Connection::open(folder.path().join("journal.db")).unwrap();
        // As a newer program would have written it.
        journal.execute("INSERT INTO journal VALUES (4, x'63aabbcc')", []).unwrap();
        drop(journal);
        let store = open(folder.path());
        append(&store, rows(user(1), 3..5)).await;
        settled(&store).await;
        assert_eq!(log_ids(&store, user(1)).await, ids(0..5));
        drop(store);
        let main = Connection::open(folder.path().join("main.db")).unwrap();
        let kept: Vec<u8> = main.query_row("SELECT raw FROM quarantine", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, [0x63, 0xaa, 0xbb, 0xcc]);
    });
}

#[test]
fn at_the_backlogs_bound_what_has_room_is_taken_and_the_rest_is_refused_and_not_written() {
    block_on(async {
        let (store, _folder) = store_with(Options { backlog_rows_max: 10, ..options() });
        let hold = store.hold_apply();
        append(&store, rows(user(1), 0..8)).await;
        let overloaded = RowOutcome::Unknown(Cause::Overloaded);
        let taken = RowOutcome::Durable;
        assert_eq!(store.append(rows(user(1), 8..11).into()).await, [taken, taken, overloaded]);
        assert_eq!(store.append(rows(user(1), 10..12).into()).await, [overloaded; 2]);
        assert_eq!(log_ids(&store, user(1)).await, ids(0..10));
        let stats = store.stats();
        assert_eq!((stats.backlog_rows, stats.last_row), (10, 10));
        wait::eventually("the backlog ages", || store.stats().backlog_age > stats.backlog_age).await;
        drop(hold);
        eventually("there is room again", || store.stats().backlog_rows == 0).await;
        append(&store, rows(user(1), 10..12)).await;
    });
}
