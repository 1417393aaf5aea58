//! Section 1 of the protocol, rule by rule, against the Session machine. Each test is one sentence of the contract.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says so by failing")]

#[path = "../world/mod.rs"]
mod world;

mod acceptance;
mod changes;
mod commit;
mod credit;
mod days;
mod devices;
mod done;
mod drill;
mod ids;
mod limits;
mod order;
mod repair;
mod sets;
mod undo;
mod verdicts;
