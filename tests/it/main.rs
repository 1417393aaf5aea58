//! Everything that is tested from outside, in one binary.

// A helper of a test may fail the test: clippy's leave for tests covers only functions marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// What a test does not expect, it reports: one arm for all of it says so best.
#![allow(
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    clippy::type_complexity
)]
// Helpers are shared with other test binaries, which use the rest of them.
#![allow(dead_code)]

mod cli;
mod cluster;
mod conformance_ws;
mod deploy;
mod faults;
mod house;
mod imports;
mod lessons;
mod operator;
mod promises;
#[path = "../kit/src/reference/mod.rs"]
mod reference;
mod routes;
mod study;
mod webhooks;
mod ws_layer;
