//! WebSockets: the layer that carries them, and what is spoken over it.

pub mod layer;

pub mod monitor;
pub mod study;
