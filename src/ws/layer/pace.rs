//! What holds the reading of a socket back: its app's wish, a rate, a flood of pings.

use std::cell::Cell;
use std::time::Duration;

use super::clock::Tick;

/// The length of the time in which pings are counted.
const PING_WINDOW: Duration = Duration::from_secs(1);

/// How fast one socket is read.
pub(super) struct Pace {
    paused: Cell<bool>,
    throttled_until: Cell<Option<Tick>>,
    pings: Cell<u32>,
    pings_since: Cell<Tick>,
    /// The turn ended with work left over.
    unfinished: Cell<bool>,
}

impl Pace {
    /// A socket that is read as fast as it speaks.
    pub fn new(start: Tick) -> Self {
        Self {
            paused: Cell::new(false),
            throttled_until: Cell::new(None),
            pings: Cell::new(0),
            pings_since: Cell::new(start),
            unfinished: Cell::new(false),
        }
    }

    /// Whether the socket may be read now.
    pub fn may_read(&self, now: Tick) -> bool {
        !self.paused.get() && self.throttled_until.get().is_none_or(|until| until <= now)
    }

    /// Stops or resumes reading.
    pub fn set_paused(&self, paused: bool) {
        self.paused.set(paused);
        if !paused {
            self.unfinished.set(true);
        }
    }

    /// Stops reading for this long; of two such wishes the longer counts.
    pub fn throttle(&self, now: Tick, wait: Duration) {
        let until = now.after(wait);
        self.throttled_until.set(self.throttled_until.get().max(Some(until)));
    }

    /// Until when reading is stopped by a rate.
    pub fn throttled_until(&self) -> Option<Tick> {
        self.throttled_until.get()
    }

    /// Reads on if the time of the throttle is over.
    pub fn keep(&self, now: Tick) {
        if self.throttled_until.get().is_some_and(|until| until <= now) {
            self.throttled_until.set(None);
            self.unfinished.set(true);
        }
    }

    /// Counts a ping; the last that a second has room for stops the reading.
    pub fn ping(&self, now: Tick, pings_per_second_max: u32) {
        if now >= self.pings_since.get().after(PING_WINDOW) {
            self.pings_since.set(now);
            self.pings.set(0);
        }
        self.pings.set(self.pings.get() + 1);
        if self.pings.get() >= pings_per_second_max {
            self.throttle(now, PING_WINDOW);
        }
    }

    /// Notes that the turn ended with work left over.
    pub fn set_unfinished(&self) {
        self.unfinished.set(true);
    }

    /// Takes that note.
    pub fn take_unfinished(&self) -> bool {
        self.unfinished.replace(false)
    }
}
