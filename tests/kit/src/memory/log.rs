//! The log in memory.

use super::MemoryStore;
use domain::entry::{Body, LogEntry};
use domain::ids::{CardId, DeckId, EntryId, JobId, UserId};
use domain::state::CardState;
use ports::reviews::NEWEST_IDS;
use ports::{
    LearnerLog, LogRange, Progress, ProgressWrite, Quarantined, ReviewStore, Row, RowOutcome, Shape,
    StoreError,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

type About = Option<(DeckId, CardId)>;

/// One learner's entries by key, and what each is filed under.
type Entries = BTreeMap<(EntryId, Option<JobId>), (LogEntry, About)>;

#[derive(Default)]
pub(super) struct Log {
    entries: BTreeMap<UserId, Entries>,
    progress: BTreeMap<(UserId, DeckId, CardId), Progress>,
    quarantine: Vec<Quarantined>,
}

impl Log {
    fn append(&mut self, row: &Row) {
        if let Some(entry) = row.entry {
            let about = match entry.body {
                Body::ImportCommit { .. } | Body::ImportRevoke { .. } | Body::Claim { .. } => None,
                Body::Review(_) | Body::Set { .. } | Body::State { .. } | Body::Regrade(_) => entry.card(),
                Body::Undo { .. } => row.about,
            };
            let log = self.entries.entry(row.user).or_default();
            log.entry((entry.id, entry.job)).or_insert((entry, about));
            if let Some(job) = entry.mark_of() {
                self.distrust(row.user, job);
            }
        }
        let Some((deck, card)) = row.about else { return };
        let (state, params_key) = match row.progress {
            ProgressWrite::Whole(state, params_key) => (state, params_key),
            ProgressWrite::Stale => (CardState::NEW, 0),
            ProgressWrite::None => return,
        };
        self.progress.insert((row.user, deck, card), Progress { deck, card, params_key, state });
    }

    /// A job's rows count now, or no longer: the progress of its cards is stale.
    fn distrust(&mut self, user: UserId, job: JobId) {
        let of_job = self.of(user).filter(|(entry, _)| entry.job == Some(job));
        let cards: BTreeSet<(DeckId, CardId)> = of_job.filter_map(|(_, about)| *about).collect();
        for (deck, card) in cards {
            let stale = Progress { deck, card, params_key: 0, state: CardState::NEW };
            self.progress.insert((user, deck, card), stale);
        }
    }

    fn of(&self, user: UserId) -> impl DoubleEndedIterator<Item = &(LogEntry, About)> {
        self.entries.get(&user).into_iter().flat_map(BTreeMap::values)
    }

    fn load(&self, user: UserId) -> LearnerLog {
        let newest = self.of(user).rev().take(NEWEST_IDS).map(|(e, _)| (e.id, e.content_digest()));
        let decks: BTreeSet<DeckId> =
            self.progress.keys().filter(|(of, _, _)| *of == user).map(|(_, deck, _)| *deck).collect();
        LearnerLog {
            newest: newest.collect(),
            more: self.of(user).count() > NEWEST_IDS,
            decks: decks.into_iter().collect(),
        }
    }

    fn card_log(&self, user: UserId, deck: DeckId, cards: Option<&[CardId]>) -> Vec<LogEntry> {
        let wanted = |about: &About| match (about, cards) {
            (None, _) => true,
            (Some((of, _)), None) => *of == deck,
            (Some((_, card)), Some(cards)) => cards.contains(card),
        };
        self.of(user).filter(|(_, about)| wanted(about)).map(|(entry, _)| *entry).collect()
    }

    fn range(&self, user: UserId, range: &LogRange) -> Vec<LogEntry> {
        let within = |entry: &LogEntry| entry.id >= range.from && range.before.is_none_or(|b| entry.id < b);
        let all = self.of(user).map(|(entry, _)| *entry).filter(within);
        match range.newest_first {
            true => all.rev().take(range.limit).collect(),
            false => all.take(range.limit).collect(),
        }
    }
}

impl MemoryStore {
    /// Every learner with entries or progress.
    pub fn learners(&self) -> BTreeSet<UserId> {
        let log = &self.state().log;
        log.entries.keys().copied().chain(log.progress.keys().map(|(user, _, _)| *user)).collect()
    }

    /// What was kept in quarantine.
    pub fn quarantined(&self) -> Vec<Quarantined> {
        self.state().log.quarantine.clone()
    }
}

impl ReviewStore for MemoryStore {
    fn shape(&self) -> Shape {
        Shape::Journal { rows_max: 2_048 }
    }

    async fn append(&self, rows: Arc<[Row]>) -> Vec<RowOutcome> {
        let log = &mut self.state().log;
        rows.iter().for_each(|row| log.append(row));
        vec![RowOutcome::Durable; rows.len()]
    }

    async fn load(&self, user: UserId) -> Result<LearnerLog, StoreError> {
        Ok(self.state().log.load(user))
    }

    async fn progress(&self, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
        let state = self.state();
        let of_deck = state.log.progress.iter().filter(|((u, d, _), _)| (*u, *d) == (user, deck));
        Ok(of_deck.map(|(_, progress)| *progress).collect())
    }

    async fn entries(&self, user: UserId, ids: Vec<EntryId>) -> Result<Vec<LogEntry>, StoreError> {
        let state = self.state();
        Ok(state.log.of(user).map(|(entry, _)| *entry).filter(|entry| ids.contains(&entry.id)).collect())
    }

    async fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Option<Vec<CardId>>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        Ok(self.state().log.card_log(user, deck, cards.as_deref()))
    }

    async fn log(&self, user: UserId, range: LogRange) -> Result<Vec<LogEntry>, StoreError> {
        Ok(self.state().log.range(user, &range))
    }

    async fn quarantine(&self, what: Quarantined) -> Result<(), StoreError> {
        self.state().log.quarantine.push(what);
        Ok(())
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
