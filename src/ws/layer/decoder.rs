//! The header guard and the reassembly: bytes as they arrive in, whole messages out.
//!
//! A declared length is judged when the header is read and before anything of the payload is kept, so that what a
//! peer *says* costs nothing. A text is checked while it arrives: the first byte that cannot be UTF-8 ends the
//! socket, in whatever fragment it stands. A message that lies whole in one frame and in the bytes at hand, which is
//! nearly every message, is unmasked where it lies and lent to the caller: no copy, no allocation.

use std::ops::Range;

use super::close::{CloseCode, read_payload};
use super::frame::{CONTROL_MAX_BYTES, HEADER_MAX_BYTES, Header, Opcode, header_len, read_header};
use super::mask::Mask;
use super::violation::Violation;

/// What a socket takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLimits {
    /// The largest message, its fragments counted together, in bytes. More: 1009, said at the header.
    pub message_max_bytes: usize,
    /// Whether binary messages are spoken. If not: 1003, said at the header.
    pub binary: bool,
}

/// Something whole that the peer sent. Lent until the next call of [`Decoder::next`].
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A ping, to be answered with the same bytes.
    Ping(&'a [u8]),
    /// A pong.
    Pong,
    /// A close frame; what follows it is not read.
    Close(CloseCode),
}

/// Bytes as they were read, and how far they were used up.
#[derive(Debug)]
pub struct Input<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> Input<'a> {
    /// Bytes of which none is used up.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// What is not used up.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn take(&mut self, count: usize) -> Range<usize> {
        let range = self.at..self.at + count;
        self.at = range.end;
        range
    }
}

/// The frame whose payload is being read.
#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    left: usize,
    mask: Mask,
}

/// A message that did not come in one piece, as far as it has come.
#[derive(Debug, Default)]
struct Partial {
    /// `Text` or `Binary`; `None` when no message was begun.
    kind: Option<Kind>,
    bytes: Vec<u8>,
    /// Of a text: how many bytes are whole, checked characters.
    checked: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

/// Where a whole event lies.
enum Found {
    InInput(Opcode, Range<usize>),
    Assembled(Kind),
    Control(Opcode),
}

/// The incoming half of a socket's wire. Pure: it does not read, and it does not wait.
#[derive(Debug)]
pub struct Decoder {
    limits: MessageLimits,
    header: [u8; HEADER_MAX_BYTES],
    header_len: u8,
    frame: Option<Frame>,
    partial: Partial,
    /// The payload of a control frame that did not come in one piece.
    control: Vec<u8>,
    /// The event before was lent from a buffer of ours, which is free again now.
    lent: bool,
}

impl Decoder {
    /// A decoder at the beginning of a connection.
    #[must_use]
    pub fn new(limits: MessageLimits) -> Self {
        Self {
            limits,
            header: [0; HEADER_MAX_BYTES],
            header_len: 0,
            frame: None,
            partial: Partial::default(),
            control: Vec::new(),
            lent: false,
        }
    }

