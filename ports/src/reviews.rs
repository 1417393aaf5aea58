//! The hot port: the log of entries, and the progress rows that cache its fold.

use crate::error::{Cause, StoreError};
use crate::portions::Portions;
use domain::answers::Answers;
use domain::entry::LogEntry;
use domain::fold::fold_deck;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use domain::state::{CardState, FoldParams};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many of the newest ids a load returns, so that the hot path needs no read to know what is stored.
pub const NEWEST_IDS: usize = 64;

/// Cards of a deck whose states are asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct ToFold {
    /// The deck.
    pub deck: DeckId,
    /// The cards.
    pub cards: Vec<CardId>,
    /// What the deck folds by.
    pub params: FoldParams,
}

/// States of cards.
pub type CardStates = BTreeMap<(DeckId, CardId), CardState>;

/// One card's progress row: a cache of the fold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// The deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// By which fold, scheduler and parameters it was made ([`domain::state::FoldParams::key`]); 0 marks it stale.
    pub params_key: u32,
    /// The state.
    pub state: CardState,
}

/// What a row says of its card's progress.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProgressWrite {
    /// The progress row after this entry (and all before it in the learner's rows).
    Whole(CardState, u32),
    /// The stored row must not be trusted: the next load folds the card from the log.
    Stale,
    /// The entry concerns no card.
    None,
}

/// One row for the store: an entry, the progress after it, or both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The learner.
    pub user: UserId,
    /// The entry; `None` for a progress row alone (write behind).
    pub entry: Option<LogEntry>,
    /// The card that is concerned: the entry's own, or that of the entry which an undo names.
    pub about: Option<(DeckId, CardId)>,
    /// The progress after it.
    pub progress: ProgressWrite,
}

/// What became of one row. Each row is reported by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowOutcome {
    /// It survives whatever dies now.
    Durable,
    /// It may or may not be stored: try again, the id makes it harmless.
    Unknown(Cause),
    /// It can never be stored.
    Never(Cause),
}

/// How a store wants its rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// One journal: a batch is one commit, at most `rows_max` rows.
    Journal {
        /// Rows a commit.
        rows_max: usize,
    },
    /// A partition a learner: `lanes` batches in flight, each of one learner.
    PerLearner {
        /// Batches in flight.
        lanes: usize,
        /// Rows a batch.
        rows_max: usize,
    },
}

/// What a session starts from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LearnerLog {
    /// The newest ids (at most [`NEWEST_IDS`], any order) with their content digests.
    pub newest: Vec<(EntryId, u64)>,
    /// Whether the log holds more than these.
    pub more: bool,
    /// Decks in which the learner has progress.
    pub decks: Vec<DeckId>,
}

/// A stretch of a learner's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogRange {
    /// The lowest id wanted.
    pub from: EntryId,
    /// The first id no longer wanted; `None` for no end.
    pub before: Option<EntryId>,
    /// Newest first (else oldest first).
    pub newest_first: bool,
    /// At most so many entries.
    pub limit: usize,
}

/// A command that could not be processed, kept raw for a person to look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quarantined {
    /// The learner.
    pub user: UserId,
    /// The command's id.
    pub id: EntryId,
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// Why.
    pub reason: String,
    /// The encoded row.
    pub raw: Vec<u8>,
}

/// Entries of an import that are appended in one batch where a store has no better way.
const IMPORT_BATCH_ROWS: usize = 1_024;

