//! What a teacher wants to know of a class at a glance: the hardest cards, the commonest wrong answers, whom to talk to, and
//! how answers are spread. Pure functions over figures.

use super::output::{CardRow, StudentRow};
use crate::ids::{CardId, UserId};
use std::cmp::Reverse;
use std::sync::Arc;

/// Answers that a card must have to be called hard, or all of them where fewer students are there.
pub const ANSWERS_TO_BE_HARD: u32 = 3;

/// A wrong answer of a class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrongGroup {
    /// The card.
    pub card: CardId,
    /// The digest that the log keeps.
    pub digest: u64,
    /// As one of them typed it, as far as it is shown.
    pub text: Arc<str>,
    /// How often.
    pub times: u32,
    /// How many students.
    pub students: u32,
}

/// The hardest cards, at most `count`, the hardest first: by the lower bound of Wilson's interval (95 %) for the share of
/// wrong answers, so that one wrong answer of one is not harder than thirty of forty. Cards with fewer than
/// [`ANSWERS_TO_BE_HARD`] answers, or without a wrong one, are none.
pub fn hardest<'a>(cards: impl IntoIterator<Item = &'a CardRow>, count: usize) -> Vec<CardRow> {
    let is_hard = |card: &&CardRow| card.wrong > 0 && card.answers >= ANSWERS_TO_BE_HARD;
    let mut hard: Vec<(u64, &CardRow)> = cards
        .into_iter()
        .filter(is_hard)
        .map(|card| ((wilson(card.wrong, card.answers) * 1e9) as u64, card))
        .collect();
    hard.sort_by_key(|(bound, card)| (Reverse(*bound), Reverse(card.wrong), card.deck, card.card));
    hard.into_iter().take(count).map(|(_, card)| card.clone()).collect()
}

/// The lower bound of Wilson's score interval (1927) at 95 %.
fn wilson(of: u32, all: u32) -> f64 {
    const Z2: f64 = 1.959_963_985 * 1.959_963_985;
    let (n, p) = (f64::from(all.max(1)), f64::from(of) / f64::from(all.max(1)));
    let middle = p + Z2 / (2.0 * n);
    let reach = (1.959_963_985 * libm::sqrt(p * (1.0 - p) / n + Z2 / (4.0 * n * n))).min(middle);
    (middle - reach) / (1.0 + Z2 / n)
}

/// The commonest wrong answers, at most `count`: by students first, since one who tries the same thing nine times is one.
pub fn commonest<'a>(groups: impl IntoIterator<Item = &'a WrongGroup>, count: usize) -> Vec<WrongGroup> {
    let mut all: Vec<&WrongGroup> = groups.into_iter().collect();
    all.sort_by_key(|group| (Reverse(group.students), Reverse(group.times), group.card, group.digest));
    all.into_iter().take(count).cloned().collect()
}

/// Whom to talk to: who struggles, the one with the most wrong answers first.
pub fn talk_to(students: &[StudentRow]) -> Vec<UserId> {
    let mut struggling: Vec<&StudentRow> = students.iter().filter(|row| row.struggling.is_some()).collect();
    struggling.sort_by_key(|row| (Reverse(row.answered.saturating_sub(row.correct)), row.student));
    struggling.into_iter().map(|row| row.student).collect()
}

/// Answers by grade, in permille of all; the sum is 1,000 or, without answers, 0. What rounding leaves over goes to the
/// largest remainders.
pub fn spread(grades: &[u64; crate::grade::Grade::ALL.len()]) -> [u16; crate::grade::Grade::ALL.len()] {
    let all: u128 = grades.iter().map(|n| u128::from(*n)).sum();
    let mut permille = [0_u16; crate::grade::Grade::ALL.len()];
    if all == 0 {
        return permille;
    }
    let share = |n: u64| (u128::from(n) * 1_000 / all, u128::from(n) * 1_000 % all);
    let mut left = 1_000_u16;
    for (share_of, n) in permille.iter_mut().zip(grades) {
        *share_of = u16::try_from(share(*n).0).unwrap_or(1_000);
        left = left.saturating_sub(*share_of);
    }
    let mut order: Vec<usize> = (0..grades.len()).collect();
    order.sort_by_key(|at| Reverse(grades.get(*at).map_or(0, |n| share(*n).1)));
    for at in order.into_iter().take(left.into()) {
        if let Some(share_of) = permille.get_mut(at) {
            *share_of += 1;
        }
    }
    permille
}
