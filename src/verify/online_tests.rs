//! What is said of a store that others write while it is read.

use super::*;
use crate::verify::Format;
use domain::entry::LogEntry;
use domain::grade::Grade;
use domain::ids::{ClassId, JobId, NoteId, Uuid};
use domain::state::CardState;
use kit::rows::{card, deck, id, review, user};
use ports::archive::{ClassKept, PersonKept, RequestKept};
use ports::{
    DeckContent, ImportRecord, MediaDigest, MediaRecord, NoteRecord, NoteTypeRecord, Progress, Quarantined,
    RefusedRow,
};
use std::cell::Cell;

/// One answer a learner. The row of the first is right, that of the second wrong, that of the third wrong until it is read
/// again, and that of the fourth another one each time.
#[derive(Default)]
struct Busy {
    /// How often each learner's rows were read.
    reads: [Cell<u32>; 5],
}

fn answer(n: u64) -> LogEntry {
    review(id(n), deck(1), card(1), Grade::Good)
}

impl ReadAll for Busy {
    async fn learners(&self, after: Option<UserId>) -> Result<Vec<UserId>, StoreError> {
        Ok(if after.is_none() { (1..=4).map(user).collect() } else { Vec::new() })
    }
    async fn log(&self, of: UserId) -> Result<Vec<LogEntry>, StoreError> {
        Ok((1..=4).filter(|n| user(*n) == of).map(answer).collect())
    }
    async fn newest(&self, of: UserId) -> Result<Option<EntryId>, StoreError> {
        Ok((1..=4).find(|n| user(*n) == of).map(id))
    }
    async fn progress(&self, of: UserId) -> Result<Vec<Progress>, StoreError> {
        let n = (1..=4).find(|n| user(*n) == of).unwrap();
        let (mut state, _) = CardState::NEW.after(&answer(n), &FoldParams::default());
        let count = &self.reads[usize::try_from(n).unwrap()];
        let reads = count.replace(count.get() + 1);
        match n {
            2 => state.lapses += 1,
            3 if reads == 0 => state.lapses += 1,
            4 => state.answers += reads + 1,
            _ => {}
        }
        let params_key = FoldParams::default().key();
        Ok(vec![Progress { deck: deck(1), card: card(1), params_key, state }])
    }
    async fn params(&self, _: DeckId) -> Result<Option<FoldParams>, StoreError> {
        Ok(None)
    }
    async fn decks(&self, _: Option<DeckId>) -> Result<Vec<DeckId>, StoreError> {
        Ok(Vec::new())
    }
    async fn deck(&self, _: DeckId) -> Result<Option<DeckContent>, StoreError> {
        Ok(None)
    }
    async fn people(&self, _: Option<UserId>) -> Result<Vec<PersonKept>, StoreError> {
        Ok(Vec::new())
    }
    async fn classes(&self, _: Option<ClassId>) -> Result<Vec<ClassKept>, StoreError> {
        Ok(Vec::new())
    }
    async fn note_types(&self, _: DeckId) -> Result<Vec<NoteTypeRecord>, StoreError> {
        Ok(Vec::new())
    }
    async fn notes(&self, _: DeckId, _: Option<NoteId>) -> Result<Vec<NoteRecord>, StoreError> {
        Ok(Vec::new())
    }
    async fn media_names(
        &self,
        _: DeckId,
        _: Option<String>,
    ) -> Result<Vec<(String, MediaDigest)>, StoreError> {
        Ok(Vec::new())
    }
    async fn media(&self, _: Option<MediaDigest>) -> Result<Vec<MediaRecord>, StoreError> {
        Ok(Vec::new())
    }
    async fn media_content(&self, _: &MediaRecord) -> Result<bytes::Bytes, StoreError> {
        Ok(bytes::Bytes::new())
    }
    async fn imports(&self, _: Option<JobId>) -> Result<Vec<ImportRecord>, StoreError> {
        Ok(Vec::new())
    }
    async fn refused(&self, _: JobId, _: u64) -> Result<Vec<RefusedRow>, StoreError> {
        Ok(Vec::new())
    }
    async fn requests(&self, _: Option<Uuid>) -> Result<Vec<RequestKept>, StoreError> {
        Ok(Vec::new())
    }
    async fn quarantined(&self, _: Option<UserId>) -> Result<Vec<Quarantined>, StoreError> {
        Ok(Vec::new())
    }
}

const AGAIN: OnlineOptions = OnlineOptions {
    since_ms: None,
    learners_per_second: None,
    look_again: Some(Duration::from_millis(1)),
    differences_max: 10,
};

async fn run(options: OnlineOptions) -> (Totals, Vec<UserId>) {
    let mut report = Report::new(Format::Json, Vec::new());
    let store = Busy::default();
    let (totals, found) = verify_online(&store, options, &mut report, async |_| Ok(0)).await.unwrap();
    (totals, found.into_iter().map(|difference| difference.user).collect())
}

#[tokio::test]
async fn only_what_stands_still_is_a_difference_and_what_moves_is_not_settled() {
    let (totals, found) = run(AGAIN).await;
    assert_eq!(found, [user(2)]);
    let online = totals.online.unwrap();
    assert_eq!((totals.learners, totals.differences, online.unsettled), (4, 1, 1), "{totals:?}");
    // Where nobody writes, the first look counts.
    let (totals, found) = run(OnlineOptions { look_again: None, ..AGAIN }).await;
    assert_eq!((found, totals.differences), (vec![user(2), user(3), user(4)], 3));
}

#[tokio::test]
async fn learners_without_an_entry_of_the_time_are_left_out_and_handed_back_are_no_more_than_asked_for() {
    let (totals, found) = run(OnlineOptions { since_ms: Some(id(2).at_ms() + 1), ..AGAIN }).await;
    let online = totals.online.unwrap();
    assert_eq!((totals.learners, online.skipped, found), (2, 2, vec![]));
    let (totals, found) = run(OnlineOptions { differences_max: 0, ..AGAIN }).await;
    assert_eq!((totals.differences, found.len()), (1, 0));
}
