//! Writes packages that every Anki of the last ten years opens: the first form, whose schema is the older one.

mod definitions;
mod rows;

use crate::collection::Definitions;
use crate::limits::{ENTRIES_MAX, MEDIA_FILE_BYTES_MAX, WRITE_CACHE_KIB};
use crate::model::{CardRow, Review};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use tempfile::TempDir;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Why a package could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file cannot be written.
    #[error("writing the package failed: {0}")]
    Io(#[from] io::Error),
    /// The archive cannot be written.
    #[error("writing the archive failed: {0}")]
    Archive(String),
    /// The collection cannot be written.
    #[error("writing the collection failed: {0}")]
    Collection(#[from] rusqlite::Error),
    /// Another media file has the name.
    #[error("two media files have the name {0:?}")]
    MediaTwice(String),
    /// A media file is too long, or there are too many.
    #[error("the media do not fit into a package")]
    MediaTooMuch,
}

impl From<ZipError> for WriteError {
    fn from(error: ZipError) -> Self {
        WriteError::Archive(error.to_string())
    }
}

/// A package in the making. Its file is whole only after [`Writer::finish`].
#[derive(Debug)]
pub struct Writer {
    zip: ZipWriter<BufWriter<File>>,
    db: Connection,
    folder: TempDir,
    media: BTreeMap<String, u64>,
}

impl Writer {
    /// Begins a package at `path`, which must not exist; the collection is made in a folder within `work_folder`.
    /// Filtered decks are not written: their cards go back where they belong.
    ///
    /// # Errors
    /// Files cannot be made.
    pub fn create(path: &Path, work_folder: &Path, definitions: &Definitions) -> Result<Writer, WriteError> {
        let folder = tempfile::Builder::new().prefix("anki-").tempdir_in(work_folder)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(folder.path().join(COLLECTION), flags)?;
        // The file is made once and given away: a crash leaves nothing that anybody would open.
        db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
        db.pragma_update(None, "cache_size", -WRITE_CACHE_KIB)?;
        db.execute_batch("BEGIN")?;
        db.execute_batch(rows::SCHEMA)?;
        definitions::write(&db, definitions)?;
        let zip = ZipWriter::new(BufWriter::new(File::create_new(path)?));
        Ok(Writer { zip, db, folder, media: BTreeMap::new() })
    }

    /// Writes a card, and its note if that is not there yet.
    ///
    /// # Errors
    /// The collection's; a card of this id is there already.
    pub fn card(&mut self, row: &CardRow<'_>) -> Result<(), WriteError> {
        rows::write_note(&self.db, row)?;
        rows::write_card(&self.db, &row.card)?;
        Ok(())
    }

    /// Gives a note that was written other tags, and says when.
    ///
    /// # Errors
    /// The collection's.
    pub fn retag(&mut self, note: i64, tags: &[String], modified_s: i64) -> Result<(), WriteError> {
        rows::retag_note(&self.db, note, tags, modified_s)?;
        Ok(())
    }

    /// Writes a row of the review log, of two at one moment the first.
    ///
    /// # Errors
    /// The collection's.
    pub fn review(&mut self, review: &Review<'_>) -> Result<(), WriteError> {
        rows::write_review(&self.db, review)?;
        Ok(())
    }

    /// Writes a media file under the name by which cards call it.
    ///
    /// # Errors
    /// The name is taken, the file too long, or the archive cannot be written.
    pub fn media(&mut self, name: &str, data: &mut dyn Read) -> Result<(), WriteError> {
        let nth = self.media.len() as u64;
        if nth + 2 >= ENTRIES_MAX {
            return Err(WriteError::MediaTooMuch);
        }
        let name = crate::package::composed(name);
        if self.media.contains_key(&name) {
            return Err(WriteError::MediaTwice(name));
        }
        // Pictures and sounds are packed already.
        self.zip.start_file(nth.to_string(), stored())?;
        if io::copy(&mut data.take(MEDIA_FILE_BYTES_MAX + 1), &mut self.zip)? > MEDIA_FILE_BYTES_MAX {
            return Err(WriteError::MediaTooMuch);
        }
        self.media.insert(name, nth);
        Ok(())
    }

    /// Ends the package, and makes sure that it is on the disk.
    ///
    /// # Errors
    /// What was written is no package then.
    pub fn finish(mut self) -> Result<(), WriteError> {
        self.db.execute_batch(rows::INDEXES)?;
        self.db.execute_batch("COMMIT")?;
        self.db.close().map_err(|(_, error)| error)?;
        let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.zip.start_file(COLLECTION, packed.large_file(true))?;
        io::copy(&mut File::open(self.folder.path().join(COLLECTION))?, &mut self.zip)?;
        let list: BTreeMap<String, &str> =
            self.media.iter().map(|(name, nth)| (nth.to_string(), name.as_str())).collect();
        self.zip.start_file("media", packed)?;
        self.zip.write_all(serde_json::json!(list).to_string().as_bytes())?;
        let file = self.zip.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(())
    }
}

const COLLECTION: &str = "collection.anki2";

fn stored() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Stored)
}
