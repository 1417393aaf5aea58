//! The server's parts, as a library that the binary and the tests share.

pub mod clock;
pub mod verify;
pub mod ws;
