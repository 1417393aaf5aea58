//! Time that passes as a test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use studyhall::ws::layer::{ServeOptions, TICK_MS};

use super::client::Client;
use super::server::TestServer;

/// The time of a server's sockets. It stands still until it is told to pass.
#[derive(Clone, Default)]
pub struct Time {
    passed_ms: Arc<AtomicU64>,
}

impl Time {
    /// How a server is served whose sockets live in it.
    pub fn serving(&self) -> ServeOptions {
        let passed_ms = Arc::clone(&self.passed_ms);
        let time = move || Duration::from_millis(passed_ms.load(Ordering::Acquire));
        ServeOptions { time: Arc::new(time), ..ServeOptions::default() }
    }

    /// A witness of how it passes: a socket of a scripted app on the same worker.
    pub fn witness(&self, server: &TestServer) -> Witness {
        Witness { time: self.clone(), client: server.connect("/") }
    }
}

/// Whoever is told after the witness is told later.
pub struct Witness {
    time: Time,
    client: Client,
}

impl Witness {
    /// Lets so much time pass, and a tick, and returns when every alarm until then has rung.
    pub fn pass(&mut self, time: Duration) {
        self.client.send_text(&format!("wake {}", time.as_millis()));
        assert!(self.client.is_answered(), "it waits");
        self.time.passed_ms.fetch_add(time.as_millis() as u64 + TICK_MS, Ordering::AcqRel);
        assert_eq!(self.client.read_text(), "awake");
    }
}
