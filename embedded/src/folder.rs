//! The store's folder: where its files lie, and the lock that gives it to one process.

use crate::error::OpenError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the files of a store lie.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn main(&self) -> PathBuf {
        self.root.join("main.db")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join("journal.db")
    }

    /// Where media files lie.
    pub(crate) fn media(&self) -> PathBuf {
        self.root.join("media")
    }

    /// There while a restore has not ended.
    pub(crate) fn restoring(&self) -> PathBuf {
        self.root.join("main.db.restoring")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("studyhall.lock")
    }
}

/// The folder is this process's as long as this lives.
#[derive(Debug)]
pub struct FolderLock {
    // Closing the file gives the lock back; the file itself stays, so that two starts cannot lock two files.
    _file: File,
}

/// What the lock file says is short; a longer one is not ours.
const HOLDER_BYTES_MAX: u64 = 256;

impl FolderLock {
    /// Takes the folder, which is made if it does not exist.
    ///
    /// # Errors
    /// [`OpenError::InUse`] says who has it.
    pub fn take(folder: &Path) -> Result<Self, OpenError> {
        let path = Folder::new(folder).lock();
        let io = |error| OpenError::Io { file: path.clone(), error };
        private_folder(folder).map_err(io)?;
        let mut file = new_files().create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { folder: folder.to_owned(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        writeln!(file, "process {} since {since} (Unix seconds)", std::process::id()).map_err(io)?;
        Ok(Self { _file: file })
    }
}

/// Makes the folder, for the owner alone: answers and names are nobody else's on this machine. One that is there stays
/// as it is.
pub(crate) fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut make = std::fs::DirBuilder::new();
    make.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
    make.create(folder)
}

/// Makes the file, for the owner alone, if it is not there. SQLite gives the files beside it the same mode.
pub(crate) fn private_file(path: &Path) -> std::io::Result<()> {
    match new_files().create_new(true).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// How files are made: no more open than the folder.
pub(crate) fn new_files() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes durable which files a folder has.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|file| file.sync_all())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(HOLDER_BYTES_MAX).read_to_string(&mut text);
    match (read, text.trim()) {
        (Ok(_), said) if !said.is_empty() => said.to_owned(),
        _ => "another process".to_owned(),
    }
}
