//! Joining what is read by key with the rows that wait in the journal.

use crate::error::{During, unreadable};
use crate::rows::{About, LogKey, NumberedProgress, cards_of_job, filed_under};
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId};
use domain::state::CardState;
use ports::codec::decode_row;
use ports::{Progress, ProgressWrite, Row, StoreError};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

/// A learner's rows that wait in the journal, oldest first.
#[derive(Default)]
pub(crate) struct Waiting {
    rows: Vec<(i64, Row)>,
}

impl Waiting {
    /// Reads these rows, within the caller's transaction. One that is gone was applied and trimmed meanwhile:
    /// `main.db`, read later, has it.
    pub(crate) fn read(journal: &Connection, numbers: &[i64]) -> Result<Self, StoreError> {
        let mut rows = Vec::with_capacity(numbers.len());
        let mut find =
            journal.prepare_cached("SELECT row FROM journal WHERE id = ?1").during("read the journal")?;
        for &number in numbers {
            let bytes: Option<Vec<u8>> =
                find.query_row([number], |r| r.get(0)).optional().during("read the journal")?;
            if let Some(bytes) = bytes {
                let row = decode_row(&bytes).map_err(|error| unreadable("read a journal row", error))?;
                rows.push((number, row));
            }
        }
        Ok(Self { rows })
    }

    /// These rows, without a journal.
    #[cfg(test)]
    pub(crate) const fn of(rows: Vec<(i64, Row)>) -> Self {
        Self { rows }
    }

    /// The entries and the card that each is filed under.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (LogEntry, About)> {
        self.rows.iter().filter_map(|(_, row)| row.entry.map(|entry| (entry, filed_under(&entry, row.about))))
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The newest word about each card's progress, of a deck or of all. The mark of an import is a word about every card of
    /// its job.
    pub(crate) fn progress(
        &self,
        main: &Connection,
        of_deck: Option<DeckId>,
    ) -> Result<BTreeMap<(DeckId, CardId), NumberedProgress>, StoreError> {
        let is_wanted = |deck: DeckId| of_deck.is_none_or(|wanted| wanted == deck);
        let mut newest = BTreeMap::new();
        for (number, row) in &self.rows {
            if let Some(progress) = progress_of(row).filter(|progress| is_wanted(progress.deck)) {
                newest.insert((progress.deck, progress.card), (progress, *number));
            }
            if let Some(job) = row.entry.and_then(|entry| entry.mark_of()) {
                let of_job = self.entries().filter(|(entry, _)| entry.job == Some(job));
                let waiting = of_job.filter_map(|(_, under)| under).filter(|(deck, _)| is_wanted(*deck));
                for (deck, card) in cards_of_job(main, row.user, job, of_deck)?.into_iter().chain(waiting) {
                    newest.insert((deck, card), (stale(deck, card), *number));
                }
            }
        }
        Ok(newest)
    }
}

/// The progress row that a row asks for. A stale card's row says nothing but that it must be folded again.
pub(crate) fn progress_of(row: &Row) -> Option<Progress> {
    let (deck, card) = row.about?;
    match row.progress {
        ProgressWrite::Whole(state, params_key) => Some(Progress { deck, card, params_key, state }),
        ProgressWrite::Stale => Some(stale(deck, card)),
        ProgressWrite::None => None,
    }
}

/// Says nothing but that the card must be folded again.
fn stale(deck: DeckId, card: CardId) -> Progress {
    Progress { deck, card, params_key: 0, state: CardState::NEW }
}

/// Entries by key; of two with one key the first that came stays.
#[derive(Default)]
pub(crate) struct Joined(BTreeMap<LogKey, LogEntry>);

impl Joined {
    /// What `main.db` has comes first: it was stored first.
    pub(crate) fn of(main: Vec<LogEntry>, waiting: impl Iterator<Item = LogEntry>) -> Self {
        let mut joined = BTreeMap::new();
        for entry in main.into_iter().chain(waiting) {
            joined.entry((entry.id, entry.job)).or_insert(entry);
        }
        Self(joined)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn oldest_first(self) -> impl DoubleEndedIterator<Item = LogEntry> {
        self.0.into_values()
    }
}

/// Progress rows of `main.db`, each replaced where the journal has a newer word.
pub(crate) fn join_progress(
    main: Vec<NumberedProgress>,
    waiting: BTreeMap<(DeckId, CardId), NumberedProgress>,
) -> Vec<Progress> {
    let mut joined: BTreeMap<_, _> = main.into_iter().map(|p| ((p.0.deck, p.0.card), p)).collect();
    for (card, newer) in waiting {
        joined
            .entry(card)
            .and_modify(|held| {
                if held.1 < newer.1 {
                    *held = newer
                }
            })
            .or_insert(newer);
    }
    joined.into_values().map(|(progress, _)| progress).collect()
}
