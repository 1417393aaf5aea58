//! A stranger's zip: what it states is checked before its list of entries is read, and is not believed afterwards. `zip`
//! inflates through `flate2`, whose back end in Rust this room asks for: the one that the web server has already.

use super::copy::{CopyError, bounded_copy};
use crate::error::OpenError;
use crate::limits::{DIRECTORY_BYTES_MAX, UNPACKED_FREE_BYTES, UNPACKED_RATIO_MAX};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use zip::read::ZipFile;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

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
/// An archive whose list of entries has been read and is one that can be borne.
#[derive(Debug)]
pub struct GuardedZip {
    zip: ZipArchive<BufReader<File>>,
}

impl GuardedZip {
    /// Opens an archive of at most so many bytes and entries.
    ///
    /// # Errors
    /// It is no archive, is damaged, states more than that, or its entries lie over one another.
    pub fn open(mut file: File, bytes_max: u64, entries_max: u64) -> Result<GuardedZip, OpenError> {
        let bytes = file.metadata()?.len();
        at_most("bytes of the archive", bytes, bytes_max)?;
        let stated = Stated::read(&mut file, bytes)?;
        at_most("entries of the archive", stated.entries, entries_max)?;
        at_most("bytes of the archive's list of entries", stated.directory_bytes, DIRECTORY_BYTES_MAX)?;
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
        at_most("entries of the archive", zip.len() as u64, entries_max)?;
        if zip.has_overlapping_files().map_err(broken)? {
            return Err(OpenError::Overlapping);
        }
        Ok(GuardedZip { zip })
    }

    /// The names of its entries, as they are written, but for those that are no text: nobody should take them for paths.
    pub fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.zip.file_names().filter_map(Result::ok)
    }

    /// Unpacks an entry into `out`, and returns its length in bytes: at most `bytes_max`, and no more than an entry of
    /// its packed length may have.
    ///
    /// # Errors
    /// There is none, it is damaged, or longer than that; a part may have been written.
    pub fn unpack(&mut self, name: &str, bytes_max: u64, out: &mut dyn Write) -> Result<u64, OpenError> {
        let mut entry = self.zip.by_name(name).map_err(broken)?;
        let max = most_unpacked(&entry, bytes_max);
        bounded_copy(&mut entry, out, max).map_err(|error| match error {
            CopyError::TooLong => {
                OpenError::TooMuch { what: "bytes of an unpacked entry", found: max + 1, max }
            }
            error @ (CopyError::Read(_) | CopyError::Write(_)) => of_part(name, error),
        })
    }

    pub(super) fn into_inner(self) -> ZipArchive<BufReader<File>> {
        self.zip
    }
}

/// How long an entry may be, unpacked. Its packed length is measured, not stated: no more than that is read of the file.
pub(super) fn most_unpacked<R: Read>(entry: &ZipFile<'_, R>, bytes_max: u64) -> u64 {
    let by_ratio = entry.compressed_size().saturating_mul(UNPACKED_RATIO_MAX);
    bytes_max.min(by_ratio.max(UNPACKED_FREE_BYTES))
}

/// An archive of these entries, packed, in their order; the same entries make the same bytes.
///
/// # Errors
/// A name is there twice or cannot be written, or there is too much.
pub fn write_zip<'a>(entries: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in entries {
        zip.start_file(name, options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn at_most(what: &'static str, found: u64, max: u64) -> Result<(), OpenError> {
    if found > max { Err(OpenError::TooMuch { what, found, max }) } else { Ok(()) }
}

pub(super) fn of_part(part: &str, error: CopyError) -> OpenError {
    match error {
        CopyError::TooLong => OpenError::Archive(format!("`{part}` is too long")),
        CopyError::Read(error) => OpenError::Archive(format!("`{part}`: {error}")),
        CopyError::Write(error) => OpenError::Io(error),
    }
}

pub(super) fn broken(error: ZipError) -> OpenError {
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
