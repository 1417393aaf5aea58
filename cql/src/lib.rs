//! The CQL store: ScyllaDB, or Apache Cassandra, which speaks the same protocol.
//!
//! Statements are prepared once, ask replicas first (token-aware), read and write at local quorum, and may each be
//! sent twice: every write says its own timestamp. Batches are unlogged and lie within one partition. What fails is
//! tried again here, not by the driver, until its outcome is known or its time is over.

mod address;
mod append;
mod archive;
mod batches;
mod behind;
mod caches;
mod client;
mod clock;
mod datacenter;
mod decide;
mod error;
mod events;
mod examine;
mod figures;
mod imports;
mod keys;
mod lanes;
mod lessons;
mod library;
mod log;
mod media;
mod migrate;
mod notes;
mod options;
mod owners;
mod owning;
mod papers;
mod people;
mod read;
mod refold;
mod retry;
mod statements;
mod store;
mod task;
mod tenure;
mod webhooks;

pub use address::{Address, AddressError, DATACENTER_CHARS_MAX, HOSTS_MAX, KEYSPACE_CHARS_MAX};
pub use archive::{FillError, Filling, Walk};
pub use clock::{Clock, SystemClock};
pub use datacenter::{DatacenterError, judge_datacenter};
pub use error::OpenError;
pub use examine::{Examiner, ServerSaid};
pub use figures::{RequestFigures, RequestKind, TIME_BOUNDS_US, Times};
pub use migrate::{MigrateError, Plan, Report, migrate};
pub use options::Options;
pub use owners::Owners;
pub use ports::NodeEntry;
pub use store::{CqlStore, Stats};

#[cfg(test)]
extern crate self as cql;
#[cfg(test)]
#[allow(dead_code, reason = "shared with the tests outside")]
#[path = "../tests/on_cql/server.rs"]
mod server;
