//! Everything that is tested from outside, in one binary.

mod conformance_ws;
mod house;
mod ws_layer;
