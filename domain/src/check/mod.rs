//! Checking what a learner typed or chose. Pure: text, settings and seeds come in, verdicts come out, and the same text
//! always gets the same verdict.
//!
//! * [`form`]: one form of what is the same text, by Unicode's own tables.
//! * [`typed`]: right, near or wrong. *Near* is asked once more and is never right by itself.
//! * [`choices`]: what stands beside the right answer, never a second right one.
//! * [`trial`]: from verdicts to a grade, by a table, and never by speed.
//! * [`later`]: a text that is accepted later, and which earlier answers it makes right.

pub mod choices;
mod distance;
pub mod form;
pub mod later;
mod number;
pub mod trial;
pub mod typed;

/// What is the same and what is not, as a deck has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CheckSettings {
    /// Whether capital letters matter.
    pub case: Case,
    /// Whether accents matter.
    pub accents: Accents,
    /// What stands before the decimals of a number.
    pub decimal_mark: DecimalMark,
    /// Whether a slip of the fingers is asked about, and not just wrong.
    pub slips: bool,
}

/// Whether capital letters matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Case {
    /// `Paris` and `paris` are the same.
    #[default]
    Same,
    /// A text that differs in its capitals is near.
    Matters,
}

/// Whether accents matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Accents {
    /// `resume` is near `résumé`.
    #[default]
    Matter,
    /// `resume` and `résumé` are the same.
    Same,
}

/// What stands before the decimals of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DecimalMark {
    /// `3.5`; a comma parts thousands.
    #[default]
    Point,
    /// `3,5`; a point parts thousands.
    Comma,
}

impl Default for CheckSettings {
    fn default() -> Self {
        CheckSettings {
            case: Case::default(),
            accents: Accents::default(),
            decimal_mark: DecimalMark::default(),
            slips: true,
        }
    }
}

/// How a response is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// It is none of the answers.
    Wrong,
    /// It is not an answer, and so close to one that it may have been meant: it is asked once more.
    Near(Slip),
    /// It is one of the answers.
    Right,
}

/// In what a near response differs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Slip {
    /// A few letters, as by a slip of the fingers.
    Typing,
    /// Capitals, where they matter.
    Case,
    /// Accents, where they matter.
    Accents,
}
