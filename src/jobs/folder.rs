//! Where uploads lie on the disk: a folder a job, within the data folder.
//!
//! | in a job's folder | what |
//! |---|---|
//! | `upload` | the file, whole and synced before the job is known |
//! | `work/` | scratch; emptied whenever the job is begun |
//! | `kept/` | what was there before, for a revocation |

use super::limits::DISK_RESERVE_BYTES;
use domain::ids::{JobId, Uuid};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::{NamedTempFile, TempDir};

/// How files begin that are still being received.
pub(super) const RECEIVING: &str = "receiving-";
/// How folders begin that are gone after one request.
const SCRATCH: &str = "scratch-";
/// The file that holds the folder's own name.
const PLACE: &str = "place";

/// The folder of all jobs of a process.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
    place: Uuid,
    /// Another process would take up the same jobs. The lock goes with the last handle.
    _lock: Arc<File>,
    /// As if others had filled the disk.
    #[cfg(test)]
    pub(super) is_full: Arc<std::sync::atomic::AtomicBool>,
}

impl Folder {
    /// Opens the folder within the data folder; makes it if it is not there. What was left behind by requests that broke off
    /// is removed. Blocks.
    ///
    /// # Errors
    /// The system refuses, or another process has it.
    pub fn open(data_dir: &Path) -> io::Result<Folder> {
        let root = data_dir.join("imports");
        let mut make = fs::DirBuilder::new();
        make.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
        make.create(&root)?;
        let lock = File::create(root.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::other("another process has the folder of imports"),
            TryLockError::Error(error) => error,
        })?;
        clear(&root)?;
        let name = root.join(PLACE);
        let known = fs::read_to_string(&name).ok().and_then(|text| text.trim().parse().ok());
        let place = match known {
            Some(place) => place,
            None => {
                let place = Uuid::new_v4();
                let mut file = NamedTempFile::with_prefix_in(RECEIVING, &root)?;
                write!(file, "{place}")?;
                file.as_file().sync_all()?;
                file.persist(&name).map_err(|error| error.error)?;
                place
            }
        };
        Ok(Folder {
            root,
            place,
            _lock: Arc::new(lock),
            #[cfg(test)]
            is_full: Arc::default(),
        })
    }

    /// The folder's own name: by it a job's record says where its file is.
    pub const fn place(&self) -> Uuid {
        self.place
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A job's folder.
    pub fn of(&self, job: JobId) -> PathBuf {
        self.root.join(job.to_string())
    }

    /// A job's file.
    pub fn upload(&self, job: JobId) -> PathBuf {
        self.of(job).join("upload")
    }

    /// A job's scratch folder.
    pub fn work(&self, job: JobId) -> PathBuf {
        self.of(job).join("work")
    }

    /// What a job keeps.
    pub fn kept(&self, job: JobId) -> PathBuf {
        self.of(job).join("kept")
    }

    /// The jobs that have a folder. Blocks.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn jobs(&self) -> io::Result<Vec<JobId>> {
        let mut jobs = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            let name = entry.file_name();
            jobs.extend(name.to_str().and_then(|name| name.parse::<JobId>().ok()));
        }
        jobs.sort_unstable();
        Ok(jobs)
    }

    /// A folder for one request's files; gone when it is dropped. Blocks.
    ///
    /// # Errors
    /// The system refuses.
    pub fn scratch(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&self.root)
    }

    /// Removes all of a job. Blocks.
    ///
    /// # Errors
    /// The system refuses; that there is nothing is none.
    pub fn remove(&self, job: JobId) -> io::Result<()> {
        gone(fs::remove_dir_all(self.of(job)))
    }

    /// Removes a job's file and scratch, and keeps what a revocation needs. Blocks.
    ///
    /// # Errors
    /// The system refuses; that there is nothing is none.
    pub fn remove_upload(&self, job: JobId) -> io::Result<()> {
        gone(fs::remove_dir_all(self.work(job)))?;
        gone(fs::remove_file(self.upload(job)))?;
        // Most jobs keep nothing, and then no folder either.
        let _ = fs::remove_dir(self.kept(job));
        let _ = fs::remove_dir(self.of(job));
        Ok(())
    }

    /// Empties a job's scratch folder, and makes that of what it keeps. Blocks.
    ///
    /// # Errors
    /// The system refuses.
    pub fn fresh_work(&self, job: JobId) -> io::Result<()> {
        let work = self.work(job);
        gone(fs::remove_dir_all(&work))?;
        fs::create_dir_all(work)?;
        fs::create_dir_all(self.kept(job))?;
        // What a revocation needs outlives a power cut: the name of its folder too.
        File::open(self.of(job))?.sync_all()
    }

    /// Bytes that may still be written here, by everybody together: asked often, it takes one call of the system. Blocks.
    ///
    /// # Errors
    /// The system refuses.
    pub fn room(&self) -> io::Result<u64> {
        #[cfg(test)]
        if self.is_full.load(std::sync::atomic::Ordering::Acquire) {
            return Ok(0);
        }
        let disk = rustix::fs::statvfs(&self.root)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize).saturating_sub(DISK_RESERVE_BYTES))
    }
}

/// Removes what requests that broke off have left behind.
fn clear(root: &Path) -> io::Result<()> {
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        match name.to_str() {
            Some(name) if name.starts_with(SCRATCH) => fs::remove_dir_all(entry.path())?,
            Some(name) if name.starts_with(RECEIVING) => fs::remove_file(entry.path())?,
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
