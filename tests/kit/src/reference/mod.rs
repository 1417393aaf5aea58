//! A reference fold: the rules of docs/MODEL.md a second time, written apart from the production code, plainly and
//! without regard for speed. Tests fold one log by both and compare.
//!
//! It shares with production only the words in which a log is written (ids, days, grades, entries), not one rule.
//! [`Planted`] names bugs that can be switched on in it: a test that compares folds proves nothing until it has
//! caught each of them.

mod card;
mod memory;
mod planted;

pub use card::Card;
use card::fold_one_card;
use domain::entry::{Body, LogEntry, SetChange};
use domain::ids::{CardId, DeckId, EntryId, JobId};
use domain::state::{CountedAs, FoldParams};
pub use planted::Planted;
use std::collections::{BTreeMap, BTreeSet};

/// A learner as the rules say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Learner {
    /// Each card with an entry that counts.
    pub cards: BTreeMap<(DeckId, CardId), Card>,
    /// What each answer that counts, counts as; in the order of ids.
    pub kinds: Vec<(EntryId, CountedAs)>,
    /// Answers, right answers and milliseconds, by stamped day and deck.
    pub days: BTreeMap<(i32, DeckId), (u64, u64, u64)>,
}

/// The fold of these entries, which may be doubled and in any order; `params` gives each deck's parameters.
pub fn fold(entries: &[LogEntry], params: impl Fn(DeckId) -> FoldParams) -> Learner {
    fold_planted(entries, params, None)
}

/// The same with a bug. `entries` stand in the order of their arrival, which only bugs look at.
pub fn fold_planted(
    entries: &[LogEntry],
    params: impl Fn(DeckId) -> FoldParams,
    bug: Option<Planted>,
) -> Learner {
    if bug == Some(Planted::KindFromArrival) {
        let kinds = kinds_at_arrival(entries, &params);
        return fold_counting(&live_entries(entries, bug), params, bug, &kinds);
    }
    fold_counting(&live_entries(entries, bug), params, bug, &BTreeMap::new())
}

fn fold_counting(
    live: &[LogEntry],
    params: impl Fn(DeckId) -> FoldParams,
    bug: Option<Planted>,
    stored: &BTreeMap<EntryId, CountedAs>,
) -> Learner {
    let mut learner = Learner::default();
    for entry in live {
        let Some(key) = entry.card() else { continue };
        let its_own: Vec<LogEntry> = live.iter().filter(|e| e.card() == Some(key)).copied().collect();
        learner.cards.entry(key).or_insert_with(|| {
            let (card, kinds) = fold_one_card(&its_own, &params(key.0), bug, stored);
            learner.kinds.extend(kinds);
            card
        });
        if let Some(review) = entry.review() {
            let figures = learner.days.entry((entry.stamp.day.0, review.deck)).or_default();
            figures.0 += 1;
            figures.1 += u64::from(review.grade.number() >= 3);
            figures.2 += u64::from(review.elapsed_ms);
        }
    }
    learner.kinds.sort();
    learner
}

/// What each answer would have been called by somebody who folds what has arrived so far.
fn kinds_at_arrival(
    entries: &[LogEntry],
    params: &impl Fn(DeckId) -> FoldParams,
) -> BTreeMap<EntryId, CountedAs> {
    let mut kinds = BTreeMap::new();
    for (i, entry) in entries.iter().enumerate() {
        let so_far = live_entries(&entries[..=i], None);
        for (id, kind) in fold_counting(&so_far, params, None, &BTreeMap::new()).kinds {
            if id == entry.id {
                kinds.entry(id).or_insert(kind);
            }
        }
    }
    kinds
}

