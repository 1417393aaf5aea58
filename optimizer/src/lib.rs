//! What a learner's log says about a memory: weights of FSRS fitted to it, how well schedulers would have foretold it, and
//! how many cards a day a deck's settings lead to.
//!
//! All of it reads histories of answers ([`histories`]) or states of cards; nothing here decides what a card's state is. The
//! field's library trains, [`domain::fsrs`] foretells: what is shown and what is measured is what cards are scheduled by.

mod evaluate;
mod forecast;
mod histories;
pub mod limits;
mod measures;
mod random;
mod train;

pub use evaluate::{EvaluateError, Evaluation, evaluate};
pub use forecast::{Card, Forecast, Load, Plan, forecast};
pub use histories::{Answer, History, histories, recalls};
pub use measures::{Foretold, Measures};
pub use train::{OptimiseError, Progress, optimise};
