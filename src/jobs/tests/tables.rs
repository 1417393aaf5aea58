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
async fn nobody_else_sees_a_job() {
    let rig = Rig::new();
    let record = rig.import(FILE.as_bytes(), "x.csv", &[], false).await;
    let other = somebody();
    assert!(matches!(rig.jobs.look(other, record.job).await, Err(JobsError::NotFound)));
    assert!(matches!(rig.jobs.withdraw(other, record.job, true).await, Err(JobsError::NotFound)));
    assert!(matches!(rig.jobs.commit(other, record.job, &Options::new()).await, Err(JobsError::NotFound)));
    assert_eq!(rig.jobs.list(other, None, 10).await.unwrap(), []);
}
