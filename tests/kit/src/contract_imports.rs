//! What every store of import jobs has to keep.

#![allow(missing_docs, reason = "the name of a function is the promise")]

use crate::rows::{START_MS, deck, job, user};
use domain::ids::{JobId, OrgId};
use ports::{ImportPhase, ImportRecord, Imports, ImportsError, RefusedRow};

/// Makes a test of each promise about import jobs: see [`store_contract!`](crate::store_contract).
#[macro_export]
macro_rules! imports_contract {
    ($make:expr) => {
        $crate::contract!($make; $crate::contract_imports;
            a_job_is_read_as_it_was_stored,
            a_job_changes_only_from_the_revision_it_was_read_at,
            what_a_job_began_with_never_changes,
            a_persons_jobs_are_read_newest_first_in_pages,
            jobs_that_somebody_has_to_go_on_with_are_found_in_pages,
            the_same_file_is_found_while_its_job_stands,
            refused_rows_are_read_by_number_in_pages,
            a_refused_row_that_is_stored_again_is_there_once,
        );
    };
}

/// A job of learner 1.
pub fn import_record(n: u64) -> ImportRecord {
    ImportRecord {
        job: job(n),
        owner: user(1),
        org: None,
        name: "words.csv".to_owned(),
        format: "csv".to_owned(),
        digest: [n as u8; 32],
        bytes: 1_000 + n,
        options: "{}".to_owned(),
        phase: ImportPhase::Waiting,
        done: 0,
        total: 0,
        outcome: String::new(),
        decks: vec![],
        created_ms: START_MS,
        updated_ms: START_MS,
        revision: 0,
    }
}

fn refused_row(number: u64) -> RefusedRow {
    RefusedRow {
        number,
        line: number + 2,
        column: number.is_multiple_of(2).then(|| "front".to_owned()),
        reason: "There is no question in it; “empty”".to_owned(),
        text: format!("row {number}; naïve\n日本"),
    }
}

fn jobs(records: &[ImportRecord]) -> Vec<JobId> {
    records.iter().map(|record| record.job).collect()
}

/// Stores a new job.
async fn put(store: &impl Imports, record: ImportRecord) {
    assert_eq!(store.put_import(record, None).await, Ok(1));
}

/// Brings a job to this phase.
async fn bring_to(store: &impl Imports, n: u64, phase: ImportPhase) {
    let now = store.import(job(n)).await.unwrap().unwrap();
    let revision = Some(now.revision);
    store.put_import(ImportRecord { phase, ..now }, revision).await.unwrap();
}

pub async fn a_job_is_read_as_it_was_stored(store: &impl Imports) {
    assert_eq!(store.import(job(1)).await, Ok(None));
    for (n, phase) in (1..).zip(ImportPhase::ALL) {
        let asked = ImportRecord {
            org: Some(OrgId::from_u128(7)),
            name: "Wörter “neu”.apkg".to_owned(),
            options: r#"{"deck":"Biology::Cell"}"#.to_owned(),
            outcome: r#"{"cards":12}"#.to_owned(),
            bytes: u64::from(u32::MAX) + n,
            digest: std::array::from_fn(|byte| byte as u8 ^ 0xa5),
            decks: vec![deck(2), deck(1)],
            phase,
            done: 5,
            total: 1 << 40,
            updated_ms: START_MS + 9,
            revision: 77,
            ..import_record(n)
        };
        put(store, asked.clone()).await;
        assert_eq!(store.import(job(n)).await, Ok(Some(ImportRecord { revision: 1, ..asked })));
    }
}

pub async fn a_job_changes_only_from_the_revision_it_was_read_at(store: &impl Imports) {
    let record = import_record(1);
    assert_eq!(store.put_import(record.clone(), Some(1)).await, Err(ImportsError::Changed));
    assert_eq!(store.import(job(1)).await, Ok(None));
    put(store, record.clone()).await;
    assert_eq!(store.put_import(record.clone(), None).await, Err(ImportsError::Changed));
    let read = ImportRecord { phase: ImportPhase::Reading, done: 3, ..record.clone() };
    assert_eq!(store.put_import(read.clone(), Some(1)).await, Ok(2));
    let late = ImportRecord { phase: ImportPhase::Failed, ..record };
    assert_eq!(store.put_import(late.clone(), Some(1)).await, Err(ImportsError::Changed));
    assert_eq!(store.put_import(late, Some(3)).await, Err(ImportsError::Changed));
    assert_eq!(store.import(job(1)).await, Ok(Some(ImportRecord { revision: 2, ..read })));
}

pub async fn what_a_job_began_with_never_changes(store: &impl Imports) {
    let record = import_record(1);
    put(store, record.clone()).await;
    let other = ImportRecord {
        owner: user(2),
        digest: [9; 32],
        created_ms: 5,
        name: "b".to_owned(),
        ..record.clone()
    };
    assert_eq!(store.put_import(other, Some(1)).await, Ok(2));
    let expected = ImportRecord { name: "b".to_owned(), revision: 2, ..record };
    assert_eq!(store.import(job(1)).await, Ok(Some(expected)));
    assert!(store.imports_of(user(2), None, 9).await.unwrap().is_empty());
}

