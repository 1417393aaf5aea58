//! The study socket from outside: a real server in this process, the real store, real sockets.

pub mod book;
pub mod crowd;
pub mod learner;
pub mod server;
pub mod store;

mod answers;
