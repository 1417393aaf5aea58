//! What imports bring, when the power goes, when learners answer meanwhile, and when a mark waits in the journal.

use crate::common::{folder, open, options, rows, settled, store, store_with};
use domain::entry::{Body, LogEntry};
use domain::grade::Grade;
use embedded::{EmbeddedStore, Offline, Options};
use kit::Disk;
use kit::contract_media::{content, digest, media_record};
use kit::contract_store::{append, whole_log};
use kit::rng::Rng;
use kit::rows::{bare, card, deck, entry, id, job, review, user};
use kit::wait::block_on;
use ports::{Media, Progress, ReviewStore, RowOutcome};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The n-th answer as job 1 brought it, to one of so many cards.
fn brought(n: u64, cards: u64) -> LogEntry {
    LogEntry { job: Some(job(1)), ..review(id(n), deck(1), card(n % cards), Grade::Good) }
}

fn commit(n: u64) -> ports::Row {
    bare(user(1), entry(id(n), Body::ImportCommit { job: job(1) }), None)
}

fn is_trusted(row: &Progress) -> bool {
    row.params_key != 0
}

#[test]
fn the_power_may_go_at_any_moment_of_an_import_and_what_was_said_to_be_stored_is() {
    let mut cut_off = 0;
    for seed in 0..60 {
        let mut rng = Rng::new(seed);
        block_on(async {
            let mut place = folder();
            let mut stored = 0;
            for generation in 0..3 {
                let disk = Disk::new();
                disk.cut_after(rng.below(240));
                let options = Options {
                    vfs: Some(disk.name().to_owned()),
                    import_rows_a_turn: 1 + rng.below(30) as usize,
                    apply_rest_ms: rng.below(3),
                    ..options()
                };
                if let Ok(store) = EmbeddedStore::open(place.path(), options) {
                    let found = whole_log(&store, user(1)).await;
                    let expected: Vec<LogEntry> = (0..stored).map(|n| brought(n, 7)).collect();
                    assert!(found.starts_with(&expected), "seed {seed}, {generation}");
                    while stored < 400 {
                        let next = (stored + 1 + rng.below(40)).min(400);
                        // Some come again, as after a restart.
                        let from = stored.saturating_sub(rng.below(20));
                        let entries = (from..next).map(|n| brought(n, 7)).collect();
                        match store.append_import(user(1), entries).await {
                            Ok(()) => stored = next,
                            Err(_) => {
                                cut_off += 1;
                                break;
                            }
                        }
                    }
                }
                let next = folder();
                disk.survivors(rng.next(), place.path(), next.path());
                place = next;
            }
            let store = open(place.path());
            let entries: Vec<LogEntry> = (0..400).map(|n| brought(n, 7)).collect();
            store.append_import(user(1), entries.clone()).await.unwrap();
            assert_eq!(whole_log(&store, user(1)).await, entries, "seed {seed}");
            append(&store, vec![commit(9_999)]).await;
            let rows = store.progress(user(1), deck(1)).await.unwrap();
            assert_eq!((rows.len(), rows.iter().any(is_trusted)), (7, false), "seed {seed}");
            drop(store);
            let misfiled = Offline::open(place.path()).unwrap().misfiled(user(1)).unwrap();
            assert_eq!(misfiled, 0, "seed {seed}");
        });
    }
    assert!(cut_off >= 20, "{cut_off} imports were cut off");
}

#[test]
fn a_mark_and_what_it_makes_stale_are_there_together_or_not_at_all() {
    for seed in 0..60 {
        let mut rng = Rng::new(seed);
        block_on(async {
            let place = folder();
            let disk = Disk::new();
            let options = Options {
                vfs: Some(disk.name().to_owned()),
                apply_rest_ms: 0,
                apply_slice_rows: 1 + rng.below(5) as usize,
                ..options()
            };
            let store = EmbeddedStore::open(place.path(), options).unwrap();
            append(&store, rows(user(1), 0..10)).await;
            store.append_import(user(1), (100..120).map(|n| brought(n, 10)).collect()).await.unwrap();
            if rng.chance(50) {
                settled(&store).await;
            }
            disk.cut_after(rng.below(30));
            let outcome = store.append(vec![commit(200)].into()).await;
            append_until_the_end(&store, &mut rng).await;
            drop(store);
            let next = folder();
            disk.survivors(rng.next(), place.path(), next.path());
            let store = open(next.path());
            for look in 0..2 {
                let is_there = !store.entries(user(1), vec![id(200)]).await.unwrap().is_empty();
                assert!(is_there || outcome != [RowOutcome::Durable], "seed {seed}: the mark is lost");
                let trusted = store.progress(user(1), deck(1)).await.unwrap();
                let trusted =
                    trusted.into_iter().filter(is_trusted).filter(|row| row.card < card(10)).count();
                assert_eq!(trusted, if is_there { 0 } else { 10 }, "seed {seed}, look {look}");
                settled(&store).await;
            }
        });
    }
}

