//! Tables as jobs.

use super::*;

const FILE: &str = "front,back,tags\nHund,dog,animal\nKatze,cat,animal\n,nothing,\nKatze,again,\n";

#[tokio::test]
async fn a_table_becomes_a_deck_of_its_name_and_its_bad_rows_are_told() {
    let rig = Rig::new();
    let record = rig.import(FILE.as_bytes(), "Animals of Europe.csv", &[], false).await;
    assert_eq!(record.phase, ImportPhase::Done, "{}", record.outcome);
    assert_eq!((count(&record, "added"), count(&record, "rejected")), (2, 2));
    let decks = rig.decks().await;
    assert_eq!((decks.len(), &decks[0].title, decks[0].cards), (1, &"Animals of Europe".to_owned(), 2));
    let rows = rig.jobs.refused(record.job, 0, 10).await.unwrap();
    let told: Vec<(u64, &str)> = rows.iter().map(|row| (row.line, split_reason(&row.reason).0)).collect();
    assert_eq!(told, [(4, "empty_front"), (5, "duplicate")]);
}

#[tokio::test]
async fn every_row_that_did_not_come_in_is_kept_and_the_totals_agree_whatever_the_format() {
    const BAD: usize = crate::import::limits::REPORTED_MAX + 50;
    let table = format!("front,back\ngood,one\n{}", ",nothing\n".repeat(BAD));
    let lines = format!("{{\"front\": \"good\", \"back\": \"one\"}}\n{}", "{\"front\": 1}\n".repeat(BAD));
    let reviews = format!("card,time,grade\n{}", "good,yesterday,4\n".repeat(BAD));
    let rig = Rig::new();
    for (name, file) in [("a.csv", table), ("b.jsonl", lines), ("c.csv", reviews)] {
        for dry_run in [true, false] {
            let record = rig.import(file.as_bytes(), name, &[], dry_run).await;
            let told = Outcome::of(&record.outcome).rejected;
            assert_eq!((told, count(&record, "rejected")), (BAD as u64, BAD as u64), "{name}");
            let rows = rig.jobs.refused(record.job, 0, 2 * BAD).await.unwrap();
            assert_eq!(rows.len(), BAD, "{name}");
        }
    }
}

#[tokio::test]
async fn what_a_table_changed_is_as_it_was_when_it_is_taken_back() {
    let rig = Rig::new();
    let first = rig.import(b"front,back\none,1\ntwo,2\n", "x.csv", &[], false).await;
    let deck = first.decks[0];
    let before = rig.all().await;
    let id = deck.to_string();
    let into = [("deck_id", id.as_str())];
    let second = rig.import(b"front,back\none,changed\nthree,3\n", "x.csv", &into, false).await;
    assert_eq!((count(&second, "added"), count(&second, "updated")), (1, 1), "{}", second.outcome);
    assert_eq!(rig.cards(deck).await.len(), 3);
    let revoked = rig.withdraw(second.job, false).await;
    assert_eq!(Outcome::of(&revoked.outcome).withdrawn["restored"], 1, "{}", revoked.outcome);
    assert_eq!(rig.all().await, before);
    // Again, and somebody edits the changed card since: that edit stays.
    let third = rig.import(b"front,back\none,changed\nthree,3\n", "x.csv", &into, false).await;
    let mut card = rig.cards(deck).await.into_iter().find(|card| card.front == "one").unwrap();
    card.back = "by hand".to_owned();
    rig.store.put_cards(deck, vec![card], None, 9).await.unwrap();
    rig.withdraw(third.job, false).await;
    let texts: Vec<(String, String)> =
        rig.cards(deck).await.into_iter().map(|card| (card.front, card.back)).collect();
    assert_eq!(texts, [("one".into(), "by hand".into()), ("two".into(), "2".into())]);
}

