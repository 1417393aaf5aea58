//! Waiting on conditions, never for a time.

use std::time::{Duration, Instant};

/// How long a test waits for what must come: long, for a machine that does much else at the same time. What holds comes at
/// once, and nobody waits.
pub const DEADLINE: Duration = Duration::from_secs(90);
/// How often it looks.
const POLL: Duration = Duration::from_millis(10);

/// Waits until the condition holds.
///
/// # Panics
/// When it does not within [`DEADLINE`]; `what` says what was waited for.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < DEADLINE, "waited {DEADLINE:?} in vain: {what}");
        tokio::time::sleep(POLL).await;
    }
}

/// Runs a future on a runtime of its own.
///
/// # Panics
/// When the runtime cannot be made.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
