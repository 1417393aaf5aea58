//! What the heart promises, attacked: one binary, a file a subject.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod access;
mod checking;
mod controls;
mod days;
mod digest;
mod docs;
mod golden;
mod histories;
mod invariants;
mod order;
#[path = "../../../tests/kit/src/reference/mod.rs"]
mod reference;
mod regrades;
mod rules;
mod told;