/// Rule 1: which entries count, each once, in the order in which they are folded (rule 2).
fn live_entries(entries: &[LogEntry], bug: Option<Planted>) -> Vec<LogEntry> {
    let mut undone: Vec<(EntryId, EntryId)> = Vec::new();
    let mut committed: BTreeSet<JobId> = BTreeSet::new();
    let mut revoked: BTreeSet<JobId> = BTreeSet::new();
    let mut claimed: BTreeSet<JobId> = BTreeSet::new();
    for entry in entries {
        match entry.body {
            Body::Undo { of } => undone.push((entry.id, of)),
            Body::ImportCommit { job } => drop(committed.insert(job)),
            Body::ImportRevoke { job } => drop(revoked.insert(job)),
            Body::Claim { job, .. } if bug != Some(Planted::ClaimIgnored) => {
                committed.insert(job);
                claimed.insert(job);
            }
            Body::Claim { .. } => {}
            Body::Review(_) | Body::Set { .. } | Body::State { .. } | Body::Regrade(_) => {}
        }
    }
    if bug == Some(Planted::UndoOfUndo) {
        let taken_back: BTreeSet<EntryId> = undone.iter().map(|(_, of)| *of).collect();
        undone.retain(|(by, _)| !taken_back.contains(by));
    }
    let job_counts = |job: JobId| {
        (committed.contains(&job) || bug == Some(Planted::UncommittedCounts))
            && (!revoked.contains(&job) || bug == Some(Planted::RevokeIgnored))
    };
    let is_undone = |id: EntryId| {
        undone.iter().any(|(by, of)| *of == id && (bug != Some(Planted::UndoByPosition) || *by > id))
    };
    if bug == Some(Planted::ClaimAsImport) {
        claimed.clear();
    }
    // A guest answers live too, under an id that is made as live ones are.
    let is_live = |e: &LogEntry| {
        e.job.is_none_or(|job| {
            claimed.contains(&job) && !revoked.contains(&job) && e.id.0.get_version_num() == 7
        })
    };
    let answered_live = |card: CardId, at_ms: i64| {
        entries
            .iter()
            .any(|e| is_live(e) && e.id.at_ms() == at_ms && e.review().is_some_and(|r| r.card == card))
    };
    let revoked_elsewhere =
        |id: EntryId| entries.iter().any(|e| e.id == id && e.job.is_some_and(|job| revoked.contains(&job)));

    let mut live: Vec<LogEntry> = Vec::new();
    for entry in entries {
        let counts = match (entry.job, entry.review()) {
            (None, _) => true,
            (Some(job), None) => job_counts(job),
            (Some(job), Some(review)) => {
                job_counts(job)
                    && (bug == Some(Planted::ImportBesideLive)
                        || claimed.contains(&job)
                        || !answered_live(review.card, entry.id.at_ms()))
                    && (bug != Some(Planted::RevokeDeletes) || !revoked_elsewhere(entry.id))
            }
        };
        let uncounted_regrade = bug == Some(Planted::RegradeOfAnOpenJob) && entry.regrade().is_some();
        let undone_regrade = bug == Some(Planted::RegradeCannotBeUndone) && entry.regrade().is_some();
        if !(counts || uncounted_regrade) || (is_undone(entry.id) && !undone_regrade) {
            continue;
        }
        // Two jobs may have one review with two grades: then the job with the lower id is heard.
        match live.iter_mut().find(|e| e.id == entry.id && bug != Some(Planted::NoDedupe)) {
            Some(known) if entry.job < known.job => *known = *entry,
            Some(_) => {}
            None => live.push(*entry),
        }
    }
    regrade(&mut live, entries, bug);
    if bug != Some(Planted::OrderOfArrival) {
        live.sort_by_key(|e| e.id);
    }
    if bug == Some(Planted::StateActsFirst) {
        live.sort_by_key(|e| !matches!(e.body, Body::State { .. }));
    }
    if bug == Some(Planted::RegistersByArrival) {
        move_registers_to_arrival(&mut live, entries);
    }
    live
}

/// Rule 1: an answer has the grade of the newest regrade that names it and its card; a regrade itself is no part of the
/// card's history.
fn regrade(live: &mut Vec<LogEntry>, arrived: &[LogEntry], bug: Option<Planted>) {
    let mut regrades: Vec<LogEntry> = live.iter().filter(|e| e.regrade().is_some()).copied().collect();
    regrades.sort_by_key(|e| e.id);
    if bug == Some(Planted::OldestRegradeWins) {
        regrades.reverse();
    }
    if bug == Some(Planted::RegradeByArrival) {
        regrades.sort_by_key(|e| arrived.iter().position(|a| a.id == e.id));
    }
    if bug != Some(Planted::RegradeRaisesDays) {
        live.retain(|e| e.regrade().is_none());
    }
    for entry in live {
        let Body::Review(review) = &mut entry.body else { continue };
        for said in &regrades {
            let Some(regrade) = said.regrade() else { continue };
            let is_its_card = (regrade.deck, regrade.card) == (review.deck, review.card)
                || bug == Some(Planted::RegradeOfAnotherCard);
            let is_in_time = said.id > entry.id || bug != Some(Planted::RegradeByPosition);
            if regrade.of == entry.id && is_its_card && is_in_time && bug != Some(Planted::RegradeIgnored) {
                review.grade = regrade.grade;
            }
        }
    }
}

/// Puts the register entry that arrived last at the end, as a store of plain columns would have it.
fn move_registers_to_arrival(live: &mut Vec<LogEntry>, arrived: &[LogEntry]) {
    let is_register = |e: &LogEntry| {
        matches!(
            e.body,
            Body::Set {
                change: SetChange::Suspended(_) | SetChange::BuriedUntil(_) | SetChange::Flag(_),
                ..
            }
        )
    };
    let mut registers: Vec<LogEntry> = live.iter().filter(|e| is_register(e)).copied().collect();
    registers.sort_by_key(|e| arrived.iter().position(|a| a.id == e.id));
    live.retain(|e| !is_register(e));
    live.extend(registers);
}
