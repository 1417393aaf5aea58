//! Rows of a review log that an earlier export had moved. No two rows of a log have one moment there: of answers of one
//! millisecond all but the first are written some milliseconds later, each behind the next. A package that was written here says
//! so ([`Review::usn`](anki::Review)), but Anki forgets it. So rows are looked at together, in their order, beside what the
//! log here has of their time ([`Crowds`](crate::jobs::crowds::Crowds)).

use crate::jobs::appending::Appending;
use crate::jobs::error::JobError;
use crate::jobs::limits::REVIEWS_TOGETHER;
use anki::limits::ROW_MOVED_MS_MAX;
use anki::map::Answer;
use domain::ids::{CardId, DeckId};

/// An answer of a row.
pub(super) struct Held {
    pub of: (DeckId, CardId),
    pub answer: Answer,
}

/// Rows in their order, some together until it is known when they were given.
#[derive(Default)]
pub(super) struct Rows(Vec<Held>);

impl Rows {
    pub fn hold(&mut self, of: (DeckId, CardId), answer: Answer) {
        self.0.push(Held { of, answer });
    }

    pub const fn is_full(&self) -> bool {
        self.0.len() >= REVIEWS_TOGETHER
    }

    /// The answers that are held, each of the moment when it was given.
    ///
    /// # Errors
    /// The store's.
    pub fn take(&mut self, log: &mut Appending) -> Result<Vec<Held>, JobError> {
        let mut held = std::mem::take(&mut self.0);
        // One that says how far it was moved is of an earlier moment than those around it.
        held.sort_by_key(|held| held.answer.at_ms);
        if let (Some(first), Some(last)) = (held.first(), held.last()) {
            let from = first.answer.at_ms.saturating_sub(ROW_MOVED_MS_MAX).max(0);
            log.know((from, last.answer.at_ms.saturating_add(1)))?;
        }
        for Held { of: (_, card), answer } in &mut held {
            answer.at_ms = log.given_ms(*card, answer.at_ms);
        }
        Ok(held)
    }
}
