//! A bus that keeps to itself what it should tell: the control of everything that rests on notes.

use ports::Boxed;
use ports::bus::{Bus, BusStats, Heard, Note, TooManyTopics, Topic};
use std::sync::atomic::{AtomicU64, Ordering};

/// Which notes are swallowed.
pub type Swallows = fn(&Note) -> bool;

/// A bus around another one. What it swallows never gets a number: nobody can notice that it is missing. It is what a
/// node does that changes something and forgets to say so (`bug-drop-invalidation`).
#[derive(Debug)]
pub struct FaultBus<B> {
    inner: B,
    swallows: Swallows,
    swallowed: AtomicU64,
}

impl<B: Bus> FaultBus<B> {
    /// A bus that swallows these notes.
    pub fn new(inner: B, swallows: Swallows) -> Self {
        Self { inner, swallows, swallowed: AtomicU64::new(0) }
    }

    /// A bus that swallows every invalidation.
    pub fn that_drops_invalidations(inner: B) -> Self {
        Self::new(inner, Note::is_covered_by_a_check)
    }

    /// How many it swallowed so far.
    pub fn swallowed(&self) -> u64 {
        self.swallowed.load(Ordering::Relaxed)
    }
}

impl<B: Bus> Bus for FaultBus<B> {
    fn publish(&self, topic: Topic, note: Note) {
        if (self.swallows)(&note) {
            self.swallowed.fetch_add(1, Ordering::Relaxed);
        } else {
            self.inner.publish(topic, note);
        }
    }

    fn watch(&self, topic: Topic) -> Result<(), TooManyTopics> {
        self.inner.watch(topic)
    }

    fn unwatch(&self, topic: Topic) {
        self.inner.unwatch(topic);
    }

    fn next(&self) -> Boxed<'_, Heard> {
        self.inner.next()
    }

    fn stats(&self) -> BusStats {
        self.inner.stats()
    }
}
