//! The seam: what stands above a socket, and what it may do with it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use actix::{AsyncContext, Message, Recipient};
use thiserror::Error;

use super::actor::SocketContext;
use super::close::{CloseCode, Closed};
use super::frame::Opcode;
use super::request::SocketId;
use super::wire::Wire;

/// What stands above one socket. All calls come one after another, on the socket's worker.
///
/// A panic in one of them ends this socket with 1011 and nothing else; the app is half changed then, so it is
/// dropped without another call.
pub trait SocketApp: Sized + Unpin + 'static {
    /// The socket is open.
    fn on_open(&mut self, socket: &mut Socket<'_, Self>);

    /// A whole text message arrived. It is lent: what is kept of it is copied.
    fn on_text(&mut self, text: &str, socket: &mut Socket<'_, Self>);

    /// A whole binary message arrived. Never called unless the socket's options allow binary messages.
    fn on_binary(&mut self, _bytes: &[u8], _socket: &mut Socket<'_, Self>) {}

    /// The time set by [`Socket::wake_after`] is over.
    fn on_alarm(&mut self, _socket: &mut Socket<'_, Self>) {}

    /// The socket has ended, whoever ended it: the last call. The close frame, if one is due, is on its way; mail
    /// that still waits is dropped, and senders are told that the socket is closed.
    fn on_close(&mut self, closed: &Closed);
}

/// Mail that an app takes from elsewhere in the process.
pub trait Receive<M: Message<Result = ()>>: SocketApp {
    /// A message arrived.
    fn on_mail(&mut self, mail: M, socket: &mut Socket<'_, Self>);
}

/// An open socket, in the hands of its app for the length of one call.
pub struct Socket<'a, A: SocketApp> {
    pub(super) wire: &'a Wire,
    pub(super) context: &'a mut SocketContext<A>,
}

impl<A: SocketApp> Socket<'_, A> {
    /// Sends a text message. Leaves with everything else of this turn in one write; never refused: a peer that does
    /// not read is cut instead.
    pub fn send_text(&mut self, text: &str) {
        self.wire.send(Opcode::Text, &[text.as_bytes()]);
    }

    /// Sends one text message made of these parts, so that a shared part and one's own need no buffer of their own.
    pub fn send_text_parts(&mut self, parts: &[&str]) {
        match *parts {
            [one, two] => self.wire.send(Opcode::Text, &[one.as_bytes(), two.as_bytes()]),
            [one, two, three] => {
                self.wire.send(Opcode::Text, &[one.as_bytes(), two.as_bytes(), three.as_bytes()]);
            }
            _ => {
                let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
                self.wire.send(Opcode::Text, &parts);
            }
        }
    }

    /// Sends a binary message.
    pub fn send_binary(&mut self, bytes: &[u8]) {
        self.wire.send(Opcode::Binary, &[bytes]);
    }

    /// Closes the socket: what was sent before is delivered first, nothing is delivered afterwards, and
    /// [`SocketApp::on_close`] follows in this turn. `reason` is cut to 123 bytes. The first close stands.
    pub fn close(&mut self, code: CloseCode, reason: impl Into<Cow<'static, str>>) {
        self.wire.end(Closed::by_server(code, reason));
    }

    /// The peer has said who it is and is being looked up: the deadline of the sign-in is off. It counts against its
    /// address still, and whoever looks it up keeps a time of their own.
    pub fn signing_in(&mut self) {
        self.wire.signing_in();
    }

    /// The sign-in is done: the socket does not count against its address any more, and may live.
    pub fn signed_in(&mut self) {
        self.wire.signed_in();
    }

    /// Stops reading. What the peer sends waits in the kernel, and then with the peer.
    pub fn pause_reading(&mut self) {
        self.wire.set_paused(true);
    }

    /// Reads again.
    pub fn resume_reading(&mut self) {
        self.wire.set_paused(false);
    }

    /// Stops reading for this long: how a rate limit slows a peer without refusing anything.
    pub fn pause_reading_for(&mut self, wait: Duration) {
        self.wire.throttle(wait);
    }

    /// Has [`SocketApp::on_alarm`] called once, not before this time, and at most two ticks
    /// ([`super::TICK_MS`]) later. A second call replaces the first.
    pub fn wake_after(&mut self, wait: Duration) {
        self.wire.set_app_alarm(Some(wait));
    }

    /// Takes back [`Socket::wake_after`].
    pub fn do_not_wake(&mut self) {
        self.wire.set_app_alarm(None);
    }

    /// Bytes that the kernel has refused so far. An app with much to say may wait while this is high.
    #[must_use]
    pub fn pending_output_bytes(&self) -> usize {
        self.wire.pending_output()
    }

    /// The socket's name in logs.
    #[must_use]
    pub fn id(&self) -> SocketId {
        self.wire.id
    }

    /// Where the socket comes from.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.wire.address
    }

    /// A handle for one who sends mail to this socket. Each handle has a place of its own in the mailbox, so it is
    /// made once for each sender and kept.
    #[must_use]
    pub fn handle<M>(&self) -> SocketHandle<M>
    where
        M: Message<Result = ()> + Send + 'static,
        A: Receive<M>,
    {
        SocketHandle(self.context.address().recipient())
    }
}

/// Sends mail to a socket, from any thread. It cannot be cloned: every copy would be another place in the mailbox,
/// and many copies a mailbox without a bound.
#[derive(Debug)]
pub struct SocketHandle<M: Message<Result = ()> + Send + 'static>(Recipient<M>);

/// Mail that a socket did not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MailRefused {
    /// The socket does not keep up with its mail.
    #[error("the socket's mailbox is full")]
    Full,
    /// The socket has ended.
    #[error("the socket is closed")]
    Closed,
}

impl<M: Message<Result = ()> + Send + 'static> SocketHandle<M> {
    /// Hands a message over.
    ///
    /// # Errors
    /// The mailbox is full, or the socket has ended; the message is dropped.
    pub fn try_send(&self, mail: M) -> Result<(), MailRefused> {
        self.0.try_send(mail).map_err(|error| match error {
            actix::prelude::SendError::Full(_) => MailRefused::Full,
            actix::prelude::SendError::Closed(_) => MailRefused::Closed,
        })
    }

    /// Whether the socket can still take mail.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.connected()
    }
}
