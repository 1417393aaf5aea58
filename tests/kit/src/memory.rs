//! A store that keeps everything in memory: for unit tests and simulations. It keeps the same contracts as the
//! real ones, and dies with its last handle.

mod events;
mod jobs;
mod lessons;
mod library;
mod log;
mod media;
mod notes;
pub mod owners;
mod papers;
mod people;
mod registers;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The store. Clones are handles of one store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    log: log::Log,
    library: library::Shelf,
    people: people::Persons,
    registers: registers::Registers,
    feeds: events::Feeds,
    hooks: events::Hooks,
    jobs: jobs::Jobs,
    files: media::Files,
    binder: notes::Binder,
    lessons: lessons::Taught,
    papers: papers::Tray,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
