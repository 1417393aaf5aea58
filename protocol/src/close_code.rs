//! The close codes of the study socket and what a client does at each.

use crate::limits::FAILING_SESSION_WAIT_MS;

/// Why the server closed. 4000-4499: come back with a jittered wait. 4500-4999: do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// The client closed first, and this is the answer.
    Normal = 1000,
    /// A violation of RFC 6455.
    ProtocolViolation = 1002,
    /// A binary message.
    Unsupported = 1003,
    /// Text that is not UTF-8.
    InvalidText = 1007,
    /// A message above `limits.frame_bytes`, fragments counted together.
    TooLarge = 1009,
    /// A fault of the server outside any learner's session.
    ServerFault = 1011,
    /// The end of a `goodbye`.
    Goodbye = 4400,
    /// The token expired.
    TokenExpired = 4401,
    /// `seq` had a gap or came twice.
    BrokenSequence = 4407,
    /// Too slow to read, silent for too long, or no `hello` in time.
    TooSlow = 4408,
    /// The learner's session was restarted after a fault.
    Restarted = 4409,
    /// The learner moved to another node.
    OwnerChanged = 4410,
    /// The connection between two nodes broke.
    RelayLost = 4411,
    /// The learner's session could not be made ready in time.
    NotReady = 4412,
    /// The learner's session keeps failing.
    KeepsFailing = 4413,
    /// Too many connections.
    TooManyConnections = 4429,
    /// The token can never work: forged, of another issuer, not a token.
    TokenUseless = 4500,
    /// Not allowed, or a renewal for another user.
    Forbidden = 4503,
    /// A frame that breaks this protocol.
    ProtocolError = 4508,
    /// A newer `hello` of the same `instance` took the place of this socket.
    Replaced = 4510,
}

/// What a client does after a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Come back with a jittered wait that grows with each failure (or `goodbye.reconnect_after_ms`).
    Reconnect,
    /// Get a new token first, then come back.
    RenewToken,
    /// Come back, but not before this many ms.
    ReconnectAfter(u64),
    /// Do not come back; say why.
    Stop,
}

impl CloseCode {
    /// Every code, by number.
    pub const ALL: [CloseCode; 20] = [
        CloseCode::Normal,
        CloseCode::ProtocolViolation,
        CloseCode::Unsupported,
        CloseCode::InvalidText,
        CloseCode::TooLarge,
        CloseCode::ServerFault,
        CloseCode::Goodbye,
        CloseCode::TokenExpired,
        CloseCode::BrokenSequence,
        CloseCode::TooSlow,
        CloseCode::Restarted,
        CloseCode::OwnerChanged,
        CloseCode::RelayLost,
        CloseCode::NotReady,
        CloseCode::KeepsFailing,
        CloseCode::TooManyConnections,
        CloseCode::TokenUseless,
        CloseCode::Forbidden,
        CloseCode::ProtocolError,
        CloseCode::Replaced,
    ];

    /// The number in the close frame.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The code with this number, if this version knows it.
    pub fn from_code(code: u16) -> Option<CloseCode> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// Stable name: metric label, and the reason text of the close frame.
    pub const fn name(self) -> &'static str {
        match self {
            CloseCode::Normal => "normal",
            CloseCode::ProtocolViolation => "protocol_violation",
            CloseCode::Unsupported => "unsupported",
            CloseCode::InvalidText => "invalid_text",
            CloseCode::TooLarge => "too_large",
            CloseCode::ServerFault => "server_fault",
            CloseCode::Goodbye => "goodbye",
            CloseCode::TokenExpired => "token_expired",
            CloseCode::BrokenSequence => "broken_sequence",
            CloseCode::TooSlow => "too_slow",
            CloseCode::Restarted => "restarted",
            CloseCode::OwnerChanged => "owner_changed",
            CloseCode::RelayLost => "relay_lost",
            CloseCode::NotReady => "not_ready",
            CloseCode::KeepsFailing => "keeps_failing",
            CloseCode::TooManyConnections => "too_many_connections",
            CloseCode::TokenUseless => "token_useless",
            CloseCode::Forbidden => "forbidden",
            CloseCode::ProtocolError => "protocol_error",
            CloseCode::Replaced => "replaced",
        }
    }

    /// What a client does when it reads this code.
    pub const fn next(self) -> Next {
        match self {
            CloseCode::Normal
            | CloseCode::ServerFault
            | CloseCode::Goodbye
            | CloseCode::BrokenSequence
            | CloseCode::TooSlow
            | CloseCode::Restarted
            | CloseCode::OwnerChanged
            | CloseCode::RelayLost
            | CloseCode::NotReady
            | CloseCode::TooManyConnections => Next::Reconnect,
            CloseCode::TokenExpired => Next::RenewToken,
            CloseCode::KeepsFailing => Next::ReconnectAfter(FAILING_SESSION_WAIT_MS),
            CloseCode::ProtocolViolation
            | CloseCode::Unsupported
            | CloseCode::InvalidText
            | CloseCode::TooLarge
            | CloseCode::TokenUseless
            | CloseCode::Forbidden
            | CloseCode::ProtocolError
            | CloseCode::Replaced => Next::Stop,
        }
    }
}

/// What a client does after a close with any code, or without one (`None`): unknown codes go by their range.
pub fn next_after(code: Option<u16>) -> Next {
    match code {
        None => Next::Reconnect,
        Some(number) => match CloseCode::from_code(number) {
            Some(known) => known.next(),
            None if (4500..5000).contains(&number) => Next::Stop,
            None => Next::Reconnect,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_code_says_whether_to_come_back() {
        for code in CloseCode::ALL {
            let stops = code.next() == Next::Stop;
            match code.code() {
                4000..4500 => assert!(!stops, "{code:?}"),
                4500..5000 => assert!(stops, "{code:?}"),
                _ => {}
            }
            assert_eq!(CloseCode::from_code(code.code()), Some(code));
        }
    }

    #[test]
    fn codes_of_a_newer_server_go_by_their_range() {
        assert_eq!(next_after(Some(4499)), Next::Reconnect);
        assert_eq!(next_after(Some(4999)), Next::Stop);
        assert_eq!(next_after(Some(1006)), Next::Reconnect);
        assert_eq!(next_after(None), Next::Reconnect);
    }
}
