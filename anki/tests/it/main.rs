//! Packages as Anki writes them, and as nobody should.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod canonical;
mod crafted;
mod forms;
mod hostile_archives;
mod hostile_collections;
mod kit;
mod looks;
mod profiles;
mod properties;
mod schedules;
mod written;
