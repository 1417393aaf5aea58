//! The CQL store: ScyllaDB, or Apache Cassandra, which speaks the same protocol.
//!
//! Statements are prepared once, ask replicas first (token-aware), read and write at local quorum, and may each be
//! sent twice: every write says its own timestamp. Batches are unlogged and lie within one partition. What fails is
//! tried again here, not by the driver, until its outcome is known or its time is over.

mod address;
mod client;
mod decide;
mod error;
mod library;
mod migrate;
mod options;
mod people;
mod retry;
mod statements;
mod store;
mod task;

pub use address::{Address, AddressError, HOSTS_MAX, KEYSPACE_CHARS_MAX};
pub use error::OpenError;
pub use migrate::{MigrateError, Plan, Report, migrate};
pub use options::Options;
pub use store::CqlStore;

#[cfg(test)]
extern crate self as cql;
#[cfg(test)]
#[allow(dead_code, reason = "shared with the tests outside")]
#[path = "../tests/it/server.rs"]
mod server;
