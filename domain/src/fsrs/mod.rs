//! FSRS-6: a model of one card's memory, and the intervals that follow from a wanted recall.
//!
//! Source: the Free Spaced Repetition Scheduler, version 6 (open-spaced-repetition). The memory of a card is two numbers:
//! its *stability*, the days after which recall has fallen to 90 %, and its *difficulty*, 1 to 10. Both are kept as whole
//! ten-thousandths and rounded at each step, and every step is computed by operations that give the same bits on every
//! machine (docs/decisions/0014): a state that is a function of the log must not depend on who folds it.
//!
//! The formulas stand in [`Model`]; which answers move the memory is [`crate::state`]'s to say.

mod model;
mod parameters;

pub use model::Model;
pub use parameters::{BadParameters, PARAMETERS, Parameters, Version};

use crate::day::Day;
use crate::grade::Grade;

/// One in the numbers of a memory: they are ten-thousandths.
pub const ONE: u32 = 10_000;
/// The least stability, in ten-thousandths of a day.
pub const STABILITY_MIN: u32 = 10;
/// The greatest stability, in ten-thousandths of a day: a hundred years.
pub const STABILITY_MAX: u32 = 36_500 * ONE;
/// The least difficulty, in ten-thousandths.
pub const DIFFICULTY_MIN: u32 = ONE;
/// The greatest difficulty, in ten-thousandths.
pub const DIFFICULTY_MAX: u32 = 10 * ONE;

/// What FSRS knows of one card.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Memory {
    /// The days after which recall has fallen to 90 %, in ten-thousandths.
    pub stability: u32,
    /// How hard the card is, 1 to 10, in ten-thousandths.
    pub difficulty: u32,
    /// The study day of the last answer that moved it.
    pub on: Day,
}

impl Memory {
    /// The days after which recall has fallen to 90 %.
    pub fn stability_days(&self) -> f64 {
        f64::from(self.stability) / f64::from(ONE)
    }

    /// How hard the card is, 1 to 10.
    pub fn difficulty(&self) -> f64 {
        f64::from(self.difficulty) / f64::from(ONE)
    }

    /// Whether both numbers are ones that a memory can have.
    pub const fn is_possible(&self) -> bool {
        STABILITY_MIN <= self.stability
            && self.stability <= STABILITY_MAX
            && DIFFICULTY_MIN <= self.difficulty
            && self.difficulty <= DIFFICULTY_MAX
    }
}

/// The four grades that FSRS knows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Rating {
    /// Not remembered.
    Again = 1,
    /// Remembered with serious difficulty.
    Hard = 2,
    /// Remembered after hesitation.
    Good = 3,
    /// Remembered at once.
    Easy = 4,
}

impl Rating {
    /// All four, worst first.
    pub const ALL: [Rating; 4] = [Rating::Again, Rating::Hard, Rating::Good, Rating::Easy];

    /// 1 to 4.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Where it stands in [`Rating::ALL`].
    pub const fn index(self) -> usize {
        self as usize - 1
    }
}

impl From<Grade> for Rating {
    fn from(grade: Grade) -> Rating {
        match grade {
            Grade::Blackout | Grade::Wrong | Grade::WrongButEasy => Rating::Again,
            Grade::Hard => Rating::Hard,
            Grade::Good => Rating::Good,
            Grade::Perfect => Rating::Easy,
        }
    }
}
