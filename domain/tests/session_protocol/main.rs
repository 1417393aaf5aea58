//! Section 1 of the protocol, rule by rule, against the Session machine. Each test is one sentence of the contract.

#[path = "../world/mod.rs"]
mod world;

mod verdicts;
