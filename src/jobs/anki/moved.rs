//! Rows of a review log that an earlier export had moved. No two rows of a log have one moment there: of answers of one
//! millisecond all but the first are written some milliseconds later, each behind the next. A package that was written here says
//! so ([`Review::usn`](anki::Review)), but Anki forgets it. So where rows follow one another by single milliseconds, which nobody
//! answers in, an answer is the one that the log here has of its card since the first of them.

use crate::jobs::appending::read_own;
use crate::jobs::error::JobError;
use crate::jobs::limits::{REVIEWS_TOGETHER, RUN_ANSWERS_MAX};
use crate::jobs::task::Task;
use anki::limits::ROW_MOVED_MS_MAX;
use anki::map::Answer;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId};

/// An answer of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Held {
    pub of: (DeckId, CardId),
    pub answer: Answer,
    /// When the first of the rows was given that lead here without a gap.
    since_ms: i64,
}

impl Held {
    const fn is_in_a_run(&self) -> bool {
        self.since_ms < self.answer.at_ms
    }
}

/// Rows in their order, some together until it is known when they were given.
#[derive(Default)]
pub(super) struct Rows {
    held: Vec<Held>,
    /// The first and the last row of those without a gap.
    run: Option<(i64, i64)>,
}

impl Rows {
    /// A row of the log comes, whatever it tells of.
    pub fn meet(&mut self, at_ms: i64) {
        let follows = |&(_, last): &(i64, i64)| at_ms.checked_sub(1) == Some(last);
        let begun_ms = self.run.filter(follows).map_or(at_ms, |(begun_ms, _)| begun_ms);
        self.run = Some((begun_ms.max(at_ms.saturating_sub(ROW_MOVED_MS_MAX)), at_ms));
    }

    /// The row that came last tells of this answer. One of an earlier moment has said so itself.
    pub fn hold(&mut self, of: (DeckId, CardId), answer: Answer) {
        let since_ms = self.run.map_or(answer.at_ms, |(begun_ms, _)| begun_ms.min(answer.at_ms));
        let says_so = self.run.is_some_and(|(_, last)| last != answer.at_ms);
        self.held.push(Held { of, answer, since_ms: if says_so { answer.at_ms } else { since_ms } });
    }

    pub const fn is_full(&self) -> bool {
        self.held.len() >= REVIEWS_TOGETHER
    }

    /// The answers that are held, each of the moment when it was given.
    ///
    /// # Errors
    /// The store's.
    pub fn take(&mut self, task: &Task) -> Result<Vec<Held>, JobError> {
        let mut held = std::mem::take(&mut self.held);
        let in_runs = || held.iter().filter(|held| held.is_in_a_run());
        let first = in_runs().map(|held| held.since_ms).min();
        let last = in_runs().map(|held| held.answer.at_ms).max();
        if let (Some(first), Some(last)) = (first, last) {
            let mut known = Known::of(&held);
            read_own(task, (first, last.saturating_add(1)), |log| known.take(log))?;
            known.restore(&mut held);
        }
        Ok(held)
    }
}

/// Answers that the log here has, of the time in which rows follow one another.
struct Known {
    /// From the first until after the last, in their order and apart from one another.
    runs: Vec<(i64, i64)>,
    answers: Vec<(CardId, i64)>,
}

impl Known {
    fn of(held: &[Held]) -> Known {
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for held in held.iter().filter(|held| held.is_in_a_run()) {
            let end_ms = held.answer.at_ms.saturating_add(1);
            match runs.last_mut() {
                Some((_, end)) if held.since_ms <= *end => *end = end_ms.max(*end),
                Some(_) | None => runs.push((held.since_ms, end_ms)),
            }
        }
        Known { runs, answers: Vec::new() }
    }

