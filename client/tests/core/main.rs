//! The core against a script: each duty of a client, one at a time.

#![allow(clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, reason = "a test may panic")]

mod cards;
mod link;
mod outbox;
mod script;
