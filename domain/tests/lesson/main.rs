//! The Lesson machine: its rules one by one, and lessons in a simulation.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says so by failing")]

mod asks;
mod bounds;
mod desk;
mod ends;
mod figures;
mod minutes;
mod questions;
mod rules;
mod sim;
mod sums;
mod takeover;
mod texts;
mod votes;
mod warmup;

#[allow(dead_code, reason = "seeds come from the test here")]
#[path = "../../../tests/kit/src/rng.rs"]
mod rng;