#[tokio::test]
async fn a_broken_table_fails_with_its_line_and_leaves_nothing() {
    let rig = Rig::new();
    let record = rig.import(b"front,back\na,b\nc,\"never closed\n", "x.csv", &[], false).await;
    let failure = Outcome::of(&record.outcome).failure.unwrap();
    assert_eq!(
        (record.phase, failure.code.as_str(), failure.line),
        (ImportPhase::Failed, "unclosed_quote", Some(3))
    );
    let all = DeckQuery { owner: Some(rig.owner), with_deleted: true, ..DeckQuery::default() };
    assert_eq!(rig.store.decks(all).await.unwrap(), []);
    assert!(!rig.has_files(record.job));
    // Mended, it is another file; and the same file may be tried again, for it failed.
    let (_, is_new) = rig.offer(b"front,back\na,b\nc,\"never closed\n", "x.csv", &[], false).await;
    assert!(is_new);
}

#[tokio::test]
async fn jobs_of_one_person_wait_for_each_other_and_none_is_lost_at_a_restart() {
    let mut rig = Rig::new();
    let mut jobs = Vec::new();
    for n in 0..6 {
        let rows: String = (0..200).map(|row| format!("{n} {row},b\n")).collect();
        jobs.push(rig.offer(rows.as_bytes(), "x.csv", &[], false).await.0.job);
    }
    rig.restart().await;
    rig.restart().await;
    for job in jobs {
        let record = rig.ended(job).await;
        assert_eq!((record.phase, count(&record, "added")), (ImportPhase::Done, 200), "{}", record.outcome);
    }
    assert_eq!(rig.decks().await.iter().map(|deck| deck.cards).collect::<Vec<_>>(), [200; 6]);
}

#[tokio::test]
async fn a_job_leaves_the_disk_its_reserve_and_what_is_taken_back_needs_none() {
    let rig = Rig::new();
    let done = rig.import(FILE.as_bytes(), "done.csv", &[], false).await;
    let full = rig.jobs.folder().is_full.clone();
    for (file, name) in [(b"front,back\na,b\n".to_vec(), "x.csv"), (fixture("legacy2.apkg"), "x.apkg")] {
        full.store(false, Ordering::Release);
        let tried = rig.import(&file, name, &[], true).await;
        full.store(true, Ordering::Release);
        rig.jobs.commit(rig.owner, tried.job, &Options::new(), false).await.unwrap();
        let failed = rig.ended(tried.job).await;
        let code = Outcome::of(&failed.outcome).failure.map(|failure| failure.code);
        assert_eq!((failed.phase, code.as_deref()), (ImportPhase::Failed, Some("no_room")), "{name}");
        assert!(!rig.has_files(tried.job), "{name}");
    }
    assert_eq!(rig.decks().await.len(), 1);
    assert_eq!(rig.withdraw(done.job, false).await.phase, ImportPhase::Revoked);
    assert!(rig.decks().await.is_empty());
}

#[tokio::test]
async fn nobody_else_sees_a_job() {
    let rig = Rig::new();
    let record = rig.import(FILE.as_bytes(), "x.csv", &[], false).await;
    let other = somebody();
    assert!(matches!(rig.jobs.look(other, record.job).await, Err(JobsError::NotFound)));
    assert!(matches!(rig.jobs.withdraw(other, record.job, true).await, Err(JobsError::NotFound)));
    assert!(matches!(
        rig.jobs.commit(other, record.job, &Options::new(), false).await,
        Err(JobsError::NotFound)
    ));
    assert_eq!(rig.jobs.list(other, None, 10, |record| record.job).await.unwrap(), []);
}

#[tokio::test]
async fn jobs_are_listed_newest_first_however_many_are_read_at_once() {
    let rig = Rig::new();
    let mut all = Vec::new();
    for n in 0..2 * crate::jobs::limits::RECORDS_PER_PAGE as u64 + 5 {
        let record = kit::contract_imports::import_record(n);
        let done = ImportRecord { owner: rig.owner, phase: ImportPhase::Done, ..record };
        all.insert(0, done.job);
        rig.store.put_import(done, None).await.unwrap();
    }
    let list =
        async |before, limit| rig.jobs.list(rig.owner, before, limit, |record| record.job).await.unwrap();
    assert_eq!(list(None, 100).await, all);
    for limit in [1, 20, 21, 40, 44, 45] {
        assert_eq!(list(None, limit).await, all[..limit], "{limit}");
        assert_eq!(list(Some(all[0]), limit).await, all[1..all.len().min(limit + 1)], "{limit}");
    }
}

