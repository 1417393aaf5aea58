//! Several nodes of the real binary, on a real CQL server and a real Redis.

mod changes;
mod kit;
mod owners;
