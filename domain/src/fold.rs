//! The fold: state as a function of the *set* of a learner's entries. Any order of arrival, doubling or split of the
//! same entries gives the same result, because the order is made here, from the ids, and nothing that depends on
//! arrival is stored in an entry.

use crate::day::Day;
use crate::entry::{Body, Fnv, LogEntry};
use crate::ids::{CardId, DeckId, EntryId, JobId};
use crate::state::{CardState, CountedAs, FoldParams};
use std::collections::{BTreeMap, BTreeSet};

/// What stands above single cards: which entries of the set count at all.
#[derive(Clone, Debug, Default)]
pub struct Live {
    undone: BTreeSet<EntryId>,
    committed: BTreeSet<JobId>,
    revoked: BTreeSet<JobId>,
    answered_live: BTreeSet<(CardId, i64)>,
}

impl Live {
    /// Reads the marks of a set of entries: undos, commits, revocations, and which answers were given live.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a LogEntry>) -> Live {
        let mut live = Live::default();
        for entry in entries {
            match entry.body {
                Body::Undo { of } => {
                    live.undone.insert(of);
                }
                Body::ImportCommit { job } => {
                    live.committed.insert(job);
                }
                Body::ImportRevoke { job } => {
                    live.revoked.insert(job);
                }
                Body::Review(review) if entry.job.is_none() => {
                    live.answered_live.insert((review.card, entry.id.at_ms()));
                }
                Body::Review(_) | Body::Set { .. } | Body::State { .. } => {}
            }
        }
        live
    }

    /// Whether an undo names this entry.
    pub fn is_undone(&self, id: EntryId) -> bool {
        self.undone.contains(&id)
    }

    /// Whether the entry counts.
    pub fn counts(&self, entry: &LogEntry) -> bool {
        if self.undone.contains(&entry.id) {
            return false;
        }
        let Some(job) = entry.job else { return true };
        if !self.committed.contains(&job) || self.revoked.contains(&job) {
            return false;
        }
        // An imported answer with card and millisecond of a live one is that one: the live one's grade stays.
        entry.review().is_none_or(|r| !self.answered_live.contains(&(r.card, entry.id.at_ms())))
    }
}

/// Folds the entries of **one card**, given in any order, doubled or not. `live` must know the marks of the whole
/// log that concern them. Calls `each` with every entry that counts, in order, and what it counted as.
pub fn fold_card(
    entries: &[LogEntry],
    live: &Live,
    params: &FoldParams,
    mut each: impl FnMut(&LogEntry, Option<CountedAs>),
) -> CardState {
    let mut ordered: Vec<&LogEntry> = entries.iter().filter(|entry| live.counts(entry)).collect();
    ordered.sort_unstable_by_key(|entry| (entry.id, entry.job));
    ordered.dedup_by_key(|entry| entry.id);
    let mut state = CardState::NEW;
    for entry in ordered {
        let (next, counted) = state.after(entry, params);
        state = next;
        each(entry, counted);
    }
    state
}

/// Folds the cards of one deck, each that an entry of the log is about. The log must have all of their entries and the
/// marks that concern them.
pub fn fold_deck(deck: DeckId, log: &[LogEntry], params: &FoldParams) -> BTreeMap<CardId, CardState> {
    let live = Live::of(log);
    let mut by_card: BTreeMap<CardId, Vec<LogEntry>> = BTreeMap::new();
    for entry in log {
        if let Some((_, card)) = entry.card().filter(|(of, _)| *of == deck) {
            by_card.entry(card).or_default().push(*entry);
        }
    }
    by_card.into_iter().map(|(card, entries)| (card, fold_card(&entries, &live, params, |_, _| {}))).collect()
}

/// Figures of one study day and deck.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DayFigures {
    /// Answers of all kinds, undone ones excluded.
    pub entries: u32,
    /// Answers with a grade of 3 and above.
    pub correct: u32,
    /// Time spent on them, in milliseconds.
    pub elapsed_ms: u64,
}

/// A whole learner, folded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Folded {
    /// Each card that has a counting entry.
    pub cards: BTreeMap<(DeckId, CardId), CardState>,
    /// Figures by the entries' study day and deck.
    pub days: BTreeMap<(Day, DeckId), DayFigures>,
}

impl Folded {
    /// One number for the whole: equal for equal states.
    pub fn digest(&self) -> u64 {
        let mut h = Fnv::new();
        h.bytes(&(self.cards.len() as u64).to_le_bytes());
        for ((deck, card), state) in &self.cards {
            h.bytes(deck.bytes());
            h.bytes(card.bytes());
            state.digest_into(&mut h);
        }
        for ((day, deck), figures) in &self.days {
            h.bytes(&day.0.to_le_bytes());
            h.bytes(deck.bytes());
            h.bytes(&figures.entries.to_le_bytes());
            h.bytes(&figures.correct.to_le_bytes());
            h.bytes(&figures.elapsed_ms.to_le_bytes());
        }
        h.0
    }
}

/// Folds a learner's whole log, given in any order, doubled or not; `params` gives each deck's parameters.
pub fn fold_learner(entries: &[LogEntry], params: impl Fn(DeckId) -> FoldParams) -> Folded {
    let live = Live::of(entries);
    let mut by_card: BTreeMap<(DeckId, CardId), Vec<LogEntry>> = BTreeMap::new();
    for entry in entries {
        if let Some(key) = entry.card() {
            by_card.entry(key).or_default().push(*entry);
        }
    }
    let mut folded = Folded::default();
    for ((deck, card), entries) in by_card {
        let mut any = false;
        let state = fold_card(&entries, &live, &params(deck), |entry, _| {
            any = true;
            if let Some(review) = entry.review() {
                let figures = folded.days.entry((entry.stamp.day, deck)).or_default();
                figures.entries += 1;
                figures.correct += u32::from(review.grade.is_correct());
                figures.elapsed_ms += u64::from(review.elapsed_ms);
            }
        });
        if any {
            folded.cards.insert((deck, card), state);
        }
    }
    folded
}