/// Other cards are answered until the power goes.
async fn append_until_the_end(store: &EmbeddedStore, rng: &mut Rng) {
    for n in 0..20 {
        let from = 300 + n * 3;
        let outcomes = store.append(rows(user(1), from..from + 1 + rng.below(3)).into()).await;
        if outcomes.iter().any(|outcome| *outcome != RowOutcome::Durable) {
            return;
        }
    }
}

#[test]
fn a_mark_that_waits_in_the_journal_makes_its_cards_stale_and_what_follows_it_makes_them_whole() {
    block_on(async {
        let (store, _keep) = store();
        append(&store, rows(user(1), 0..4)).await;
        settled(&store).await;
        let hold = store.hold_apply();
        store
            .append_import(user(1), vec![brought(101, 10), brought(102, 10), brought(105, 10)])
            .await
            .unwrap();
        // One comes the way of all others and waits too.
        append(&store, vec![bare(user(1), brought(103, 10), None), commit(200)]).await;
        append(&store, rows(user(1), 2..3)).await;
        let expect = async |store: &EmbeddedStore| {
            let mut rows = store.progress(user(1), deck(1)).await.unwrap();
            rows.sort_by_key(|row| row.card);
            let trusted: Vec<_> = rows.iter().map(|row| (row.card, is_trusted(row))).collect();
            let whole = [(0, true), (1, false), (2, true), (3, false), (5, false)];
            assert_eq!(trusted, whole.map(|(n, trusted)| (card(n), trusted)));
        };
        expect(&store).await;
        drop(hold);
        settled(&store).await;
        expect(&store).await;
    });
}

