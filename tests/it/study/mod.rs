//! The study socket from outside: a real server in this process, the real store, real sockets.

mod learner;
mod server;

mod answers;
