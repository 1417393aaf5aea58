//! The real binary: each of its subcommands is started, used, and ended.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod append;
mod child;
mod echo;
mod web;
