//! A node's shell, without a server: claims, beats, the end of a run, and letting go, against owners in memory and another
//! node that says what a test wants.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where a promise breaks")]

mod claims;
mod endings;
mod node;
mod releases;
