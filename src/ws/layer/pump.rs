//! The pump: one future a socket, in a task of its own. Each turn lets the actor work and
//! hands the kernel what came of it; a peer that does not read never keeps the actor from working.
//!
//! The end, once decided: the app is told, the actor goes, the close frame is the last thing written. When both
//! sides have closed, or the framing is broken, the stream is shut down at once and what still arrives is thrown away
//! until the peer closes its side: a connection that is dropped with unread bytes is reset, and a reset can overtake
//! the close frame. All of it within [`SocketOptions::close_max`](super::SocketOptions::close_max).

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use super::actor::Running;
use super::clock::{Tick, now};
use super::close::{CloseCode, Closed, Side};
use super::decoder::{Event, Input};
use super::wire::Wire;

/// What a closing socket reads into; what arrives is of no interest.
const CLOSING_READ_BYTES: usize = 1024;

/// One socket from its handshake to its end.
pub(super) struct Pump {
    wire: Rc<Wire>,
    phase: Phase,
    /// When the patience with a closing peer ends.
    patience: Tick,
}

enum Phase {
    /// The actor works.
    Open(Running),
    /// The close frame is being written; then comes what stands here.
    Flushing { then_wait: bool },
    /// Our close frame is out; the peer's is awaited.
    AwaitingClose,
    /// Nothing more will be written.
    ShuttingDown,
    /// The peer has everything; its end of the stream is awaited.
    AwaitingEnd,
}

impl Pump {
    /// A pump for a socket on which an actor runs.
    pub fn new(wire: Rc<Wire>, actor: Running) -> Self {
        Self { wire, phase: Phase::Open(actor), patience: Tick::NEVER }
    }

    /// One turn of an open socket; ready when its end is decided and the app knows.
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Phase::Open(actor) = &mut self.phase else { return Poll::Ready(()) };
        self.wire.keep_deadlines();
        loop {
            if actor.as_mut().poll_next(cx).is_ready() {
                // The actor's stream is empty: it yields only when the actor stopped by itself.
                self.wire.end(Closed::by_server(CloseCode::INTERNAL, "internal error"));
            }
            if self.wire.has_ended() {
                return Poll::Ready(());
            }
            if let Poll::Ready(Err(_)) = self.wire.poll_flush(cx) {
                self.wire.end(Closed::lost());
                continue;
            }
            break;
        }
        if self.wire.take_unfinished() {
            cx.waker().wake_by_ref();
        }
        self.wire.arm();
        Poll::Pending
    }

    /// Drops the actor and queues the close frame; `None` when there is nobody to tell.
    fn begin_close(&mut self) -> Option<Phase> {
        let closed = self.wire.how_ended()?;
        self.patience = now().after(self.wire.options.close_max);
        self.wire.alarm.set(self.patience);
        self.wire.signed_in();
        tracing::debug!(socket = %self.wire.id, code = %closed.code, by = ?closed.by, reason = %closed.reason, "socket closed");
        // What a peer sends after it broke the framing is not frames any more; a peer that does not read is not
        // waited for.
        let framing_lives = closed.by == Side::Server
            && !matches!(
                closed.code,
                CloseCode::PROTOCOL_ERROR
                    | CloseCode::UNSUPPORTED
                    | CloseCode::BAD_TEXT
                    | CloseCode::TOO_LARGE
                    | CloseCode::TOO_SLOW
            );
        self.wire.send_close(&closed).then_some(Phase::Flushing { then_wait: framing_lives })
    }

    /// Whether the peer's close frame has come, or its end of the stream.
    fn poll_peer_close(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; CLOSING_READ_BYTES];
        let mut carried = self.wire.carry.take();
        let mut decoder = self.wire.decoder.borrow_mut();
        let mut bytes: &mut [u8] = &mut carried;
        loop {
            let mut input = Input::new(bytes);
            loop {
                match decoder.next(&mut input) {
                    Ok(None) => break,
                    Ok(Some(Event::Close(_))) | Err(_) => return Poll::Ready(()),
                    Ok(Some(Event::Text(_) | Event::Binary(_) | Event::Ping(_) | Event::Pong)) => {}
                }
            }
            let count = ready!(self.wire.poll_read(cx, &mut scratch));
            if count == 0 {
                return Poll::Ready(());
            }
            bytes = &mut scratch[..count];
        }
    }

    /// Whether the peer's end of the stream has come.
    fn poll_peer_end(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; CLOSING_READ_BYTES];
        while ready!(self.wire.poll_read(cx, &mut scratch)) > 0 {}
        Poll::Ready(())
    }
}

impl Future for Pump {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.wire.alarm.register(cx.waker());
        loop {
            if this.patience <= now() {
                this.wire.reset_on_drop();
                return Poll::Ready(());
            }
            this.phase = match this.phase {
                Phase::Open(_) => {
                    ready!(this.turn(cx));
                    match this.begin_close() {
                        Some(next) => next,
                        None => return Poll::Ready(()),
                    }
                }
                Phase::Flushing { then_wait } => match ready!(this.wire.poll_flush(cx)) {
                    Ok(()) if then_wait => Phase::AwaitingClose,
                    Ok(()) => Phase::ShuttingDown,
                    Err(_) => return Poll::Ready(()),
                },
                Phase::AwaitingClose => {
                    ready!(this.poll_peer_close(cx));
                    Phase::ShuttingDown
                }
                Phase::ShuttingDown => match ready!(this.wire.poll_shutdown(cx)) {
                    Ok(()) => Phase::AwaitingEnd,
                    Err(_) => return Poll::Ready(()),
                },
                Phase::AwaitingEnd => {
                    ready!(this.poll_peer_end(cx));
                    return Poll::Ready(());
                }
            };
        }
    }
}
