//! Uploads: pieces go to the disk as they come, and the file is whole, synced and known by its digest before it is a job's.

use super::folder::{Folder, RECEIVING};
use super::limits::{PIECES_WAITING, PROBE_BYTES, UPLOAD_BYTES_MAX};
use bytes::Bytes;
use domain::ids::JobId;
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::pin::pin;
use tempfile::NamedTempFile;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Why an upload was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is longer than allowed.
    #[error("at most {UPLOAD_BYTES_MAX} bytes are taken")]
    TooLong,
    /// There is no room for it.
    #[error("the server has no room for the file now")]
    NoRoom,
    /// It did not arrive to its end.
    #[error("the file did not arrive to its end: {0}")]
    BrokeOff(String),
    /// It could not be kept.
    #[error("the file could not be kept: {0}")]
    Io(#[from] io::Error),
}

/// A file that has arrived whole. It is gone when it is dropped, unless it was given to a job.
#[derive(Debug)]
pub struct Received {
    file: NamedTempFile,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// Its first bytes.
    pub head: Vec<u8>,
    /// Its last bytes.
    pub tail: Vec<u8>,
}

/// Receives a file: its pieces go to the disk as they come, a few of them wait. Needs a tokio runtime.
///
/// # Errors
/// It is too long, breaks off, or there is no room for it; nothing is left then.
pub async fn receive<E: Display>(
    folder: &Folder,
    pieces: impl Stream<Item = Result<Bytes, E>>,
) -> Result<Received, UploadError> {
    let (sender, mut waiting) = mpsc::channel::<Bytes>(PIECES_WAITING);
    let to = folder.clone();
    let writing = spawn_blocking(move || {
        let mut receiving = Receiving::begin(&to)?;
        while let Some(piece) = waiting.blocking_recv() {
            receiving.take(&piece)?;
        }
        receiving.end()
    });
    let mut pieces = pin!(pieces);
    let mut broken = None;
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => {
                // Whoever writes has hung up if there is no room.
                if sender.send(piece).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                broken = Some(UploadError::BrokeOff(error.to_string()));
                break;
            }
        }
    }
    drop(sender);
    let received = writing.await.map_err(|_| io::Error::other("a thread of the upload ended"))?;
    match broken {
        Some(error) => Err(error),
        None => received,
    }
}

struct Receiving {
    folder: Folder,
    file: NamedTempFile,
    digest: Sha256,
    bytes: u64,
}

impl Receiving {
    fn begin(folder: &Folder) -> Result<Receiving, UploadError> {
        let file = NamedTempFile::with_prefix_in(RECEIVING, folder.root())?;
        Ok(Receiving { folder: folder.clone(), file, digest: Sha256::new(), bytes: 0 })
    }

    fn take(&mut self, piece: &[u8]) -> Result<(), UploadError> {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        if self.bytes > UPLOAD_BYTES_MAX {
            return Err(UploadError::TooLong);
        }
        // Asked for each piece: other uploads, jobs and the store take from the same disk.
        if piece.len() as u64 > self.folder.room()? {
            return Err(UploadError::NoRoom);
        }
        self.digest.update(piece);
        self.file.write_all(piece)?;
        Ok(())
    }

    fn end(mut self) -> Result<Received, UploadError> {
        self.file.as_file().sync_all()?;
        let most = PROBE_BYTES as u64;
        let head = part(self.file.as_file_mut(), 0, most)?;
        let tail = part(self.file.as_file_mut(), self.bytes.saturating_sub(most), most)?;
        let digest = self.digest.finalize().into();
        Ok(Received { file: self.file, bytes: self.bytes, digest, head, tail })
    }
}

fn part(file: &mut File, from: u64, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Received {
    /// Gives the file to a job. Blocks.
    ///
    /// # Errors
    /// The system refuses.
    pub fn give_to(self, folder: &Folder, job: JobId) -> io::Result<()> {
        let own = folder.of(job);
        fs::create_dir_all(&own)?;
        self.file.persist(folder.upload(job)).map_err(|error| error.error)?;
        File::open(&own)?.sync_all()?;
        File::open(folder.root())?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    #[tokio::test]
    async fn a_file_is_kept_whole_with_its_digest_or_not_at_all() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::open(data.path()).unwrap();
        let pieces = ["ab", "", "cde"].map(|text| Ok::<_, String>(Bytes::from(text)));
        let received = receive(&folder, stream::iter(pieces)).await.unwrap();
        assert_eq!(
            (received.bytes, &received.head[..], &received.tail[..]),
            (5, &b"abcde"[..], &b"abcde"[..])
        );
        assert_eq!(received.digest, <[u8; 32]>::from(Sha256::digest(b"abcde")));
        let job = JobId::from_u128(5);
        received.give_to(&folder, job).unwrap();
        assert_eq!(fs::read(folder.upload(job)).unwrap(), b"abcde");
        let broken = [Ok(Bytes::from("x")), Err("gone".to_owned())];
        assert!(matches!(receive(&folder, stream::iter(broken)).await, Err(UploadError::BrokeOff(_))));
        assert_eq!(folder.jobs().unwrap(), [job]);
        assert!(Folder::open(data.path()).is_err(), "a folder is one process's");
        let left: Vec<_> = fs::read_dir(data.path().join("imports")).unwrap().collect();
        // The job, the folder's name and its lock.
        assert_eq!(left.len(), 3, "{left:?}");
        folder.remove(job).unwrap();
        folder.remove(job).unwrap();
        assert!(folder.jobs().unwrap().is_empty());
        let place = folder.place();
        drop(folder);
        assert_eq!(Folder::open(data.path()).unwrap().place(), place);
    }

    #[tokio::test]
    async fn an_upload_ends_when_others_have_filled_the_disk_meanwhile() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::open(data.path()).unwrap();
        let full = folder.is_full.clone();
        let pieces = stream::iter(["ab", "cd"]).map(move |text| {
            full.store(text == "cd", std::sync::atomic::Ordering::Release);
            Ok::<_, String>(Bytes::from(text))
        });
        assert!(matches!(receive(&folder, pieces).await, Err(UploadError::NoRoom)));
        let left: Vec<_> = fs::read_dir(data.path().join("imports")).unwrap().collect();
        // The folder's name and its lock.
        assert_eq!(left.len(), 2, "{left:?}");
    }
}
