//! The study socket from outside: a real server in this process, the real store, real sockets.

pub mod any_store;
pub mod binary;
pub mod book;
pub mod crowd;
pub mod learner;
pub mod library;
pub mod outside;
pub mod people;
pub mod raw;
pub mod registers;
pub mod server;
pub mod store;

mod answers;
mod checked;
mod checks;
mod coming_back;
mod contract;
mod relayed;
mod verdicts;
mod zones;
