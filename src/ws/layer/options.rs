//! Every limit of the socket layer, with its unit, its reason, and what happens when it is reached.

use std::time::Duration;

use super::decoder::MessageLimits;

/// The size of the buffer that a worker reads into, in bytes: one for all its sockets. A socket that has more to
/// say than this waits for its next turn.
pub(super) const SCRATCH_BYTES: usize = 16 * 1024;

/// Reads in one turn of a socket; then the others of its worker have theirs.
pub(super) const READS_PER_TURN: usize = 4;

/// Mail that may wait for a socket from one sender. A full mailbox refuses: the sender decides what that means.
pub(super) const MAILBOX_CAPACITY: usize = 32;

/// What a kind of socket takes and how long it waits.
#[derive(Clone, Debug)]
pub struct SocketOptions {
    /// What a message may be. Over it: 1009, 1003.
    pub messages: MessageLimits,
    /// Output that the kernel has refused and that may wait without a reason to worry, in bytes. Above it the
    /// socket is not read any more, and after [`SocketOptions::stall_max`] without a byte taken it is cut: 4408.
    pub output_pending_max_bytes: usize,
    /// Output that may wait at all, in bytes: above [`SocketOptions::output_pending_max_bytes`] by the largest burst
    /// that a healthy peer may be sent in one turn. Over it the socket is cut at once: 4408.
    pub output_burst_max_bytes: usize,
    /// How long a peer that owes us more reading than [`SocketOptions::output_pending_max_bytes`] may take nothing.
    pub stall_max: Duration,
    /// How long a socket may live before [`super::Socket::signing_in`] or [`super::Socket::signed_in`]; `None` for
    /// sockets without sign-in. Over it: 4408.
    pub sign_in_max: Option<Duration>,
    /// How long a peer may send no byte, pongs counted; `None` for ever. Over it: 4408.
    pub silence_max: Option<Duration>,
    /// Pings that are answered in a second. Above it the socket is not read until the second is over: a flood is
    /// slowed to this rate and costs nothing more, and a proxy that let pings pile up loses nothing.
    pub pings_per_second_max: u32,
    /// How long the closing may take, from our close frame to the end of the connection. Over it the connection is
    /// reset.
    pub close_max: Duration,
}

impl Default for SocketOptions {
    /// What a study socket needs, except for the sign-in.
    fn default() -> Self {
        Self {
            messages: MessageLimits { message_max_bytes: 16 * 1024, binary: false },
            output_pending_max_bytes: 64 * 1024,
            output_burst_max_bytes: 1024 * 1024,
            stall_max: Duration::from_secs(5),
            sign_in_max: None,
            silence_max: Some(Duration::from_secs(75)),
            pings_per_second_max: 32,
            close_max: Duration::from_secs(5),
        }
    }
}
