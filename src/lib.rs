//! The server's parts, as a library that the binary and the tests share.

pub mod ws;
