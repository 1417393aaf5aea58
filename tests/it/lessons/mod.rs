//! Live lessons over real sockets: what a teacher sees, how a lesson is steered, and what nobody else sees.

mod accepting;
mod asking;
mod kills;
mod kit;
mod privacy;
mod screens;
mod steering;
mod warmup;
