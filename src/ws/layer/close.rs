//! Close codes, and the payload of a close frame (RFC 6455, sections 5.5.1 and 7.4).

use std::borrow::Cow;
use std::fmt;

use super::violation::Violation;

/// The longest reason that fits beside the code in a control frame, in bytes.
const REASON_MAX_BYTES: usize = 123;

/// A close code as it stands on the wire.
///
/// The constants are the codes that the layer itself gives; those who stand above it bring their own
/// through [`CloseCode::new`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The work is done.
    pub const NORMAL: Self = Self(1000);
    /// The peer broke the framing.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A binary frame where only text is spoken.
    pub const UNSUPPORTED: Self = Self(1003);
    /// No code was given; never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// The connection went without a close frame; never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// A text that is not UTF-8.
    pub const BAD_TEXT: Self = Self(1007);
    /// A message over the limit, its fragments counted together.
    pub const TOO_LARGE: Self = Self(1009);
    /// A fault of ours.
    pub const INTERNAL: Self = Self(1011);
    /// The peer does not read, does not speak, or did not sign in in time.
    pub const TOO_SLOW: Self = Self(4408);

    /// The code with this number.
    #[must_use]
    pub const fn new(code: u16) -> Self {
        Self(code)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Whether the code may stand in a close frame.
    #[must_use]
    pub const fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({})", self.0)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who ended a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The peer sent a close frame, or went without one.
    Peer,
    /// We closed: an app's wish, a rule that was broken, or a limit that was reached.
    Server,
}

/// Why and by whom a socket ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The code: sent by us, received from the peer, or one of the two that are never sent.
    pub code: CloseCode,
    /// Who ended it.
    pub by: Side,
    /// A sentence for people; empty when there is nothing to say.
    pub reason: Cow<'static, str>,
}

impl Closed {
    /// Ended by us.
    pub fn by_server(code: CloseCode, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code, by: Side::Server, reason: reason.into() }
    }

    /// Ended by the peer's close frame; the reason it gave is not kept.
    #[must_use]
    pub const fn by_peer(code: CloseCode) -> Self {
        Self { code, by: Side::Peer, reason: Cow::Borrowed("") }
    }

    /// The connection broke, or the peer went without a close frame.
    #[must_use]
    pub const fn lost() -> Self {
        Self { code: CloseCode::ABNORMAL, by: Side::Peer, reason: Cow::Borrowed("") }
    }

    /// The payload of our close frame: the code and as much of the reason as fits, nothing when the peer gave no
    /// code, and `None` when there is nobody to send a frame to.
    #[must_use]
    pub fn payload(&self) -> Option<Vec<u8>> {
        match self.code {
            CloseCode::ABNORMAL => None,
            CloseCode::NO_STATUS => Some(Vec::new()),
            code => {
                let code = if code.may_be_sent() { code } else { CloseCode::INTERNAL };
                let reason = &self.reason[..floor_char_boundary(&self.reason, REASON_MAX_BYTES)];
                Some([&code.get().to_be_bytes(), reason.as_bytes()].concat())
            }
        }
    }
}

/// The largest index up to `at` that does not cut a character.
fn floor_char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&index| text.is_char_boundary(index)).unwrap_or(0)
}

/// Reads the payload of the peer's close frame.
///
/// # Errors
/// One byte alone, a code that may not be sent, or a reason that is not UTF-8.
pub(super) fn read_payload(payload: &[u8]) -> Result<CloseCode, Violation> {
    match payload {
        [] => Ok(CloseCode::NO_STATUS),
        [_] => Err(Violation::CloseLength),
        [high, low, reason @ ..] => {
            let code = CloseCode(u16::from_be_bytes([*high, *low]));
            if !code.may_be_sent() {
                return Err(Violation::CloseCode(code.get()));
            }
            std::str::from_utf8(reason).map_err(|_| Violation::BadText)?;
            Ok(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_outside_the_sendable_ranges_is_refused() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535_u16] {
            assert_eq!(read_payload(&code.to_be_bytes()), Err(Violation::CloseCode(code)));
        }
        for code in [1000, 1001, 1003, 1007, 1014, 3000, 3999, 4000, 4999_u16] {
            assert_eq!(read_payload(&code.to_be_bytes()), Ok(CloseCode(code)));
        }
    }

    #[test]
    fn a_long_reason_is_cut_between_two_characters() {
        let closed = Closed::by_server(CloseCode::NORMAL, "é".repeat(100));
        let payload = closed.payload().expect("a frame is sent");
        assert_eq!(payload.len(), 2 + 122);
        assert!(std::str::from_utf8(&payload[2..]).is_ok());
    }

    #[test]
    fn a_code_that_may_not_be_sent_leaves_as_an_internal_error() {
        let payload = Closed::by_server(CloseCode::new(999), "").payload();
        assert_eq!(payload, Some(1011_u16.to_be_bytes().to_vec()));
        assert_eq!(Closed::lost().payload(), None);
        assert_eq!(Closed::by_peer(CloseCode::NO_STATUS).payload(), Some(Vec::new()));
    }
}