pub async fn a_persons_jobs_are_read_newest_first_in_pages(store: &impl Imports) {
    for n in [3, 1, 5, 2, 4] {
        put(store, import_record(n)).await;
    }
    put(store, ImportRecord { owner: user(2), ..import_record(6) }).await;
    bring_to(store, 3, ImportPhase::Done).await;
    let read = async |before: Option<u64>, limit| {
        jobs(&store.imports_of(user(1), before.map(job), limit).await.unwrap())
    };
    assert_eq!(read(None, 9).await, [5, 4, 3, 2, 1].map(job));
    assert_eq!(read(None, 2).await, [5, 4].map(job));
    assert_eq!(read(Some(4), 2).await, [3, 2].map(job));
    assert_eq!(read(Some(1), 2).await, []);
    assert_eq!(jobs(&store.imports_of(user(2), None, 9).await.unwrap()), [job(6)]);
}

pub async fn jobs_that_somebody_has_to_go_on_with_are_found_in_pages(store: &impl Imports) {
    for n in [2, 1, 4, 3] {
        put(store, ImportRecord { owner: user(n), ..import_record(n) }).await;
    }
    let read =
        async |after: Option<u64>, limit| jobs(&store.unfinished(after.map(job), limit).await.unwrap());
    assert_eq!(read(None, 9).await, [1, 2, 3, 4].map(job));
    assert_eq!(read(None, 2).await, [1, 2].map(job));
    assert_eq!(read(Some(2), 9).await, [3, 4].map(job));
    for phase in ImportPhase::ALL {
        bring_to(store, 3, phase).await;
        let found = store.unfinished(None, 9).await.unwrap();
        let three = found.iter().find(|record| record.job == job(3));
        assert_eq!(three.map(|record| record.phase), phase.is_unfinished().then_some(phase));
        assert_eq!(found.len(), if phase.is_unfinished() { 4 } else { 3 });
    }
}

pub async fn the_same_file_is_found_while_its_job_stands(store: &impl Imports) {
    let of = |n, digest| ImportRecord { digest: [digest; 32], ..import_record(n) };
    let same =
        async |n, digest| store.same_import(user(n), [digest; 32]).await.unwrap().map(|record| record.job);
    assert_eq!(same(1, 7).await, None);
    put(store, of(1, 7)).await;
    put(store, of(2, 8)).await;
    assert_eq!([same(1, 7).await, same(1, 8).await, same(1, 9).await], [Some(job(1)), Some(job(2)), None]);
    assert_eq!(same(2, 7).await, None);
    for phase in ImportPhase::ALL {
        bring_to(store, 1, phase).await;
        assert_eq!(same(1, 7).await, phase.stands().then_some(job(1)), "{phase:?}");
    }
    // Imported again after it was taken back, and once more.
    put(store, of(3, 7)).await;
    assert_eq!(same(1, 7).await, Some(job(3)));
    put(store, of(4, 7)).await;
    assert_eq!(same(1, 7).await, Some(job(4)));
    bring_to(store, 4, ImportPhase::Failed).await;
    assert_eq!(same(1, 7).await, Some(job(3)));
}

pub async fn refused_rows_are_read_by_number_in_pages(store: &impl Imports) {
    assert!(store.refused(job(1), 0, 9).await.unwrap().is_empty());
    store.put_refused(job(1), vec![]).await.unwrap();
    store.put_refused(job(1), [4, 0, 2].map(refused_row).to_vec()).await.unwrap();
    store.put_refused(job(1), [3, 1 << 40].map(refused_row).to_vec()).await.unwrap();
    store.put_refused(job(2), vec![refused_row(1)]).await.unwrap();
    let read = async |from, limit| store.refused(job(1), from, limit).await.unwrap();
    assert_eq!(read(0, 9).await, [0, 2, 3, 4, 1 << 40].map(refused_row));
    assert_eq!(read(0, 2).await, [0, 2].map(refused_row));
    assert_eq!(read(3, 2).await, [3, 4].map(refused_row));
    assert_eq!(read(5, 9).await, [refused_row(1 << 40)]);
}

pub async fn a_refused_row_that_is_stored_again_is_there_once(store: &impl Imports) {
    store.put_refused(job(1), (0..300).map(refused_row).collect()).await.unwrap();
    let other = RefusedRow { reason: "another".to_owned(), column: None, ..refused_row(2) };
    store.put_refused(job(1), vec![refused_row(1), other.clone()]).await.unwrap();
    let read = store.refused(job(1), 0, 1_000).await.unwrap();
    assert_eq!(read.len(), 300);
    assert_eq!(read[1..4], [refused_row(1), other, refused_row(3)]);
}
