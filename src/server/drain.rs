//! Going down: not ready, no new sockets, `goodbye`, reading and saving on until the clients left or time is up, then
//! everything that was accepted is stored.

use super::Parts;
use std::io;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal as on};
use tokio::sync::Notify;

/// How long sockets may take to send their last frame and to hear the peer's: a little longer than the socket layer lets
/// them.
const LAST_WORDS_MAX: Duration = Duration::from_secs(2);
/// How often it is looked whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits for the signal to stop, or for an operator's word, and returns its name.
pub(super) async fn signal(stop: &Notify) -> io::Result<&'static str> {
    let mut terminate = on(SignalKind::terminate())?;
    let mut interrupt = on(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
        () = stop.notified() => Ok("an operator's word"),
    }
}

/// Drains the server; returns how many rows could not be stored.
pub(super) async fn drain(parts: &Parts) -> usize {
    parts.health.set_ready(false);
    parts.gate.set_draining(true);
    let undecided = parts.engine.drain().await;
    // A session lets go of its socket when its end is decided; the wire still has to say it.
    let until = Instant::now() + LAST_WORDS_MAX;
    while parts.sources.sockets.read().open > 0 && Instant::now() < until {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    undecided
}
