//! Who needs help: a rule that can be told to a teacher, and to the student, in a sentence.

use super::cell::Figures;

/// Wrong answers in a row that say that something is not understood.
pub const WRONG_IN_A_ROW: u32 = 3;
/// Of the newest answers so many are looked at, and no fewer.
pub const NEWEST_LOOKED_AT: u8 = 6;
/// Wrong answers with full confidence that say that something was learned wrong.
pub const SURE_AND_WRONG: u32 = 3;

/// Why a student needs help. The first that holds, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Struggle {
    /// The newest answers were wrong one after the other, at least [`WRONG_IN_A_ROW`].
    WrongInARow(u32),
    /// More than half of the newest answers were wrong; there were at least [`NEWEST_LOOKED_AT`].
    MostlyWrong {
        /// Wrong ones.
        wrong: u8,
        /// Of so many.
        of: u8,
    },
    /// The student was sure and wrong, at least [`SURE_AND_WRONG`] times and in a quarter of all answers.
    SureAndWrong(u32),
}

/// Whether a student needs help, and why. It looks at nobody else: in a class where all do badly all need help. Time is no
/// reason: who reads slowly does not struggle.
pub fn struggle(figures: &Figures) -> Option<Struggle> {
    let newest = figures.newest;
    if figures.wrong_in_a_row >= WRONG_IN_A_ROW {
        return Some(Struggle::WrongInARow(figures.wrong_in_a_row));
    }
    if newest.count >= NEWEST_LOOKED_AT && newest.wrong() > newest.count / 2 {
        return Some(Struggle::MostlyWrong { wrong: newest.wrong(), of: newest.count });
    }
    let sure = figures.sure_and_wrong;
    (sure >= SURE_AND_WRONG && sure.saturating_mul(4) >= figures.answered)
        .then_some(Struggle::SureAndWrong(sure))
}