/// So many long rows that some come into the deck while others are still read.
fn long_rows(rows: usize) -> String {
    let row = |n: usize| format!("front {n},{}\n", "b".repeat(12_000));
    format!("front,back\n{}", (0..rows).map(row).collect::<String>())
}

/// More than come into a deck at once.
const LONG_ROWS: usize = 900;

#[tokio::test(flavor = "multi_thread")]
async fn what_of_a_table_was_stored_before_a_fault_was_found_is_taken_back() {
    let rig = Rig::new();
    let broken = format!("{}last,\"never closed\n", long_rows(LONG_ROWS));
    let failed = rig.import(broken.as_bytes(), "x.csv", &[], false).await;
    let failure = Outcome::of(&failed.outcome).failure.unwrap();
    assert_eq!((failed.phase, failure.code.as_str()), (ImportPhase::Failed, "unclosed_quote"));
    assert_eq!(failure.line, Some(LONG_ROWS as u64 + 2));
    assert!(rig.decks().await.is_empty());
    let all = CardQuery { from_position: 0, limit: 100_000, text: None, with_deleted: true };
    let left = rig.store.cards(failed.decks[0], all).await.unwrap();
    assert!(!left.is_empty() && left.len() < LONG_ROWS, "some had been stored: {}", left.len());
    assert!(left.iter().all(|card| card.deleted_ms.is_some()), "and are taken back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_stopped_while_its_deck_is_filled_goes_on_to_the_same_end() {
    let (undisturbed, file) = (Rig::new(), long_rows(LONG_ROWS));
    undisturbed.import(file.as_bytes(), "x.csv", &[], false).await;
    let mut rig = Rig::new();
    let (record, _) = rig.offer(file.as_bytes(), "x.csv", &[], false).await;
    let until = Instant::now() + PATIENCE;
    while rig.store.import(record.job).await.unwrap().unwrap().decks.is_empty() {
        assert!(Instant::now() < until, "no deck was ever planned");
        tokio::task::yield_now().await;
    }
    rig.restart().await;
    let done = rig.ended(record.job).await;
    assert_eq!(
        (done.phase, count(&done, "added")),
        (ImportPhase::Done, LONG_ROWS as u64),
        "{}",
        done.outcome
    );
    assert!(rig.all().await.0 == undisturbed.all().await.0, "the same cards, in the same order");
    assert_eq!(rig.withdraw(record.job, false).await.phase, ImportPhase::Revoked);
    assert!(rig.decks().await.is_empty());
}

#[tokio::test]
async fn a_trial_of_a_table_and_a_table_without_a_card_make_no_deck() {
    let rig = Rig::new();
    let tried = rig.import(FILE.as_bytes(), "x.csv", &[], true).await;
    assert_eq!((tried.phase, count(&tried, "added")), (ImportPhase::Tried, 2), "{}", tried.outcome);
    let empty = rig.import(b"front,back\n,nothing\n", "x.csv", &[], false).await;
    assert_eq!((empty.phase, count(&empty, "rejected")), (ImportPhase::Done, 1), "{}", empty.outcome);
    let all = DeckQuery { owner: Some(rig.owner), with_deleted: true, ..DeckQuery::default() };
    assert_eq!(rig.store.decks(all).await.unwrap(), []);
}

#[tokio::test]
async fn of_many_cards_that_were_studied_since_the_first_of_the_deck_are_told() {
    const CARDS: usize = 130;
    let rig = Rig::new();
    let table: String = (0..CARDS).map(|n| format!("word {n},meaning\n")).collect();
    let record = rig.import(format!("front,back\n{table}").as_bytes(), "x.csv", &[], false).await;
    let deck = record.decks[0];
    let cards: Vec<CardId> = rig.cards(deck).await.into_iter().map(|card| card.id).collect();
    for (at, card) in cards.iter().enumerate() {
        rig.answer(deck, *card, record.created_ms + 1 + at as i64).await;
    }
    let Err(JobsError::Studied(studied)) = rig.jobs.withdraw(rig.owner, record.job, false).await else {
        panic!("taken back unawares")
    };
    let listed: Vec<CardId> = studied.listed.iter().map(|studied| studied.card).collect();
    assert_eq!((studied.total, &listed[..]), (CARDS as u64, &cards[..100]));
}
