//! The outgoing half of a socket's wire: whole frames in, bytes for the kernel out.
//!
//! A socket that keeps up owns no buffer: for the length of one turn it is lent the worker's, and gives it back when
//! the kernel has taken everything. Only what the kernel refused stays, in a buffer of its size.

use std::cell::Cell;

use super::frame::{Opcode, OurHeader, our_frame_len};

/// A worker's buffer that has grown over this is not kept, in bytes.
const SPARE_MAX_BYTES: usize = 256 * 1024;

thread_local! {
    /// The worker's buffer, when no socket has it.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Frames on their way out.
#[derive(Debug, Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    /// How many of `bytes` the kernel has.
    sent: usize,
    /// Where the first frame ends of which the kernel has a part; equal to `sent` when it has none in part.
    boundary: usize,
    /// Whether `bytes` is the worker's buffer.
    lent: bool,
}

impl Output {
    /// Begins a turn.
    pub fn begin(&mut self) {
        if self.bytes.capacity() == 0 {
            self.bytes = SPARE.take();
            self.lent = true;
        }
    }

    /// Adds a whole frame whose payload is these parts, one after another.
    pub fn push(&mut self, opcode: Opcode, parts: &[&[u8]]) {
        let length = parts.iter().map(|part| part.len()).sum();
        let header = OurHeader::new(opcode, length);
        self.bytes.reserve(header.as_bytes().len() + length);
        self.bytes.extend_from_slice(header.as_bytes());
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
    }

    /// What the kernel does not have.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// The kernel took this many of the pending bytes.
    pub fn advance(&mut self, count: usize) {
        self.sent += count;
        if self.sent == self.bytes.len() {
            self.bytes.clear();
            self.sent = 0;
            self.boundary = 0;
            return;
        }
        while self.boundary < self.sent {
            let frame = our_frame_len(&self.bytes[self.boundary..]);
            self.boundary += frame.unwrap_or(self.bytes.len() - self.boundary);
        }
    }

    /// Ends a turn: the worker's buffer goes back, what the kernel refused stays.
    pub fn end(&mut self) {
        if self.pending().is_empty() {
            let bytes = std::mem::take(self).bytes;
            give_back(bytes);
        } else if self.lent {
            let rest = self.pending().to_vec();
            let boundary = self.boundary - self.sent;
            let before = std::mem::replace(self, Self { bytes: rest, sent: 0, boundary, lent: false });
            give_back(before.bytes);
        } else if self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.bytes.shrink_to(self.bytes.len() * 2);
            self.boundary -= self.sent;
            self.sent = 0;
        }
    }

    /// Drops every frame of which the kernel has nothing, so that what is added next comes right after the frame
    /// that it has in part.
    pub fn drop_unsent(&mut self) {
        self.bytes.truncate(self.boundary);
    }
}

fn give_back(mut bytes: Vec<u8>) {
    if bytes.capacity() <= SPARE_MAX_BYTES {
        bytes.clear();
        SPARE.set(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut rest = bytes;
        let mut frames = Vec::new();
        while let Some(len) = our_frame_len(rest).filter(|len| *len <= rest.len()) {
            frames.push(rest[..len].to_vec());
            rest = &rest[len..];
        }
        assert!(rest.is_empty(), "what is written ends with a whole frame");
        frames
    }

    #[test]
    fn a_cut_keeps_the_frame_in_flight_whole_wherever_it_falls() {
        for sent in 0..400 {
            let mut output = Output::default();
            output.begin();
            for size in [3, 130, 200, 7] {
                output.push(Opcode::Text, &[&vec![b'x'; size]]);
            }
            let mut written = output.pending()[..sent.min(output.pending().len())].to_vec();
            output.advance(written.len());
            output.end();
            output.drop_unsent();
            output.push(Opcode::Close, &[&[3, 232]]);
            written.extend_from_slice(output.pending());
            let frames = frames(&written);
            assert_eq!(frames.last(), Some(&vec![0x88, 2, 3, 232]));
            let whole: usize = frames[..frames.len() - 1].iter().map(Vec::len).sum();
            assert!(whole >= sent.min(whole) && whole < sent.max(1) + 204);
        }
    }

    #[test]
    fn a_socket_that_keeps_up_holds_no_buffer() {
        let mut output = Output::default();
        output.begin();
        output.push(Opcode::Text, &[b"one", b"two"]);
        output.advance(output.pending().len());
        output.end();
        assert_eq!(output.bytes.capacity(), 0);
    }

    #[test]
    fn what_the_kernel_refused_comes_out_in_order_however_it_is_taken() {
        let mut output = Output::default();
        let (mut expected, mut written) = (Vec::new(), Vec::new());
        for round in 0..200_usize {
            output.begin();
            let payload = vec![b'a'; round * 7 % 300];
            expected.extend_from_slice(OurHeader::new(Opcode::Text, payload.len()).as_bytes());
            expected.extend_from_slice(&payload);
            output.push(Opcode::Text, &[&payload]);
            let take = (round * 31 % 250).min(output.pending().len());
            written.extend_from_slice(&output.pending()[..take]);
            output.advance(take);
            output.end();
        }
        written.extend_from_slice(output.pending());
        assert_eq!(written, expected);
    }
}
