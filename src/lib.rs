//! The server's parts, as a library that the binary and the tests share.

pub mod admin;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod content;
pub mod copy;
pub mod demo;
pub mod doctor;
pub mod events;
pub mod export;
pub mod http;
pub mod import;
pub mod jobs;
pub mod media;
pub mod metrics;
pub mod naming;
pub mod rates;
pub mod rosters;
pub mod server;
pub mod study;
pub mod top;
pub mod verify;
pub mod webhooks;
pub mod ws;
