//! A disk whose power can be cut, under SQLite.
//!
//! It stands on the system's file layer and remembers, for each file, what a sync has made durable and what was only
//! written. [`Disk::survivors`] is the folder that a machine would find after the power came back: all that
//! was synced, and of the rest what chance kept: whole writes, some sectors of them, or nothing, in any order.
//!
//! Beside that it can fail a sync and be full. After a failed sync the unsynced writes are readable and
//! lost to every later sync, as the page cache of Linux has it: only writing them again helps.

mod image;
mod vfs;

use crate::rng::Rng;
use image::{Image, Style};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What an operation of the disk ends with when it fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refused {
    /// The power is off.
    Off,
    /// The sync failed.
    Sync,
    /// No space is left.
    Full,
}

#[derive(Default)]
struct State {
    images: BTreeMap<String, Image>,
    /// Writes, truncations, syncs and deletions so far.
    operations: u64,
    cut_at: Option<u64>,
    off: bool,
    failing: Option<Failing>,
    capacity_bytes: Option<u64>,
    failed_syncs: u64,
}

/// Syncs that will fail.
struct Failing {
    file: String,
    after: u64,
    times: u64,
}

/// What the methods of SQLite's file layer see of the disk.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

/// A disk, registered with SQLite under a name of its own. It must outlive every connection that uses it.
pub struct Disk {
    name: String,
    shared: &'static Shared,
    layer: vfs::Layer,
}

impl Disk {
    /// A disk with power.
    ///
    /// # Panics
    /// When SQLite does not take it.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        // A few hundred bytes that are never freed: SQLite may look at them until the process ends.
        let shared: &'static Shared = Box::leak(Box::default());
        let (name, layer) = vfs::register(shared);
        Self { name, shared, layer }
    }

    /// The name of the VFS.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Cuts the power in the middle of the operation that comes after so many more.
    pub fn cut_after(&self, operations: u64) {
        let mut state = self.shared.state();
        state.cut_at = Some(state.operations + operations);
    }

    /// Cuts the power now.
    pub fn cut(&self) {
        self.shared.state().off = true;
    }

    /// Whether the power is off.
    pub fn is_off(&self) -> bool {
        self.shared.state().off
    }

    /// Writes, truncations, syncs and deletions so far.
    pub fn operations(&self) -> u64 {
        self.shared.state().operations
    }

    /// Lets syncs of files whose name ends so fail, `times` times, after so many more went well.
    pub fn fail_syncs(&self, file: &str, after: u64, times: u64) {
        self.shared.state().failing = Some(Failing { file: file.to_owned(), after, times });
    }

    /// Syncs that failed because they were told to.
    pub fn failed_syncs(&self) -> u64 {
        self.shared.state().failed_syncs
    }

    /// Lets all files together hold so many bytes more, or as many as they like.
    pub fn space_left(&self, bytes: Option<u64>) {
        let mut state = self.shared.state();
        state.capacity_bytes = bytes.map(|more| state.used() + more);
    }

    /// Cuts the power, and writes what chance lets survive of the files in `from` into the folder `to`.
    ///
    /// # Panics
    /// When a folder cannot be read or written.
    pub fn survivors(&self, seed: u64, from: &Path, to: &Path) {
        let mut state = self.shared.state();
        state.off = true;
        let mut rng = Rng::new(seed);
        let style = *rng.pick(&Style::ALL);
        // Files that nobody had opened yet are what they were.
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            let is_store = [".db", ".db-wal", ".db-journal"].iter().any(|end| ends(&file.path(), end));
            if is_store {
                state
                    .images
                    .entry(file.path().display().to_string())
                    .or_insert_with(|| Image::of(&file.path()));
            }
        }
        for (path, image) in &state.images {
            if let Some(content) = image.after_power_cut(style, &mut rng) {
                std::fs::write(to.join(Path::new(path).file_name().unwrap()), content).unwrap();
            }
        }
    }
}

fn ends(path: &Path, end: &str) -> bool {
    path.to_string_lossy().ends_with(end)
}

impl Drop for Disk {
    fn drop(&mut self) {
        vfs::unregister(&self.layer);
        self.shared.state().images.clear();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn used(&self) -> u64 {
        self.images.values().map(Image::len).sum()
    }

    /// Counts an operation; whether the power is still there when it ends.
    fn operate(&mut self) -> Result<(), Refused> {
        if self.off {
            return Err(Refused::Off);
        }
        self.operations += 1;
        if self.cut_at.is_some_and(|at| self.operations > at) {
            self.off = true;
            return Err(Refused::Off);
        }
        Ok(())
    }

    fn opened(&mut self, path: &str) {
        match self.images.remove(path) {
            Some(gone) if gone.is_deleted() => drop(self.images.insert(path.to_owned(), gone.anew())),
            Some(known) => drop(self.images.insert(path.to_owned(), known)),
            None => drop(self.images.insert(path.to_owned(), Image::of(Path::new(path)))),
        }
    }

    fn write(&mut self, path: &str, at: u64, bytes: &[u8]) -> Result<(), Refused> {
        let was_on = !self.off;
        let powered = self.operate();
        let used = self.used();
        let Some(image) = self.images.get_mut(path) else { return powered };
        let grows_by = (at + bytes.len() as u64).saturating_sub(image.len());
        if self.capacity_bytes.is_some_and(|capacity| grows_by > 0 && used + grows_by > capacity) {
            return Err(Refused::Full);
        }
        if was_on {
            // The write during which the power goes may still reach the disk.
            image.write(at, bytes);
        }
        powered
    }

    fn truncate(&mut self, path: &str, len: u64) -> Result<(), Refused> {
        self.operate()?;
        if let Some(image) = self.images.get_mut(path) {
            image.truncate(len);
        }
        Ok(())
    }

    fn sync(&mut self, path: &str) -> Result<(), Refused> {
        self.operate()?;
        if self.sync_fails(path) {
            self.failed_syncs += 1;
            if let Some(image) = self.images.get_mut(path) {
                image.orphan();
            }
            return Err(Refused::Sync);
        }
        if let Some(image) = self.images.get_mut(path) {
            image.sync();
        }
        // SQLite syncs the folder when it first syncs a write-ahead or rollback file.
        if path.ends_with("-wal") || path.ends_with("-journal") {
            self.images.retain(|_, image| !image.is_deleted());
            self.images.values_mut().for_each(Image::entry_synced);
        }
        Ok(())
    }

    fn sync_fails(&mut self, path: &str) -> bool {
        let Some(failing) = self.failing.as_mut().filter(|failing| path.ends_with(&failing.file)) else {
            return false;
        };
        if failing.after > 0 {
            failing.after -= 1;
            return false;
        }
        let fails = failing.times > 0;
        failing.times = failing.times.saturating_sub(1);
        fails
    }

    fn delete(&mut self, path: &str, folder_synced: bool) -> Result<(), Refused> {
        self.operate()?;
        match self.images.get_mut(path) {
            Some(image) if !folder_synced => image.deleted(),
            Some(_) | None => drop(self.images.remove(path)),
        }
        Ok(())
    }
}
