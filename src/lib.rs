//! The server's parts, as a library that the binary and the tests share.

pub mod auth;
pub mod config;
pub mod ws;
