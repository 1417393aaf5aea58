//! Section 1 of the protocol, rule by rule, against the Session machine. Each test is one sentence of the contract.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says so by failing")]

#[path = "../world/mod.rs"]
mod world;

#[allow(dead_code, reason = "seeds come from the test here")]
#[path = "../../../tests/kit/src/rng.rs"]
mod rng;

mod acceptance;
mod access;
mod changes;
mod checked;
mod commit;
mod credit;
mod days;
mod devices;
mod done;
mod drill;
mod ids;
mod imports;
mod learner_commit;
mod lessons;
mod limits;
mod order;
mod regrades;
mod repair;
mod sets;
mod undo;
mod verdicts;
