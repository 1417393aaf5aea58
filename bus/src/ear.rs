//! What a node hears: the way in of every bus.

use crate::codec::{Body, Message};
use crate::counters::Counters;
use ports::bus::{Arrival, Heard, Hearing, Put, Run, Taken, TooManyTopics, Topic, WATCHED_MAX, Waiting};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// An ear. Messages are put in from anywhere, one listener takes what is heard.
#[derive(Debug)]
pub(crate) struct Ear {
    began: Instant,
    state: Mutex<State>,
    something: Notify,
    counters: Arc<Counters>,
}

#[derive(Debug)]
struct State {
    hearing: Hearing,
    waiting: Waiting,
}

impl Ear {
    pub(crate) fn new(me: Run, counters: Arc<Counters>) -> Ear {
        let state = Mutex::new(State { hearing: Hearing::new(me), waiting: Waiting::default() });
        Ear { began: Instant::now(), state, something: Notify::new(), counters }
    }

    /// Monotonic milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn watch(&self, topic: Topic) -> Result<(), TooManyTopics> {
        let mut state = self.lock();
        if state.hearing.watched() >= WATCHED_MAX && !state.hearing.watches(topic) {
            return Err(TooManyTopics);
        }
        state.hearing.watch(topic);
        Ok(())
    }

    pub(crate) fn unwatch(&self, topic: Topic) {
        let mut state = self.lock();
        state.hearing.unwatch(topic);
        state.waiting.forget(topic);
    }

    /// What is watched, and what of it is not yet really heard.
    pub(crate) fn watched(&self) -> (Vec<Topic>, Vec<Topic>) {
        let state = self.lock();
        (state.hearing.topics().collect(), state.hearing.unheard().collect())
    }

    /// These are really heard from now on.
    pub(crate) fn listening(&self, topics: &[Topic]) {
        self.change(|hearing, now_ms| topics.iter().for_each(|topic| hearing.listening(*topic, now_ms)));
    }

    /// Nothing is heard any more.
    pub(crate) fn deaf(&self) {
        self.change(|hearing, _| hearing.deaf());
    }

    /// Something of this topic may have been missed.
    pub(crate) fn doubt(&self, topic: Topic) {
        self.change(|hearing, now_ms| hearing.doubt(topic, now_ms));
    }

    /// To be called once a second.
    pub(crate) fn look_for_silence(&self) {
        self.change(Hearing::look_for_silence);
    }

    /// A message arrived.
    pub(crate) fn hear(&self, topic: Topic, message: Message) {
        let now_ms = self.now_ms();
        let mut state = self.lock();
        let State { hearing, waiting } = &mut *state;
        let Message { run, seq, body } = message;
        match body {
            Body::Beat => hearing.beat(topic, run, seq, now_ms),
            Body::Lost => match hearing.message(topic, run, seq, now_ms) {
                Arrival::New => hearing.doubt(topic, now_ms),
                Arrival::Again | Arrival::NotForUs => {}
            },
            Body::Notes(notes) => match hearing.message(topic, run, seq, now_ms) {
                Arrival::New => {
                    self.counters.received.add(notes.len() as u64);
                    for note in notes {
                        match waiting.put(topic, note) {
                            Put::Waits | Put::Lost => {}
                            Put::Merged => self.counters.merged.add(1),
                        }
                    }
                }
                Arrival::Again | Arrival::NotForUs => {}
            },
        }
        drop(state);
        self.something.notify_one();
    }

    /// What is heard next; waits for it.
    pub(crate) async fn next(&self) -> Heard {
        loop {
            let due_ms = match self.take() {
                Ok(heard) => return heard,
                Err(due_ms) => due_ms,
            };
            match due_ms {
                None => self.something.notified().await,
                Some(due_ms) => {
                    let due = self.began + Duration::from_millis(due_ms);
                    // Whichever comes first: it is looked again.
                    let _ = tokio::time::timeout_at(due, self.something.notified()).await;
                }
            }
        }
    }

    /// What is heard next, or when there will be something at the latest.
    fn take(&self) -> Result<Heard, Option<u64>> {
        let now_ms = self.now_ms();
        let mut state = self.lock();
        while let Some(topic) = state.hearing.due(now_ms) {
            state.waiting.check(topic);
        }
        let Some((topic, taken)) = state.waiting.take(1, usize::MAX) else {
            return Err(state.hearing.next_due_ms());
        };
        let note = match taken {
            Taken::Notes(mut notes) => notes.pop(),
            Taken::Lost => None,
        };
        Ok(match note {
            Some(note) => Heard::Note { topic, note },
            None => {
                self.counters.unknown.add(1);
                Heard::Unknown(topic)
            }
        })
    }

    /// Notes that wait to be heard, and how many were given up.
    pub(crate) fn waiting(&self) -> (usize, u64) {
        let state = self.lock();
        (state.waiting.len(), state.waiting.dropped())
    }

    fn change(&self, with: impl FnOnce(&mut Hearing, u64)) {
        let now_ms = self.now_ms();
        with(&mut self.lock().hearing, now_ms);
        self.something.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
