//! The outbox on disk: one JSON line a record, only appended to, so that a crash tears at most the last line.

use crate::record::{Record, Replay, Restored};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Lines about settled commands after which the file is written anew when it is opened.
const SETTLED_LINES_MAX: usize = 1_000;

/// Bytes of lines that could not be written and are kept for the next write; more are lost when the process ends.
const UNWRITTEN_BYTES_MAX: usize = 8 * 1024 * 1024;

/// An outbox file. A file beside it is locked while it is open: that one is never replaced.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    sync: bool,
    /// How long the file is as far as it is whole; what a failed write left behind it is torn off.
    len: u64,
    /// Lines that could not be written yet.
    unwritten: String,
    _lock: File,
}

/// Why an outbox file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has it.
    #[error("the outbox {0} is in use by another process")]
    InUse(PathBuf),
    /// A line in the middle that cannot be read: nothing is thrown away by guessing.
    #[error("line {line} of the outbox {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The system refused.
    #[error("the outbox {path} cannot be {doing}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// `opened`, `read`, `written`.
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

impl Journal {
    /// Opens (or makes) the file and reads what it holds. With `sync` each write waits for the disk.
    ///
    /// # Errors
    /// [`JournalError`]; the file is unchanged then.
    pub fn open(path: &Path, sync: bool) -> Result<(Journal, Restored), JournalError> {
        let io = |doing| move |source| JournalError::Io { path: path.to_owned(), doing, source };
        let lock = beside(path, ".lock");
        let lock = OpenOptions::new().append(true).create(true).open(lock).map_err(io("opened"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(io("opened")(source)),
        }
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).map_err(io("opened"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io("read"))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut replay = Replay::default();
        for (number, line) in bytes[..whole].split(|byte| *byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let record = serde_json::from_slice(line).map_err(|source| JournalError::Unreadable {
                path: path.to_owned(),
                line: number + 1,
                source,
            })?;
            replay.apply(record);
        }
        // What lies behind was torn, and never acted upon: the first write takes it off.
        let len = whole as u64;
        let path = path.to_owned();
        let mut journal = Journal { file, path, sync, len, unwritten: String::new(), _lock: lock };
        if sync {
            journal.sync_folder().map_err(|source| journal.io("opened", source))?;
        }
        if replay.settled > SETTLED_LINES_MAX {
            journal.rewrite(&replay)?;
        }
        Ok((journal, replay.restored()))
    }

    /// Appends records in one write, those first that could not be written before.
    ///
    /// # Errors
    /// [`JournalError::Io`]; the records are kept and go with the next ones, and nothing of a write that broke off
    /// stays in the file.
    pub fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
        let mut text = std::mem::take(&mut self.unwritten);
        text.push_str(&lines(records));
        match self.write(text.as_bytes()) {
            Ok(()) => {
                self.len += text.len() as u64;
                Ok(())
            }
            Err(source) => {
                if text.len() <= UNWRITTEN_BYTES_MAX {
                    self.unwritten = text;
                }
                Err(self.io("written", source))
            }
        }
    }

    fn write(&mut self, text: &[u8]) -> std::io::Result<()> {
        if self.file.metadata()?.len() != self.len {
            // A write broke off in the middle of a line.
            self.file.set_len(self.len)?;
        }
        self.file.write_all(text)?;
        if self.sync { self.file.sync_data() } else { Ok(()) }
    }

    /// Replaces the file by one that holds what matters of it. A crash in between leaves one of the two.
    fn rewrite(&mut self, replay: &Replay) -> Result<(), JournalError> {
        let lines = lines(&replay.records());
        let replaced = || -> std::io::Result<File> {
            let fresh = beside(&self.path, ".new");
            std::fs::write(&fresh, &lines)?;
            let file = OpenOptions::new().read(true).append(true).open(&fresh)?;
            file.sync_data()?;
            std::fs::rename(&fresh, &self.path)?;
            self.sync_folder()?;
            Ok(file)
        };
        self.file = replaced().map_err(|source| self.io("written", source))?;
        self.len = lines.len() as u64;
        Ok(())
    }

    /// Makes the file's name as durable as its content.
    fn sync_folder(&self) -> std::io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        // Only on Unix a folder can be opened like a file; elsewhere names need no such care.
        if cfg!(unix) { File::open(folder.unwrap_or(Path::new(".")))?.sync_all() } else { Ok(()) }
    }

    fn io(&self, doing: &'static str, source: std::io::Error) -> JournalError {
        JournalError::Io { path: self.path.clone(), doing, source }
    }
}

