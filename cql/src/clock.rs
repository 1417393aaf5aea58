//! The clocks that the store goes by.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where the store takes its times from. Ticks must be those of the node's beats.
pub trait Clock: Send + Sync + 'static {
    /// Monotonic milliseconds since the process began.
    fn tick_ms(&self) -> u64;
    /// Unix milliseconds.
    fn wall_ms(&self) -> i64;
}

/// The system's clocks; its ticks begin when it is made.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn tick_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn wall_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}
