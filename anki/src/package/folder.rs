//! The folder of a profile: a copy of it, or one that no Anki has open.

use super::copy::{CopyError, bounded_copy};
use super::media::{Lies, MediaFile, MediaList};
use crate::error::{MediaError, OpenError};
use crate::limits::{FOLDER_FILES_MAX, Limits};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What a profile's database is called.
pub(super) const COLLECTION: &str = "collection.anki2";
/// What its folder of media is called.
pub(super) const MEDIA: &str = "collection.media";
/// The log that SQLite keeps beside a database that was not closed: without it, what was done last is missing.
pub(super) const LOG: &str = "-wal";
/// What it keeps beside a database that was left in the middle of a change.
pub(super) const JOURNAL: &str = "-journal";

/// Where the media of a profile lie.
#[derive(Debug)]
pub(super) struct MediaFolder {
    path: PathBuf,
    files: Vec<MediaFile>,
    left_out: u64,
}

/// Copies a profile's collection, and lists its media.
pub(super) fn unpack(profile: &Path, to: &Path, limits: &Limits) -> Result<MediaFolder, OpenError> {
    let from = profile.join(COLLECTION);
    if !is_file(&from) {
        return Err(OpenError::NoCollection);
    }
    copy_database(&from, to, limits)?;
    let path = profile.join(MEDIA);
    let mut list = MediaList::default();
    if path.is_dir() {
        for (nth, entry) in fs::read_dir(&path)?.enumerate() {
            if nth >= FOLDER_FILES_MAX {
                let (found, max) = (nth as u64 + 1, FOLDER_FILES_MAX as u64);
                return Err(OpenError::TooMuch { what: "files in the folder of media", found, max });
            }
            let entry = entry?;
            let bytes = entry.metadata().ok().filter(fs::Metadata::is_file).map(|data| data.len());
            match (entry.file_name().into_string(), bytes) {
                (Ok(name), Some(bytes)) => list.add(&name, Lies::Under(name.clone()), Some(bytes))?,
                (Ok(_) | Err(_), _) => list.left_out += 1,
            }
        }
        list.files.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(MediaFolder { path, files: list.files, left_out: list.left_out })
}

/// Copies a database and what belongs to it.
pub(super) fn copy_database(from: &Path, to: &Path, limits: &Limits) -> Result<(), OpenError> {
    if is_unfinished(from) {
        return Err(OpenError::Unfinished);
    }
    let mut left = limits.collection_bytes;
    for companion in ["", LOG] {
        let from = with_suffix(from, companion);
        if !companion.is_empty() && !is_file(&from) {
            continue;
        }
        let mut out = File::create_new(with_suffix(to, companion))?;
        let copied = bounded_copy(&mut File::open(from)?, &mut out, left).map_err(|error| match error {
            CopyError::TooLong => {
                let max = limits.collection_bytes;
                OpenError::TooMuch { what: "bytes of the collection", found: max + 1, max }
            }
            CopyError::Read(error) | CopyError::Write(error) => OpenError::Io(error),
        })?;
        left = left.saturating_sub(copied);
    }
    Ok(())
}

/// Whether a database was left in the middle of a change; an empty journal undoes nothing.
pub(super) fn is_unfinished(database: &Path) -> bool {
    fs::metadata(with_suffix(database, JOURNAL)).is_ok_and(|data| data.len() > 0)
}

/// A file itself: what a link points at is not the profile's.
pub(super) fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|data| data.is_file())
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

impl MediaFolder {
    /// The files, and how many are left out: their names are no text, too long or taken, or they are no files.
    pub fn list(&self) -> (Vec<MediaFile>, u64) {
        (self.files.clone(), self.left_out)
    }

    /// Writes a media file.
    pub fn copy(&self, file: &MediaFile, max: u64, out: &mut dyn Write) -> Result<u64, MediaError> {
        let Lies::Under(name) = &file.lies else { return Err(MediaError::Missing) };
        let path = self.path.join(name);
        if !is_file(&path) {
            return Err(MediaError::Missing);
        }
        let mut from = File::open(path).map_err(damaged)?;
        bounded_copy(&mut from, out, max).map_err(|error| match error {
            CopyError::TooLong => MediaError::TooLong { max },
            CopyError::Read(error) => damaged(error),
            CopyError::Write(error) => MediaError::Write(error),
        })
    }
}

fn damaged(error: io::Error) -> MediaError {
    MediaError::Damaged(error.to_string())
}
