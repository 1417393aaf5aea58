//! The bus over a real Redis keeps what every bus has to keep, and comes back from whatever happens to Redis and to the
//! wire.

// A helper of a test may fail the test: clippy's leave for tests covers only functions marked as such.
#![allow(clippy::unwrap_used, clippy::panic)]

use bus::{RedisBus, RedisOptions};
use kit::RedisServer;
use kit::contract_bus::Net;
use ports::bus::Run;

mod faults;
mod quota;

/// Nodes that share a Redis.
pub(crate) struct Shared {
    url: String,
}

impl Shared {
    pub(crate) fn at(url: String) -> Shared {
        Shared { url }
    }
}

impl Net for Shared {
    type Bus = RedisBus;

    fn join(&self, run: Run) -> RedisBus {
        RedisBus::start(run, &options(&self.url, "test")).unwrap()
    }
}

pub(crate) fn options(url: &str, prefix: &str) -> RedisOptions {
    RedisOptions { url: url.to_owned(), prefix: prefix.to_owned() }
}

fn alone() -> Option<(Shared, RedisServer)> {
    let server = RedisServer::start_or_skip()?;
    Some((Shared::at(server.url()), server))
}

kit::bus_contract!(alone());
