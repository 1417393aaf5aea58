//! Entries on their way to the owner's log, in batches: while the store has one, the next is made.

use super::error::JobError;
use super::limits::{BATCHES_AHEAD, ENTRIES_COMPARED, ENTRIES_PER_BATCH, OWN_ANSWERS_MAX};
use super::own_answers::{OwnAnswers, Span};
use super::task::Task;
use domain::entry::LogEntry;
use domain::ids::{CardId, EntryId};
use ports::{LogRange, StoreError};
use std::collections::VecDeque;
use tokio::task::JoinHandle;

/// Entries on their way to the owner's log.
pub(super) struct Appending<'t> {
    task: &'t Task,
    entries: Vec<LogEntry>,
    own: OwnAnswers,
    /// Batches that the store has, and how many entries each has.
    underway: VecDeque<(u64, JoinHandle<Result<(), StoreError>>)>,
}

impl<'t> Appending<'t> {
    pub fn new(task: &'t Task) -> Appending<'t> {
        Appending { task, entries: Vec::new(), own: OwnAnswers::default(), underway: VecDeque::new() }
    }

    /// For rows of a review log from which an export has gone out that moved some of them.
    pub fn of_moved_rows(task: &'t Task) -> Appending<'t> {
        Appending { own: OwnAnswers::with_brought(), ..Appending::new(task) }
    }

    /// Reads what the log has from the first moment until before the second, unless it is known.
    ///
    /// # Errors
    /// The store's; the job is to stop.
    pub fn know(&mut self, span: Span) -> Result<(), JobError> {
        self.own.unread_of(span).into_iter().try_for_each(|span| self.read_own(span))
    }

    /// When the answer in a row was given, of which the time is known ([`OwnAnswers::given_ms`]).
    pub fn given_ms(&mut self, card: CardId, at_ms: i64) -> i64 {
        self.own.given_ms((at_ms, card))
    }

    /// Adds an entry; says of how many it is known now that they are stored.
    ///
    /// # Errors
    /// The store's.
    pub fn push(&mut self, entry: LogEntry) -> Result<u64, JobError> {
        if self.entries.capacity() == 0 {
            // What a vector leaves behind while it grows is as much again.
            self.entries.reserve_exact(ENTRIES_PER_BATCH);
        }
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
        let mut entries = std::mem::take(&mut self.entries);
        self.leave_out_own(&mut entries)?;
        if entries.is_empty() {
            return Ok(stored);
        }
        let (count, owner) = (entries.len() as u64, self.task.owner);
        let tools = self.task.tools.clone();
        let appending = self.task.begin(async move { tools.logs.append_import(owner, entries).await });
        self.underway.push_back((count, appending));
        Ok(stored)
    }

    /// Leaves out answers that the owner gave here, which the log has under other ids.
    fn leave_out_own(&mut self, entries: &mut Vec<LogEntry>) -> Result<(), JobError> {
        self.own.unread(entries).into_iter().try_for_each(|span| self.read_own(span))?;
        self.own.leave_out(entries);
        Ok(())
    }

    /// Reads a span of the owner's log, newest first, as long as there is room.
    fn read_own(&mut self, span: Span) -> Result<(), JobError> {
        let mut range = LogRange {
            from: EntryId::floor_of(span.0),
            before: Some(EntryId::floor_of(span.1)),
            newest_first: true,
            limit: ENTRIES_COMPARED,
        };
        loop {
            self.task.keep_going()?;
            let there = self.task.wait(self.task.tools.logs.log(self.task.owner, range))?;
            if !self.own.take(&there, OWN_ANSWERS_MAX) || there.len() < ENTRIES_COMPARED {
                break;
            }
            range.before = there.last().map(|entry| entry.id);
        }
        self.own.know(span);
        Ok(())
    }

    fn wait_for_one(&mut self) -> Result<u64, JobError> {
        let Some((count, appending)) = self.underway.pop_front() else { return Ok(0) };
        let ended = self.task.wait(appending);
        ended.map_err(|_| JobError::Internal("a task that stores entries ended".to_owned()))??;
        Ok(count)
    }
}
