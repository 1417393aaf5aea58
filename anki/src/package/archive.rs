//! The zip: what it states is checked before its list of entries is read, and is not believed afterwards. `zip` inflates
//! through `flate2`, whose back end in Rust this room asks for: the one that the web server has already.

use super::Form;
use super::copy::{CopyError, bounded_copy, bounded_read};
use super::media::{MediaFile, MediaList};
use crate::error::{MediaError, OpenError};
use crate::limits::{
    DIRECTORY_BYTES_MAX, Limits, MEDIA_LIST_BYTES_MAX, UNPACKED_FREE_BYTES, UNPACKED_RATIO_MAX,
    ZSTD_WINDOW_LOG_MAX,
};
use crate::wire::Fields;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

/// The end of an archive: where its list of entries stands, and how many it states.
const END_MARK: &[u8; 4] = b"PK\x05\x06";
/// The end of an archive with larger numbers.
const END_MARK_64: &[u8; 4] = b"PK\x06\x06";
/// What points at it.
const LOCATOR_MARK_64: &[u8; 4] = b"PK\x06\x07";
/// Bytes of the end, without its comment.
const END_BYTES: usize = 22;
/// Bytes of the pointer to the end with larger numbers.
const LOCATOR_BYTES: u64 = 20;
/// Longest comment of an archive.
const COMMENT_BYTES_MAX: u64 = 65_535;
/// Longest `meta` entry.
const META_BYTES_MAX: u64 = 1_024;

/// An archive whose list of entries has been read.
#[derive(Debug)]
pub(super) struct Archive {
    zip: ZipArchive<BufReader<File>>,
}

impl Archive {
    pub fn open(mut file: File, limits: &Limits) -> Result<Archive, OpenError> {
        let bytes = file.metadata()?.len();
        at_most("bytes of the package", bytes, limits.package_bytes)?;
        let stated = Stated::read(&mut file, bytes)?;
        at_most("entries of the archive", stated.entries, limits.entries)?;
        at_most("bytes of the archive's list of entries", stated.directory_bytes, DIRECTORY_BYTES_MAX)?;
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
        at_most("entries of the archive", zip.len() as u64, limits.entries)?;
        if zip.has_overlapping_files().map_err(broken)? {
            return Err(OpenError::Overlapping);
        }
        Ok(Archive { zip })
    }

