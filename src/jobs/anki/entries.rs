//! Scheduling, and the review log, as entries of the learner's log: under the job, and so inert.

use crate::import::Stamps;
use crate::jobs::appending::Appending;
use crate::jobs::error::JobError;
use crate::jobs::ids::{review_id, set_id, state_id};
use crate::jobs::task::Task;
use anki::map::{Answer, Standing};
use domain::entry::{Body, LogEntry, Mode, Review, SetChange};
use domain::ids::{CardId, DeckId, JobId};
use ports::codec::{decode_entry, encode_entry};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The longest entry, in bytes.
const ENTRY_BYTES_MAX: usize = 1_024;

/// The entry of an answer.
pub(super) fn answer_entry(
    job: JobId,
    (deck, card): (DeckId, CardId),
    answer: &Answer,
    stamps: &mut Stamps,
) -> LogEntry {
    let review = Review {
        deck,
        card,
        grade: answer.grade,
        mode: Mode::Flip,
        elapsed_ms: answer.elapsed_ms,
        early: answer.early,
        confidence: None,
        sitting: None,
        class: None,
        response: None,
        revision: 0,
        told: false,
    };
    let (id, stamp) = (review_id(card, answer.at_ms), stamps.of(answer.at_ms));
    LogEntry { id, job: Some(job), stamp, body: Body::Review(review) }
}

/// The entries that bring a card to where it stands. Of a card that was here before also those that take back what an
/// earlier import may have set.
pub(super) fn standing_entries(
    task: &Task,
    (deck, card): (DeckId, CardId),
    standing: &Standing,
    modified_ms: i64,
    was_here: bool,
    stamps: &mut Stamps,
) -> Vec<LogEntry> {
    let mut entries = Vec::new();
    let latest_ms = task.made_ms.max(1);
    if let Some((at_ms, state)) = standing.state {
        let at_ms = at_ms.clamp(1, latest_ms);
        let body = Body::State { deck, card, state };
        entries.push(LogEntry {
            id: state_id(card, at_ms),
            job: Some(task.job),
            stamp: stamps.of(at_ms),
            body,
        });
    }
    let state_ms = standing.state.map_or(0, |(at_ms, _)| at_ms);
    let at_ms = modified_ms.max(state_ms).clamp(1, latest_ms);
    let mut set = |what: &str, change: SetChange| {
        let body = Body::Set { deck, card, change };
        entries.push(LogEntry {
            id: set_id(card, at_ms, what),
            job: Some(task.job),
            stamp: stamps.of(at_ms),
            body,
        });
    };
    if standing.suspended || was_here {
        set("suspended", SetChange::Suspended(standing.suspended));
    }
    // A burial ends by itself.
    if standing.buried_until.is_some() {
        set("buried", SetChange::BuriedUntil(standing.buried_until));
    }
    if standing.flag != 0 || was_here {
        set("flag", SetChange::Flag(standing.flag));
    }
    entries
}

/// Entries on the disk, between reading and writing.
#[derive(Debug)]
pub(super) struct EntrySpool {
    out: BufWriter<File>,
    path: PathBuf,
    buffer: Vec<u8>,
    pub count: u64,
}

impl EntrySpool {
    pub fn create(path: &Path) -> io::Result<EntrySpool> {
        let out = BufWriter::new(File::create(path)?);
        Ok(EntrySpool { out, path: path.to_owned(), buffer: Vec::new(), count: 0 })
    }

    pub fn push(&mut self, entry: &LogEntry) -> io::Result<()> {
        self.buffer.clear();
        encode_entry(entry, &mut self.buffer);
        let length = u16::try_from(self.buffer.len()).map_err(|_| ErrorKind::InvalidInput)?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(&self.buffer)?;
        self.count += 1;
        Ok(())
    }

    /// Appends all of them to the owner's log.
    pub fn append_all(
        &mut self,
        task: &Task,
        mut appended: impl FnMut(u64) -> Result<(), JobError>,
    ) -> Result<(), JobError> {
        self.out.flush()?;
        let mut file = BufReader::new(File::open(&self.path)?);
        let mut batch = Appending::new(task);
        for _ in 0..self.count {
            let mut length = [0; 2];
            file.read_exact(&mut length)?;
            let length = usize::from(u16::from_le_bytes(length));
            if length > ENTRY_BYTES_MAX {
                return Err(io::Error::from(ErrorKind::InvalidData).into());
            }
            self.buffer.resize(length, 0);
            file.read_exact(&mut self.buffer)?;
            let entry = decode_entry(&self.buffer).map_err(|_| io::Error::from(ErrorKind::InvalidData))?;
            let stored = batch.push(entry)?;
            if stored > 0 {
                appended(stored)?;
            }
        }
        appended(batch.finish()?)
    }
}
