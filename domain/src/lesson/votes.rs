//! Which answers are votes: one rule for the session, which knows when they reached the server, and for whoever reads them
//! from the log.

use super::cell::{Said, Vote};
use super::document::Ask;
use crate::entry::Review;
use crate::ids::{CardId, DeckId, EntryId};

/// An answer that may be a vote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AskAnswer {
    /// Its entry.
    pub id: EntryId,
    /// The deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// When it reached the server, Unix milliseconds.
    pub reached_ms: i64,
    /// What was said.
    pub said: Said,
    /// Whether it is correct.
    pub is_correct: bool,
}

impl AskAnswer {
    /// An answer that reached the server at this moment (Unix milliseconds).
    pub fn new(id: EntryId, review: &Review, reached_ms: i64) -> AskAnswer {
        AskAnswer {
            id,
            deck: review.deck,
            card: review.card,
            reached_ms,
            said: review.response.map_or(Said::Grade(review.grade.number()), Said::Response),
            is_correct: review.grade.is_correct(),
        }
    }

    /// The answer as a vote on this question.
    pub fn vote(&self, ask: &Ask) -> Vote {
        let AskAnswer { said, is_correct, reached_ms, .. } = *self;
        Vote { ask: ask.id, round: ask.round, said, is_correct, reached_ms }
    }
}

/// The votes among a student's answers, round by round: of each the first answer that reached the server in time and is not
/// the vote of a round before. With extra time one round is still open when the next one is.
pub fn votes<'a>(
    answers: impl IntoIterator<Item = &'a AskAnswer> + Clone,
    rounds: &[Ask],
    extra_percent: u16,
) -> Vec<(Ask, AskAnswer)> {
    let mut votes: Vec<(Ask, AskAnswer)> = Vec::new();
    for ask in rounds {
        let is_to = |answer: &&AskAnswer| {
            (answer.deck, answer.card) == (ask.deck, ask.card)
                && ask.takes(answer.reached_ms, extra_percent)
                && !votes.iter().any(|(_, vote)| vote.id == answer.id)
        };
        let to_it = answers.clone().into_iter().filter(is_to);
        let first = to_it.min_by_key(|answer| (answer.reached_ms, answer.id)).copied();
        votes.extend(first.map(|answer| (*ask, answer)));
    }
    votes
}
