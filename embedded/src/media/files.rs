//! The bytes of media files: `media/ab/abcdef…`, each named by its digest. A file that has its name is whole and never
//! changes: it is written under another name, made durable, and then renamed.

use crate::folder::{Folder, new_files, private_folder, sync_folder};
use bytes::{Bytes, BytesMut};
use ports::MediaDigest;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where they lie. Clones are the same folder.
#[derive(Clone, Debug)]
pub(crate) struct MediaFiles {
    folder: Folder,
    /// Tells the files apart that are being written.
    next: Arc<AtomicU64>,
}

impl MediaFiles {
    pub(crate) fn new(folder: &Folder) -> Self {
        Self { folder: folder.clone(), next: Arc::default() }
    }

    /// Removes what was begun and not finished. Only for who has the folder alone.
    pub(crate) fn tidy(&self) -> io::Result<()> {
        match fs::remove_dir_all(self.partial()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Stores a file; durable when it returns. One that is there stays.
    pub(crate) fn put(&self, digest: MediaDigest, content: &[u8]) -> io::Result<()> {
        let file = self.file(digest);
        let (root, shelf) = (self.folder.media(), self.shelf(digest));
        if !is_there(&file, content.len() as u64)? {
            private_folder(&shelf)?;
            private_folder(&self.partial())?;
            let partial = self.partial().join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
            let mut made = new_files().create(true).truncate(true).open(&partial)?;
            made.write_all(content)?;
            made.sync_all()?;
            fs::rename(&partial, &file)?;
        }
        // Also of a file that was there: whoever wrote it may not have come so far.
        for folder in [&shelf, &root, self.folder.root()] {
            sync_folder(folder)?;
        }
        Ok(())
    }

    /// So many bytes from this offset on, fewer at the end.
    pub(crate) fn read(&self, digest: MediaDigest, offset: u64, length: usize) -> io::Result<Bytes> {
        let mut file = File::open(self.file(digest))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut content = BytesMut::zeroed(length);
        let mut read = 0;
        while read < length {
            match file.read(content.get_mut(read..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        content.truncate(read);
        Ok(content.freeze())
    }

    /// Where the file lies.
    pub(crate) fn file(&self, digest: MediaDigest) -> PathBuf {
        self.shelf(digest).join(digest.to_string())
    }

    fn shelf(&self, digest: MediaDigest) -> PathBuf {
        self.folder.media().join(format!("{:02x}", digest.0[0]))
    }

    fn partial(&self) -> PathBuf {
        self.folder.media().join("partial")
    }
}

fn is_there(file: &std::path::Path, length: u64) -> io::Result<bool> {
    match fs::metadata(file) {
        Ok(found) => Ok(found.len() == length),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
