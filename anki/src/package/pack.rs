//! The folder of a profile as one stream: a zip of what an import reads of it.

use super::copy::{CopyError, bounded_copy};
use super::folder::{COLLECTION, LOG, MEDIA, is_file, is_unfinished};
use crate::error::OpenError;
use crate::limits::FOLDER_FILES_MAX;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// What of a profile's folder is sent: its collection with its log, and its media. All else that lies
/// there, backups and add-ons among it, stays.
#[derive(Debug)]
pub struct ProfileFolder {
    parts: Vec<Part>,
    left_out: u64,
}

#[derive(Debug)]
struct Part {
    path: PathBuf,
    entry: String,
    bytes: u64,
}

impl ProfileFolder {
    /// Whether this folder is a profile's.
    pub fn is_one(folder: &Path) -> bool {
        is_file(&folder.join(COLLECTION))
    }

    /// Looks at a folder: a copy of a profile's, or one that no Anki has open. The same files make the same bytes.
    ///
    /// # Errors
    /// It is none, holds too many files, or cannot be read.
    pub fn open(folder: &Path) -> Result<ProfileFolder, OpenError> {
        if !ProfileFolder::is_one(folder) {
            return Err(OpenError::NoCollection);
        }
        if is_unfinished(&folder.join(COLLECTION)) {
            return Err(OpenError::Unfinished);
        }
        let mut parts = Vec::new();
        for suffix in ["", LOG] {
            let entry = format!("{COLLECTION}{suffix}");
            let path = folder.join(&entry);
            if is_file(&path) {
                let bytes = fs::metadata(&path)?.len();
                parts.push(Part { path, entry, bytes });
            }
        }
        let media = folder.join(MEDIA);
        let (mut files, mut left_out) = (Vec::new(), 0);
        if media.is_dir() {
            for (nth, entry) in fs::read_dir(&media)?.enumerate() {
                if nth >= FOLDER_FILES_MAX {
                    let (found, max) = (nth as u64 + 1, FOLDER_FILES_MAX as u64);
                    return Err(OpenError::TooMuch { what: "files in the folder of media", found, max });
                }
                let entry = entry?;
                // What a link points at is not the profile's.
                let bytes = entry.metadata().ok().filter(fs::Metadata::is_file).map(|data| data.len());
                match (entry.file_name().into_string(), bytes) {
                    (Ok(name), Some(bytes)) => {
                        files.push(Part { path: entry.path(), entry: format!("{MEDIA}/{name}"), bytes });
                    }
                    (Ok(_) | Err(_), _) => left_out += 1,
                }
            }
        }
        files.sort_by(|a, b| a.entry.cmp(&b.entry));
        // An archive says by this entry that it is a profile, even where there are no media.
        parts.push(Part { path: PathBuf::new(), entry: format!("{MEDIA}/"), bytes: 0 });
        parts.extend(files);
        Ok(ProfileFolder { parts, left_out })
    }

    /// How long all of it is, in bytes; the zip has some more, or fewer, because the collection is packed.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// What lies in the folder of media and cannot be sent: folders, links, names that are no text.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Writes it as a zip, to a stream that cannot go back. `read` is told how many more bytes of the folder were read.
    ///
    /// # Errors
    /// A file cannot be read any more, or `out` takes no more.
    pub fn write_zip(&self, out: impl Write, mut read: impl FnMut(u64)) -> io::Result<()> {
        let mut zip = ZipWriter::new_stream(BufWriter::new(out));
        for part in &self.parts {
            if part.entry.ends_with('/') {
                zip.add_directory(part.entry.as_str(), options(CompressionMethod::Stored))?;
                continue;
            }
            // Pictures and sounds are packed already.
            let is_media = part.entry.starts_with(MEDIA);
            let method = if is_media { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            zip.start_file(
                part.entry.as_str(),
                options(method).large_file(part.bytes >= u64::from(u32::MAX)),
            )?;
            let mut file = Told { file: File::open(&part.path)?, read: &mut read };
            // A file that grows meanwhile is sent as long as it was.
            bounded_copy(&mut (&mut file).take(part.bytes), &mut zip, part.bytes).map_err(
                |error| match error {
                    CopyError::TooLong => io::Error::other("a file of the profile grew"),
                    CopyError::Read(error) | CopyError::Write(error) => error,
                },
            )?;
        }
        zip.finish()?.into_inner().flush()
    }
}

fn options(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(method).last_modified_time(DateTime::default())
}

/// A file of which it is told how far it was read.
struct Told<'r, R> {
    file: File,
    read: &'r mut R,
}

impl<R: FnMut(u64)> Read for Told<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        (self.read)(count as u64);
        Ok(count)
    }
}
