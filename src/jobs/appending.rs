//! Entries on their way to the owner's log, in batches: while the store has one, the next is made.

use super::error::JobError;
use super::limits::{BATCHES_AHEAD, ENTRIES_PER_BATCH};
use super::task::Task;
use domain::entry::LogEntry;
use ports::StoreError;
use std::collections::VecDeque;
use tokio::task::JoinHandle;

/// Entries on their way to the owner's log.
pub(super) struct Appending<'t> {
    task: &'t Task,
    entries: Vec<LogEntry>,
    /// Batches that the store has, and how many entries each has.
    underway: VecDeque<(u64, JoinHandle<Result<(), StoreError>>)>,
}

impl<'t> Appending<'t> {
    pub fn new(task: &'t Task) -> Appending<'t> {
        Appending { task, entries: Vec::new(), underway: VecDeque::new() }
    }

    /// Adds an entry; says of how many it is known now that they are stored.
    ///
    /// # Errors
    /// The store's.
    pub fn push(&mut self, entry: LogEntry) -> Result<u64, JobError> {
        self.entries.push(entry);
        if self.entries.len() < ENTRIES_PER_BATCH { Ok(0) } else { self.send() }
    }

    /// Waits until all are stored; says how many were not known to be.
    ///
    /// # Errors
    /// The store's.
    pub fn finish(&mut self) -> Result<u64, JobError> {
        let mut stored = self.send()?;
        while !self.underway.is_empty() {
            stored += self.wait_for_one()?;
        }
        Ok(stored)
    }

    fn send(&mut self) -> Result<u64, JobError> {
        if self.entries.is_empty() {
            return Ok(0);
        }
        let stored = if self.underway.len() < BATCHES_AHEAD { 0 } else { self.wait_for_one()? };
        let entries = std::mem::take(&mut self.entries);
        let (count, owner) = (entries.len() as u64, self.task.owner);
        let tools = self.task.tools.clone();
        let appending = self.task.begin(async move { tools.logs.append_import(owner, entries).await });
        self.underway.push_back((count, appending));
        Ok(stored)
    }

    fn wait_for_one(&mut self) -> Result<u64, JobError> {
        let Some((count, appending)) = self.underway.pop_front() else { return Ok(0) };
        let ended = self.task.wait(appending);
        ended.map_err(|_| JobError::Internal("a task that stores entries ended".to_owned()))??;
        Ok(count)
    }
}