    /// The next whole event of the input, or `None` when the input is used up.
    ///
    /// # Errors
    /// The rule that the peer broke. The decoder is of no use afterwards.
    pub fn next<'a>(&'a mut self, input: &'a mut Input<'_>) -> Result<Option<Event<'a>>, Violation> {
        if std::mem::take(&mut self.lent) {
            self.give_back();
        }
        match self.find(input)? {
            None => Ok(None),
            Some(Found::InInput(opcode, range)) => event(opcode, &input.bytes[range]).map(Some),
            Some(Found::Control(opcode)) => {
                self.lent = true;
                event(opcode, &self.control).map(Some)
            }
            Some(Found::Assembled(kind)) => {
                self.lent = true;
                let opcode = match kind {
                    Kind::Text => Opcode::Text,
                    Kind::Binary => Opcode::Binary,
                };
                event(opcode, &self.partial.bytes).map(Some)
            }
        }
    }

    /// The bytes that wait in buffers of this decoder.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.partial.bytes.capacity() + self.control.capacity()
    }

    /// Frees the buffer that the event before was lent from. A control frame may stand between the fragments of a
    /// message, so only one of the two is given back.
    fn give_back(&mut self) {
        if self.control.is_empty() {
            self.partial = Partial::default();
        } else {
            self.control = Vec::new();
        }
    }

    fn find(&mut self, input: &mut Input<'_>) -> Result<Option<Found>, Violation> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.begin_frame(input)? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
            };
            let found = match frame.opcode {
                Opcode::Continuation | Opcode::Text | Opcode::Binary => self.take_data(&mut frame, input)?,
                Opcode::Close | Opcode::Ping | Opcode::Pong => self.take_control(&mut frame, input),
            };
            if frame.left > 0 {
                self.frame = Some(frame);
                return Ok(None);
            }
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Reads a header, in pieces if need be, and judges it.
    fn begin_frame(&mut self, input: &mut Input<'_>) -> Result<Option<Frame>, Violation> {
        loop {
            let have = usize::from(self.header_len);
            let want = header_len(&self.header[..have])?;
            if have == want {
                break;
            }
            let count = (want - have).min(input.rest().len());
            if count == 0 {
                return Ok(None);
            }
            let range = input.take(count);
            self.header[have..have + count].copy_from_slice(&input.bytes[range]);
            self.header_len += count as u8;
        }
        let header = read_header(&self.header[..usize::from(self.header_len)])?;
        self.header_len = 0;
        self.admit(header).map(Some)
    }

    /// Decides by the header alone whether the frame may come.
    fn admit(&mut self, header: Header) -> Result<Frame, Violation> {
        match (header.opcode, self.partial.kind) {
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => {}
            (Opcode::Continuation, None) => return Err(Violation::ContinuationWithoutStart),
            (Opcode::Continuation, Some(_)) | (Opcode::Text, None) => {}
            (Opcode::Binary, None) if self.limits.binary => {}
            (Opcode::Binary, None) => return Err(Violation::Binary),
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(Violation::MessageInsideMessage),
        }
        let room = match header.opcode {
            Opcode::Close | Opcode::Ping | Opcode::Pong => CONTROL_MAX_BYTES,
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                self.limits.message_max_bytes - self.partial.bytes.len()
            }
        };
        match usize::try_from(header.length) {
            Ok(left) if left <= room => {
                Ok(Frame { opcode: header.opcode, fin: header.fin, left, mask: Mask::new(header.mask) })
            }
            Ok(_) | Err(_) => Err(Violation::TooLarge),
        }
    }

    fn take_data(&mut self, frame: &mut Frame, input: &mut Input<'_>) -> Result<Option<Found>, Violation> {
        let count = frame.left.min(input.rest().len());
        if count == 0 && frame.left > 0 {
            return Ok(None);
        }
        let kind = match (self.partial.kind, frame.opcode) {
            (Some(kind), _) => kind,
            (None, Opcode::Binary) => Kind::Binary,
            (None, _) => Kind::Text,
        };
        let range = input.take(count);
        frame.mask.apply(&mut input.bytes[range.clone()]);
        frame.left -= count;
        if frame.left == 0 && frame.fin && self.partial.kind.is_none() {
            return Ok(Some(Found::InInput(frame.opcode, range)));
        }
        self.partial.kind = Some(kind);
        self.partial.append(&input.bytes[range], self.limits.message_max_bytes);
        if kind == Kind::Text {
            self.partial.check_text(frame.fin && frame.left == 0)?;
        }
        Ok((frame.fin && frame.left == 0).then_some(Found::Assembled(kind)))
    }

    fn take_control(&mut self, frame: &mut Frame, input: &mut Input<'_>) -> Option<Found> {
        let count = frame.left.min(input.rest().len());
        let range = input.take(count);
        frame.mask.apply(&mut input.bytes[range.clone()]);
        frame.left -= count;
        if frame.left == 0 && self.control.is_empty() {
            return Some(Found::InInput(frame.opcode, range));
        }
        self.control.extend_from_slice(&input.bytes[range]);
        (frame.left == 0).then_some(Found::Control(frame.opcode))
    }
}

impl Partial {
    /// Keeps a piece. The buffer grows with what has come, not with what was announced, and never over the limit.
    fn append(&mut self, piece: &[u8], limit: usize) {
        let need = self.bytes.len() + piece.len();
        if need > self.bytes.capacity() {
            let target = (self.bytes.capacity() * 2).min(limit).max(need);
            self.bytes.reserve_exact(target - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
    }

    /// Checks the characters that have come since the last check.
    fn check_text(&mut self, complete: bool) -> Result<(), Violation> {
        match std::str::from_utf8(&self.bytes[self.checked..]) {
            Ok(_) => self.checked = self.bytes.len(),
            Err(error) if error.error_len().is_none() && !complete => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::BadText),
        }
        Ok(())
    }
}

fn event(opcode: Opcode, payload: &[u8]) -> Result<Event<'_>, Violation> {
    Ok(match opcode {
        Opcode::Text | Opcode::Continuation => {
            Event::Text(std::str::from_utf8(payload).map_err(|_| Violation::BadText)?)
        }
        Opcode::Binary => Event::Binary(payload),
        Opcode::Ping => Event::Ping(payload),
        Opcode::Pong => Event::Pong,
        Opcode::Close => Event::Close(read_payload(payload)?),
    })
}

#[cfg(test)]
mod tests;
