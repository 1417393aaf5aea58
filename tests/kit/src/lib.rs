//! What tests share: contract suites, builders of rows, stores that fail, and a disk whose power can be cut.
//!
//! Nothing here is part of the program; every part that misbehaves does so because a test asked for it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where a promise breaks"
)]

pub mod apart;
pub mod around;
pub mod contract_bus;
pub mod contract_events;
pub mod contract_imports;
pub mod contract_lessons;
pub mod contract_library;
pub mod contract_media;
pub mod contract_notes;
pub mod contract_papers;
pub mod contract_people;
pub mod contract_register;
pub mod contract_store;
pub mod contract_webhooks;
pub mod counting_store;
pub mod cql_proxy;
pub mod disk;
pub mod fault_bus;
pub mod fault_store;
pub mod memory;
pub mod port;
pub mod redis_server;
pub mod rng;
pub mod rows;
pub mod tcp_proxy;
pub mod wait;

pub use counting_store::CountingStore;
pub use cql_proxy::CqlProxy;
pub use disk::Disk;
pub use fault_bus::FaultBus;
pub use fault_store::{Fault, FaultStore, Lies};
pub use memory::MemoryStore;
pub use memory::owners::{MemoryOwners, MemoryTenures, Tended};
pub use port::{free_port, free_ports};
pub use redis_server::RedisServer;
pub use tcp_proxy::TcpProxy;
