//! Media files in a backup: they stand behind the database, one after another, each behind its digest and its length.
//! SQLite looks at the pages that its header counts, so the file can be opened as a database as it is.

use super::{BackupError, io};
use crate::folder::Folder;
use crate::media::files::MediaFiles;
use crate::media::page;
use ports::{MediaDigest, MediaRecord};
use rusqlite::Connection;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Records that are read at once.
const PAGE: usize = 256;
/// Digest and length.
const HEAD_BYTES: usize = 32 + 8;

/// Bytes of the database at the beginning of a backup.
pub(super) fn database_bytes(db: &Connection) -> rusqlite::Result<u64> {
    let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let page_bytes: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    Ok(u64::try_from(pages.saturating_mul(page_bytes)).unwrap_or(0))
}

/// Appends every file that this copy of `main.db` knows; files never change, and are there before they are known.
pub(super) fn append(copy: &Path, folder: &Folder) -> Result<(), BackupError> {
    let files = MediaFiles::new(folder);
    let db = Connection::open(copy)?;
    let to = File::options().append(true).open(copy).map_err(io(copy))?;
    let mut to = BufWriter::new(to);
    let mut after = None;
    loop {
        let records = page(&db, after, PAGE).map_err(BackupError::Unread)?;
        let Some(last) = records.last() else { break };
        after = Some(last.digest);
        for record in &records {
            append_one(&mut to, &files, record)?;
        }
    }
    to.flush().map_err(io(copy))
}

fn append_one(to: &mut impl Write, files: &MediaFiles, record: &MediaRecord) -> Result<(), BackupError> {
    let file = files.file(record.digest);
    match copy_one(to, &file, record).map_err(io(&file))? == record.bytes {
        true => Ok(()),
        false => Err(BackupError::Damaged { file, found: "it is shorter than it was".to_owned() }),
    }
}

fn copy_one(to: &mut impl Write, file: &Path, record: &MediaRecord) -> std::io::Result<u64> {
    let content = File::open(file)?;
    to.write_all(&record.digest.0)?;
    to.write_all(&record.bytes.to_le_bytes())?;
    std::io::copy(&mut content.take(record.bytes), to)
}

/// Puts the files between these bytes of a backup into a folder.
pub(super) fn extract(backup: &Path, from: u64, to: u64, folder: &Folder) -> Result<(), BackupError> {
    let failed = io(backup);
    let files = MediaFiles::new(folder);
    let mut content = File::open(backup).map_err(&failed)?;
    content.seek(SeekFrom::Start(from)).map_err(&failed)?;
    let mut content = BufReader::new(content);
    let mut left = to.saturating_sub(from);
    while left > 0 {
        let mut head = [0; HEAD_BYTES];
        content.read_exact(&mut head).map_err(&failed)?;
        let (digest, length) = head.split_at(32);
        let digest = MediaDigest(digest.try_into().unwrap_or_default());
        let length = u64::from_le_bytes(length.try_into().unwrap_or_default());
        left = left.checked_sub(length.saturating_add(HEAD_BYTES as u64)).ok_or_else(|| {
            BackupError::Damaged { file: backup.to_owned(), found: "its media files are cut".to_owned() }
        })?;
        let mut bytes = Vec::new();
        (&mut content).take(length).read_to_end(&mut bytes).map_err(&failed)?;
        files.put(digest, &bytes).map_err(io(&files.file(digest)))?;
    }
    Ok(())
}
