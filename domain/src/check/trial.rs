//! From verdicts to a grade.
//!
//! | first | then | result | grade |
//! |---|---|---|---|
//! | right | | right | 4, good |
//! | near | right | near | 3, hard |
//! | near | near | wrong | 2, wrong but it seemed easy |
//! | near | wrong | wrong | 1, wrong |
//! | wrong | | wrong | 1, wrong |
//! | nothing | | wrong | 0, blackout |
//! | chosen right | | right | 4, good |
//! | chosen wrong | | wrong | 1, wrong |
//!
//! Grade 5 is the learner's to give: nobody else knows that it was perfect. How long it took and how sure the learner was
//! is logged and changes no grade: who reads slowly, or uses another keyboard, knows no less.

use super::Verdict;
use super::typed::check;
use crate::check::CheckSettings;
use crate::grade::Grade;

/// The grade of an answer that is right at once, or was accepted later.
pub const RIGHT: Grade = Grade::Good;

/// What became of a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is near: it is asked once more, and nothing is logged yet.
    AskAgain(super::Slip),
    /// It is decided.
    Graded {
        /// How it was.
        result: TrialResult,
        /// The grade that follows.
        grade: Grade,
    },
}

/// How a response was in the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrialResult {
    /// Right at once.
    Right,
    /// Near, and right when it was asked once more.
    Near,
    /// Wrong.
    Wrong,
}

impl TrialResult {
    /// The result that led to this grade: of an answer that was logged, grades alone are kept.
    pub const fn of_grade(grade: Grade) -> TrialResult {
        match grade {
            Grade::Blackout | Grade::Wrong | Grade::WrongButEasy => TrialResult::Wrong,
            Grade::Hard => TrialResult::Near,
            Grade::Good | Grade::Perfect => TrialResult::Right,
        }
    }
}

/// Which time it is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Attempt {
    /// For the first time.
    #[default]
    First,
    /// Once more, because the first response was near.
    Again,
}

/// What follows from something typed.
pub fn typed<A: AsRef<str>>(
    attempt: Attempt,
    text: &str,
    accepted: &[A],
    settings: &CheckSettings,
) -> Outcome {
    let is_nothing = text.trim().is_empty();
    let (result, grade) = match (attempt, check(text, accepted, settings)) {
        (Attempt::First, Verdict::Near(slip)) => return Outcome::AskAgain(slip),
        (Attempt::First, Verdict::Right) => (TrialResult::Right, RIGHT),
        (Attempt::First, Verdict::Wrong) if is_nothing => (TrialResult::Wrong, Grade::Blackout),
        (Attempt::First | Attempt::Again, Verdict::Wrong) => (TrialResult::Wrong, Grade::Wrong),
        (Attempt::Again, Verdict::Right) => (TrialResult::Near, Grade::Hard),
        (Attempt::Again, Verdict::Near(_)) => (TrialResult::Wrong, Grade::WrongButEasy),
    };
    Outcome::Graded { result, grade }
}

/// What follows from something typed that was asked about once more: `first` was typed before. A `first` that is not near
/// decides by itself.
pub fn typed_again<A: AsRef<str>>(
    first: &str,
    text: &str,
    accepted: &[A],
    settings: &CheckSettings,
) -> Outcome {
    match typed(Attempt::First, first, accepted, settings) {
        Outcome::AskAgain(_) => typed(Attempt::Again, text, accepted, settings),
        decided @ Outcome::Graded { .. } => decided,
    }
}

/// What follows from a choice.
pub const fn chosen(is_right: bool) -> Outcome {
    match is_right {
        true => Outcome::Graded { result: TrialResult::Right, grade: RIGHT },
        false => Outcome::Graded { result: TrialResult::Wrong, grade: Grade::Wrong },
    }
}
