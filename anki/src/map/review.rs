//! A row of the review log as an answer.

use crate::limits::ROW_MOVED_MS_MAX;
use crate::model::{Review, ReviewKind};
use domain::grade::Grade;

/// An answer as our log has it. Its entry's id is made of the card and `at_ms`, so that merging two imports needs nothing
/// but the ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// The grade: Again 1, Hard 3, Good 4, Easy 5.
    pub grade: Grade,
    /// Time taken, milliseconds.
    pub elapsed_ms: u32,
    /// Whether it was given before its time and yet moved the schedule, as filtered decks do on request.
    pub early: bool,
}

/// Why a row is no answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum NoAnswer {
    /// Set by hand or moved by Anki: it says where a card went, and nothing of what was known.
    Manual,
    /// The card is no longer there.
    CardGone,
    /// At a time that no id can have, or ahead of the clock.
    BadTime,
    /// A button that Anki does not have.
    UnknownButton,
}

impl NoAnswer {
    /// All of them.
    pub const ALL: [NoAnswer; 4] =
        [NoAnswer::Manual, NoAnswer::CardGone, NoAnswer::BadTime, NoAnswer::UnknownButton];

    /// The code that names it in a report.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::CardGone => "card_gone",
            Self::BadTime => "bad_time",
            Self::UnknownButton => "unknown_button",
        }
    }
}

/// The largest moment that an id has room for.
const LATEST_MS: i64 = (1 << 48) - 1;

/// The answer in a row of the review log; `now_ms` is the latest moment that it may have.
///
/// A row that was moved because another card's had its moment ([`Review::usn`]) is an answer of the moment that it had.
///
/// Answers for practice alone (filtered, with a factor of 0) are answers like others: the fold finds that they were not
/// due. Those that a filtered deck gave ahead of their time and scheduled are `early`.
///
/// # Errors
/// It is none.
pub fn answer(review: &Review<'_>, now_ms: i64) -> Result<Answer, NoAnswer> {
    let grade = match (review.kind, review.button) {
        (ReviewKind::Manual | ReviewKind::Rescheduled, _) | (_, 0) => return Err(NoAnswer::Manual),
        (_, 1) => Grade::Wrong,
        (_, 2) => Grade::Hard,
        (_, 3) => Grade::Good,
        (_, 4) => Grade::Perfect,
        (_, _) => return Err(NoAnswer::UnknownButton),
    };
    if review.of.is_none() {
        return Err(NoAnswer::CardGone);
    }
    let moved_ms = (-1_i64).saturating_sub(review.usn).clamp(0, ROW_MOVED_MS_MAX);
    let at_ms = review.at_ms.saturating_sub(moved_ms);
    if at_ms <= 0 || at_ms > now_ms.min(LATEST_MS) {
        return Err(NoAnswer::BadTime);
    }
    Ok(Answer {
        at_ms,
        grade,
        elapsed_ms: u32::try_from(review.taken_ms).unwrap_or(u32::MAX),
        early: review.kind == ReviewKind::Filtered && review.factor != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CardName;

    const NOW_MS: i64 = 1_700_000_000_000;

    fn review(button: i64, kind: ReviewKind) -> Review<'static> {
        Review {
            at_ms: NOW_MS - 1,
            card: 1,
            of: Some(CardName { guid: "g", ord: 0, deck: 1 }),
            usn: -1,
            button,
            interval: 3,
            last_interval: 1,
            factor: 2_500,
            taken_ms: 4_000,
            kind,
        }
    }

    #[test]
    fn the_four_buttons_are_grades_one_three_four_and_five() {
        let grades = [1, 2, 3, 4]
            .map(|button| answer(&review(button, ReviewKind::Review), NOW_MS).unwrap().grade.number());
        assert_eq!(grades, [1, 3, 4, 5]);
    }

    #[test]
    fn what_was_set_by_hand_is_no_answer() {
        for (button, kind) in [(0, ReviewKind::Review), (3, ReviewKind::Manual), (0, ReviewKind::Rescheduled)]
        {
            assert_eq!(answer(&review(button, kind), NOW_MS), Err(NoAnswer::Manual));
        }
        assert_eq!(answer(&review(5, ReviewKind::Review), NOW_MS), Err(NoAnswer::UnknownButton));
        assert_eq!(answer(&review(-1, ReviewKind::Review), NOW_MS), Err(NoAnswer::UnknownButton));
    }

    #[test]
    fn only_a_filtered_deck_that_schedules_makes_an_answer_early() {
        let filtered = review(3, ReviewKind::Filtered);
        assert!(answer(&filtered, NOW_MS).unwrap().early);
        assert!(!answer(&Review { factor: 0, ..filtered }, NOW_MS).unwrap().early);
        assert!(!answer(&review(3, ReviewKind::Review), NOW_MS).unwrap().early);
    }

    #[test]
    fn a_row_that_was_moved_is_an_answer_of_the_moment_that_it_had() {
        let at = |usn| answer(&Review { usn, ..review(3, ReviewKind::Review) }, NOW_MS).unwrap().at_ms;
        assert_eq!([-1, 0, 77, i64::MAX].map(at), [NOW_MS - 1; 4]);
        assert_eq!((at(-2), at(-11)), (NOW_MS - 2, NOW_MS - 11));
        assert_eq!(at(i64::MIN), NOW_MS - 1 - ROW_MOVED_MS_MAX);
    }

    #[test]
    fn times_that_no_id_has_room_for_are_refused() {
        for at_ms in [0, -5, NOW_MS + 1, i64::MAX] {
            let refused = answer(&Review { at_ms, ..review(3, ReviewKind::Review) }, NOW_MS);
            assert_eq!(refused, Err(NoAnswer::BadTime));
        }
        let beyond = Review { at_ms: LATEST_MS + 1, ..review(3, ReviewKind::Review) };
        assert_eq!(answer(&beyond, i64::MAX), Err(NoAnswer::BadTime));
        let gone = Review { of: None, ..review(3, ReviewKind::Review) };
        assert_eq!(answer(&gone, NOW_MS), Err(NoAnswer::CardGone));
    }
}
