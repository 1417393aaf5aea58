//! Frame headers: read from a client, written to it (RFC 6455, section 5.2).

use super::violation::Violation;

/// The longest header of a client's frame: two bytes, eight of length, four of mask.
pub(super) const HEADER_MAX_BYTES: usize = 14;

/// The longest payload of a control frame.
pub(super) const CONTROL_MAX_BYTES: usize = 125;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;
const LENGTH_IN_U16: u8 = 126;
const LENGTH_IN_U64: u8 = 127;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// More of the message before.
    Continuation,
    /// The beginning of a text.
    Text,
    /// The beginning of a binary message.
    Binary,
    /// The end.
    Close,
    /// A question whether the peer is there.
    Ping,
    /// The answer to it.
    Pong,
}

impl Opcode {
    const fn of(number: u8) -> Result<Self, Violation> {
        match number {
            0 => Ok(Self::Continuation),
            1 => Ok(Self::Text),
            2 => Ok(Self::Binary),
            8 => Ok(Self::Close),
            9 => Ok(Self::Ping),
            10 => Ok(Self::Pong),
            _ => Err(Violation::Opcode(number)),
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    const fn is_control(self) -> bool {
        match self {
            Self::Continuation | Self::Text | Self::Binary => false,
            Self::Close | Self::Ping | Self::Pong => true,
        }
    }
}

/// A client's frame header, read and found well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub fin: bool,
    pub opcode: Opcode,
    pub length: u64,
    pub mask: [u8; 4],
}

/// How many bytes the header has of which `bytes` is the beginning; at least 2.
///
/// # Errors
/// What the first two bytes alone give away: they are judged before anything that follows is waited for.
pub(super) fn header_len(bytes: &[u8]) -> Result<usize, Violation> {
    let [first, second, ..] = *bytes else { return Ok(2) };
    if first & RESERVED != 0 {
        return Err(Violation::ReservedBits);
    }
    let opcode = Opcode::of(first & OPCODE)?;
    if second & MASKED == 0 {
        return Err(Violation::Unmasked);
    }
    let length = second & LENGTH;
    if opcode.is_control() {
        if first & FIN == 0 {
            return Err(Violation::ControlFragmented);
        }
        if usize::from(length) > CONTROL_MAX_BYTES {
            return Err(Violation::ControlTooLong);
        }
    }
    Ok(match length {
        LENGTH_IN_U16 => 2 + 2 + 4,
        LENGTH_IN_U64 => 2 + 8 + 4,
        _ => 2 + 4,
    })
}

/// Reads a header that [`header_len`] found complete.
///
/// # Errors
/// A length that is not in its shortest form, and what [`header_len`] judges.
pub(super) fn read_header(bytes: &[u8]) -> Result<Header, Violation> {
    let (length, mask) = match *bytes {
        [_, _, a, b, m0, m1, m2, m3] => {
            let length = u64::from(u16::from_be_bytes([a, b]));
            if length < u64::from(LENGTH_IN_U16) {
                return Err(Violation::Length);
            }
            (length, [m0, m1, m2, m3])
        }
        [_, _, a, b, c, d, e, f, g, h, m0, m1, m2, m3] => {
            let length = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            if length <= u64::from(u16::MAX) || length > i64::MAX as u64 {
                return Err(Violation::Length);
            }
            (length, [m0, m1, m2, m3])
        }
        [_, second, m0, m1, m2, m3] => (u64::from(second & LENGTH), [m0, m1, m2, m3]),
        _ => return Err(Violation::Length),
    };
    let opcode = Opcode::of(bytes[0] & OPCODE)?;
    Ok(Header { fin: bytes[0] & FIN != 0, opcode, length, mask })
}

/// The header of a whole, unmasked frame of ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct OurHeader {
    bytes: [u8; 10],
    len: u8,
}

impl OurHeader {
    /// The header in front of a payload of `length` bytes.
    #[must_use]
    pub fn new(opcode: Opcode, length: usize) -> Self {
        let mut bytes = [0; 10];
        bytes[0] = FIN | opcode.number();
        let len = if let Ok(length @ 0..=125) = u8::try_from(length) {
            bytes[1] = length;
            2
        } else if let Ok(length) = u16::try_from(length) {
            bytes[1] = LENGTH_IN_U16;
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
            4
        } else {
            bytes[1] = LENGTH_IN_U64;
            bytes[2..].copy_from_slice(&(length as u64).to_be_bytes());
            10
        };
        Self { bytes, len }
    }

    /// The header's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// The length, header included, of a frame of ours that begins `bytes`; `None` when the header is not whole.
#[must_use]
pub(super) fn our_frame_len(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [_, LENGTH_IN_U16, a, b, ..] => Some(4 + usize::from(u16::from_be_bytes([a, b]))),
        [_, LENGTH_IN_U64, a, b, c, d, e, f, g, h, ..] => {
            let length = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            usize::try_from(length).ok()?.checked_add(10)
        }
        [_, length @ 0..=125, ..] => Some(2 + usize::from(length)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_header_and_its_length_agree_for_every_form() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 24] {
            let header = OurHeader::new(Opcode::Text, length);
            assert_eq!(our_frame_len(header.as_bytes()), Some(header.as_bytes().len() + length));
        }
        assert_eq!(our_frame_len(&[0x81, 126, 1]), None);
    }

    #[test]
    fn a_length_that_is_not_in_its_shortest_form_is_a_violation() {
        assert_eq!(read_header(&[0x81, 0xfe, 0, 125, 0, 0, 0, 0]), Err(Violation::Length));
        assert_eq!(
            read_header(&[0x81, 0xff, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0]),
            Err(Violation::Length)
        );
        assert_eq!(read_header(&[0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Err(Violation::Length));
    }

    #[test]
    fn two_bytes_are_enough_to_refuse_a_broken_frame() {
        assert_eq!(header_len(&[0xc1, 0x80]), Err(Violation::ReservedBits));
        assert_eq!(header_len(&[0x83, 0x80]), Err(Violation::Opcode(3)));
        assert_eq!(header_len(&[0x81, 0x05]), Err(Violation::Unmasked));
        assert_eq!(header_len(&[0x09, 0x80]), Err(Violation::ControlFragmented));
        assert_eq!(header_len(&[0x89, 0xfe]), Err(Violation::ControlTooLong));
        assert_eq!(header_len(&[0x81, 0xff]), Ok(14));
    }
}
