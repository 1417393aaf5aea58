//! The socket layer from outside: raw TCP against an echo and a scripted app, without anything of the study socket.

pub mod echo;
pub mod server;

pub mod client;
mod closing;
mod guard;
mod handshake;
mod pace;
mod proxies;
mod scripted;
mod seam;
mod time;
