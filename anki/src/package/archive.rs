//! The zip of a package: its collection and its media.

use super::Form;
use super::copy::{CopyError, bounded_copy, bounded_read};
use super::folder::with_suffix;
use super::guarded::{GuardedZip, broken, most_unpacked, of_part};
use super::media::{Lies, MediaFile, MediaList};
use super::zipped::ZippedProfile;
use crate::error::{MediaError, OpenError};
use crate::limits::{Limits, MEDIA_LIST_BYTES_MAX, ZSTD_WINDOW_LOG_MAX};
use crate::wire::Fields;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

/// Longest `meta` entry.
const META_BYTES_MAX: u64 = 1_024;

/// An archive whose list of entries has been read.
#[derive(Debug)]
pub(super) struct Archive {
    zip: ZipArchive<BufReader<File>>,
    /// Where a profile's parts lie, if it is one.
    profile: Option<ZippedProfile>,
}

impl Archive {
    pub fn open(file: File, limits: &Limits) -> Result<Archive, OpenError> {
        let zip = GuardedZip::open(file, limits.package_bytes, limits.entries)?;
        Ok(Archive { zip: zip.into_inner(), profile: None })
    }

    /// Which form the package has. The two newer ones carry a `collection.anki2` too, which holds only a note that asks
    /// for a newer Anki. What holds none of theirs may be a profile's folder.
    pub fn form(&mut self) -> Result<Form, OpenError> {
        let holds = |zip: &ZipArchive<_>, form| zip.index_for_name(collection_entry(form)).is_some();
        let form = match self.stated_version()? {
            Some(1) => Form::Legacy1,
            Some(2) => Form::Legacy2,
            Some(3) => Form::Latest,
            Some(version) => return Err(OpenError::TooNew { version }),
            None => match [Form::Latest, Form::Legacy2].into_iter().find(|form| holds(&self.zip, *form)) {
                Some(newer) => newer,
                None => {
                    self.profile = ZippedProfile::find(&self.zip)?;
                    if self.profile.is_some() { return Ok(Form::Profile) } else { Form::Legacy1 }
                }
            },
        };
        if holds(&self.zip, form) { Ok(form) } else { Err(OpenError::NoCollection) }
    }

    fn stated_version(&mut self) -> Result<Option<u64>, OpenError> {
        let Some(nth) = self.zip.index_for_name("meta") else { return Ok(None) };
        let mut entry = self.zip.by_index(nth).map_err(broken)?;
        let meta = bounded_read(&mut entry, META_BYTES_MAX).map_err(|error| of_part("meta", error))?;
        let mut version = 0;
        for field in Fields::of(&meta) {
            let field = field.map_err(|_| OpenError::Archive("`meta` cannot be read".to_owned()))?;
            if field.0 == 1 {
                version = field.1.number();
            }
        }
        Ok(Some(version))
    }

    /// Writes the unpacked collection, and beside it what belongs to it.
    pub fn unpack_collection(&mut self, form: Form, to: &Path, limits: &Limits) -> Result<(), OpenError> {
        let Some(profile) = &self.profile else {
            let nth = self.zip.index_for_name(collection_entry(form)).ok_or(OpenError::NoCollection)?;
            return self.unpack_database(nth, form, to, limits.collection_bytes).map(drop);
        };
        let database = profile.database();
        if let Some(nth) = profile.journal
            && self.zip.by_index_raw(nth).map_err(broken)?.size() > 0
        {
            return Err(OpenError::Unfinished);
        }
        let mut left = limits.collection_bytes;
        for (suffix, nth) in database {
            let unpacked = self.unpack_database(nth, form, &with_suffix(to, suffix), left)?;
            left = left.saturating_sub(unpacked);
        }
        Ok(())
    }

