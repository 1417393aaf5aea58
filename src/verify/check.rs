//! One learner: the fold of the log beside the stored rows. Pure.

use super::Totals;
use domain::entry::{Body, LogEntry, SetChange};
use domain::fold::{Live, fold_card};
use domain::ids::{CardId, DeckId, UserId};
use domain::sm2::{EASE_MIN, INTERVAL_MAX_DAYS, Sm2};
use domain::state::{CardState, CountedAs, FoldParams};
use ports::Progress;
use std::collections::BTreeMap;

/// A card whose stored state is not the fold of its log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The learner.
    pub user: UserId,
    /// The deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// What the progress row says; `None`: there is no row, and the card would be dealt as new.
    pub stored: Option<CardState>,
    /// What the log says; `None`: no entry of the card counts.
    pub folded: Option<CardState>,
}

/// How many folded cards are in a state that no history may lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Broken {
    /// New, and yet with a past.
    pub new_and_reviewed: u64,
    /// The ease factor is below its floor.
    pub ease_below_floor: u64,
    /// The interval is longer than the longest.
    pub interval_too_long: u64,
    /// Due before its last scheduling day, though nobody set the day.
    pub due_before_last_review: u64,
}

/// Folds each card of a learner's log and compares it with its row.
///
/// # Errors
/// What `each` fails with; nothing is compared after that.
pub fn check_learner<E>(
    user: UserId,
    mut log: Vec<LogEntry>,
    progress: &[Progress],
    params: impl Fn(DeckId) -> FoldParams,
    totals: &mut Totals,
    mut each: impl FnMut(Difference) -> Result<(), E>,
) -> Result<(), E> {
    totals.entries += log.len() as u64;
    let live = Live::of(&log);
    let mut stored: BTreeMap<(DeckId, CardId), &Progress> =
        progress.iter().map(|row| ((row.deck, row.card), row)).collect();
    log.sort_unstable_by_key(LogEntry::card);
    for entries in log.chunk_by(|a, b| a.card() == b.card()) {
        let Some((deck, card)) = entries.first().and_then(LogEntry::card) else { continue };
        let params = params(deck);
        let folded = fold_one(entries, &live, &params, &mut totals.broken);
        totals.cards += u64::from(folded.is_some());
        let row = stored.remove(&(deck, card));
        if let Some(difference) = compare(user, (deck, card), row, folded, &params, totals) {
            each(difference)?;
        }
    }
    for ((deck, card), row) in stored {
        if let Some(difference) = compare(user, (deck, card), Some(row), None, &params(deck), totals) {
            each(difference)?;
        }
    }
    Ok(())
}

fn compare(
    user: UserId,
    (deck, card): (DeckId, CardId),
    row: Option<&Progress>,
    folded: Option<CardState>,
    params: &FoldParams,
    totals: &mut Totals,
) -> Option<Difference> {
    if row.is_some_and(|row| row.params_key != params.key()) {
        totals.stale += 1;
        return None;
    }
    // No row, no entry that counts and a new card without a past are the same thing.
    let stored = row.map(|row| row.state);
    if stored.unwrap_or(CardState::NEW) == folded.unwrap_or(CardState::NEW) {
        return None;
    }
    totals.differences += 1;
    Some(Difference { user, deck, card, stored, folded })
}

/// The fold of one card, `None` when none of its entries counts; adds to `broken` what is wrong with it.
fn fold_one(
    entries: &[LogEntry],
    live: &Live,
    params: &FoldParams,
    broken: &mut Broken,
) -> Option<CardState> {
    let mut any = false;
    let mut due_was_set = false;
    let state = fold_card(entries, live, params, |entry, counted| {
        any = true;
        due_was_set = match entry.body {
            Body::Review(_) => due_was_set && !counted.is_some_and(CountedAs::schedules),
            Body::Set { change: SetChange::Due(_), .. } | Body::State { .. } => true,
            Body::Set { .. }
            | Body::Undo { .. }
            | Body::ImportCommit { .. }
            | Body::ImportRevoke { .. }
            | Body::Regrade(_)
            | Body::Claim { .. } => due_was_set,
        };
    });
    broken.add(&state, due_was_set);
    any.then_some(state)
}

impl Broken {
    /// Both together.
    pub(super) const fn and(&self, other: &Broken) -> Broken {
        Broken {
            new_and_reviewed: self.new_and_reviewed + other.new_and_reviewed,
            ease_below_floor: self.ease_below_floor + other.ease_below_floor,
            interval_too_long: self.interval_too_long + other.interval_too_long,
            due_before_last_review: self.due_before_last_review + other.due_before_last_review,
        }
    }

    /// Counts what is wrong with a state; `due_was_set` says that its due day was given since its last scheduling answer.
    pub(super) fn add(&mut self, state: &CardState, due_was_set: bool) {
        // A reset keeps the day and the kind of the last answer: its place under that day's limit stays taken.
        let has_a_past = state.sm2 != Sm2::NEW;
        let due_early = state.due.is_some_and(|due| state.scheduled_on.is_some_and(|last| due < last));
        self.new_and_reviewed += u64::from(state.is_new() && has_a_past);
        self.ease_below_floor += u64::from(state.sm2.ease < EASE_MIN);
        self.interval_too_long += u64::from(state.sm2.interval_days > INTERVAL_MAX_DAYS);
        self.due_before_last_review += u64::from(due_early && !due_was_set);
    }
}
