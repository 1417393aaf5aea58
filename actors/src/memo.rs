//! What one question has read already, so that each thing is read once however many parts of the question ask for it. A
//! session's single wants are no questions: nothing of them is asked for again, and nothing is kept.

use domain::ids::{DeckId, UserId};
use ports::{DeckRecord, People, PeopleError, Progress, ReviewStore, Standing, StoreError};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::OnceCell;

/// The memory of one question about one learner; by default that of a want alone.
#[derive(Default)]
pub(crate) struct Memo {
    /// Whether what was read is asked for again.
    is_question: bool,
    /// Whether the question is about all that the learner has.
    about_all: bool,
    standing: OnceCell<Standing>,
    rows: OnceCell<BTreeMap<DeckId, Vec<Progress>>>,
    decks: Mutex<BTreeMap<DeckId, DeckRecord>>,
    some_rows: Mutex<BTreeMap<DeckId, Vec<Progress>>>,
}

impl Memo {
    /// For a question about all that the learner has: progress of all decks is read together.
    pub(crate) fn about_all() -> Memo {
        Memo { is_question: true, about_all: true, ..Memo::default() }
    }

    /// For a question about decks that it names.
    pub(crate) fn about_some() -> Memo {
        Memo { is_question: true, ..Memo::default() }
    }

    /// Who the learner is, and what they see through classes.
    pub(crate) async fn standing(&self, people: &dyn People, user: UserId) -> Result<&Standing, PeopleError> {
        self.standing.get_or_try_init(|| people.standing(user)).await
    }

    /// The decks in which the learner has progress.
    pub(crate) async fn studied<S: ReviewStore>(
        &self,
        store: &S,
        user: UserId,
    ) -> Result<Vec<DeckId>, StoreError> {
        match self.about_all {
            true => Ok(self.all_rows(store, user).await?.keys().copied().collect()),
            false => Ok(store.load(user).await?.decks),
        }
    }

    /// Progress in these decks.
    pub(crate) async fn rows<S: ReviewStore>(
        &self,
        store: &S,
        user: UserId,
        decks: &[DeckId],
    ) -> Result<BTreeMap<DeckId, Vec<Progress>>, StoreError> {
        if self.about_all {
            let all = self.all_rows(store, user).await?;
            let known = |deck: &DeckId| Some((*deck, all.get(deck)?.clone()));
            return Ok(decks.iter().filter_map(known).collect());
        }
        let rows = by_deck(store.progress_of(user, Some(decks.to_vec())).await?);
        if self.is_question {
            self.some_rows.lock().unwrap_or_else(PoisonError::into_inner).extend(rows.clone());
        }
        Ok(rows)
    }

    /// Progress in a deck, as it was read.
    pub(crate) fn noted_rows(&self, deck: DeckId) -> Vec<Progress> {
        let known = self.some_rows.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&deck).cloned().unwrap_or_default()
    }

    async fn all_rows<S: ReviewStore>(
        &self,
        store: &S,
        user: UserId,
    ) -> Result<&BTreeMap<DeckId, Vec<Progress>>, StoreError> {
        let read = async || Ok(by_deck(store.progress_of(user, None).await?));
        self.rows.get_or_try_init(read).await
    }

    /// Remembers decks that were read.
    pub(crate) fn note(&self, decks: &[DeckRecord]) {
        if !self.is_question {
            return;
        }
        let mut known = self.decks.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(decks.iter().map(|deck| (deck.id, deck.clone())));
    }

    /// Those of these decks that were read.
    pub(crate) fn noted(&self, ids: &[DeckId]) -> Vec<DeckRecord> {
        let known = self.decks.lock().unwrap_or_else(PoisonError::into_inner);
        ids.iter().filter_map(|id| known.get(id).cloned()).collect()
    }
}

fn by_deck(rows: Vec<Progress>) -> BTreeMap<DeckId, Vec<Progress>> {
    let mut by_deck: BTreeMap<DeckId, Vec<Progress>> = BTreeMap::new();
    for row in rows {
        by_deck.entry(row.deck).or_default().push(row);
    }
    by_deck
}
