//! The server's parts, as a library that the binary and the tests share.

pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod content;
pub mod demo;
pub mod http;
pub mod import;
pub mod metrics;
pub mod naming;
pub mod server;
pub mod study;
pub mod verify;
pub mod ws;
