//! A client that can be wrong: bytes on a TCP stream, frames as they are asked for.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::server::PATIENCE;

/// Operation codes by number, so that a test can send those that do not exist.
pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// The bit that ends a message.
pub const FIN: u8 = 0x80;

/// A frame from the server: its first byte and its payload.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    pub first: u8,
    pub payload: Vec<u8>,
}

/// One TCP connection.
pub struct Client {
    pub stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    /// A connection on which nothing was said.
    pub fn tcp(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, read: Vec::new() }
    }

    /// An open socket.
    pub fn connect(address: SocketAddr, path: &str) -> Self {
        let mut client = Self::tcp(address);
        client.send_raw(&request(path, "Sec-WebSocket-Protocol: studyhall.v1\r\n"));
        let head = client.read_head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        client
    }

    /// Sends bytes as they are. A server that has closed already is no failure.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        match self.stream.write_all(bytes) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {}
            Err(error) => panic!("the server takes no more bytes: {error}"),
        }
    }

    /// Sends a masked frame.
    pub fn send(&mut self, first: u8, payload: &[u8]) {
        self.send_raw(&masked(first, payload));
    }

    /// Sends a whole text.
    pub fn send_text(&mut self, text: &str) {
        self.send(FIN | TEXT, text.as_bytes());
    }

    /// The head of the answer to the handshake.
    pub fn read_head(&mut self) -> String {
        loop {
            if let Some(end) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = self.read.drain(..end + 4).collect();
                return String::from_utf8(head).expect("a head is text");
            }
            assert!(self.fill() > 0, "the connection ended before the answer's head did");
        }
    }

    /// The next frame, or `None` when the server ended the connection.
    pub fn try_read(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, len)) = parse(&self.read) {
                self.read.drain(..len);
                return Some(frame);
            }
            if self.fill() == 0 {
                assert!(self.read.is_empty(), "the connection ended inside a frame");
                return None;
            }
        }
    }

    /// The next frame.
    pub fn read(&mut self) -> Frame {
        self.try_read().expect("a frame, not the end of the connection")
    }

    /// The next frame, which must be a text.
    pub fn read_text(&mut self) -> String {
        let Frame { first, payload } = self.read();
        assert_eq!(first, FIN | TEXT, "{}", String::from_utf8_lossy(&payload));
        String::from_utf8(payload).expect("a text is UTF-8")
    }

    /// The next frame must be a close frame with this code, and after it the connection must end.
    pub fn expect_close(&mut self, code: u16) {
        let Frame { first, payload } = self.read();
        assert_eq!(first, FIN | CLOSE, "{}", String::from_utf8_lossy(&payload));
        assert_eq!(payload.get(..2), Some(&code.to_be_bytes()[..]));
        self.expect_end();
    }

    /// The connection must end without another frame.
    pub fn expect_end(&mut self) {
        assert_eq!(self.try_read(), None);
    }

    /// Whether the socket answers; for sockets of an echo.
    pub fn is_answered(&mut self) -> bool {
        self.send_text("are you there?");
        self.read_text() == "are you there?"
    }

    /// Whether something has arrived, or the connection has ended.
    pub fn has_something_to_read(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).unwrap();
        !self.read.is_empty() || !peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Everything up to the end of the connection.
    pub fn read_to_end(&mut self) -> String {
        while self.fill() > 0 {}
        String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned()
    }

    /// Ends our half of the stream.
    pub fn end_stream(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    fn fill(&mut self) -> usize {
        let mut bytes = [0; 64 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(count) => {
                self.read.extend_from_slice(&bytes[..count]);
                count
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("nothing came for {PATIENCE:?}: {error}"),
        }
    }
}

/// A handshake request with more headers, each ended by `\r\n`.
pub fn request(path: &str, headers: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: study.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n{headers}\r\n"
    )
    .into_bytes()
}

/// The header of a masked frame, whatever is said to follow it.
pub fn header(first: u8, length: u64, mask: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(0x80 | length as u8),
        126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes.extend_from_slice(&mask);
    bytes
}

/// A masked frame.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = header(first, payload.len() as u64, mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn parse(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (length, start) = match *bytes {
        [_, 126, a, b, ..] => (usize::from(u16::from_be_bytes([a, b])), 4),
        [_, 127, a, b, c, d, e, f, g, h, ..] => (u64::from_be_bytes([a, b, c, d, e, f, g, h]) as usize, 10),
        [_, length @ 0..=125, ..] => (usize::from(length), 2),
        _ => return None,
    };
    let payload = bytes.get(start..start + length)?.to_vec();
    Some((Frame { first: bytes[0], payload }, start + length))
}
