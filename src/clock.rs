//! The clocks of the process. The wall clock of days, dues and `server_time` may be the developer's; token times and
//! timers always run on the real one.

use actors::Clock;
use domain::session::Now;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The real wall clock, Unix milliseconds.
pub fn real_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Both clocks of a server.
#[derive(Debug)]
pub struct ServerClock {
    began: Instant,
    /// How far the wall clock is set off from the real one, in milliseconds.
    offset_ms: AtomicI64,
}

impl Default for ServerClock {
    fn default() -> Self {
        Self { began: Instant::now(), offset_ms: AtomicI64::new(0) }
    }
}

impl ServerClock {
    /// The wall clock, Unix milliseconds.
    pub fn wall_ms(&self) -> i64 {
        real_ms().saturating_add(self.offset_ms.load(Ordering::Relaxed))
    }

    /// Sets the wall clock; it runs on from there. Open sessions notice within a second.
    pub fn set_wall_ms(&self, now_ms: i64) {
        self.offset_ms.store(now_ms.saturating_sub(real_ms()), Ordering::Relaxed);
    }
}

impl Clock for ServerClock {
    fn now(&self) -> Now {
        let tick_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { tick_ms, wall_ms: self.wall_ms() }
    }
}
