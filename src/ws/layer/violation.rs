//! What a peer can break, and the code that it is told.

use thiserror::Error;

use super::close::CloseCode;

/// A rule of the wire that the peer broke. Each ends the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// A reserved bit is set, though no extension was agreed.
    #[error("a reserved bit is set")]
    ReservedBits,
    /// An operation code that RFC 6455 does not define.
    #[error("unknown opcode {0}")]
    Opcode(u8),
    /// A client must mask what it sends.
    #[error("a frame is not masked")]
    Unmasked,
    /// Close, ping and pong hold at most 125 bytes.
    #[error("a control frame is too long")]
    ControlTooLong,
    /// Close, ping and pong stand whole.
    #[error("a control frame is fragmented")]
    ControlFragmented,
    /// A length stands in the shortest form, and its highest bit is zero.
    #[error("a length is not in its shortest form")]
    Length,
    /// A continuation, though no message was begun.
    #[error("a continuation without a beginning")]
    ContinuationWithoutStart,
    /// A new message before the one before it was finished.
    #[error("a message inside an unfinished message")]
    MessageInsideMessage,
    /// A close frame with a payload of one byte.
    #[error("half a close code")]
    CloseLength,
    /// A close code that may not be sent.
    #[error("close code {0} may not be sent")]
    CloseCode(u16),
    /// A binary message on a socket that speaks text.
    #[error("binary messages are not spoken here")]
    Binary,
    /// A text, or the reason of a close frame, that is not UTF-8.
    #[error("the text is not UTF-8")]
    BadText,
    /// The message, its fragments counted together, is over the limit.
    #[error("the message is too large")]
    TooLarge,
}

impl Violation {
    /// The code of the close frame that answers it.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::ReservedBits
            | Self::Opcode(_)
            | Self::Unmasked
            | Self::ControlTooLong
            | Self::ControlFragmented
            | Self::Length
            | Self::ContinuationWithoutStart
            | Self::MessageInsideMessage
            | Self::CloseLength
            | Self::CloseCode(_) => CloseCode::PROTOCOL_ERROR,
            Self::Binary => CloseCode::UNSUPPORTED,
            Self::BadText => CloseCode::BAD_TEXT,
            Self::TooLarge => CloseCode::TOO_LARGE,
        }
    }
}
