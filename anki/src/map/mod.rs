//! From Anki's terms to ours. Every function here is pure; what each rule does, and what it loses, stands with it.

mod calendar;
mod review;
mod standing;

pub use calendar::Calendar;
pub use review::{Answer, NoAnswer, answer};
pub use standing::{Change, Changes, Standing, repetitions, standing};
