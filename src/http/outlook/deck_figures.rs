//! How far a learner is in many decks at once, from the rows that cache the fold: for lists, which say as of when they
//! are. One deck, exactly, is [`super::deck_progress`].

use super::progress::MASTERED_REPS;
use domain::day::Day;
use domain::ids::{CardId, DeckId, UserId};
use domain::state::CardState;
use ports::{DeckRecord, ReviewStore, StoreError, ToFold};
use serde::Serialize;
use std::collections::BTreeMap;

/// How far a learner is in a deck, about: cards that were deleted after they were studied count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, schemars::JsonSchema)]
pub struct DeckFigures {
    /// Cards that were answered and scheduled at least once.
    pub seen: u32,
    /// Cards with three or more successful repetitions in a row.
    pub mastered: u32,
    /// Cards that are due by the learner's study day, before the day's limits.
    pub due: u32,
    /// When the last answer was given that scheduled or drilled a card, Unix milliseconds.
    pub last_studied: Option<i64>,
    /// As of when this is, Unix milliseconds.
    pub as_of: i64,
}

impl DeckFigures {
    fn add(&mut self, state: &CardState, today: Day) {
        let shown = !state.suspended && state.buried_until.is_none_or(|until| until <= today);
        self.seen += u32::from(!state.is_new());
        self.mastered += u32::from(!state.is_new() && state.sm2.reps >= MASTERED_REPS);
        let rests = state.told_by(today);
        self.due += u32::from(shown && !rests && !state.is_new() && state.is_due(today));
        self.last_studied = self.last_studied.max(state.last_grade.map(|last| last.at_ms));
    }

    /// Both together, as of the older one.
    #[must_use]
    pub fn plus(self, other: DeckFigures) -> DeckFigures {
        DeckFigures {
            seen: self.seen + other.seen,
            mastered: self.mastered + other.mastered,
            due: self.due + other.due,
            last_studied: self.last_studied.max(other.last_studied),
            as_of: self.as_of.min(other.as_of),
        }
    }
}

/// How far a learner is in each of these decks on a study day; `now_ms` is what they are as of.
///
/// # Errors
/// The rows or the log could not be read.
pub async fn deck_figures<S: ReviewStore>(
    store: &S,
    user: UserId,
    decks: &[DeckRecord],
    today: Day,
    now_ms: i64,
) -> Result<BTreeMap<DeckId, DeckFigures>, StoreError> {
    let params: BTreeMap<DeckId, _> =
        decks.iter().map(|deck| (deck.id, deck.settings.fold_params())).collect();
    let blank = DeckFigures { as_of: now_ms, ..DeckFigures::default() };
    let mut figures: BTreeMap<DeckId, DeckFigures> = params.keys().map(|deck| (*deck, blank)).collect();
    let rows = store.progress_of(user, Some(params.keys().copied().collect())).await?;
    let mut stale: BTreeMap<DeckId, Vec<CardId>> = BTreeMap::new();
    for row in rows {
        let (Some(params), Some(of_deck)) = (params.get(&row.deck), figures.get_mut(&row.deck)) else {
            continue;
        };
        if row.params_key == params.key() {
            of_deck.add(&row.state, today);
        } else {
            stale.entry(row.deck).or_default().push(row.card);
        }
    }
    if !stale.is_empty() {
        let wanted = stale
            .into_iter()
            .filter_map(|(deck, cards)| Some(ToFold { deck, cards, params: *params.get(&deck)? }))
            .collect();
        for ((deck, _), state) in store.fold_cards(user, wanted).await? {
            figures.entry(deck).or_insert(blank).add(&state, today);
        }
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_a_class_has_talked_about_is_due_from_the_next_day_on() {
        let today = Day(20_000);
        let due = |state: &CardState, today: Day| {
            let mut figures = DeckFigures::default();
            figures.add(state, today);
            figures.due
        };
        let card = CardState { due: Some(today.plus(-2)), ..CardState::NEW };
        let told = CardState { told_on: Some(today), ..card };
        assert_eq!((due(&card, today), due(&told, today), due(&told, today.plus(1))), (1, 0, 1));
    }
}
