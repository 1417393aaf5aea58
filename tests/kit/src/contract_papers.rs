//! What every store of small records has to keep.

#![allow(missing_docs, reason = "the name of a function is the promise")]

use domain::ids::Uuid;
use ports::papers::PAPER_BYTES_MAX;
use ports::{Cause, Paper, PaperKey, PaperKind, Papers, PapersError};

/// Makes a test of each promise about small records: see [`store_contract!`](crate::store_contract).
#[macro_export]
macro_rules! papers_contract {
    ($make:expr) => {
        $crate::contract!($make; $crate::contract_papers;
            a_small_record_is_read_as_it_was_stored,
            a_small_record_changes_only_from_the_revision_it_was_read_at,
            of_two_who_change_a_small_record_at_once_one_does,
            small_records_are_listed_by_what_they_belong_to_and_kind_in_pages,
            small_records_are_read_together_by_their_names,
            a_removed_small_record_is_gone_and_may_be_made_anew,
            a_small_record_that_is_too_large_is_refused,
        );
    };
}

fn key(of: u128, kind: PaperKind, id: u128) -> PaperKey {
    PaperKey { of: Uuid::from_u128(of), kind, id: Uuid::from_u128(id) }
}

pub async fn a_small_record_is_read_as_it_was_stored(store: &impl Papers) {
    for (n, kind) in PaperKind::ALL.into_iter().enumerate() {
        let (key, body) = (key(1, kind, 7), vec![0, 255, n as u8]);
        assert_eq!(store.paper(key).await, Ok(None));
        assert_eq!(store.put_paper(key, body.clone(), None).await, Ok(1));
        assert_eq!(store.paper(key).await, Ok(Some(Paper { key, body, revision: 1 })));
        assert_eq!(PaperKind::of_word(kind.word()), Some(kind));
    }
}

pub async fn a_small_record_changes_only_from_the_revision_it_was_read_at(store: &impl Papers) {
    let key = key(1, PaperKind::Code, 1);
    assert_eq!(store.put_paper(key, vec![9], Some(1)).await, Err(PapersError::Changed));
    assert_eq!(store.put_paper(key, vec![1], None).await, Ok(1));
    assert_eq!(store.put_paper(key, vec![2], None).await, Err(PapersError::Changed));
    assert_eq!(store.put_paper(key, vec![3], Some(1)).await, Ok(2));
    assert_eq!(store.put_paper(key, vec![4], Some(1)).await, Err(PapersError::Changed));
    assert_eq!(store.paper(key).await, Ok(Some(Paper { key, body: vec![3], revision: 2 })));
}

pub async fn of_two_who_change_a_small_record_at_once_one_does(store: &impl Papers) {
    let key = key(1, PaperKind::Guest, 1);
    store.put_paper(key, vec![0], None).await.unwrap();
    for revision in 1..6 {
        let (one, other) = tokio::join!(
            store.put_paper(key, vec![1], Some(revision)),
            store.put_paper(key, vec![2], Some(revision))
        );
        let said = store.paper(key).await.unwrap().unwrap().body;
        // Whose answer was lost may not know what became of it; nobody is told what is not so.
        let lost = |error: &PapersError| match error {
            PapersError::Changed => true,
            PapersError::Store(error) => error.cause == Cause::Timeout,
        };
        match (one, other) {
            (Ok(_), Err(error)) if lost(&error) => assert_eq!(said, [1]),
            (Err(error), Ok(_)) if lost(&error) => assert_eq!(said, [2]),
            both => panic!("{both:?}"),
        }
    }
}

pub async fn small_records_are_listed_by_what_they_belong_to_and_kind_in_pages(store: &impl Papers) {
    for id in [3, 1, 5, 2, 4] {
        store.put_paper(key(1, PaperKind::Waiting, id), vec![id as u8], None).await.unwrap();
    }
    store.put_paper(key(1, PaperKind::Guest, 9), vec![], None).await.unwrap();
    store.put_paper(key(2, PaperKind::Waiting, 9), vec![], None).await.unwrap();
    let read = async |after: Option<u128>, limit| {
        let of = Uuid::from_u128(1);
        let found = store.papers(of, PaperKind::Waiting, after.map(Uuid::from_u128), limit).await.unwrap();
        assert!(found.iter().all(|paper| paper.body == [paper.key.id.as_u128() as u8]));
        found.into_iter().map(|paper| paper.key.id.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(read(None, 9).await, [1, 2, 3, 4, 5]);
    assert_eq!(read(None, 2).await, [1, 2]);
    assert_eq!(read(Some(2), 2).await, [3, 4]);
    assert_eq!(read(Some(5), 2).await, [0_u128; 0]);
}

pub async fn small_records_are_read_together_by_their_names(store: &impl Papers) {
    let keys = [key(1, PaperKind::Teacher, 7), key(2, PaperKind::Teacher, 7), key(2, PaperKind::Guest, 7)];
    for (n, key) in keys.into_iter().enumerate() {
        store.put_paper(key, vec![n as u8], None).await.unwrap();
    }
    let missing = key(3, PaperKind::Teacher, 7);
    let mut found = store.papers_named(vec![keys[2], missing, keys[0]]).await.unwrap();
    found.sort_by_key(|paper| paper.body.clone());
    let paper = |key, n| Paper { key, body: vec![n], revision: 1 };
    assert_eq!(found, [paper(keys[0], 0), paper(keys[2], 2)]);
    assert_eq!(store.papers_named(Vec::new()).await, Ok(Vec::new()));
}

pub async fn a_removed_small_record_is_gone_and_may_be_made_anew(store: &impl Papers) {
    let key = key(1, PaperKind::Teacher, 1);
    store.remove_paper(key).await.unwrap();
    store.put_paper(key, vec![1], None).await.unwrap();
    store.remove_paper(key).await.unwrap();
    store.remove_paper(key).await.unwrap();
    assert_eq!(store.paper(key).await, Ok(None));
    assert_eq!(store.papers(key.of, key.kind, None, 9).await, Ok(vec![]));
    assert_eq!(store.put_paper(key, vec![2], Some(1)).await, Err(PapersError::Changed));
    assert_eq!(store.put_paper(key, vec![2], None).await, Ok(1));
    let anew = Paper { key, body: vec![2], revision: 1 };
    assert_eq!(store.papers(key.of, key.kind, None, 9).await, Ok(vec![anew]));
}

pub async fn a_small_record_that_is_too_large_is_refused(store: &impl Papers) {
    let key = key(1, PaperKind::Homework, 1);
    store.put_paper(key, vec![7; PAPER_BYTES_MAX], None).await.unwrap();
    let refused = store.put_paper(key, vec![7; PAPER_BYTES_MAX + 1], Some(1)).await;
    assert!(matches!(refused, Err(PapersError::Store(error)) if error.cause == Cause::Invalid));
    assert_eq!(store.paper(key).await.unwrap().unwrap().revision, 1);
}
