//! Webhooks: a receiver on a real socket that fails in every way, and what reaches it. And of what happens on sockets, what
//! is told.

mod delivering;
mod ends;
mod nodes;
pub mod receiver;
mod restarts;
mod school;
mod secure;
mod sittings;
mod turns;