    /// Which form the package has. The two newer ones carry a `collection.anki2` too, which holds only a note that asks
    /// for a newer Anki.
    pub fn form(&mut self) -> Result<Form, OpenError> {
        let holds = |zip: &ZipArchive<_>, form| zip.index_for_name(collection_entry(form)).is_some();
        let form = match self.stated_version()? {
            Some(1) => Form::Legacy1,
            Some(2) => Form::Legacy2,
            Some(3) => Form::Latest,
            Some(version) => return Err(OpenError::TooNew { version }),
            None => [Form::Latest, Form::Legacy2]
                .into_iter()
                .find(|form| holds(&self.zip, *form))
                .unwrap_or(Form::Legacy1),
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

    /// Writes the unpacked collection.
    pub fn unpack_collection(&mut self, form: Form, to: &Path, limits: &Limits) -> Result<(), OpenError> {
        let entry = self.zip.by_name(collection_entry(form)).map_err(broken)?;
        // The packed length is measured, not stated: no more than that is read of the file.
        let by_ratio = entry.compressed_size().saturating_mul(UNPACKED_RATIO_MAX);
        let max = limits.collection_bytes.min(by_ratio.max(UNPACKED_FREE_BYTES));
        let mut out = BufWriter::new(File::create_new(to)?);
        match unpacked(form, entry, |reader| bounded_copy(reader, &mut out, max)) {
            Ok(_) => out.flush().map_err(OpenError::Io),
            Err(CopyError::TooLong) => {
                Err(OpenError::TooMuch { what: "bytes of the unpacked collection", found: max + 1, max })
            }
            Err(error) => Err(of_part("collection", error)),
        }
    }

    /// The list of media; a package without one has none.
    pub fn media_list(&mut self, form: Form) -> Result<MediaList, OpenError> {
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

    /// Writes a media file.
    pub fn copy_media(
        &mut self,
        file: &MediaFile,
        form: Form,
        max: u64,
        out: &mut dyn Write,
    ) -> Result<u64, MediaError> {
        let damaged = |error: ZipError| MediaError::Damaged(error.to_string());
        let nth = self.zip.index_for_name(&file.entry).ok_or(MediaError::Missing)?;
        let entry = self.zip.by_index(nth).map_err(damaged)?;
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

fn at_most(what: &'static str, found: u64, max: u64) -> Result<(), OpenError> {
    if found > max { Err(OpenError::TooMuch { what, found, max }) } else { Ok(()) }
}

fn of_part(part: &str, error: CopyError) -> OpenError {
    match error {
        CopyError::TooLong => OpenError::Archive(format!("`{part}` is too long")),
        CopyError::Read(error) => OpenError::Archive(format!("`{part}`: {error}")),
        CopyError::Write(error) => OpenError::Io(error),
    }
}

fn broken(error: ZipError) -> OpenError {
    if matches!(error, ZipError::FileNotFound) {
        return OpenError::NoCollection;
    }
    let text = error.to_string();
    match io::Error::from(error) {
        // What ends too soon, or is not what it should be, is the archive's fault.
        error if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) => {
            OpenError::Archive(text)
        }
        error if error.raw_os_error().is_some() => OpenError::Io(error),
        _ => OpenError::Archive(text),
    }
}

/// What the end of an archive states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stated {
    entries: u64,
    directory_bytes: u64,
}

impl Stated {
    /// Finds the end of the archive, which a comment may follow. Of several that may be it the worst counts: which of
    /// them another reader takes is not known.
    fn read(file: &mut File, bytes: u64) -> Result<Stated, OpenError> {
        let tail_from = bytes.saturating_sub(COMMENT_BYTES_MAX + END_BYTES as u64);
        file.seek(SeekFrom::Start(tail_from))?;
        let mut tail = Vec::new();
        file.take(COMMENT_BYTES_MAX + END_BYTES as u64).read_to_end(&mut tail)?;
        let mut worst: Option<Stated> = None;
        for at in 0..tail.len().saturating_sub(END_BYTES - 1) {
            let Some(end) = tail.get(at..at + END_BYTES).filter(|end| end.starts_with(END_MARK)) else {
                continue;
            };
            let mut stated = Stated { entries: le(end, 10, 2), directory_bytes: le(end, 12, 4) };
            if let Some(larger) = Stated::read_larger(file, tail_from + at as u64)? {
                stated = stated.worst(larger);
            }
            worst = Some(worst.map_or(stated, |worst| worst.worst(stated)));
        }
        file.seek(SeekFrom::Start(0))?;
        worst.ok_or_else(|| OpenError::Archive("its end is missing: the file was cut off".to_owned()))
    }

    /// The end with larger numbers, if something before the end at this place points at one.
    fn read_larger(file: &mut File, end_at: u64) -> Result<Option<Stated>, OpenError> {
        let Some(locator_at) = end_at.checked_sub(LOCATOR_BYTES) else { return Ok(None) };
        let locator = bytes_at(file, locator_at, LOCATOR_BYTES)?;
        if !locator.starts_with(LOCATOR_MARK_64) {
            return Ok(None);
        }
        let end = bytes_at(file, le(&locator, 8, 8), 56)?;
        let is_end = end.starts_with(END_MARK_64);
        Ok(is_end.then(|| Stated { entries: le(&end, 32, 8), directory_bytes: le(&end, 40, 8) }))
    }

    /// 65,535 and 4,294,967,295 say that the larger numbers count.
    fn worst(self, other: Stated) -> Stated {
        let worse = |a: u64, b: u64, none: u64| {
            if a == none {
                b
            } else if b == none {
                a
            } else {
                a.max(b)
            }
        };
        Stated {
            entries: worse(self.entries, other.entries, 0xffff),
            directory_bytes: worse(self.directory_bytes, other.directory_bytes, 0xffff_ffff),
        }
    }
}

fn bytes_at(file: &mut File, at: u64, count: u64) -> Result<Vec<u8>, OpenError> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A number of `count` bytes, the least first; zero beyond the end.
fn le(bytes: &[u8], at: usize, count: usize) -> u64 {
    let of = bytes.get(at..at + count).unwrap_or(&[]);
    of.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
