//! Going down: not ready, no new sockets, `goodbye`, reading and saving on until the clients left or time is up, then
//! everything that was accepted is stored.

use super::Parts;
use std::io;
use tokio::signal::unix::{SignalKind, signal as on};

/// Waits for the signal to stop and returns its name.
pub(super) async fn signal() -> io::Result<&'static str> {
    let mut terminate = on(SignalKind::terminate())?;
    let mut interrupt = on(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    }
}

/// Drains the server; returns how many rows could not be stored.
pub(super) async fn drain(parts: &Parts) -> usize {
    parts.health.set_ready(false);
    parts.gate.set_draining(true);
    parts.engine.drain().await
}
