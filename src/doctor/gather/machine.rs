//! The machine: open files, room on the disk, and what a synchronisation costs there.

use crate::doctor::facts::Disk;
use rustix::process::{Resource, getrlimit};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Synchronisations that are measured.
const SYNCS: usize = 20;
/// What is written before each.
const SYNC_BYTES: usize = 4_096;

/// How many files may be open, and how many at most.
pub(super) fn open_files() -> Option<(u64, u64)> {
    let limit = getrlimit(Resource::Nofile);
    Some((limit.current.unwrap_or(u64::MAX), limit.maximum.unwrap_or(u64::MAX)))
}

/// The disk under a folder that may not be there yet.
pub(super) fn disk(folder: &Path) -> Result<Disk, String> {
    let there = existing(folder);
    let said = |error: io::Error| format!("{}: {error}", there.display());
    let space = rustix::fs::statvfs(&there).map_err(|error| said(error.into()))?;
    let mut took = syncs(&there).map_err(said)?;
    took.sort_unstable();
    Ok(Disk {
        free_bytes: space.f_bavail.saturating_mul(space.f_frsize),
        total_bytes: space.f_blocks.saturating_mul(space.f_frsize),
        fsync_median: took.get(took.len() / 2).copied().unwrap_or_default(),
        fsync_longest: took.last().copied().unwrap_or_default(),
    })
}

/// The folder, or the nearest one above it that exists.
fn existing(folder: &Path) -> PathBuf {
    let above = folder.ancestors().find(|path| path.is_dir()).filter(|path| !path.as_os_str().is_empty());
    above.unwrap_or(Path::new(".")).to_owned()
}

fn syncs(folder: &Path) -> io::Result<Vec<Duration>> {
    let path = folder.join(format!("studyhall-doctor-{}.probe", std::process::id()));
    let measured = OpenOptions::new().write(true).create_new(true).open(&path).and_then(measure);
    let removed = std::fs::remove_file(&path);
    let measured = measured?;
    removed?;
    Ok(measured)
}

fn measure(mut file: File) -> io::Result<Vec<Duration>> {
    let block = [0x5a_u8; SYNC_BYTES];
    (0..SYNCS)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&block)?;
            file.sync_all()?;
            Ok(began.elapsed())
        })
        .collect()
}
