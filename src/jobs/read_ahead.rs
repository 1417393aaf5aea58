//! Answers are read and sorted on a thread of their own, a run ahead of those that are being stored.

use super::error::JobError;
use super::limits::{PIECE_BYTES, RUNS_AHEAD};
use super::task::Task;
use crate::import::reviews::{CardIndex, ReviewReader, ReviewReport, Run};
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, Builder};
use std::time::Duration;

/// How often it is said how far the reading is while nothing comes of it.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// A file, a piece at a time.
pub(super) struct Pieces {
    file: File,
    total: u64,
}

impl Pieces {
    /// Opens a file; also its first piece.
    ///
    /// # Errors
    /// The disk's.
    pub fn open(path: &Path) -> io::Result<(Vec<u8>, Pieces)> {
        let file = File::open(path)?;
        let total = file.metadata()?.len();
        let mut pieces = Pieces { file, total };
        let mut head = Vec::new();
        pieces.next(&mut head)?;
        Ok((head, pieces))
    }

    /// Reads the next piece; it is empty at the end.
    fn next(&mut self, piece: &mut Vec<u8>) -> io::Result<()> {
        piece.resize(PIECE_BYTES, 0);
        let length = loop {
            match self.file.read(piece) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        piece.truncate(length);
        Ok(())
    }
}

/// A file of answers that is to be read.
pub(super) struct ReadAhead {
    /// Its first piece.
    pub head: Vec<u8>,
    /// The others.
    pub pieces: Pieces,
    /// What reads it.
    pub reader: ReviewReader,
}

impl ReadAhead {
    /// Reads the file to its end; every run of answers goes to `each`, with the cards that it names, while the next is read.
    ///
    /// # Errors
    /// The file is at fault or cannot be read, the job is to stop, or what `each` says.
    pub fn each_run(
        mut self,
        task: &Task,
        mut each: impl FnMut(&Run, &CardIndex) -> Result<(), JobError>,
    ) -> Result<ReviewReport, JobError> {
        let cards = Arc::clone(self.reader.cards());
        let (total, done, stop) = (self.pieces.total, AtomicU64::new(0), task.stop_mark());
        let (runs, made) = sync_channel(RUNS_AHEAD);
        thread::scope(|scope| {
            let thread = Builder::new().name("import-read".to_owned());
            let reading = thread
                .spawn_scoped(scope, || self.read(runs, &done, &stop))
                .map_err(|error| JobError::NotNow(format!("there is no thread to read on: {error}")))?;
            let told = || task.progress(done.load(Ordering::Relaxed), total);
            let taken = take_all(made, told, |run| each(&run, &cards));
            // Whoever took them knows better why it ended.
            let report =
                reading.join().map_err(|_| JobError::Internal("a thread that reads ended".to_owned()));
            taken?;
            report?
        })
    }

    /// Reads to the end, or until nobody wants more.
    fn read(
        self,
        runs: SyncSender<Run>,
        done: &AtomicU64,
        stop: &AtomicBool,
    ) -> Result<ReviewReport, JobError> {
        let ReadAhead { head: mut piece, mut pieces, mut reader } = self;
        while !piece.is_empty() && !stop.load(Ordering::Acquire) {
            if let Some(run) = reader.feed(&piece)? {
                runs.send(run).map_err(|_| JobError::Stopped)?;
            }
            done.fetch_add(piece.len() as u64, Ordering::Relaxed);
            pieces.next(&mut piece)?;
        }
        if stop.load(Ordering::Acquire) {
            return Err(JobError::Stopped);
        }
        let (last, _, report) = reader.finish()?;
        runs.send(last).map_err(|_| JobError::Stopped)?;
        Ok(report)
    }
}

/// Gives all runs to `each`, and says now and then how far the reading is.
fn take_all(
    made: Receiver<Run>,
    mut told: impl FnMut() -> Result<(), JobError>,
    mut each: impl FnMut(Run) -> Result<(), JobError>,
) -> Result<(), JobError> {
    loop {
        match made.recv_timeout(TOLD_EVERY) {
            Ok(run) => each(run)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        told()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_takes_no_more_runs_ends_their_reading_and_all_are_taken_before_its_end() {
        for taken_max in [0, 1, 5] {
            let (runs, made) = sync_channel(RUNS_AHEAD);
            let reading =
                thread::spawn(move || (0..5).take_while(|_| runs.send(Run::default()).is_ok()).count());
            let (mut taken, mut told) = (0, 0);
            let ended = take_all(
                made,
                || {
                    told += 1;
                    Ok(())
                },
                |_| {
                    taken += 1;
                    if taken > taken_max { Err(JobError::Stopped) } else { Ok(()) }
                },
            );
            let read = reading.join().unwrap();
            assert_eq!((ended.is_ok(), taken), (taken_max == 5, (taken_max + 1).min(5)));
            assert!(read <= taken + 1 && told >= taken.min(taken_max), "{read} {told}");
        }
    }
}
