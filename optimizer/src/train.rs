//! Weights fitted to a learner's own recalls, by the field's library.

use crate::histories::{Answer, History};
use crate::limits::{ANSWERS_PER_CARD_MAX, RECALLS_MAX, RECALLS_MIN};
use domain::fsrs::{Parameters, Rating};
use fsrs::{
    CombinedProgressState, ComputeParametersInput, FSRSError, FSRSItem, FSRSReview, compute_parameters,
};
use std::sync::{Arc, Mutex};

/// Why there are no weights.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OptimiseError {
    /// Too little to learn from.
    #[error("{have} recalls after a day or more are too few to fit weights to; {RECALLS_MIN} are needed")]
    TooFew {
        /// How many there are.
        have: usize,
    },
    /// It was told to stop.
    #[error("the fitting was stopped")]
    Stopped,
    /// The library found none.
    #[error("no weights fit these answers: {0}")]
    NoFit(String),
}

/// How far a fitting is, and its stop.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<CombinedProgressState>>);

impl Progress {
    /// How far it is, 0 to 1.
    pub fn share(&self) -> f64 {
        match self.0.lock() {
            Ok(state) if state.total() > 0 => (state.current() as f64 / state.total() as f64).min(1.0),
            Ok(_) | Err(_) => 0.0,
        }
    }

    /// Makes it stop soon, with [`OptimiseError::Stopped`].
    pub fn stop(&self) {
        if let Ok(mut state) = self.0.lock() {
            state.want_abort = true;
        }
    }
}

/// Where a recall is: the card's place among the histories, and the answer's among the card's.
struct Recall {
    at_ms: i64,
    card: usize,
    answer: usize,
}

/// Fits weights to the recalls before `until_ms` (Unix milliseconds; all of them when `None`). Takes seconds for many: not for
/// a thread on which others wait.
///
/// # Errors
/// [`OptimiseError`].
pub fn optimise(
    histories: &[History],
    until_ms: Option<i64>,
    progress: &Progress,
) -> Result<Parameters, OptimiseError> {
    let recalls = recalls_before(histories, until_ms);
    if recalls.len() < RECALLS_MIN {
        return Err(OptimiseError::TooFew { have: recalls.len() });
    }
    let (card_ids, train_set) = items(recalls, histories, RECALLS_MAX).into_iter().unzip();
    let input = ComputeParametersInput {
        train_set,
        card_ids: Some(card_ids),
        progress: Some(Arc::clone(&progress.0)),
        enable_short_term: true,
        num_relearning_steps: Some(1),
        training_config: None,
    };
    let weights = compute_parameters(input).map_err(|error| match error {
        FSRSError::Interrupted => OptimiseError::Stopped,
        other @ (FSRSError::NotEnoughData
        | FSRSError::InvalidParameters
        | FSRSError::OptimalNotFound
        | FSRSError::InvalidInput
        | FSRSError::InvalidDeckSize) => OptimiseError::NoFit(format!("{other:?}")),
    })?;
    let decimals: Vec<f64> = weights.into_iter().map(f64::from).collect();
    Parameters::new(&decimals).map_err(|error| OptimiseError::NoFit(error.to_string()))
}

/// The newest of these recalls, oldest first, at most so many, each with its card. What came before each is written out only for those
/// that are left: written out for all recalls, a long log would be many times its own size.
fn items(recalls: Vec<Recall>, histories: &[History], most: usize) -> Vec<(i64, FSRSItem)> {
    let mut recalls = recalls;
    // Later answers weigh more, by their place in the list.
    recalls.sort_by_key(|recall| recall.at_ms);
    recalls.drain(..recalls.len().saturating_sub(most));
    let item = |recall: &Recall| {
        let answers = histories.get(recall.card)?.answers.get(..=recall.answer)?;
        Some((i64::try_from(recall.card).unwrap_or(0), item_of(answers)))
    };
    recalls.iter().filter_map(item).collect()
}

fn recalls_before(histories: &[History], until_ms: Option<i64>) -> Vec<Recall> {
    let mut found = Vec::new();
    for (card, history) in histories.iter().enumerate() {
        let is_known = |answer: &&Answer| until_ms.is_none_or(|until_ms| answer.at_ms < until_ms);
        let known = history.answers.iter().take(ANSWERS_PER_CARD_MAX).take_while(is_known).count();
        let recall = |answer: usize| Some(Recall { at_ms: history.answers.get(answer)?.at_ms, card, answer });
        found.extend(history.recalls().take_while(|answer| *answer < known).filter_map(recall));
    }
    found
}

/// A recall with what came before it, as the library wants it.
fn item_of(answers: &[Answer]) -> FSRSItem {
    let mut before = None;
    let review = |answer: &Answer| {
        let days = before.map_or(0, |before| answer.day.since(before).max(0));
        before = Some(answer.day);
        let rating = u32::from(Rating::from(answer.grade).number());
        FSRSReview { rating, delta_t: u32::try_from(days).unwrap_or(0) }
    };
    FSRSItem { reviews: answers.iter().map(review).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::day::Day;
    use domain::grade::Grade;
    use proptest::prelude::*;

    /// All recalls with all that came before them, written out one by one.
    fn written_out(histories: &[History], until_ms: Option<i64>) -> Vec<(i64, i64, FSRSItem)> {
        let mut items = Vec::new();
        for (card, history) in histories.iter().enumerate() {
            let (mut reviews, mut before) = (Vec::new(), None);
            for answer in history.answers.iter().take(ANSWERS_PER_CARD_MAX) {
                let days = before.map_or(0, |before| answer.day.since(before).max(0));
                before = Some(answer.day);
                let rating = u32::from(Rating::from(answer.grade).number());
                reviews.push(FSRSReview { rating, delta_t: days as u32 });
                if until_ms.is_some_and(|until_ms| answer.at_ms >= until_ms) {
                    break;
                }
                if days > 0 {
                    items.push((answer.at_ms, card as i64, FSRSItem { reviews: reviews.clone() }));
                }
            }
        }
        items.sort_by_key(|(at_ms, ..)| *at_ms);
        items
    }

    fn history(answers: Vec<(u8, u8, i8)>) -> History {
        let mut day = 0;
        let answer = |(grade, days, apart): (u8, u8, i8)| {
            day += i32::from(days);
            let grade = [Grade::Wrong, Grade::Hard, Grade::Good][usize::from(grade)];
            // What is told late has its day and not its place.
            Answer { at_ms: i64::from(day) * 100 + i64::from(apart), day: Day(day), grade }
        };
        History { answers: answers.into_iter().map(answer).collect() }
    }

    proptest! {
        #[test]
        fn the_newest_recalls_are_fitted_to_each_with_all_that_came_before_it(
            answers in prop::collection::vec(prop::collection::vec((0..3_u8, 0..4_u8, any::<i8>()), 0..300), 0..6),
            until_ms in prop::option::of(0..60_000_i64),
            most in 0..400_usize,
        ) {
            let histories: Vec<History> = answers.into_iter().map(history).collect();
            let all = written_out(&histories, until_ms);
            let recalls = recalls_before(&histories, until_ms);
            prop_assert_eq!(recalls.len(), all.len());
            let newest: Vec<(i64, FSRSItem)> = all
                .into_iter()
                .rev()
                .take(most)
                .rev()
                .map(|(_, card, item)| (card, item))
                .collect();
            prop_assert_eq!(items(recalls, &histories, most), newest);
        }
    }
}
