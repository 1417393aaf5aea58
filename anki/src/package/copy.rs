//! Copying that ends where it must.

use std::io::{self, Read, Write};

/// Why a copy ended.
#[derive(Debug)]
pub(super) enum CopyError {
    /// There is more than there may be.
    TooLong,
    /// Reading or unpacking failed.
    Read(io::Error),
    /// Writing failed.
    Write(io::Error),
}

/// Copies at most `max` bytes, and returns how many there were.
pub(super) fn bounded_copy(
    reader: &mut dyn Read,
    writer: &mut dyn Write,
    max: u64,
) -> Result<u64, CopyError> {
    let mut buffer = vec![0_u8; 64 * 1024];
    let mut copied = 0_u64;
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CopyError::Read(error)),
        };
        copied = copied.saturating_add(count as u64);
        if copied > max {
            return Err(CopyError::TooLong);
        }
        writer.write_all(buffer.get(..count).unwrap_or(&[])).map_err(CopyError::Write)?;
    }
}

/// Counts what is written through it.
pub(super) struct Counted<'w> {
    out: &'w mut dyn Write,
    pub bytes: u64,
}

impl Counted<'_> {
    pub fn new(out: &mut dyn Write) -> Counted<'_> {
        Counted { out, bytes: 0 }
    }
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes = self.bytes.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// All bytes, if there are at most `max`.
pub(super) fn bounded_read(reader: &mut dyn Read, max: u64) -> Result<Vec<u8>, CopyError> {
    let mut bytes = Vec::new();
    bounded_copy(reader, &mut bytes, max).map(|_| bytes)
}
