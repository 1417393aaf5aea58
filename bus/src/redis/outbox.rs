//! What waits to leave.

use crate::counters::Counters;
use crate::options::{MESSAGE_BYTES, MESSAGE_NOTES_MAX};
use ports::bus::{Note, Put, Taken, Topic, Waiting};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The way out: anybody puts in, the task of the connection takes. What was taken and not yet confirmed is kept there.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    /// Something waits.
    pub(super) something: Notify,
    /// Nothing waits, and nothing is on the way.
    nothing: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: Waiting,
    /// Messages that were taken and are not confirmed.
    on_the_way: usize,
}

impl Outbox {
    pub(super) fn put(&self, topic: Topic, note: Note, counters: &Counters) {
        let put = self.lock().waiting.put(topic, note);
        match put {
            Put::Waits | Put::Lost => {}
            Put::Merged => counters.merged.add(1),
        }
        self.something.notify_one();
    }

    /// What makes up the next message.
    pub(super) fn take(&self) -> Option<(Topic, Taken)> {
        let mut state = self.lock();
        let taken = state.waiting.take(MESSAGE_NOTES_MAX, MESSAGE_BYTES)?;
        state.on_the_way += 1;
        Some(taken)
    }

    /// Everything that was taken has left. Whether more waits.
    pub(super) fn left(&self) -> bool {
        let mut state = self.lock();
        state.on_the_way = 0;
        if state.waiting.is_empty() {
            self.nothing.notify_waiters();
        }
        !state.waiting.is_empty()
    }

    /// Notes that wait, and how many were given up.
    pub(super) fn waiting(&self) -> (usize, u64) {
        let state = self.lock();
        (state.waiting.len(), state.waiting.dropped())
    }

    /// Waits until nothing waits and nothing is on the way.
    pub(super) async fn emptied(&self) {
        loop {
            let nothing = self.nothing.notified();
            tokio::pin!(nothing);
            nothing.as_mut().enable();
            let is_empty = {
                let state = self.lock();
                state.waiting.is_empty() && state.on_the_way == 0
            };
            if is_empty {
                return;
            }
            nothing.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
