//! The pure heart of studyhall: what is true of learners, cards and days, and the machines that decide.
//!
//! No I/O, no clock, no randomness, no serialisation: time and seeds come in as arguments, effects go out as values.
//! It compiles to WASM as it is.

pub mod access;
pub mod answers;
pub mod check;
pub mod commit;
pub mod day;
pub mod deck;
pub mod directory;
pub mod entry;
pub mod fold;
pub mod fsrs;
pub mod grade;
pub mod ids;
pub mod lesson;
pub mod limits;
pub mod owner;
pub mod schedule;
pub mod session;
pub mod sm2;
pub mod state;
