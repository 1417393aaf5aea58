//! Reading and writing fields of fixed size.

use super::{CodecError, VERSION};
use domain::day::Day;

/// Reads fields from the front of a slice.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Starts after the version byte, which must be ours.
    pub(super) fn versioned(bytes: &'a [u8]) -> Result<Self, CodecError> {
        Ok(Self::of_versions(bytes, &[VERSION])?.0)
    }

    /// Starts after the version byte, which must be one of these, and says which.
    pub(super) fn of_versions(bytes: &'a [u8], known: &[u8]) -> Result<(Self, u8), CodecError> {
        let mut cursor = Self { rest: bytes };
        let version = cursor.u8()?;
        if known.contains(&version) {
            Ok((cursor, version))
        } else {
            Err(CodecError::UnknownVersion(version))
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(CodecError::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    /// The next `len` bytes.
    pub(super) fn slice(&mut self, len: usize) -> Result<&'a [u8], CodecError> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(CodecError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, CodecError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16, CodecError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, CodecError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn day(&mut self) -> Result<Day, CodecError> {
        Ok(Day(i32::from_le_bytes(self.array()?)))
    }

    /// A field that is there only when its flag is set.
    pub(super) fn when<T>(
        &mut self,
        there: bool,
        read: impl FnOnce(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Option<T>, CodecError> {
        if there { read(self).map(Some) } else { Ok(None) }
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), CodecError> {
        if self.rest.is_empty() { Ok(()) } else { Err(CodecError::Trailing) }
    }
}

/// Flags by name, each given out once: a field that two things share would be a silent mistake.
pub(super) fn flags<const N: usize>(set: [bool; N]) -> u16 {
    const { assert!(N <= 16) };
    set.iter().enumerate().fold(0, |all, (bit, &on)| all | (u16::from(on) << bit))
}

/// Takes flags apart again; a bit beyond the known ones is an error.
pub(super) fn unflags<const N: usize>(all: u16, field: &'static str) -> Result<[bool; N], CodecError> {
    const { assert!(N < 16) };
    if all >> N != 0 {
        return Err(CodecError::BadField(field));
    }
    Ok(std::array::from_fn(|bit| all & (1 << bit) != 0))
}

/// Appends a field that may be absent.
pub(super) fn put_some<const N: usize>(out: &mut Vec<u8>, field: Option<[u8; N]>) {
    if let Some(bytes) = field {
        out.extend_from_slice(&bytes);
    }
}