/// The path with this behind its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn lines(records: &[Record]) -> String {
    let mut lines = String::new();
    for record in records {
        // A record has string keys only and cannot fail; a line that is missing would be a lost command.
        if let Ok(line) = serde_json::to_string(record) {
            lines.push_str(&line);
            lines.push('\n');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Body, Command, Undo};
    use uuid::Uuid;

    fn made(n: u64) -> Record {
        let command = Command { id: id(n), body: Body::Undo(Undo { of: id(1_000 + n) }) };
        Record::Made { user: Uuid::from_u128(1), command, offset_ms: -3, replaces: None }
    }

    fn id(n: u64) -> Uuid {
        protocol::id_from_parts(n, [0; 10])
    }

    fn durable(n: u64) -> Record {
        Record::Durable { user: Uuid::from_u128(1), id: id(n) }
    }

    fn ids(restored: &Restored) -> Vec<Uuid> {
        restored.entries.iter().map(|entry| entry.command.id).collect()
    }

    #[test]
    fn what_has_no_verdict_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.jsonl");
        let (mut journal, restored) = Journal::open(&path, true).unwrap();
        assert_eq!(restored, Restored::default());
        journal.append(&[made(1), made(2), made(3)]).unwrap();
        journal.append(&[durable(1), Record::Sent { id: id(2) }]).unwrap();
        let Record::Made { user, command, offset_ms, .. } = made(4) else { panic!() };
        journal.append(&[Record::Made { user, command, offset_ms, replaces: Some(id(3)) }]).unwrap();
        drop(journal);
        let (_journal, restored) = Journal::open(&path, true).unwrap();
        assert_eq!(ids(&restored), [id(2), id(4)]);
        assert_eq!(restored.entries.iter().map(|entry| entry.sent).collect::<Vec<_>>(), [true, false]);
        assert_eq!(restored.last_saved, [(Uuid::from_u128(1), id(1))]);
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_the_next_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.jsonl");
        let whole = lines(&[made(1), made(2)]);
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole.as_bytes()[..cut]).unwrap();
            let (mut journal, restored) = Journal::open(&path, false).unwrap();
            assert_eq!(restored.entries.len(), whole[..cut].matches('\n').count());
            journal.append(&[made(3)]).unwrap();
            drop(journal);
            let (_journal, again) = Journal::open(&path, false).unwrap();
            assert_eq!(again.entries.len(), restored.entries.len() + 1);
        }
    }

    #[test]
    fn what_a_failed_write_left_is_torn_off_before_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.jsonl");
        let (mut journal, _) = Journal::open(&path, false).unwrap();
        journal.append(&[made(1)]).unwrap();
        // The disk was full in the middle of a line.
        journal.file.write_all(&lines(&[made(2)]).as_bytes()[..20]).unwrap();
        journal.append(&[made(3)]).unwrap();
        drop(journal);
        let (_journal, restored) = Journal::open(&path, false).unwrap();
        assert_eq!(ids(&restored), [id(1), id(3)]);
    }

    #[test]
    fn what_could_not_be_written_goes_with_the_next_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.jsonl");
        let (mut journal, _) = Journal::open(&path, false).unwrap();
        journal.append(&[made(1)]).unwrap();
        let good = std::mem::replace(&mut journal.file, File::open(&path).unwrap());
        assert!(matches!(journal.append(&[made(2)]), Err(JournalError::Io { doing: "written", .. })));
        assert!(journal.append(&[made(3), durable(1)]).is_err());
        journal.file = good;
        journal.append(&[Record::Sent { id: id(2) }]).unwrap();
        drop(journal);
        let (_journal, restored) = Journal::open(&path, false).unwrap();
        assert_eq!(ids(&restored), [id(2), id(3)]);
        assert!(restored.entries[0].sent);
    }

    #[test]
    fn a_broken_line_in_the_middle_stops_everything() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.jsonl");
        std::fs::write(&path, "{\"half\n{\"sent\":{\"id\":\"00000000-0000-0000-0000-000000000001\"}}\n")
            .unwrap();
        assert!(matches!(Journal::open(&path, false), Err(JournalError::Unreadable { line: 1, .. })));
    }

    #[test]
    fn two_processes_never_share_an_outbox() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.jsonl");
        let first = Journal::open(&path, false).unwrap();
        assert!(matches!(Journal::open(&path, false), Err(JournalError::InUse(_))));
        drop(first);
        assert!(Journal::open(&path, false).is_ok());
    }

    #[test]
    fn a_long_history_is_made_short_and_means_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.jsonl");
        let (mut journal, _) = Journal::open(&path, false).unwrap();
        let count = SETTLED_LINES_MAX as u64 + 10;
        for n in 1..=count {
            journal.append(&[made(n)]).unwrap();
            if n > 2 {
                journal.append(&[durable(n)]).unwrap();
            }
        }
        drop(journal);
        let (mut journal, before) = Journal::open(&path, false).unwrap();
        assert_eq!(ids(&before), [id(1), id(2)]);
        journal.append(&[durable(1)]).unwrap();
        assert!(matches!(Journal::open(&path, false), Err(JournalError::InUse(_))));
        drop(journal);
        assert!(std::fs::metadata(&path).unwrap().len() < 2_000);
        let (_journal, after) = Journal::open(&path, false).unwrap();
        assert_eq!(ids(&after), [id(2)]);
        assert_eq!((after.last_settled, after.last_saved), (before.last_settled, before.last_saved));
    }
}
