//! The fold: state as a function of the *set* of a learner's entries. Any order of arrival, doubling or split of the
//! same entries gives the same result, because the order is made here, from the ids, and nothing that depends on
//! arrival is stored in an entry.

mod live;

pub use live::{Live, LiveReader};

use crate::day::Day;
use crate::entry::{Fnv, LogEntry};
use crate::ids::{CardId, DeckId, EntryId};
use crate::state::{CardState, CountedAs, FoldParams};
use std::collections::BTreeMap;

/// Folds the entries of **one card**, given in any order, doubled or not. `live` must know the marks of the whole
/// log that concern them. Calls `each` with every entry that counts, in order and with the grade that it has now, and
/// what it counted as.
pub fn fold_card(
    entries: &[LogEntry],
    live: &Live,
    params: &FoldParams,
    mut each: impl FnMut(&LogEntry, Option<CountedAs>),
) -> CardState {
    replay_card(entries, live, params, |step| each(step.entry, step.counted))
}

/// What one entry did to its card.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The entry.
    pub entry: &'a LogEntry,
    /// The card before it.
    pub before: &'a CardState,
    /// The card after it.
    pub after: &'a CardState,
    /// What it counted as, if it was an answer.
    pub counted: Option<CountedAs>,
}

/// The same as [`fold_card`], for those who want to see the card before and after each entry.
pub fn replay_card(
    entries: &[LogEntry],
    live: &Live,
    params: &FoldParams,
    mut each: impl FnMut(Step<'_>),
) -> CardState {
    // A regrade speaks at its answer's place, and has none of its own.
    let acts = |entry: &&LogEntry| entry.regrade().is_none() && live.counts(entry);
    let mut ordered: Vec<&LogEntry> = entries.iter().filter(acts).collect();
    ordered.sort_unstable_by_key(|entry| (entry.id, entry.job));
    ordered.dedup_by_key(|entry| entry.id);
    let mut state = CardState::NEW;
    for entry in ordered {
        let regraded;
        let entry = match live.grade_of(entry) {
            Some(_) => {
                regraded = live.as_graded(entry);
                &regraded
            }
            None => entry,
        };
        let (after, counted) = state.after(entry, params);
        each(Step { entry, before: &state, after: &after, counted });
        state = after;
    }
    state
}

/// The same as [`fold_card`] for a card whose entries come one by one, by id and job, as a log is read.
#[derive(Clone, Copy, Debug)]
pub struct CardFold {
    state: CardState,
    newest: Option<EntryId>,
}

impl Default for CardFold {
    fn default() -> Self {
        Self { state: CardState::NEW, newest: None }
    }
}

impl CardFold {
    /// Takes the next entry of the card; says what it counted as, if it was an answer and counts.
    pub fn take(&mut self, entry: &LogEntry, live: &Live, params: &FoldParams) -> Option<CountedAs> {
        if entry.regrade().is_some() || !live.counts(entry) || self.newest == Some(entry.id) {
            return None;
        }
        self.newest = Some(entry.id);
        let (after, counted) = self.state.after(&live.as_graded(entry), params);
        self.state = after;
        counted
    }

    /// The card after all that it took.
    pub const fn state(&self) -> &CardState {
        &self.state
    }
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
