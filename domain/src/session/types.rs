//! The words of a session: what goes in, and what comes out.

pub use super::input::*;
pub use super::output::*;