    /// Takes a part of the log; `false` when there is no more room.
    fn take(&mut self, log: Vec<LogEntry>) -> bool {
        for entry in log {
            let at_ms = entry.id.at_ms();
            let nth = self.runs.partition_point(|(from, _)| *from <= at_ms);
            let run = nth.checked_sub(1).and_then(|nth| self.runs.get(nth));
            if run.is_some_and(|(_, end)| at_ms < *end)
                && let Some(review) = entry.review()
            {
                self.answers.push((review.card, at_ms));
            }
        }
        self.answers.len() < RUN_ANSWERS_MAX
    }

    fn restore(mut self, held: &mut [Held]) {
        self.answers.sort_unstable();
        for held in held.iter_mut().filter(|held| held.is_in_a_run()) {
            let (card, at_ms) = (held.of.1, held.answer.at_ms);
            let nth = self.answers.partition_point(|known| *known <= (card, at_ms));
            let last = nth.checked_sub(1).and_then(|nth| self.answers.get(nth));
            if let Some((of, given_ms)) = last
                && *of == card
                && *given_ms >= held.since_ms
            {
                held.answer.at_ms = *given_ms;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::grade::Grade;
    use domain::ids::EntryId;
    use kit::rows::{card, deck, review};

    fn held(rows: &[(i64, u64)]) -> Vec<Held> {
        let mut all = Rows::default();
        for (at_ms, of_card) in rows {
            all.meet(*at_ms);
            let answer = Answer { at_ms: *at_ms, grade: Grade::Good, elapsed_ms: 0, early: false };
            all.hold((deck(1), card(*of_card)), answer);
        }
        all.held
    }

    fn restored(rows: &[(i64, u64)], log: &[(i64, u64)]) -> Vec<i64> {
        let mut held = held(rows);
        let mut known = Known::of(&held);
        let entry = |(at_ms, of_card): &(i64, u64)| {
            review(EntryId::v7(*at_ms, 1), deck(1), card(*of_card), Grade::Good)
        };
        assert!(known.take(log.iter().map(entry).collect()));
        known.restore(&mut held);
        held.iter().map(|held| held.answer.at_ms).collect()
    }

    #[test]
    fn rows_without_a_gap_are_answers_that_are_known_of_their_cards_since_the_first() {
        let log = [(100, 1), (100, 2), (100, 3), (200, 4)];
        assert_eq!(restored(&[(100, 2), (101, 3), (102, 1), (200, 4)], &log), [100, 100, 100, 200]);
    }

    #[test]
    fn an_answer_that_stands_alone_is_of_its_moment() {
        assert_eq!(restored(&[(100, 1), (102, 2), (104, 2)], &[(100, 2), (101, 2)]), [100, 102, 104]);
    }

    #[test]
    fn what_is_known_of_the_card_before_the_first_or_after_the_row_is_another_answer() {
        assert_eq!(restored(&[(100, 1), (101, 2)], &[(99, 2), (102, 2), (100, 3)]), [100, 101]);
        assert_eq!(restored(&[(100, 1), (101, 2), (110, 3), (111, 2)], &[(100, 2)]), [100, 100, 110, 111]);
    }

    #[test]
    fn a_moment_that_is_known_stays() {
        assert_eq!(restored(&[(100, 1), (101, 2)], &[(100, 2), (101, 2)]), [100, 101]);
    }

    #[test]
    fn rows_that_tell_of_no_answer_lead_on_and_one_that_says_how_far_it_was_moved_is_believed() {
        let mut rows = Rows::default();
        rows.meet(100);
        rows.meet(101);
        let answer = |at_ms| Answer { at_ms, grade: Grade::Good, elapsed_ms: 0, early: false };
        rows.hold((deck(1), card(1)), answer(101));
        rows.hold((deck(1), card(2)), answer(97));
        let since: Vec<i64> = rows.held.iter().map(|held| held.since_ms).collect();
        assert_eq!(since, [100, 97]);
    }

    #[test]
    fn no_run_reaches_back_further_than_rows_are_moved() {
        let mut rows = Rows::default();
        (0..=ROW_MOVED_MS_MAX + 5).for_each(|at_ms| rows.meet(at_ms));
        assert_eq!(rows.run, Some((5, ROW_MOVED_MS_MAX + 5)));
    }
}
