//! Answers in little memory, and what they are in the log.

use super::id::review_id;
use super::index::CardIndex;
use crate::import::Stamps;
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, JobId};

/// An answer of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Answer {
    id: EntryId,
    /// The place of its card in the index.
    card: u32,
    elapsed_ms: u32,
    grade: Grade,
    manner: Manner,
}

/// How an answer was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Manner {
    /// Ahead of the card's day, to count.
    pub(super) early: bool,
    /// After the class had talked about the card: it did not schedule.
    pub(super) told: bool,
}

const _: () = assert!(size_of::<Answer>() <= 28);

impl Answer {
    /// An answer that was given when the card was due.
    pub(super) fn new(place: u32, card: CardId, at_ms: i64, grade: Grade, elapsed_ms: u32) -> Answer {
        Answer { id: review_id(card, at_ms), card: place, elapsed_ms, grade, manner: Manner::default() }
    }

    pub(super) const fn given(self, manner: Manner) -> Answer {
        Answer { manner, ..self }
    }
}

/// Answers, sorted by id and each there once: of two with the same card and millisecond the first in the file stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Run {
    answers: Vec<Answer>,
}

impl Run {
    /// Sorts answers; also how many were there twice.
    pub(super) fn of(mut answers: Vec<Answer>) -> (Run, u64) {
        let before = answers.len();
        if !answers.is_sorted_by_key(|answer| answer.id) {
            answers.sort_by_key(|answer| answer.id);
        }
        answers.dedup_by_key(|answer| answer.id);
        let repeated = (before - answers.len()) as u64;
        (Run { answers }, repeated)
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The decks whose cards were answered.
    pub fn decks(&self, cards: &CardIndex) -> Vec<DeckId> {
        let decks = self.answers.iter().filter_map(|answer| Some(cards.card(answer.card)?.0));
        let mut decks: Vec<DeckId> = decks.collect();
        decks.sort_unstable();
        decks.dedup();
        decks
    }

    /// The answers as entries of a learner's log under a job, by id. `cards` is the index of the reader that made the run.
    pub fn entries<'a>(
        &'a self,
        cards: &'a CardIndex,
        job: JobId,
        stamps: &'a mut Stamps,
    ) -> impl Iterator<Item = LogEntry> + 'a {
        self.answers.iter().filter_map(move |answer| {
            let (deck, card) = cards.card(answer.card)?;
            let review = Review {
                deck,
                card,
                grade: answer.grade,
                mode: Mode::Flip,
                elapsed_ms: answer.elapsed_ms,
                early: answer.manner.early,
                confidence: None,
                sitting: None,
                class: None,
                response: None,
                revision: 0,
                told: answer.manner.told,
            };
            let stamp = stamps.of(answer.id.at_ms());
            Some(LogEntry { id: answer.id, job: Some(job), stamp, body: Body::Review(review) })
        })
    }
}
