//! WebSockets: the layer that carries them, and what is spoken over it.

pub mod layer;

pub mod monitor;
mod relay;
pub mod study;

pub use relay::{RelayCounters, RelayFigures};
