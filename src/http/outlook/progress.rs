//! How far a learner is in a deck.

use super::{OutlookError, maybe_day};
use domain::day::Day;
use domain::deck::Deck;
use domain::entry::{Body, LogEntry};
use domain::ids::{CardId, DeckId, EntryId, UserId};
use domain::state::{CardState, FoldParams};
use ports::{LogRange, Progress as Row, ReviewStore, ToFold};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A card counts as mastered from this many successful repetitions in a row on.
pub(super) const MASTERED_REPS: u16 = 3;
/// Entries that are looked through for the very last answer.
const NEWEST_ENTRIES: usize = 512;

/// How far a learner is in a deck.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Progress {
    /// Cards of the deck.
    pub cards: u32,
    /// Cards with three or more successful repetitions in a row.
    pub mastered: u32,
    /// Mean ease factor of the cards that were scheduled, in hundredths; null when none was.
    pub mean_ease: Option<f64>,
    /// The moment of the last answer, Unix milliseconds.
    pub last_studied: Option<i64>,
    /// Its study day.
    #[serde(serialize_with = "maybe_day")]
    #[schemars(with = "Option<crate::http::dto::DayText>")]
    pub last_studied_day: Option<Day>,
    /// Mastered cards in per cent, to a tenth.
    pub mastery: f64,
}

/// How far a learner is in a deck. Deleted cards do not count, except for when the deck was last studied. `rows`: the
/// deck's rows of progress, where they were read before.
///
/// # Errors
/// The log could not be read.
pub async fn deck_progress<S: ReviewStore>(
    store: &S,
    user: UserId,
    deck: &Deck,
    rows: Option<Vec<Row>>,
) -> Result<Progress, OutlookError> {
    let rows = match rows {
        Some(rows) => rows,
        None => store.progress(user, deck.id).await?,
    };
    let states = states(store, user, deck.id, rows, &deck.settings.fold_params()).await?;
    let alive: HashSet<CardId> =
        deck.cards().iter().filter(|card| card.deleted_ms.is_none()).map(|card| card.id).collect();
    let scheduled: Vec<&CardState> = states
        .iter()
        .filter(|(id, state)| alive.contains(id) && !state.is_new())
        .map(|(_, state)| state)
        .collect();
    let mastered = scheduled.iter().filter(|state| state.sm2.reps >= MASTERED_REPS).count();
    let ease: u64 = scheduled.iter().map(|state| u64::from(state.sm2.ease)).sum();
    let mean_ease = (!scheduled.is_empty()).then(|| round(ease as f64 / scheduled.len() as f64, 100.0));
    let last = last_answer(store, user, deck.id, &states).await?;
    Ok(Progress {
        cards: count(alive.len()),
        mastered: count(mastered),
        mean_ease,
        last_studied: last.map(|(at_ms, _)| at_ms),
        last_studied_day: last.map(|(_, day)| day),
        mastery: if alive.is_empty() {
            0.0
        } else {
            round(mastered as f64 * 100.0 / alive.len() as f64, 10.0)
        },
    })
}

/// The states of all cards that have one; those whose stored row was made by other rules are folded anew.
async fn states<S: ReviewStore>(
    store: &S,
    user: UserId,
    deck: DeckId,
    rows: Vec<Row>,
    params: &FoldParams,
) -> Result<BTreeMap<CardId, CardState>, OutlookError> {
    let key = params.key();
    let stale: Vec<CardId> = rows.iter().filter(|row| row.params_key != key).map(|row| row.card).collect();
    let fresh = rows.into_iter().filter(|row| row.params_key == key);
    let mut states: BTreeMap<CardId, CardState> = fresh.map(|row| (row.card, row.state)).collect();
    if !stale.is_empty() {
        let wanted = vec![ToFold { deck, cards: stale, params: *params }];
        let folded = store.fold_cards(user, wanted).await?;
        states.extend(folded.into_iter().map(|((_, card), state)| (card, state)));
    }
    Ok(states)
}

/// When the deck was last answered. The states know it but for answers that neither scheduled nor drilled; those are
/// looked for among the newest entries.
async fn last_answer<S: ReviewStore>(
    store: &S,
    user: UserId,
    deck: DeckId,
    states: &BTreeMap<CardId, CardState>,
) -> Result<Option<(i64, Day)>, OutlookError> {
    let known = states.values().filter_map(|state| state.last_grade).map(|last| (last.at_ms, last.day)).max();
    if states.values().all(|state| state.answers == 0) {
        return Ok(known);
    }
    let from = known.map_or(EntryId::MIN, |(at_ms, _)| EntryId::floor_of(at_ms));
    let newest = LogRange { from, before: None, newest_first: true, limit: NEWEST_ENTRIES };
    let entries = store.log(user, newest).await?;
    let undone: BTreeSet<EntryId> = entries
        .iter()
        .filter_map(|entry| match entry.body {
            Body::Undo { of } => Some(of),
            Body::Review(_)
            | Body::Set { .. }
            | Body::State { .. }
            | Body::ImportCommit { .. }
            | Body::ImportRevoke { .. }
            | Body::Regrade(_)
            | Body::Claim { .. } => None,
        })
        .collect();
    let here = |entry: &&LogEntry| entry.review().is_some_and(|review| review.deck == deck);
    let found = entries.iter().filter(here).find(|entry| entry.job.is_none() && !undone.contains(&entry.id));
    Ok(known.max(found.map(|entry| (entry.id.at_ms(), entry.stamp.day))))
}

fn round(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
