//! The CQL store on a real server. `STUDYHALL_TEST_CQL=host:port` names one that runs; without it these tests are
//! skipped, and say so, unless `CI=true`, where a skipped test is an error.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where a promise breaks")]

mod behind;
mod brought;
mod cluster;
mod contract;
mod faults;
mod library;
mod migrations;
mod owned;
mod owners;
mod people;
mod server;
mod tenures;
mod whole;