#[test]
fn learners_are_answered_while_an_import_comes_in_and_every_row_of_it_is_there() {
    block_on(async {
        let (store, _keep) = store_with(Options { import_rows_a_turn: 500, ..options() });
        let (ends, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let learner = tokio::spawn({
            let (store, ends, answered) = (store.clone(), Arc::clone(&ends), Arc::clone(&answered));
            async move {
                let mut n = 0;
                while !ends.load(Ordering::Acquire) || n < 20 {
                    append(&store, rows(user(2), n..n + 1)).await;
                    n += 1;
                    answered.store(n, Ordering::Release);
                }
            }
        });
        let parts: Vec<Vec<LogEntry>> = (0..10)
            .map(|part| (part * 2_000..(part + 1) * 2_000).map(|n| brought(n, 300)).collect())
            .collect();
        for part in parts.iter().rev() {
            store.append_import(user(1), part.clone()).await.unwrap();
        }
        ends.store(true, Ordering::Release);
        learner.await.unwrap();
        assert_eq!(whole_log(&store, user(1)).await, parts.concat());
        let of_card = store.card_log(user(1), deck(1), Some(vec![card(7)])).await.unwrap();
        assert_eq!(of_card.len(), (0..20_000).filter(|n| n % 300 == 7).count());
        assert_eq!(whole_log(&store, user(2)).await.len() as u64, answered.load(Ordering::Acquire));
        assert_eq!(store.stats().imported_rows, 20_000);
    });
}

#[test]
fn what_was_left_of_a_media_file_that_was_not_finished_goes_at_the_next_start() {
    block_on(async {
        let (store, place) = store();
        store.put_media(media_record(1, 100), content(1, 100)).await.unwrap();
        drop(store);
        let partial = place.path().join("media/partial");
        std::fs::create_dir_all(&partial).unwrap();
        std::fs::write(partial.join("0"), b"half of it").unwrap();
        // A file whose record never came: it is put in its place by whoever stores it again.
        let shelf = place.path().join("media/02");
        std::fs::create_dir_all(&shelf).unwrap();
        std::fs::write(shelf.join(digest(2).to_string()), b"torn").unwrap();
        let store = open(place.path());
        assert!(!partial.join("0").exists());
        assert_eq!(store.read_media(digest(2), 0, 100).await.unwrap().len(), 0);
        store.put_media(media_record(2, 100), content(2, 100)).await.unwrap();
        for n in [1, 2] {
            assert_eq!(store.read_media(digest(n), 0, usize::MAX).await, Ok(content(n, 100)));
        }
    });
}

#[test]
fn a_large_import_is_filed_in_few_chapters_whatever_the_size_of_its_parts() {
    block_on(async {
        let (store, place) = store();
        for n in 0..200 {
            store.append_import(user(1), vec![brought(n, 5)]).await.unwrap();
        }
        drop(store);
        let db = rusqlite::Connection::open(place.path().join("main.db")).unwrap();
        let chapters: i64 =
            db.query_row("SELECT count(DISTINCT chapter) FROM review_log", [], |row| row.get(0)).unwrap();
        assert_eq!(chapters, 1);
    });
}

#[test]
fn what_imports_brought_of_a_card_is_found_whatever_it_came_with() {
    block_on(async {
        let (store, _keep) = store_with(Options { import_rows_a_turn: 7, ..options() });
        let of_job = |n: u64, by: u64| LogEntry { job: Some(job(by)), ..brought(n, 5) };
        append(&store, rows(user(1), 0..5)).await;
        // In parts, some of them twice, under two jobs, and one the way of all others before it is brought again.
        append(&store, vec![bare(user(1), brought(109, 5), None)]).await;
        settled(&store).await;
        for (by, from, to) in [(1, 100, 150), (1, 130, 180), (2, 140, 190)] {
            store.append_import(user(1), (from..to).map(|n| of_job(n, by)).collect()).await.unwrap();
        }
        store.append_import(user(2), vec![of_job(500, 1)]).await.unwrap();
        let mut found = store.card_log(user(1), deck(1), Some(vec![card(4)])).await.unwrap();
        found.retain(|entry| entry.job.is_some());
        found.sort_by_key(|entry| (entry.id, entry.job));
        let mut expected: Vec<LogEntry> = (100..180).map(|n| of_job(n, 1)).collect();
        expected.extend((140..190).map(|n| of_job(n, 2)));
        expected.retain(|entry| entry.card() == Some((deck(1), card(4))));
        expected.sort_by_key(|entry| (entry.id, entry.job));
        assert_eq!(found, expected);
        // Each card of a job is told to be folded again, once.
        append(&store, vec![commit(999)]).await;
        settled(&store).await;
        let rows = store.progress(user(1), deck(1)).await.unwrap();
        assert_eq!(rows.iter().filter(|row| !is_trusted(row)).count(), 5);
    });
}

#[test]
fn what_is_filed_otherwise_than_the_log_has_it_is_found() {
    let (store, place) = store_with(options());
    block_on(async {
        store.append_import(user(2), vec![brought(1, 5)]).await.unwrap();
        store.append_import(user(1), (0..20).map(|n| brought(n, 5)).collect()).await.unwrap();
        store.append_import(user(1), (10..30).map(|n| brought(n, 5)).collect()).await.unwrap();
    });
    drop(store);
    let misfiled = || {
        let store = Offline::open(place.path()).unwrap();
        (store.misfiled(user(1)).unwrap(), store.misfiled(user(2)).unwrap())
    };
    let change = |sql: &str| {
        let db = rusqlite::Connection::open(place.path().join("main.db")).unwrap();
        db.execute(sql, []).unwrap()
    };
    assert_eq!(misfiled(), (0, 0));
    let second = user(2).bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(change(&format!("DELETE FROM review_log WHERE user = x'{second}'")), 1);
    assert_eq!(misfiled(), (0, 1), "filed, and not there");
    assert_eq!(change("DELETE FROM import_entries WHERE first = (SELECT max(first) FROM import_entries)"), 5);
    assert_eq!(misfiled(), (10, 1), "there, and not filed");
    let store = Offline::open(place.path()).unwrap();
    assert_eq!((store.file_again(user(1)).unwrap(), store.file_again(user(2)).unwrap()), (10, 1));
    drop(store);
    assert_eq!(misfiled(), (0, 0), "filed anew");
    let store = open(place.path());
    let of_card = block_on(store.card_log(user(1), deck(1), Some(vec![card(2)]))).unwrap();
    assert_eq!(of_card, (0..30).filter(|n| n % 5 == 2).map(|n| brought(n, 5)).collect::<Vec<_>>());
}

#[test]
fn what_imports_brought_before_their_entries_were_filed_apart_is_read_by_card_as_before() {
    let (store, place) = store_with(options());
    let cards = Some(vec![card(1), card(3)]);
    block_on(async {
        append(&store, rows(user(1), 0..5)).await;
        store.append_import(user(1), (100..150).map(|n| brought(n, 5)).collect()).await.unwrap();
        settled(&store).await;
    });
    let before = block_on(store.card_log(user(1), deck(1), cards.clone())).unwrap();
    assert!(before.len() > 20);
    drop(store);
    let db = rusqlite::Connection::open(place.path().join("main.db")).unwrap();
    db.execute_batch(crate::life::UNDO_FILED_CARDS).unwrap();
    db.execute_batch(
        "DROP INDEX review_log_by_chapter;
         UPDATE review_log SET chapter = chapter - (1 << 40) WHERE chapter >= 1 << 41;
         CREATE INDEX review_log_by_chapter ON review_log (user, chapter, card);
         INSERT OR IGNORE INTO import_cards SELECT user, job, deck, card FROM import_entries;
         DROP TABLE import_entries;",
    )
    .unwrap();
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    db.pragma_update(None, "user_version", version - 4).unwrap();
    drop(db);
    let store = open(place.path());
    assert_eq!(block_on(store.card_log(user(1), deck(1), cards.clone())).unwrap(), before);
    // The same file again brings nothing that was not there.
    block_on(async {
        store.append_import(user(1), (100..150).map(|n| brought(n, 5)).collect()).await.unwrap();
        assert_eq!(store.card_log(user(1), deck(1), cards).await.unwrap(), before);
        append(&store, vec![commit(999)]).await;
        assert_eq!(
            store.progress(user(1), deck(1)).await.unwrap().iter().filter(|p| !is_trusted(p)).count(),
            5
        );
    });
}
