//! A package, a profile's folder or a bare collection, opened: its database unpacked into a file of our own, its media
//! listed.

mod archive;
mod copy;
mod folder;
mod guarded;
mod media;
mod names;
mod pack;
mod zipped;

use crate::error::{MediaError, OpenError};
use crate::limits::{Limits, MEDIA_RATIO_MAX};
use archive::Archive;
use copy::Counted;
use folder::MediaFolder;
pub use guarded::{GuardedZip, write_zip};
pub use media::MediaFile;
pub(crate) use names::composed;
pub use pack::ProfileFolder;
use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// In which form a collection came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Form {
    /// A zip with `collection.anki2`.
    Legacy1,
    /// A zip with `collection.anki21`.
    Legacy2,
    /// A zip with `collection.anki21b`, packed with zstd.
    Latest,
    /// The folder of a profile, or a zip of it.
    Profile,
    /// The database alone.
    Bare,
}

/// A package at hand. Dropping it removes what was unpacked.
#[derive(Debug)]
pub struct Package {
    form: Form,
    collection: PathBuf,
    media: Vec<MediaFile>,
    media_left_out: u64,
    source: Source,
    limits: Limits,
    copied_bytes: u64,
    /// Media that were unpacked once, and how many bytes of them; more than may come out of an archive of its length refuse it.
    unpacked: HashSet<usize>,
    unpacked_bytes: u64,
    unpacked_bytes_max: u64,
    /// Where the collection was unpacked; it goes with the package.
    _folder: TempDir,
}

/// Where media come from.
#[derive(Debug)]
enum Source {
    Archive(Box<Archive>),
    Folder(MediaFolder),
    Nowhere,
}

impl Package {
    /// Opens what lies at `path`, and unpacks its collection into a folder of its own within `work_folder`, which must
    /// exist and must not be anybody else's to write in.
    ///
    /// # Errors
    /// Whatever it is that makes it no package, or one that is not read; nothing is left in `work_folder`.
    pub fn open(path: &Path, work_folder: &Path, limits: Limits) -> Result<Package, OpenError> {
        let folder = tempfile::Builder::new().prefix("anki-").tempdir_in(work_folder)?;
        let collection = folder.path().join("collection.anki2");
        if path.is_dir() {
            let media = folder::unpack(path, &collection, &limits)?;
            return Ok(Package::of(Form::Profile, collection, Source::Folder(media), limits, folder));
        }
        let mut file = File::open(path)?;
        let mut head = [0_u8; 16];
        let known = file.read(&mut head)?;
        let head = head.get(..known).unwrap_or(&[]);
        if head.starts_with(b"SQLite format 3\0") {
            folder::copy_database(path, &collection, &limits)?;
            return Ok(Package::of(Form::Bare, collection, Source::Nowhere, limits, folder));
        }
        if !head.starts_with(b"PK") {
            return Err(OpenError::NotAPackage);
        }
        let mut archive = Archive::open(file, &limits)?;
        let form = archive.form()?;
        archive.unpack_collection(form, &collection, &limits)?;
        let packed_bytes = std::fs::metadata(path)?.len();
        let source = Source::Archive(Box::new(archive));
        let mut package = Package::of(form, collection, source, limits, folder);
        package.unpacked_bytes_max =
            limits.media_free_bytes.max(packed_bytes.saturating_mul(MEDIA_RATIO_MAX));
        package.list_media()?;
        Ok(package)
    }

    fn of(form: Form, collection: PathBuf, source: Source, limits: Limits, folder: TempDir) -> Package {
        let (media, media_left_out) = match &source {
            Source::Folder(media) => media.list(),
            Source::Archive(_) | Source::Nowhere => (Vec::new(), 0),
        };
        Package {
            form,
            collection,
            media,
            media_left_out,
            source,
            limits,
            copied_bytes: 0,
            unpacked: HashSet::new(),
            unpacked_bytes: 0,
            unpacked_bytes_max: u64::MAX,
            _folder: folder,
        }
    }

    fn list_media(&mut self) -> Result<(), OpenError> {
        if let Source::Archive(archive) = &mut self.source {
            let list = archive.media_list(self.form)?;
            (self.media, self.media_left_out) = (list.files, list.left_out);
            // Within the entries of the latest form lies what is packed once more: there its list says how long.
            let listed = self.media.iter().filter_map(|file| file.stated_bytes).fold(0, u64::saturating_add);
            let unpacked = std::fs::metadata(&self.collection)?.len();
            let found = archive.stated_bytes().saturating_sub(unpacked).max(listed);
            let max = self.unpacked_bytes_max;
            if found > max {
                return Err(OpenError::TooMuch { what: "bytes of its media, unpacked", found, max });
            }
        }
        Ok(())
    }

    /// In which form it came.
    pub const fn form(&self) -> Form {
        self.form
    }

    /// The unpacked database, read by [`crate::Collection::open`].
    pub fn collection_path(&self) -> &Path {
        &self.collection
    }

    /// The limits that it was opened with.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The media that it lists. Names are composed (NFC), without any path, and no two are alike.
    pub fn media(&self) -> &[MediaFile] {
        &self.media
    }

    /// Media that it lists under names that are too long or taken already.
    pub const fn media_left_out(&self) -> u64 {
        self.media_left_out
    }

    /// Writes a media file, unpacked, and returns its length in bytes. On an error a part may have been written.
    ///
    /// # Errors
    /// The file is not there, is too long, damaged, or cannot be written; the others are still to be had, unless it is
    /// [`MediaError::Inflated`].
    pub fn copy_media(&mut self, nth: usize, out: &mut dyn Write) -> Result<u64, MediaError> {
        let file = self.media.get(nth).ok_or(MediaError::Missing)?;
        let left = self.limits.media_total_bytes.saturating_sub(self.copied_bytes);
        let max = self.limits.media_file_bytes.min(left);
        let is_first = self.unpacked.insert(nth);
        let mut out = Counted::new(out);
        let copied = match &mut self.source {
            Source::Archive(archive) => archive.copy_media(file, self.form, max, &mut out),
            Source::Folder(folder) => folder.copy(file, max, &mut out),
            Source::Nowhere => Err(MediaError::Missing),
        };
        // Also what came to nothing was unpacked.
        self.unpacked_bytes = self.unpacked_bytes.saturating_add(if is_first { out.bytes } else { 0 });
        if self.unpacked_bytes > self.unpacked_bytes_max {
            return Err(MediaError::Inflated { max: self.unpacked_bytes_max });
        }
        let copied = copied?;
        self.copied_bytes = self.copied_bytes.saturating_add(copied);
        Ok(copied)
    }
}
