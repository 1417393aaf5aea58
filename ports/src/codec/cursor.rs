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

    pub(super) fn u64(&mut self) -> Result<u64, CodecError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn i64(&mut self) -> Result<i64, CodecError> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// A number of seven bits a byte, least significant first, the last one without its highest bit.
    pub(super) fn number(&mut self) -> Result<u64, CodecError> {
        let (mut number, mut shift) = (0_u64, 0_u32);
        loop {
            let byte = self.u8()?;
            if shift >= u64::BITS || (shift == 63 && byte > 1) {
                return Err(CodecError::BadField("number"));
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    pub(super) fn bool(&mut self, field: &'static str) -> Result<bool, CodecError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CodecError::BadField(field)),
        }
    }

    /// Text behind its length.
    pub(super) fn text(&mut self, field: &'static str) -> Result<&'a str, CodecError> {
        let len = usize::try_from(self.u32()?).map_err(|_| CodecError::BadField(field))?;
        std::str::from_utf8(self.slice(len)?).map_err(|_| CodecError::BadField(field))
    }

    /// What may be absent, behind a byte that says whether it is there.
    pub(super) fn maybe<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Option<T>, CodecError> {
        let there = self.bool(field)?;
        self.when(there, read)
    }

    /// Several behind their number. Nothing is set aside for them before they are read, so that a wrong number costs
    /// no more memory than there are bytes.
    pub(super) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Vec<T>, CodecError> {
        let mut left = self.u32()?;
        let mut found = Vec::new();
        while left > 0 {
            found.push(read(self)?);
            left -= 1;
        }
        Ok(found)
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

/// Appends text behind its length.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_count(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// Appends what may be absent, behind a byte that says whether it is there.
pub(super) fn put_maybe<T>(out: &mut Vec<u8>, what: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    out.push(u8::from(what.is_some()));
    if let Some(what) = what {
        put(out, what);
    }
}

/// Appends several behind their number.
pub(super) fn put_list<T>(
    out: &mut Vec<u8>,
    all: impl ExactSizeIterator<Item = T>,
    mut put: impl FnMut(&mut Vec<u8>, T),
) {
    put_count(out, all.len());
    all.for_each(|one| put(out, one));
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}
