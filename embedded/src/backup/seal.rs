//! The last line of a backup: the SHA-256 of all before it. SQLite looks at the pages that its header counts, so the
//! file can be opened as it is; what SQLite's own checks cannot see, a changed letter in a card, is found by this.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// Begins the line; 64 hexadecimal digits and a line feed follow.
const WORDS: &str = "studyhall backup sha256 ";
/// Bytes of the line.
const SEAL_BYTES: u64 = WORDS.len() as u64 + 64 + 1;
/// Bytes that are read at once.
const PIECE_BYTES: usize = 1 << 20;

/// Appends the line to a file that is complete.
pub(super) fn put(file: &Path) -> io::Result<()> {
    let bytes = file.metadata()?.len();
    let line = line_of(&mut File::open(file)?, bytes)?;
    File::options().append(true).open(file)?.write_all(line.as_bytes())
}

/// How many bytes stand before the line, if it is there and fits.
pub(super) fn check(file: &Path) -> io::Result<Option<u64>> {
    let Some(bytes) = file.metadata()?.len().checked_sub(SEAL_BYTES) else { return Ok(None) };
    let mut open = File::open(file)?;
    let expected = line_of(&mut open, bytes)?;
    let mut found = Vec::new();
    open.take(SEAL_BYTES).read_to_end(&mut found)?;
    Ok((found == expected.as_bytes()).then_some(bytes))
}

/// The line for the next so many bytes.
fn line_of(from: &mut File, bytes: u64) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut left = bytes;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let read = from.read(&mut piece[..most])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hash.update(&piece[..read]);
        left -= read as u64;
    }
    Ok(format!("{WORDS}{:064x}\n", hash.finalize()))
}