/// The log and its caches. Reads see every row whose append was reported durable before they began.
pub trait ReviewStore: Send + Sync + 'static {
    /// How it wants its rows.
    fn shape(&self) -> Shape;

    /// Appends rows and reports each by itself, in their order. An entry whose id is stored already is durable. Rows of
    /// one learner arrive in the order of their progress.
    ///
    /// The mark of an import, its commit or its revocation, makes the progress of every card stale that entries of its job
    /// are about, cards without progress included, and does so in one step with being stored. Rows that follow it make
    /// them whole again.
    ///
    /// A session refuses a second content under an id that it has appended or that is stored, so a store meets two only
    /// when two processes did not know of each other: then one of them stays for good, for all readers alike. In a store
    /// that one process has alone it is the first one, in a store of several the one of the later owner.
    fn append(&self, rows: Arc<[Row]>) -> impl Future<Output = Vec<RowOutcome>> + Send;

    /// Appends entries that an import job brought, each with its `job`, in any order. They are durable when it returns,
    /// and do not count before the learner's log has the job's commit: no progress row says anything of them, and no
    /// session has to know. An entry whose key (id and job) is stored already is there once, so that after an error, when
    /// some may be stored, all may be appended again.
    ///
    /// It yields to what is answered live, and no learner's owner has to be asked: nobody else writes under a job.
    ///
    /// An entry without a job is refused ([`Cause::Invalid`]), and nothing is stored.
    fn append_import(
        &self,
        user: UserId,
        entries: Vec<LogEntry>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async move {
            only_of_jobs(&entries)?;
            let row = |entry: &LogEntry| Row {
                user,
                entry: Some(*entry),
                about: entry.card(),
                progress: ProgressWrite::None,
            };
            for batch in entries.chunks(IMPORT_BATCH_ROWS) {
                let outcomes = self.append(batch.iter().map(row).collect()).await;
                for outcome in outcomes {
                    match outcome {
                        RowOutcome::Durable => {}
                        RowOutcome::Unknown(cause) | RowOutcome::Never(cause) => {
                            return Err(StoreError::new(cause, "append entries of an import"));
                        }
                    }
                }
            }
            Ok(())
        }
    }

    /// What a session starts from.
    fn load(&self, user: UserId) -> impl Future<Output = Result<LearnerLog, StoreError>> + Send;

    /// All progress rows of a learner in a deck, each the newest durable one; stale ones have `params_key` 0.
    fn progress(
        &self,
        user: UserId,
        deck: DeckId,
    ) -> impl Future<Output = Result<Vec<Progress>, StoreError>> + Send;

    /// The progress rows of several decks, or of all in which the learner has any: one question, however many decks.
    fn progress_of(
        &self,
        user: UserId,
        decks: Option<Vec<DeckId>>,
    ) -> impl Future<Output = Result<Vec<Progress>, StoreError>> + Send {
        async move {
            let decks = match decks {
                Some(decks) => decks,
                None => self.load(user).await?.decks,
            };
            let mut rows = Vec::new();
            for deck in decks {
                rows.extend(self.progress(user, deck).await?);
            }
            Ok(rows)
        }
    }

    /// The stored entries with these ids, in any order; unknown ids are absent.
    fn entries(
        &self,
        user: UserId,
        ids: Vec<EntryId>,
    ) -> impl Future<Output = Result<Vec<LogEntry>, StoreError>> + Send;

    /// All entries of these cards, and with them every entry that decides whether they count: undos that name them
    /// and the learner's import marks. In any order. A deck's whole log when `cards` is `None`.
    fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Option<Vec<CardId>>,
    ) -> impl Future<Output = Result<Vec<LogEntry>, StoreError>> + Send;

    /// What [`card_log`](ReviewStore::card_log) tells of cards of several decks: one question, however many decks.
    /// What concerns all cards may be told once for each deck.
    fn card_logs(
        &self,
        user: UserId,
        cards: Vec<(DeckId, Vec<CardId>)>,
    ) -> impl Future<Output = Result<Vec<LogEntry>, StoreError>> + Send {
        async move {
            let mut log = Vec::new();
            for (deck, cards) in cards {
                log.extend(self.card_log(user, deck, Some(cards)).await?);
            }
            Ok(log)
        }
    }

    /// The states of these cards, each folded from its log; cards of which the log says nothing are left out. However many
    /// they are, and however long the log is, little of it is held at once. One question, however many decks.
    fn fold_cards(
        &self,
        user: UserId,
        wanted: Vec<ToFold>,
    ) -> impl Future<Output = Result<CardStates, StoreError>> + Send {
        async move {
            let (mut states, mut portions) = (CardStates::new(), Portions::default());
            for ToFold { deck, cards, params } in wanted {
                let mut left = &cards[..];
                while !left.is_empty() {
                    let (some, behind) = portions.split(left);
                    left = behind;
                    let log = self.card_log(user, deck, Some(some.to_vec())).await?;
                    portions.held(some.len(), log.len());
                    states.extend(fold_deck(deck, &log, &params).into_iter().map(|(c, s)| ((deck, c), s)));
                }
            }
            Ok(states)
        }
    }

    /// Sums up the same stretch of several learners' logs: one question, however many they are. `sum` is called with what
    /// figures are made of, the answers from this id on that count, of the newest `entries_max` entries, learner by learner,
    /// so that few of them lie in memory; it must not block. What it gives is in the order of `users`.
    fn survey<T: Send + 'static>(
        &self,
        users: Vec<UserId>,
        from: EntryId,
        entries_max: usize,
        sum: impl Fn(UserId, Answers) -> T + Send + Sync + 'static,
    ) -> impl Future<Output = Result<Vec<T>, StoreError>> + Send {
        async move {
            // To the end of the log: what takes an answer back, or makes an import count, comes after it.
            let range = LogRange { from, before: None, newest_first: true, limit: entries_max };
            let mut all = Vec::with_capacity(users.len());
            for user in users {
                all.push(sum(user, Answers::of(&self.log(user, range).await?)));
            }
            Ok(all)
        }
    }

    /// A number for each of these learners that changes with whatever is stored in the learner's log: what was read of it
    /// after the number was taken holds as long as the number is the same. `None` where others may store something unseen.
    fn log_versions(&self, users: &[UserId]) -> Option<Vec<u64>> {
        let _ = users;
        None
    }

    /// A stretch of the log in the order of ids. Rows of import jobs are included.
    fn log(
        &self,
        user: UserId,
        range: LogRange,
    ) -> impl Future<Output = Result<Vec<LogEntry>, StoreError>> + Send;

    /// Keeps a command that can never be processed, durably.
    fn quarantine(&self, what: Quarantined) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Opens the store again after [`Cause::Poisoned`]; what was durable before still is.
    fn reopen(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Refuses entries that no import brought.
///
/// # Errors
/// [`Cause::Invalid`]: one of them has no job.
pub fn only_of_jobs(entries: &[LogEntry]) -> Result<(), StoreError> {
    match entries.iter().all(|entry| entry.job.is_some()) {
        true => Ok(()),
        false => Err(StoreError::new(Cause::Invalid, "an imported entry without a job")),
    }
}
