//! Joining a lesson without an account: its code, the names and PINs of guests. Pure: chance is an argument.

mod code;
mod guest;

pub use code::JoinCode;
pub use guest::{Claimed, Guest, NAME_BYTES_MAX, Pin, PinTried, key_of_name};
