//! What `studyhall import` sends: a file, or the folder of a profile as a zip that is made while it is sent.

use super::import::readable;
use anki::ProfileFolder;
use std::fs::File;
use std::io::{self, PipeReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

/// A file or folder on its way.
pub(super) struct Sending<'t> {
    body: Body,
    /// How it is called, for people.
    pub name: String,
    /// What it can only be, where that is known.
    pub format: Option<&'static str>,
    /// How long the body is, where that is known before its end.
    pub length: Option<u64>,
    total: u64,
    /// Is told how many bytes of how many have been read.
    pub told: Option<Box<dyn Fn(u64, u64) + 't>>,
}

enum Body {
    File { file: File, sent: u64 },
    Folder(Packing),
}

/// Whether there is something to send; nothing is left open.
pub(super) fn is_readable(path: &Path) -> Result<(), String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    if path.is_dir() {
        return ProfileFolder::open(path).map(drop).map_err(|error| named(&error));
    }
    readable(path).map_err(|error| named(&error))
}

impl Sending<'_> {
    /// Opens what lies at `path`.
    pub fn of(path: &Path) -> Result<Sending<'static>, String> {
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        if path.is_dir() {
            let folder = ProfileFolder::open(path).map_err(|error| named(&error))?;
            let total = folder.bytes();
            let body = Body::Folder(Packing::begin(folder).map_err(|error| named(&error))?);
            // A folder may be called `.`.
            let name = path.canonicalize().ok().as_deref().map(name_of).unwrap_or_default();
            return Ok(Sending { body, name, format: Some("anki"), length: None, total, told: None });
        }
        readable(path).map_err(|error| named(&error))?;
        let file = File::open(path).map_err(|error| named(&error))?;
        let total = file.metadata().map_err(|error| named(&error))?.len();
        let (body, name) = (Body::File { file, sent: 0 }, name_of(path));
        Ok(Sending { body, name, format: None, length: Some(total), total, told: None })
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned()
}

impl Read for Sending<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (count, sent) = match &mut self.body {
            Body::File { file, sent } => {
                let count = file.read(buffer)?;
                *sent += count as u64;
                (count, *sent)
            }
            Body::Folder(packing) => {
                let count = packing.read(buffer)?;
                (count, packing.packed.load(Ordering::Relaxed))
            }
        };
        if let Some(told) = &self.told {
            told(sent, self.total);
        }
        Ok(count)
    }
}

/// A folder that a thread packs into a pipe.
struct Packing {
    pipe: PipeReader,
    /// Bytes of the folder that are packed.
    packed: Arc<AtomicU64>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Packing {
    fn begin(folder: ProfileFolder) -> io::Result<Packing> {
        let (pipe, out) = io::pipe()?;
        let packed = Arc::new(AtomicU64::new(0));
        let counted = packed.clone();
        // Whoever reads no more closes the pipe, and with it ends the thread.
        let thread = thread::spawn(move || {
            folder.write_zip(out, |bytes| {
                counted.fetch_add(bytes, Ordering::Relaxed);
            })
        });
        Ok(Packing { pipe, packed, thread: Some(thread) })
    }
}

impl Read for Packing {
    /// The end is one only if all was packed: half a folder is not sent as if it was whole.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.pipe.read(buffer)?;
        if count == 0
            && !buffer.is_empty()
            && let Some(thread) = self.thread.take()
        {
            thread.join().map_err(|_| io::Error::other("packing the folder was interrupted"))??;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_sent_as_a_package_that_holds_the_same_and_twice_as_the_same_bytes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("anki/tests/fixtures/profile");
        let sent = || {
            let mut sending = Sending::of(&folder).unwrap();
            let mut bytes = Vec::new();
            sending.read_to_end(&mut bytes).unwrap();
            bytes
        };
        let bytes = sent();
        assert_eq!(bytes, sent());
        let work = tempfile::tempdir().unwrap();
        let file = work.path().join("sent.zip");
        std::fs::write(&file, bytes).unwrap();
        let package = anki::Package::open(&file, work.path(), anki::Limits::default()).unwrap();
        assert_eq!(package.form(), anki::Form::Profile);
        assert!(package.media().iter().any(|media| media.name == "heart.png"));
    }

    #[test]
    fn a_folder_that_goes_while_it_is_sent_ends_in_an_error_and_never_in_half_of_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("collection.anki2"), "x").unwrap();
        let media = folder.path().join("collection.media");
        std::fs::create_dir(&media).unwrap();
        std::fs::write(media.join("a"), "x").unwrap();
        let opened = ProfileFolder::open(folder.path()).unwrap();
        std::fs::remove_file(media.join("a")).unwrap();
        let mut packing = Packing::begin(opened).unwrap();
        assert!(packing.read_to_end(&mut Vec::new()).is_err());
    }

    #[test]
    fn a_folder_that_is_no_profile_is_refused_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_readable(folder.path()).unwrap_err().contains("no collection"));
        assert!(Sending::of(folder.path()).is_err());
    }
}
