//! Everything that is tested from outside, in one binary.

// A helper of a test may fail the test: clippy's leave for tests covers only functions marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod conformance_ws;
mod faults;
mod house;
mod promises;
#[path = "../kit/src/reference/mod.rs"]
mod reference;
mod study;
mod ws_layer;