    fn unpack_database(
        &mut self,
        nth: usize,
        form: Form,
        to: &Path,
        bytes_max: u64,
    ) -> Result<u64, OpenError> {
        let entry = self.zip.by_index(nth).map_err(broken)?;
        if entry.is_symlink() {
            return Err(OpenError::NoCollection);
        }
        let max = most_unpacked(&entry, bytes_max);
        let mut out = BufWriter::new(File::create_new(to)?);
        match unpacked(form, entry, |reader| bounded_copy(reader, &mut out, max)) {
            Ok(unpacked) => out.flush().map_err(OpenError::Io).map(|()| unpacked),
            Err(CopyError::TooLong) => {
                Err(OpenError::TooMuch { what: "bytes of the unpacked collection", found: max + 1, max })
            }
            Err(error) => Err(of_part("collection", error)),
        }
    }

    /// The list of media; a package without one has none.
    pub fn media_list(&mut self, form: Form) -> Result<MediaList, OpenError> {
        if let Some(profile) = &mut self.profile {
            return Ok(profile.take_media());
        }
        let Some(nth) = self.zip.index_for_name("media") else { return Ok(MediaList::default()) };
        let entry = self.zip.by_index(nth).map_err(broken)?;
        match unpacked(form, entry, |reader| bounded_read(reader, MEDIA_LIST_BYTES_MAX)) {
            Ok(bytes) => MediaList::read(form, &bytes),
            Err(CopyError::TooLong) => Err(OpenError::TooMuch {
                what: "bytes of the list of media",
                found: MEDIA_LIST_BYTES_MAX + 1,
                max: MEDIA_LIST_BYTES_MAX,
            }),
            Err(error) => Err(of_part("media", error)),
        }
    }

    /// How long all entries together are, unpacked, as the archive states.
    pub fn stated_bytes(&self) -> u64 {
        let stated = self.zip.decompressed_size().unwrap_or_default();
        u64::try_from(stated).unwrap_or(u64::MAX)
    }

    /// Writes a media file.
    pub fn copy_media(
        &mut self,
        file: &MediaFile,
        form: Form,
        max: u64,
        out: &mut dyn Write,
    ) -> Result<u64, MediaError> {
        let damaged = |error: ZipError| MediaError::Damaged(error.to_string());
        let nth = match &file.lies {
            // By the bytes of its name: a name that is not there is not looked for in all others.
            Lies::Under(name) => self.zip.index_for_name_raw(name.as_bytes()).ok_or(MediaError::Missing)?,
            Lies::In(nth) => *nth,
        };
        let entry = self.zip.by_index(nth).map_err(damaged)?;
        if entry.is_symlink() {
            return Err(MediaError::Missing);
        }
        let found =
            unpacked(form, entry, |reader| bounded_copy(reader, out, max)).map_err(|error| match error {
                CopyError::TooLong => MediaError::TooLong { max },
                CopyError::Read(error) => MediaError::Damaged(error.to_string()),
                CopyError::Write(error) => MediaError::Write(error),
            })?;
        match file.stated_bytes {
            Some(stated) if stated != found => Err(MediaError::OtherLength { found, stated }),
            Some(_) | None => Ok(found),
        }
    }
}

/// The entry that holds the collection.
const fn collection_entry(form: Form) -> &'static str {
    match form {
        Form::Latest => "collection.anki21b",
        Form::Legacy2 => "collection.anki21",
        Form::Legacy1 | Form::Profile | Form::Bare => "collection.anki2",
    }
}

/// Reads an entry as its form wants it: the latest one packs each with zstd.
fn unpacked<T>(
    form: Form,
    mut entry: ZipFile<'_, BufReader<File>>,
    read: impl FnOnce(&mut dyn Read) -> Result<T, CopyError>,
) -> Result<T, CopyError> {
    if form != Form::Latest {
        return read(&mut entry);
    }
    let mut decoder = zstd::Decoder::new(entry).map_err(CopyError::Read)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(CopyError::Read)?;
    read(&mut decoder)
}
